// Slow mode: one message of a member in an interval, whichever way it comes, and none of it for those who moderate.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { Account, newAccount, newStaff } from '../support/client.mjs';
import { startBeside } from '../support/files.mjs';
import { outcomeOf, range, slowDown, trailOf, unlimited, wholeReplay } from '../support/moderation.mjs';
import { pause, startParleyd } from '../support/parleyd.mjs';
import { oldReaction, reactionPath } from '../support/permissions.mjs';
import { postgresInUse } from '../support/postgres.mjs';

let parley, ada, bob, cleo, guest, mo, root, room;
before(async () => {
  parley = await startParleyd({ set: unlimited });
  [ada, bob, cleo, guest] = await Promise.all(
    ['ada', 'bob', 'cleo', 'guest'].map((name) => newAccount(parley, name)),
  );
  [mo, root] = await Promise.all([newStaff(parley, 'moderator'), newStaff(parley, 'admin')]);
});
after(() => parley?.stop());
beforeEach(async () => {
  room = await ada.group('slow', [bob, cleo]);
});

const open = (who, options) => who.connect({ replay: 'none', ...options });
const closeAll = (...sockets) => Promise.all(sockets.map((socket) => socket.close()));
const lastSeq = async (at = room) => (await ada.room(at)).last_seq;
const sending = (at, content = 'a word') => ['POST', `/rooms/${at}/messages`, { content }];
const changes = async () => (await ada.allEvents(room)).filter((e) => e.type === 'slow_mode_changed');
const hour = 3600;

/** By each way of sending: the answer as {code, retryAfterMs}, both null when it was taken. */
const waysToSend = {
  'by REST': async (who, socket, at, fields = { content: 'a word' }) => {
    const { status, body, headers } = await who.answerOf('POST', `/rooms/${at}/messages`, { body: fields });
    if (status < 300) return { code: null, retryAfterMs: null };
    if (status === 429)
      assert.ok(
        Number(headers['retry-after']) >= 1 && Number(headers['retry-after']) * 1000 >= body.retry_after_ms,
        `Retry-After: ${headers['retry-after']} for ${body.retry_after_ms} ms`,
      );
    return { code: body.code, retryAfterMs: body.retry_after_ms };
  },
  'by WebSocket': async (who, socket, at, fields = { content: 'a word' }) => {
    const id = socket.send('send_message', { room_id: at, ...fields }, { described: false });
    const { type, data } = await socket.answerTo(id);
    return type === 'ack' ? { code: null, retryAfterMs: null } : { code: data.code, retryAfterMs: data.retry_after_ms };
  },
};

// --- The turn ---

for (const [way, send] of Object.entries(waysToSend)) {
  test(`a second message has to wait, and goes when it has waited as it was told, ${way}`, async () => {
    const socket = await open(bob);
    await slowDown(ada, room, 3);
    assert.equal((await send(bob, socket, room)).code, null);
    const before = await lastSeq();
    for (const [other, again] of Object.entries(waysToSend)) {
      const { code, retryAfterMs } = await again(bob, socket, room);
      assert.equal(code, 'rate_limited', other);
      assert.ok(retryAfterMs > 0 && retryAfterMs <= 3000, `${retryAfterMs} ms, ${other}`);
    }
    assert.equal(await lastSeq(), before, 'nothing of it was stored');
    const { retryAfterMs } = await send(bob, socket, room);
    await pause(retryAfterMs + 2);
    assert.equal((await send(bob, socket, room)).code, null, `after ${retryAfterMs} ms`);
    assert.equal((await send(bob, socket, room)).code, 'rate_limited', 'the next turn has begun');
    const his = (await ada.history(room)).items.filter((m) => m.user_id === bob.id);
    const apart = Date.parse(his[0].created_at) - Date.parse(his[1].created_at);
    assert.ok(apart >= 3000 - 20, `${apart} ms lie between two of his messages`);
    await socket.close();
  });

  test(`what is refused for another reason does not use up the turn, ${way}`, async () => {
    const socket = await open(bob);
    await slowDown(ada, room, hour);
    for (const [fields, code] of [
      [{ content: 'x'.repeat(9000) }, 'too_large'],
      [{ content: 'a\u0000b' }, 'bad_request'],
      [{}, 'bad_request'],
      [{ content: 'an answer', reply_to: crypto.randomUUID() }, null],
      [{ file_url: `/api/v1/files/${crypto.randomUUID()}/plan.txt` }, null],
    ]) {
      const answer = await send(bob, socket, room, fields);
      assert.ok(answer.code !== null && answer.code !== 'rate_limited', `${JSON.stringify(fields).slice(0, 80)}`);
      if (code) assert.equal(answer.code, code);
    }
    assert.equal((await send(bob, socket, room)).code, null);
    assert.equal((await send(bob, socket, room)).code, 'rate_limited');
    await socket.close();
  });

  test(`of many at once one comes through, ${way}`, async () => {
    const sockets = [await open(bob), await open(bob), await open(bob, { room, user: bob.id })];
    await slowDown(ada, room, hour);
    const answers = await Promise.all(range(1, 12).map((i) => send(bob, sockets[i % 3], room)));
    const codes = answers.map((a) => a.code).sort();
    assert.deepEqual(codes, [null, ...Array(11).fill('rate_limited')].sort());
    const { items } = await ada.history(room);
    assert.equal(items.length, 1);
    await closeAll(...sockets);
  });
}

test('of one by REST and one by WebSocket at once one comes through, for each member', async () => {
  const sockets = [await open(bob), await open(cleo)];
  await slowDown(ada, room, hour);
  const answers = await Promise.all(
    [bob, cleo].flatMap((who, i) => Object.values(waysToSend).map((send) => send(who, sockets[i], room))),
  );
  assert.equal(answers.filter((a) => a.code === null).length, 2);
  const { items } = await ada.history(room);
  assert.deepEqual(new Set(items.map((m) => m.user_id)), new Set([bob.id, cleo.id]));
  await closeAll(...sockets);
});

test('it holds for its room alone', async () => {
  const other = await ada.group('fast', [bob]);
  await slowDown(ada, room, hour);
  await bob.post(room, 'the one');
  for (const i of range(1, 3)) await bob.post(other, `here ${i}`);
  await bob.post(room, 'the other', { expect: 429 });
});

test("the room's creator, moderators and admins do not wait", async () => {
  await ada.invite(room, mo, root);
  await slowDown(ada, room, hour);
  for (const who of [ada, mo, root]) {
    const socket = await open(who);
    for (const i of range(1, 3)) await who.post(room, `by REST ${i}`);
    for (const i of range(1, 3)) await socket.say(room, `by frame ${i}`);
    await socket.close();
  }
});

test('edits, reactions and deletions do not wait, and take no turn', async () => {
  const hers = await cleo.post(room, 'hers');
  const socket = await open(bob);
  await slowDown(ada, room, hour);
  await bob.call('PUT', reactionPath(hers.message_id, oldReaction));
  const own = await bob.post(room, 'the one');
  for (const i of range(1, 3)) {
    await bob.call('PATCH', `/messages/${own.message_id}`, { body: { content: `edit ${i}` } });
    await socket.ask('edit_message', { message_id: own.message_id, room_id: room, content: `by frame ${i}` });
  }
  for (const emoji of ['🦊', '🎉']) await socket.ask('reaction', { message_id: hers.message_id, emoji });
  await bob.call('DELETE', reactionPath(hers.message_id, '🦊'));
  await bob.call('DELETE', `/messages/${own.message_id}`);
  await socket.ask('typing', { room_id: room });
  await socket.ask('read', { room_id: room, seq: hers.seq });
  await socket.close();
});

test('what is sent again gets the first answer as ever', async () => {
  const socket = await open(bob);
  await slowDown(ada, room, hour);
  const first = await bob.post(room, 'the one', { key: 'one' });
  const before = await lastSeq();
  const expected = { ...first, duplicate: true };
  for (let i = 0; i < 3; i += 1) {
    assert.deepEqual(await bob.post(room, 'again', { key: 'one', expect: 200 }), expected);
    assert.deepEqual(await socket.say(room, 'again', { client_msg_id: 'one' }), expected);
  }
  await bob.post(room, 'another', { key: 'two', expect: 429 });
  assert.equal(await lastSeq(), before);
  await slowDown(ada, room, 0);
  assert.equal((await bob.post(room, 'another', { key: 'two' })).duplicate, false, 'a refused key is not used up');
  await socket.close();
});

test('the same key by two ways at once is one message and no refusal', async () => {
  const sockets = [await open(bob), await open(bob)];
  await slowDown(ada, room, hour);
  const acks = await Promise.all(
    range(1, 8).map((i) => sockets[i % 2].say(room, 'the one', { client_msg_id: 'one' })),
  );
  assert.equal(new Set(acks.map((ack) => ack.message_id)).size, 1);
  assert.equal(acks.filter((ack) => !ack.duplicate).length, 1);
  await closeAll(...sockets);
});

test('a turn outlives the node', async () => {
  await slowDown(ada, room, hour);
  await bob.post(room, 'the one');
  await parley.kill();
  await parley.start();
  assert.equal((await bob.room(room)).slow_mode_seconds, hour);
  await bob.post(room, 'the other', { expect: 429 });
  await cleo.post(room, 'hers');
});

// --- Setting it ---

test('every member is told of a change, and finds it in the room', async () => {
  const [his, hers] = [await open(bob), await open(cleo)];
  const door = await open(bob, { room, user: bob.id });
  assert.equal((await bob.room(room)).slow_mode_seconds, 0);
  assert.deepEqual(await slowDown(mo, room, 30), { room_id: room, slow_mode_seconds: 30 });
  const data = { room_id: room, seq: await lastSeq(), slow_mode_seconds: 30, by: mo.id };
  for (const socket of [his, hers, door])
    assert.deepEqual((await socket.expectFrame('slow_mode_changed')).data, data);
  assert.deepEqual((await changes()).map((e) => e.data), [data]);
  const replay = (await wholeReplay(cleo, room)).filter((f) => f.type === 'slow_mode_changed');
  assert.deepEqual(replay.map((f) => f.data), [data]);
  const [anew, again] = [await open(bob), await open(bob, { room, user: bob.id })];
  const listed = (await bob.call('GET', '/rooms?limit=200')).items;
  for (const rooms of [anew.ready.rooms, again.ready.rooms, listed, [await bob.room(room)]])
    assert.equal(rooms.find((r) => r.room_id === room).slow_mode_seconds, 30);
  const visitor = await open(guest);
  await cleo.invite(room, guest);
  assert.equal((await visitor.expectFrame('room_added', { room_id: room })).data.slow_mode_seconds, 30);
  assert.equal((await cleo.room(room)).unread, 0, 'it is no message');
  await closeAll(his, hers, door, anew, again, visitor);
});

test('0 ends it, and the same once more makes no event', async () => {
  for (const seconds of [0, 60, 60, 30, 30, 0, 0])
    assert.equal((await slowDown(ada, room, seconds)).slow_mode_seconds, seconds);
  assert.deepEqual((await changes()).map((e) => e.data.slow_mode_seconds), [60, 30, 0]);
  await slowDown(ada, room, hour);
  await bob.post(room, 'the one');
  await bob.post(room, 'the other', { expect: 429 });
  await slowDown(ada, room, 0);
  for (const i of range(1, 3)) await bob.post(room, `at once ${i}`);
});

test('it is 1 s to 6 hours, or 0', async () => {
  for (const seconds of [1, 21_600]) await slowDown(ada, room, seconds);
  const before = await lastSeq();
  for (const seconds of [-1, 21_601, 1e18, 1e300, 1.5, '30', '', true, [30], {}, null, undefined])
    await slowDown(ada, room, seconds, 400);
  assert.equal(await lastSeq(), before);
  assert.equal((await ada.room(room)).slow_mode_seconds, 21_600);
});

test('the creator, moderators and admins set it; a private room has none', async () => {
  const secret = await ada.privateRoom(bob);
  for (const who of [ada, bob, mo, root])
    for (const seconds of [30, 0]) await slowDown(who, secret, seconds, 409);
  for (const i of range(1, 3)) await bob.post(secret, `as fast as ever ${i}`);
  await slowDown(bob, room, 30, 403);
  await slowDown(guest, room, 30, 404);
  assert.deepEqual(await changes(), []);
  for (const [i, who] of [ada, mo, root].entries()) await slowDown(who, room, 30 + i);
  assert.deepEqual((await changes()).map((e) => e.data.by), [ada.id, mo.id, root.id]);
  assert.deepEqual(
    (await trailOf(root, room)).map(([action, actor]) => [action, actor]),
    [ada, mo, root].map((who) => ['slow_mode_changed', who.id]),
  );
});

test('messages and slow mode at the same moment: after the event each member has one', async () => {
  for (let round = 0; round < 12; round += 1) {
    const at = await ada.group('race', [bob, cleo]);
    const calls = range(1, 20).map((i) => () => outcomeOf(i % 2 ? bob : cleo, ...sending(at, `word ${i}`)));
    calls.splice(round, 0, () => slowDown(ada, at, hour));
    await Promise.all(calls.map((call) => call()));
    const log = await ada.allEvents(at);
    const changed = log.find((e) => e.type === 'slow_mode_changed').data.seq;
    for (const who of [bob, cleo]) {
      const later = log.filter((e) => e.data.user_id === who.id && e.data.seq > changed);
      assert.ok(later.length <= 1, `${who.username} sent ${later.length} after it`);
      await outcomeOf(who, ...sending(at, 'once more'));
      await who.post(at, 'and again', { expect: 429 });
    }
  }
});

// --- Two nodes ---

test(
  'over two nodes one message of a member comes through in an interval',
  { skip: !postgresInUse && 'two nodes need PostgreSQL' },
  async () => {
    const two = await startBeside(parley);
    try {
      const there = (who) => new Account(two, who.username, who.password, { user_id: who.id }, who.token);
      await slowDown(ada, room, hour);
      await there(bob).post(room, 'the one');
      await bob.post(room, 'the other', { expect: 429 });
      for (let round = 0; round < 10; round += 1) {
        const at = await ada.group('both', [bob, cleo]);
        await slowDown(round % 2 ? ada : there(ada), at, hour);
        const senders = [bob, there(bob), cleo, there(cleo)];
        const outcomes = await Promise.all(
          range(0, 11).map((i) => outcomeOf(senders[i % 4], ...sending(at, `word ${i}`))),
        );
        assert.deepEqual([...new Set(outcomes)].sort(), ['ok', 'rate_limited'], `round ${round}`);
        const from = (await there(ada).history(at)).items.map((m) => m.user_id).sort();
        assert.deepEqual(from, [bob.id, cleo.id].sort(), `round ${round}`);
        assert.equal(outcomes.filter((o) => o === 'ok').length, 2);
      }
      const at = await ada.group('in turns', [bob]);
      await slowDown(ada, at, 1);
      const until = Date.now() + 4000;
      while (Date.now() < until) await Promise.all([bob, there(bob)].map((who) => outcomeOf(who, ...sending(at))));
      const times = (await ada.history(at)).items.map((m) => Date.parse(m.created_at)).reverse();
      assert.ok(times.length >= 3, `${times.length} came through in 4 s`);
      for (let i = 1; i < times.length; i += 1)
        assert.ok(times[i] - times[i - 1] >= 980, `${times[i] - times[i - 1]} ms between two messages`);
    } finally {
      await two.stop();
    }
  },
);
