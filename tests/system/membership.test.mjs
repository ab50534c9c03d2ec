// Coming into rooms and out of them, as each side sees it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newAccount } from '../support/client.mjs';
import { startParleyd } from '../support/parleyd.mjs';

let parley, ada, bob, cleo;
before(async () => {
  parley = await startParleyd({ set: { 'limits.send_rate_per_second': 0 } });
  ada = await newAccount(parley, 'ada');
  bob = await newAccount(parley, 'bob');
  cleo = await newAccount(parley, 'cleo');
});
after(() => parley?.stop());

const open = (account) => account.connect({ replay: 'none' });
const closeAll = (...sockets) => Promise.all(sockets.map((s) => s.close()));
const indexOf = (socket, type, roomId) =>
  socket.frames.findIndex((f) => f.type === type && f.data.room_id === roomId);

test('a new room comes to the creator and the first members on all devices', async () => {
  const sockets = [await open(ada), await open(ada), await open(bob)];
  const roomId = await ada.group('new', [bob]);
  for (const socket of sockets) {
    const { data } = await socket.expectFrame('room_added', { room_id: roomId });
    assert.deepEqual([data.name, data.is_group, data.peer, data.unread], ['new', true, null, 0]);
    assert.ok(data.last_seq >= 1);
  }
  await closeAll(...sockets);
});

test('a private room comes to both, each with the other as peer, once', async () => {
  const dora = await newAccount(parley, 'dora');
  const [mine, theirs] = [await open(ada), await open(dora)];
  const roomId = await ada.privateRoom(dora);
  const first = await mine.expectFrame('room_added', { room_id: roomId });
  const second = await theirs.expectFrame('room_added', { room_id: roomId });
  assert.equal(first.data.peer.user_id, dora.id);
  assert.equal(second.data.peer.user_id, ada.id);
  assert.equal(first.data.name, null);
  assert.equal(await dora.privateRoom(ada, 200), roomId);
  const sent = await dora.post(roomId, 'hello');
  for (const socket of [mine, theirs]) {
    await socket.expectFrame('new_message', { message_id: sent.message_id });
    await socket.expectNoFrame('room_added', { room_id: roomId });
  }
  await closeAll(mine, theirs);
});

test("an invited user gets room_added before the room's first later event, and the members an event", async () => {
  const roomId = await ada.group('invite', [bob]);
  const [mine, theirs, invited] = [await open(ada), await open(bob), await open(cleo)];
  const { items } = await bob.invite(roomId, cleo);
  assert.deepEqual(
    items.map((m) => m.user_id),
    [cleo.id],
  );
  for (const socket of [mine, theirs]) {
    const { data } = await socket.expectFrame('member_joined', { room_id: roomId, user_id: cleo.id });
    assert.deepEqual([data.by, data.reason, data.seq], [bob.id, 'invited', 3]);
  }
  const sent = await ada.post(roomId, 'welcome');
  const added = await invited.expectFrame('room_added', { room_id: roomId });
  assert.ok(added.data.last_seq >= 3, 'last_seq covers the own member_joined');
  assert.equal(added.data.last_read_seq, 3);
  const { data } = await invited.expectFrame('new_message', { message_id: sent.message_id });
  assert.equal(data.seq, 4);
  assert.ok(indexOf(invited, 'room_added', roomId) < indexOf(invited, 'new_message', roomId));
  await closeAll(mine, theirs, invited);
});

test('inviting while others send: the invited one sees no event before room_added and no hole after it', async () => {
  const roomId = await ada.group('busy', [bob]);
  const [writer, invited] = [await open(ada), await open(cleo)];
  const before = Array.from({ length: 30 }, (_, i) =>
    writer.send('send_message', { room_id: roomId, content: `b${i}` }),
  );
  const inviting = bob.invite(roomId, cleo);
  const after = Array.from({ length: 30 }, (_, i) =>
    writer.send('send_message', { room_id: roomId, content: `a${i}` }),
  );
  for (const id of [...before, ...after]) await writer.expectAck(id);
  await inviting;
  const last = await writer.say(roomId, 'last');
  await invited.expectFrame('new_message', { message_id: last.message_id });
  const added = await invited.expectFrame('room_added', { room_id: roomId });
  const seqs = invited.durable(roomId).map((f) => f.data.seq);
  assert.deepEqual(
    seqs,
    Array.from({ length: last.seq - added.data.last_seq }, (_, i) => added.data.last_seq + 1 + i),
  );
  await closeAll(writer, invited);
});

test('inviting a member again makes no event', async () => {
  const roomId = await ada.group('again', [bob]);
  await ada.invite(roomId, bob);
  assert.equal((await ada.room(roomId)).last_seq, 2);
});

test('an invitation of nobody, of non-ids or of an unknown user is refused and nobody joins', async () => {
  const roomId = await ada.group('refused');
  const nobody = '01939b6e-0000-7000-8000-000000000000';
  const invite = (body, expect) => ada.call('POST', `/rooms/${roomId}/members`, { body, expect });
  await invite({}, 400);
  await invite({ user_ids: [] }, 400);
  await invite({ user_ids: 'bob' }, 400);
  await invite({ user_ids: ['bob'] }, 400);
  await invite({ user_ids: [bob.id, nobody] }, 404);
  assert.equal((await ada.room(roomId)).last_seq, 1);
});

test('who leaves gets room_removed and no event after it; the others get member_left', async () => {
  const roomId = await ada.group('leave', [bob, cleo]);
  const [mine, leaving, leavingToo] = [await open(ada), await open(bob), await open(bob)];
  await bob.leave(roomId);
  const { data } = await mine.expectFrame('member_left', { room_id: roomId });
  assert.deepEqual(data, { room_id: roomId, seq: 4, user_id: bob.id, by: bob.id, reason: 'left' });
  for (const socket of [leaving, leavingToo]) {
    const removed = await socket.expectFrame('room_removed', { room_id: roomId });
    assert.equal(removed.data.reason, 'left');
  }
  const sent = await ada.post(roomId, 'he is gone');
  await mine.expectFrame('new_message', { message_id: sent.message_id });
  await leaving.expectNoFrame('new_message', { room_id: roomId });
  await leaving.refused('send_message', { room_id: roomId, content: 'still here?' }, 'not_found');
  await leaving.refused('typing', { room_id: roomId }, 'not_found');
  await leaving.refused('resume', { rooms: { [roomId]: 0 } }, 'not_found');
  await bob.call('GET', `/rooms/${roomId}/messages`, { expect: 404 });
  await bob.call('DELETE', `/rooms/${roomId}/members/me`, { expect: 404 });
  assert.ok(!(await bob.call('GET', '/rooms?limit=200')).items.some((r) => r.room_id === roomId));
  await closeAll(mine, leaving, leavingToo);
});

test("leaving by one's own id is leaving too", async () => {
  const roomId = await ada.group('leave', [bob]);
  await bob.remove(roomId, bob);
  const events = await ada.allEvents(roomId);
  assert.deepEqual([events[2].type, events[2].data.reason], ['member_left', 'left']);
});

test('the creator removes a member; a plain member may not', async () => {
  const roomId = await ada.group('remove', [bob, cleo]);
  const removed = await open(cleo);
  await bob.call('DELETE', `/rooms/${roomId}/members/${cleo.id}`, { expect: 403 });
  await bob.call('DELETE', `/rooms/${roomId}/members/${ada.id}`, { expect: 403 });
  await ada.remove(roomId, cleo);
  const { data } = await removed.expectFrame('room_removed', { room_id: roomId });
  assert.equal(data.reason, 'removed');
  const events = await ada.allEvents(roomId);
  assert.deepEqual(events[3].data, {
    room_id: roomId,
    seq: 4,
    user_id: cleo.id,
    by: ada.id,
    reason: 'removed',
  });
  await ada.call('DELETE', `/rooms/${roomId}/members/${cleo.id}`, { expect: 404 });
  await removed.close();
});

test('who comes back gets room_added anew, may read what was missed, and starts unread at the new joining', async () => {
  const roomId = await ada.group('back', [bob]);
  const socket = await open(bob);
  await bob.leave(roomId);
  await socket.expectFrame('room_removed', { room_id: roomId });
  const missed = await ada.post(roomId, 'missed');
  await ada.invite(roomId, bob);
  const { data } = await socket.expectFrame('room_added', { room_id: roomId });
  assert.deepEqual([data.last_seq, data.last_read_seq, data.unread], [5, 5, 0]);
  const sent = await ada.post(roomId, 'live');
  await socket.expectFrame('new_message', { message_id: sent.message_id });
  await socket.resume({ [roomId]: 3 });
  await socket.expectFrame('new_message', { message_id: missed.message_id });
  await socket.untilLive(roomId);
  await socket.close();
});

test('leaving and coming back many times ends as the log says', async () => {
  const roomId = await ada.group('in and out', [bob]);
  const socket = await open(bob);
  for (let i = 0; i < 10; i += 1) {
    await bob.leave(roomId);
    await ada.invite(roomId, bob);
  }
  // The last room_added may be read so late that it covers what is said at once; what comes behind it is an event.
  const inside = await ada.post(roomId, 'in');
  const isLast = (data) => data.room_id === roomId && data.last_seq >= inside.seq - 1;
  const { data: room } = await socket.expectFrame('room_added', isLast);
  if (room.last_seq < inside.seq) await socket.expectFrame('new_message', { message_id: inside.message_id });
  const behind = await ada.post(roomId, 'and on');
  await socket.expectFrame('new_message', { message_id: behind.message_id });
  const events = await ada.allEvents(roomId);
  assert.equal(events.length, 2 + 20 + 2);
  await socket.close();
});

test('of two people who remove and invite the same one at once, the log tells one story', async () => {
  const roomId = await ada.group('race', [bob, cleo]);
  await Promise.all([
    ada.answerOf('DELETE', `/rooms/${roomId}/members/${cleo.id}`),
    bob.answerOf('POST', `/rooms/${roomId}/members`, { body: { user_ids: [cleo.id] } }),
    cleo.answerOf('DELETE', `/rooms/${roomId}/members/me`),
  ]);
  const events = (await ada.allEvents(roomId)).filter((e) => e.data.user_id === cleo.id);
  events.forEach((e, i) => assert.equal(e.type, i % 2 === 0 ? 'member_joined' : 'member_left'));
  const { items } = await ada.call('GET', `/rooms/${roomId}/members`);
  assert.equal(
    items.some((m) => m.user_id === cleo.id),
    events.at(-1).type === 'member_joined',
  );
});

test('when the last member has left, the room is gone for everybody', async () => {
  const roomId = await ada.group('empty');
  await ada.leave(roomId);
  await ada.call('GET', `/rooms/${roomId}`, { expect: 404 });
});
