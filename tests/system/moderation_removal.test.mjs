// A ban with remove_messages: all that the banned one wrote goes, in the middle of a large room that goes on talking.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { newAccount, newStaff } from '../support/client.mjs';
import { expectBytes, expectHidden, sign, upload } from '../support/files.mjs';
import { answerOf } from '../support/http.mjs';
import {
  ban,
  banOf,
  liftBan,
  range,
  report,
  sendMany,
  unlimited,
  untilRemoved,
  wholeHistory,
  wholeReplay,
} from '../support/moderation.mjs';
import { deadlineMs, startParleyd, until } from '../support/parleyd.mjs';

const patience = deadlineMs * 4;

let parley, ada, bob, cleo, mo;
beforeEach(async () => {
  parley = await startParleyd({ set: unlimited });
  [ada, bob, cleo] = await Promise.all(['ada', 'bob', 'cleo'].map((name) => newAccount(parley, name)));
  mo = await newStaff(parley, 'moderator');
});
afterEach(() => parley?.stop());

const open = (who) => who.connect({ replay: 'none' });
const closeAll = (...sockets) => Promise.all(sockets.map((socket) => socket.close()));
const deletions = (frames) => frames.filter((f) => f.type === 'message_deleted');
const deletedIds = (frames) => deletions(frames).map((f) => f.data.message_id);
const idsOfSent = (sent) => sent.map((ack) => ack.message_id);
const sorted = (ids) => [...ids].sort();

/** A removal takes some 0.1 s and may be over when the machine stood still: then it is tried in another room. */
async function untilCaught(what, tryInOneRoom) {
  for (let tries = 1; !(await tryInOneRoom()); tries += 1) assert.ok(tries < 5, `not in ${tries} rooms: ${what}`);
}

/** A room in which ada and bob write by turns: `his` of bob's messages lie among `hers`. */
async function talk(his, hers, members = [bob, cleo]) {
  const room = await ada.group('a long talk', members);
  const sockets = [await open(ada), await open(bob)];
  const [byAda, byBob] = await Promise.all([
    sendMany(sockets[0], room, range(1, hers).map((i) => `carpenter ${i}`)),
    sendMany(sockets[1], room, range(1, his).map((i) => `walrus ${i}`)),
  ]);
  await closeAll(...sockets);
  return { room, byAda, byBob };
}

/** What everybody finds once bob's messages are gone: none of his words, all of the others', each of his deleted once. */
async function expectRemoved({ room, byAda, byBob }, by) {
  const log = await ada.allEvents(room);
  assert.deepEqual(log.map((f) => f.data.seq), range(1, log.length), 'the log has no hole');
  const gone = deletions(log);
  assert.deepEqual(sorted(deletedIds(log)), sorted(idsOfSent(byBob)), 'each of his messages is deleted once, no other');
  for (const { data } of gone) assert.equal(data.user_id, by.id, 'in the name of who banned');
  assert.ok(!JSON.stringify(log).includes('walrus'), 'events show nothing of it');

  const history = await wholeHistory(cleo, room);
  const [his, hers] = [history.filter((m) => m.user_id === bob.id), history.filter((m) => m.user_id === ada.id)];
  assert.deepEqual(his.map((m) => m.message_id), idsOfSent(byBob), 'their places stay');
  for (const { content, file_url: file, deleted_at: at } of his) {
    assert.deepEqual([content, file], [null, null]);
    assert.notEqual(at, null);
  }
  assert.deepEqual(hers.map((m) => m.message_id), idsOfSent(byAda));
  for (const message of hers) assert.deepEqual([message.deleted_at, /carpenter/.test(message.content)], [null, true]);

  const replay = await wholeReplay(cleo, room);
  assert.deepEqual(replay.map((f) => f.data.seq), range(1, log.length));
  assert.ok(!JSON.stringify(replay).includes('walrus'), 'a replay shows nothing of it');
  const { items } = await cleo.call('GET', `/search?q=walrus&room_id=${room}`);
  assert.deepEqual(items, [], 'a search finds nothing of it');
}

test('hundreds of messages in a room of more than a thousand go one by one, before everybody’s eyes', async () => {
  const at = await talk(300, 900);
  const { room } = at;
  const file = await upload(bob);
  const { message_id: withFile } = await bob.post(room, 'walrus with a picture', { file_url: file.file_url });
  at.byBob.push({ message_id: withFile });
  const hers = await upload(ada);
  const kept = await ada.post(room, 'carpenter with a picture', { file_url: hers.file_url });
  at.byAda.push(kept);
  await expectBytes(cleo, file.file_url, (await answerOf(parley, 'GET', file.file_url, { token: bob.token })).bytes);
  const { url: signed } = await sign(cleo, file.file_url);
  await until(
    async () => (await cleo.call('GET', `/search?q=walrus&room_id=${room}`)).items.length > 0,
    'the index is level',
  );
  const [one, two, left] = [await open(ada), await open(cleo), await open(bob)];
  const before = (await ada.room(room)).last_seq;

  const item = await ban(mo, room, bob, { reason: 'adverts', remove_messages: true });
  assert.deepEqual([item.removing_messages, item.reason, item.by], [true, 'adverts', mo.id]);
  await untilRemoved(mo, room, bob, patience);
  const last = await ada.post(room, 'carpenter, the end');
  at.byAda.push(last);
  for (const socket of [one, two]) await socket.expectFrame('new_message', { message_id: last.message_id });
  const seen = [one, two].map((socket) => socket.durable(room));
  assert.deepEqual(seen[0], seen[1], 'all members see one order');
  assert.deepEqual(seen[0].map((f) => f.data.seq), range(before + 1, last.seq), 'and no hole in it');
  assert.equal(seen[0][0].type, 'member_left', 'first they are out');
  assert.deepEqual(sorted(deletedIds(seen[0])), sorted(idsOfSent(at.byBob)));

  await expectRemoved(at, mo);
  await left.ping();
  assert.deepEqual(left.durable(room), [], 'who is banned sees nothing of it');
  for (const who of [ada, cleo]) await expectHidden(who, file.file_url);
  assert.equal((await answerOf(parley, 'GET', signed)).status, 404);
  assert.equal((await answerOf(parley, 'GET', hers.file_url, { token: cleo.token })).status, 200);
  assert.equal((await cleo.room(room)).unread, at.byAda.length, 'what is gone is not unread');
  await closeAll(one, two, left);
});

test('others write meanwhile, and wait no longer than they are used to', () =>
  untilCaught('messages of others within a removal', async () => {
    const at = await talk(1500, 100);
    const { room } = at;
    const socket = await open(cleo);
    const watching = await open(ada);
    await ban(ada, room, bob, { remove_messages: true });
    const took = [];
    const seqs = [];
    let isOver = false;
    const removed = untilRemoved(ada, room, bob, patience).finally(() => (isOver = true));
    removed.catch(() => {});
    const late = wholeReplay(ada, room); // from the beginning to where it is live, in the midst of it
    while (!isOver) {
      const begun = performance.now();
      seqs.push((await socket.say(room, `the wife says ${seqs.length}`)).seq);
      took.push(performance.now() - begun);
    }
    await removed;
    const replayed = (await late).map((f) => f.data.seq);
    assert.deepEqual(replayed, range(1, replayed.length), 'a replay in the midst has no hole');
    const [first, ...others] = deletions(await ada.allEvents(room)).map((f) => f.data.seq);
    const end = others.at(-1);
    took.sort((a, b) => a - b);
    const slowest = took.at(-1);
    const middle = took[Math.floor(took.length / 2)];
    const isCaught = took.length > 4 && seqs.some((seq) => seq > first && seq < end);
    if (isCaught) assert.ok(middle < deadlineMs / 30, `an acknowledgement took ${Math.round(middle)} ms in the middle`);
    assert.ok(slowest < deadlineMs / 2, `the slowest took ${Math.round(slowest)} ms`);
    await watching.expectFrame('new_message', { seq: seqs.at(-1) });
    await expectRemoved(at, ada);
    await closeAll(socket, watching);
    return isCaught;
  }));

for (const [when, seen] of Object.entries({ 'right behind the answer': 0, 'in the middle': 20 })) {
  test(`it goes on when the node is killed ${when}`, () =>
    untilCaught('the node is killed before the end', async () => {
      const at = await talk(1000, 200);
      const { room } = at;
      const socket = await open(cleo);
      await ban(ada, room, bob, { remove_messages: true });
      for (let i = 0; i < seen; i += 1) await socket.expectFrame('message_deleted');
      await parley.kill();
      await socket.expectClose(1006);
      const before = deletedIds(socket.durable(room));
      await parley.start();
      const { last_seq: restarted } = await ada.room(room);
      await untilRemoved(ada, room, bob, patience);
      await expectRemoved(at, ada);
      const log = deletedIds(await ada.allEvents(room));
      assert.deepEqual(log.slice(0, before.length), before, 'what was seen before is stored');
      const later = deletions(await ada.allEvents(room)).filter((f) => f.data.seq > restarted);
      await bob.room(room, 404);
      return later.length > 0 || before.length < log.length;
    }));
}

test('it goes on when the node is restarted quietly', async () => {
  const at = await talk(400, 100);
  await ban(ada, at.room, bob, { remove_messages: true });
  await parley.restart();
  await untilRemoved(ada, at.room, bob, patience);
  await expectRemoved(at, ada);
});

test('it ends when the ban is lifted: what is still there stays', async () => {
  let at, room, lifted, left;
  const stand = async () => (await wholeHistory(ada, room)).filter((m) => m.content?.startsWith('walrus')).length;
  await untilCaught('the ban is lifted before all is gone', async () => {
    at = await talk(800, 10);
    ({ room } = at);
    await ban(ada, room, bob, { remove_messages: true });
    await liftBan(ada, room, bob);
    ({ last_seq: lifted } = await ada.room(room));
    left = await stand();
    return left > 0;
  });

  // Another removal in the same room that begins later and is done tells that the first one would have gone on by now.
  const eve = await newAccount(parley, 'eve');
  await ada.invite(room, eve);
  const socket = await open(eve);
  const byEve = await sendMany(socket, room, range(1, 200).map((i) => `oyster ${i}`));
  await ban(ada, room, eve, { remove_messages: true });
  await untilRemoved(ada, room, eve, patience);
  await socket.close();
  const log = await ada.allEvents(room);
  const late = new Set(deletedIds(log.filter((f) => f.data.seq > lifted)));
  const lateHis = idsOfSent(at.byBob).filter((id) => late.has(id));
  assert.equal(lateHis.length, 0, `${lateHis.length} of his are deleted after the ban is lifted`);
  assert.equal(idsOfSent(byEve).filter((id) => late.has(id)).length, byEve.length);
  assert.equal(await stand(), left);

  // It begins anew with a new ban, and what he writes in between goes too.
  await ada.invite(room, bob);
  at.byBob.push(await bob.post(room, 'walrus is back'));
  await ban(mo, room, bob, { remove_messages: true });
  await untilRemoved(ada, room, bob, patience);
  const after = await wholeHistory(ada, room);
  for (const message of after.filter((m) => m.user_id === bob.id)) assert.equal(message.content, null);
  const gone = deletedIds(await ada.allEvents(room)).filter((id) => idsOfSent(at.byBob).includes(id));
  assert.deepEqual(sorted(gone), sorted(idsOfSent(at.byBob)), 'each is deleted once');
});

test('banning again can begin the removal, and changes nothing else', async () => {
  const at = await talk(20, 20);
  const { room } = at;
  const first = await ban(ada, room, bob, { reason: 'the first' });
  assert.equal(first.removing_messages, false);
  const socket = await open(cleo);
  const again = await ban(ada, room, bob, { reason: 'the second', remove_messages: true });
  assert.deepEqual({ ...again, removing_messages: first.removing_messages }, first);
  await untilRemoved(ada, room, bob);
  await expectRemoved(at, ada);
  await ban(ada, room, bob, { remove_messages: true });
  await untilRemoved(ada, room, bob);
  await socket.expectFrame('message_deleted', { message_id: at.byBob.at(-1).message_id });
  assert.equal(deletions(await ada.allEvents(room)).length, 20, 'nothing is deleted twice');
  await socket.close();
});

test('a ban without it, or of somebody who wrote nothing, deletes nothing', async () => {
  const at = await talk(5, 5);
  const { room } = at;
  await ban(ada, room, cleo, { remove_messages: true });
  await untilRemoved(ada, room, cleo);
  await ban(ada, room, bob, { remove_messages: false });
  const log = await ada.allEvents(room);
  assert.deepEqual(deletions(log), []);
  assert.equal((await banOf(ada, room, bob)).removing_messages, false);
});

test('what had been deleted before stays as it was, and reactions of others’ go with the message', async () => {
  const room = await ada.group('mixed', [bob, cleo]);
  const [gone, edited] = [await bob.post(room, 'walrus one'), await bob.post(room, 'walrus two')];
  await bob.call('DELETE', `/messages/${gone.message_id}`);
  await bob.call('PATCH', `/messages/${edited.message_id}`, { body: { content: 'walrus three' } });
  await cleo.call('PUT', `/messages/${edited.message_id}/reactions/${encodeURIComponent('👍')}`);
  const answer = await ada.post(room, 'carpenter', { reply_to: edited.message_id });
  await ban(ada, room, bob, { remove_messages: true });
  await untilRemoved(ada, room, bob);
  const log = await ada.allEvents(room);
  assert.deepEqual(
    deletions(log).map((f) => [f.data.message_id, f.data.user_id]),
    [[gone.message_id, bob.id], [edited.message_id, ada.id]],
  );
  assert.ok(!JSON.stringify(log).includes('walrus'));
  const history = await wholeHistory(cleo, room);
  assert.deepEqual(history.find((m) => m.message_id === edited.message_id).reactions, []);
  const kept = history.find((m) => m.message_id === answer.message_id);
  assert.deepEqual([kept.content, kept.reply_to], ['carpenter', edited.message_id]);
});

test('somebody who left before is banned with all that they wrote', async () => {
  const at = await talk(30, 10);
  await bob.leave(at.room);
  const item = await ban(ada, at.room, bob, { remove_messages: true });
  assert.equal(item.user.user_id, bob.id);
  await untilRemoved(ada, at.room, bob);
  await expectRemoved(at, ada);
});

test('what he is sending while he is banned is stored and goes, or is refused', async () => {
  for (let round = 0; round < 8; round += 1) {
    const room = await ada.group('race', [bob]);
    const socket = await open(bob);
    const ids = range(1, 30).map((i) => socket.send('send_message', { room_id: room, content: `walrus ${i}` }));
    // In later rounds more is stored before the ban.
    const stored = await Promise.all(ids.slice(0, round * 3).map((id) => socket.expectAck(id)));
    await ban(ada, room, bob, { remove_messages: true });
    for (const id of ids.slice(round * 3)) {
      const { type, data } = await socket.answerTo(id);
      if (type === 'ack') stored.push(data);
      else assert.equal(data.code, 'not_found');
    }
    await untilRemoved(ada, room, bob);
    const log = await ada.allEvents(room);
    assert.deepEqual(sorted(deletedIds(log)), sorted(idsOfSent(stored)), `round ${round}`);
    assert.ok(!JSON.stringify(log).includes('walrus'));
    await socket.close();
  }
});

test('a file of theirs that somebody else has passed on stays with that message', async () => {
  const room = await ada.group('passed on', [bob, cleo]);
  const { file_url: url } = await upload(bob);
  await bob.post(room, 'walrus', { file_url: url });
  const kept = await cleo.post(room, 'see this', { file_url: url });
  await ban(ada, room, bob, { remove_messages: true });
  await untilRemoved(ada, room, bob);
  for (const who of [ada, cleo])
    assert.equal((await answerOf(parley, 'GET', url, { token: who.token })).status, 200);
  assert.equal((await ada.history(room)).items.find((m) => m.message_id === kept.message_id).file_url, url);
});

test('two are removed at once, each to the last word, and a room beside them loses nothing', async () => {
  const at = await talk(150, 150, [bob, cleo, mo]);
  const eve = await newAccount(parley, 'eve');
  await ada.invite(at.room, eve);
  const socket = await open(eve);
  const byEve = await sendMany(socket, at.room, range(1, 150).map((i) => `oyster ${i}`));
  const other = await ada.group('beside', [bob]);
  await bob.post(other, 'walrus elsewhere');
  await Promise.all([bob, eve].map((user) => ban(ada, at.room, user, { remove_messages: true })));
  await Promise.all([bob, eve].map((user) => untilRemoved(ada, at.room, user, patience)));
  const log = await ada.allEvents(at.room);
  assert.deepEqual(sorted(deletedIds(log)), sorted([...idsOfSent(at.byBob), ...idsOfSent(byEve)]));
  assert.deepEqual(log.map((f) => f.data.seq), range(1, log.length));
  assert.equal((await ada.history(other)).items[0].content, 'walrus elsewhere');
  await socket.close();
});

test('the only member of a room is banned with all that he wrote, although nobody is left to see it', async () => {
  const room = await bob.group('alone', [cleo]);
  const sent = [];
  for (const i of range(1, 3)) sent.push(await bob.post(room, `walrus ${i}`));
  for (const { message_id: message } of sent) await report(cleo, message, { reason: 'spam' });
  await cleo.leave(room);
  await ban(mo, room, bob, { remove_messages: true });
  const gone = async () =>
    (await mo.call('GET', '/admin/reports')).items.filter((item) => item.room_id === room && item.is_deleted);
  await until(async () => (await gone()).length === sent.length, 'all that he wrote is deleted');
});
