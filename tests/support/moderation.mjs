// Bans, mutes, slow mode and reports, for tests: how they are asked for, and what stands of them.
import assert from 'node:assert/strict';
import { until } from './parleyd.mjs';

/** For nodes on which one token does more than a person would. */
export const unlimited = {
  'limits.send_rate_per_second': 0,
  'limits.changes_per_second': 0,
  'limits.frames_per_second': 0,
  'limits.login_rate_per_minute': 0,
};

export const nobody = { id: '01939b6e-0000-7000-8000-000000000000' };
export const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

// --- Calls: who does it, in which room, to whom; the status that must be answered ---

const put = (what) => (who, room, user, body, expect = 200) =>
  who.call('PUT', `/rooms/${room}/${what}/${user.id}`, { body, expect });
const lift = (what) => (who, room, user, expect = 204) =>
  who.call('DELETE', `/rooms/${room}/${what}/${user.id}`, { expect });
export const ban = put('bans');
export const mute = put('mutes');
export const liftBan = lift('bans');
export const liftMute = lift('mutes');
export const slowDown = (who, room, seconds, expect = 200) =>
  who.call('PUT', `/rooms/${room}/slow-mode`, { body: { seconds }, expect });
/** The next one is filed in a later millisecond, since the queue knows no finer order. */
export async function report(who, message, body, expect = 201) {
  const filed = await who.call('POST', `/messages/${message}/reports`, { body, expect });
  if (expect === 201) await until(() => Date.now() > Date.parse(filed.created_at), 'the clock goes on');
  return filed;
}
export const decide = (who, reported, body, expect = 200) =>
  who.call('PATCH', `/admin/reports/${reported.report_id}`, { body, expect });

/** The status and code of a call whose outcome is open. */
export async function outcomeOf(who, method, target, body) {
  const { status, body: said } = await who.answerOf(method, target, { body });
  return status < 300 ? 'ok' : said.code;
}

// --- Lists ---

/** All items of a list, page by page; no page is longer than was asked for. */
export async function allOf(who, target, limit = 200) {
  const all = [];
  for (let cursor = ''; cursor !== null;) {
    const query = `${target.includes('?') ? '&' : '?'}limit=${limit}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const page = await who.call('GET', `${target}${query}`);
    assert.ok(page.items.length <= limit, `${page.items.length} items, ${limit} were asked for`);
    all.push(...page.items);
    cursor = page.next_cursor;
  }
  return all;
}
export const bansOf = (who, room, limit) => allOf(who, `/rooms/${room}/bans`, limit);
export const mutesOf = (who, room, limit) => allOf(who, `/rooms/${room}/mutes`, limit);
export const idsOf = (items) => items.map((item) => item.user.user_id);
export const banOf = async (who, room, user) =>
  (await bansOf(who, room)).find((item) => item.user.user_id === user.id);

/** Waits until nothing that a banned one wrote is left. */
export const untilRemoved = (who, room, user, withinMs) =>
  until(
    async () => (await banOf(who, room, user))?.removing_messages === false,
    `the messages of ${user.username} are removed`,
    withinMs,
  );

/** What the audit trail says of a room, the oldest first, as [action, actor, user]. */
export async function trailOf(admin, room) {
  const entries = (await allOf(admin, '/admin/audit')).filter((entry) => entry.room_id === room);
  return entries.reverse().map((entry) => [entry.action, entry.actor?.user_id, entry.user?.user_id]);
}

// --- Many messages ---

/** Sends texts over a socket, fifty under way at a time; what was acknowledged, in order. */
export async function sendMany(socket, room, texts) {
  const sent = [];
  for (let at = 0; at < texts.length; at += 50)
    sent.push(...(await Promise.all(texts.slice(at, at + 50).map((text) => socket.say(room, text)))));
  return sent;
}

/** The whole history of a room, the oldest first. */
export async function wholeHistory(who, room) {
  const all = [];
  for (;;) {
    const { items } = await who.history(room, `?after_seq=${all.at(-1)?.seq ?? 0}&limit=200`);
    if (items.length === 0) return all;
    all.push(...items);
  }
}

/** Reads a room from its beginning over a socket of one's own, until it is live; the durable frames. */
export async function wholeReplay(who, room) {
  const socket = await who.connect({ replay: 'none' });
  for (let after = 0, more = true; more;) {
    await socket.resume({ [room]: after });
    const { data } = await socket.expectFrame('replay_end', { room_id: room });
    [after, more] = [data.seq, data.more];
  }
  const resumed = socket.frames.findIndex((f) => f.type === 'ack'); // live events may have come before
  const frames = socket.durable(room).filter((f) => socket.frames.indexOf(f) > resumed);
  await socket.close();
  return frames;
}
