// What a connection gets of the past, and how it goes over into the present.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newAccount } from '../support/client.mjs';
import { startParleyd } from '../support/parleyd.mjs';

const limit = 10;
let parley, ada, bob;
before(async () => {
  parley = await startParleyd({ set: { 'replay.limit': limit, 'limits.send_rate_per_second': 0 } });
  ada = await newAccount(parley, 'ada');
  bob = await newAccount(parley, 'bob');
});
after(() => parley?.stop());

/** A room of both with that many messages; ada's and bob's joins are seq 1 and 2. */
async function roomWith(messages, name = 'past') {
  const roomId = await ada.group(name, [bob]);
  const sent = [];
  for (let i = 0; i < messages; i += 1) sent.push(await ada.post(roomId, `m${i}`));
  return { roomId, sent, end: 2 + messages };
}
const seqs = (socket, roomId) => socket.durable(roomId).map((f) => f.data.seq);
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

test('a connection gets what came after the read marker, one replay_end, then live events', async () => {
  const { roomId, end } = await roomWith(5);
  await bob.call('POST', `/rooms/${roomId}/read`, { body: { seq: 4 } });
  const socket = await bob.connect();
  const { data } = await socket.untilLive(roomId);
  assert.equal(data.seq, end);
  assert.deepEqual(seqs(socket, roomId), range(5, end));
  const sent = await ada.post(roomId, 'live');
  await socket.expectFrame('new_message', { message_id: sent.message_id });
  assert.deepEqual(seqs(socket, roomId), range(5, end + 1));
  await socket.expectNoFrame('replay_end', { room_id: roomId });
  await socket.close();
});

test('replay=unread by name is the same as the default', async () => {
  const { roomId, end } = await roomWith(2);
  const socket = await bob.connect({ replay: 'unread' });
  await socket.untilLive(roomId);
  assert.deepEqual(seqs(socket, roomId), range(3, end));
  await socket.close();
});

test('an unknown replay mode is a bad request before the upgrade', async () => {
  await assert.rejects(bob.connect({ replay: 'everything' }), { status: 400 });
});

test('each room in ready gets exactly one replay_end, the ones with nothing new too', async () => {
  const cleo = await newAccount(parley, 'cleo');
  const rooms = [];
  for (let i = 0; i < 4; i += 1) rooms.push(await ada.group(`r${i}`, [cleo]));
  await ada.post(rooms[1], 'unread');
  const socket = await cleo.connect();
  assert.deepEqual(socket.ready.rooms.map((r) => r.room_id).sort(), [...rooms].sort());
  for (const roomId of rooms) await socket.untilLive(roomId);
  await socket.expectNoFrame('replay_end');
  assert.equal(seqs(socket, rooms[1]).length, 1);
  assert.equal(seqs(socket, rooms[0]).length, 0);
  await socket.close();
});

test("a replay contains one's own events", async () => {
  const { roomId } = await roomWith(0);
  const mine = await bob.post(roomId, 'mine');
  const socket = await bob.connect();
  await socket.expectFrame('new_message', { message_id: mine.message_id, user_id: bob.id });
  await socket.untilLive(roomId);
  await socket.close();
});

test('ready tells of each room where it ends, where one has read, and how much is unread', async () => {
  const { roomId, end } = await roomWith(3, 'told');
  await bob.post(roomId, 'my own does not count');
  const socket = await bob.connect({ replay: 'none' });
  const room = socket.ready.rooms.find((r) => r.room_id === roomId);
  assert.deepEqual(room, {
    room_id: roomId,
    name: 'told',
    is_group: true,
    peer: null,
    last_seq: end + 1,
    last_read_seq: 2,
    unread: 3,
    slow_mode_seconds: 0,
    muted_until: null,
  });
  assert.equal(socket.ready.user.user_id, bob.id);
  assert.equal(socket.ready.user.role, 'user');
  await socket.close();
});

test('replay=none starts every room live at its end, with no replay and no replay_end', async () => {
  const { roomId, end } = await roomWith(3);
  const socket = await bob.connect({ replay: 'none' });
  const sent = await ada.post(roomId, 'live');
  assert.equal(sent.seq, end + 1);
  await socket.expectFrame('new_message', { message_id: sent.message_id });
  assert.deepEqual(seqs(socket, roomId), [end + 1]);
  await socket.expectNoFrame('replay_end');
  await socket.close();
});

test('more events than replay.limit come in pages, and live begins only after the last', async () => {
  const { roomId, end } = await roomWith(25);
  const socket = await bob.connect();
  const first = await socket.expectFrame('replay_end', { room_id: roomId });
  assert.deepEqual(first.data, { room_id: roomId, seq: 2 + limit, more: true });
  assert.deepEqual(seqs(socket, roomId), range(3, 2 + limit));
  const meanwhile = await ada.post(roomId, 'not live yet');
  await socket.expectNoFrame('new_message', { message_id: meanwhile.message_id });
  await socket.resume({ [roomId]: 2 + limit });
  const second = await socket.expectFrame('replay_end', { room_id: roomId });
  assert.deepEqual(second.data, { room_id: roomId, seq: 2 + 2 * limit, more: true });
  await socket.resume({ [roomId]: second.data.seq });
  const last = await socket.untilLive(roomId);
  assert.equal(last.data.seq, end + 1);
  const live = await ada.post(roomId, 'live');
  await socket.expectFrame('new_message', { message_id: live.message_id });
  assert.deepEqual(seqs(socket, roomId), range(3, end + 2));
  await socket.close();
});

test('exactly replay.limit missing events are one page with more = false', async () => {
  const { roomId, end } = await roomWith(limit);
  const socket = await bob.connect();
  const { data } = await socket.expectFrame('replay_end', { room_id: roomId });
  assert.deepEqual(data, { room_id: roomId, seq: end, more: false });
  await socket.close();
});

test('while a room is not live an own send is acknowledged at once, and the replay holds it', async () => {
  const { roomId, end } = await roomWith(15);
  const socket = await bob.connect();
  const page = await socket.expectFrame('replay_end', { room_id: roomId, more: true });
  const ack = await socket.say(roomId, 'in between');
  assert.equal(ack.seq, end + 1);
  await socket.resume({ [roomId]: page.data.seq });
  await socket.expectFrame('new_message', { message_id: ack.message_id });
  await socket.untilLive(roomId);
  assert.deepEqual(seqs(socket, roomId), range(3, end + 1));
  await socket.close();
});

test('resume sets the position back: replay first, then live', async () => {
  const { roomId, end } = await roomWith(6);
  const socket = await bob.connect({ replay: 'none' });
  await socket.resume({ [roomId]: 1 });
  const { data } = await socket.untilLive(roomId);
  assert.equal(data.seq, end);
  assert.deepEqual(seqs(socket, roomId), range(2, end));
  const own = await socket.say(roomId, 'live again');
  const other = await ada.post(roomId, 'and theirs');
  assert.deepEqual([own.seq, other.seq], [end + 1, end + 2]);
  await socket.expectFrame('new_message', { message_id: other.message_id });
  await socket.close();
});

test('resume from 0 brings the whole history, membership too', async () => {
  const { roomId, end } = await roomWith(4);
  const socket = await bob.connect({ replay: 'none' });
  await socket.resume({ [roomId]: 0 });
  await socket.untilLive(roomId);
  assert.deepEqual(seqs(socket, roomId), range(1, end));
  assert.deepEqual(socket.durable(roomId), await bob.allEvents(roomId));
  await socket.close();
});

test('resume at the end brings a replay_end at once', async () => {
  const { roomId, end } = await roomWith(2);
  const socket = await bob.connect({ replay: 'none' });
  await socket.resume({ [roomId]: end });
  const { data } = await socket.untilLive(roomId);
  assert.equal(data.seq, end);
  assert.deepEqual(seqs(socket, roomId), []);
  await socket.close();
});

test('resume beyond the end is a bad request and changes nothing', async () => {
  const { roomId, end } = await roomWith(2);
  const socket = await bob.connect({ replay: 'none' });
  for (const after of [end + 1, end + 1000, Number.MAX_SAFE_INTEGER]) {
    await socket.refused('resume', { rooms: { [roomId]: after } }, 'bad_request');
  }
  const sent = await ada.post(roomId, 'still live');
  await socket.expectFrame('new_message', { message_id: sent.message_id });
  await socket.close();
});

test('resume of several rooms brings each its own replay', async () => {
  const a = await roomWith(3);
  const b = await roomWith(4);
  const socket = await bob.connect({ replay: 'none' });
  await socket.resume({ [a.roomId]: 2, [b.roomId]: 4 });
  await socket.untilLive(a.roomId);
  await socket.untilLive(b.roomId);
  assert.deepEqual(seqs(socket, a.roomId), range(3, a.end));
  assert.deepEqual(seqs(socket, b.roomId), range(5, b.end));
  await socket.close();
});

test('resume "unread" brings every room from its read marker', async () => {
  const dora = await newAccount(parley, 'dora');
  const rooms = [await ada.group('one', [dora]), await ada.group('two', [dora])];
  for (const roomId of rooms) for (let i = 0; i < 3; i += 1) await ada.post(roomId, `m${i}`);
  const socket = await dora.connect({ replay: 'none' });
  await socket.ask('read', { room_id: rooms[0], seq: 4 });
  await socket.resume('unread');
  for (const roomId of rooms) await socket.untilLive(roomId);
  assert.deepEqual(seqs(socket, rooms[0]), [5]);
  assert.deepEqual(seqs(socket, rooms[1]), [3, 4, 5]);
  await socket.close();
});

test('a resume of a room that is being replayed ends that replay without its replay_end', async () => {
  const { roomId, end } = await roomWith(limit - 1);
  const socket = await bob.connect({ replay: 'none' });
  const ids = [1, 2, 1, 3].map((after) => socket.send('resume', { rooms: { [roomId]: after } }));
  for (const id of ids) await socket.expectAck(id);
  await socket.untilLive(roomId);
  const sent = await ada.post(roomId, 'live');
  await socket.expectFrame('new_message', { message_id: sent.message_id });
  const got = seqs(socket, roomId);
  assert.deepEqual(got.slice(got.lastIndexOf(4)), range(4, end + 1));
  await socket.close();
});

const refusedResumes = {
  'without rooms': {},
  'of another word': { rooms: 'everything' },
  'of a list': { rooms: [] },
  'with a negative seq': (roomId) => ({ rooms: { [roomId]: -1 } }),
  'with text for a seq': (roomId) => ({ rooms: { [roomId]: '1' } }),
  'with a fraction for a seq': (roomId) => ({ rooms: { [roomId]: 1.5 } }),
  'with a key that is no id': { rooms: { room: 1 } },
};
for (const [what, data] of Object.entries(refusedResumes)) {
  test(`a resume ${what} is a bad request`, async () => {
    const { roomId } = await roomWith(0);
    const socket = await bob.connect({ replay: 'none' });
    await socket.refused('resume', typeof data === 'function' ? data(roomId) : data, 'bad_request');
    await socket.close();
  });
}

test('a resume of a room that one is not in is not found', async () => {
  const roomId = await ada.group('hers alone');
  const socket = await bob.connect({ replay: 'none' });
  await socket.refused('resume', { rooms: { [roomId]: 0 } }, 'not_found');
  await socket.close();
});

test('after a cut a client that resumes has every event once', async () => {
  const { roomId, end } = await roomWith(0);
  const first = await bob.connect();
  await first.untilLive(roomId);
  await ada.post(roomId, 'seen');
  await first.expectFrame('new_message', { content: 'seen' });
  await first.cut();
  for (let i = 0; i < 4; i += 1) await ada.post(roomId, `missed ${i}`);
  const second = await bob.connect({ replay: 'none' });
  await second.resume({ [roomId]: seqs(first, roomId).at(-1) });
  await second.untilLive(roomId);
  assert.deepEqual([...seqs(first, roomId), ...seqs(second, roomId)], range(3, end + 5));
  await second.close();
});

test('a replay under way while others send has neither hole nor repeat', async () => {
  const { roomId } = await roomWith(limit * 3);
  const writer = await ada.connect({ replay: 'none' });
  const ids = range(1, 60).map((i) => writer.send('send_message', { room_id: roomId, content: `w${i}` }));
  const reader = await bob.connect();
  for (;;) {
    const { data } = await reader.expectFrame('replay_end', { room_id: roomId });
    if (!data.more) break;
    await reader.resume({ [roomId]: data.seq });
  }
  const acks = await Promise.all(ids.map((id) => writer.expectAck(id)));
  await reader.expectFrame('new_message', { message_id: acks.at(-1).message_id });
  assert.deepEqual(seqs(reader, roomId), range(3, acks.at(-1).seq));
  await Promise.all([reader, writer].map((s) => s.close()));
});

test('a replay after a restart brings the same events', async () => {
  const { roomId, end } = await roomWith(6);
  const before = await bob.allEvents(roomId);
  await parley.restart();
  const socket = await bob.connect({ replay: 'none' });
  await socket.resume({ [roomId]: 0 });
  await socket.untilLive(roomId);
  assert.deepEqual(socket.durable(roomId), before);
  assert.equal(before.length, end);
  await socket.close();
});
