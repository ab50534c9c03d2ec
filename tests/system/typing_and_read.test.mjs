// Who is typing, and what has been read.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newAccount } from '../support/client.mjs';
import { startParleyd, until } from '../support/parleyd.mjs';

let parley, ada, bob, cleo, roomId;
before(async () => {
  parley = await startParleyd({
    set: {
      'limits.send_rate_per_second': 0,
      'limits.frames_per_second': 0,
      'limits.typing_interval_ms': 60_000,
    },
  });
  ada = await newAccount(parley, 'ada');
  bob = await newAccount(parley, 'bob');
  cleo = await newAccount(parley, 'cleo');
});
after(() => parley?.stop());

/** A new room of ada, bob and cleo with that many messages of ada's; joins are seq 1 to 3. */
async function roomWith(messages) {
  roomId = await ada.group('read', [bob, cleo]);
  for (let i = 0; i < messages; i += 1) await ada.post(roomId, `m${i}`);
  return roomId;
}
/** A connection on which the room is live: ephemeral frames from before that are not for it. */
async function open(account, room = roomId) {
  const socket = await account.connect();
  await socket.untilLive(room);
  return socket;
}
const closeAll = (...sockets) => Promise.all(sockets.map((s) => s.close()));

test('typing reaches everybody but that user', async () => {
  await roomWith(0);
  const [mine, mineToo, theirs, others] = [
    await open(ada),
    await open(ada),
    await open(bob),
    await open(cleo),
  ];
  assert.deepEqual(await mine.ask('typing', { room_id: roomId, is_typing: true }), {});
  for (const socket of [theirs, others]) {
    const { data } = await socket.expectFrame('typing', { room_id: roomId });
    assert.deepEqual(data, { room_id: roomId, user_id: ada.id, is_typing: true });
  }
  for (const socket of [mine, mineToo]) await socket.expectNoFrame('typing', { room_id: roomId });
  await closeAll(mine, mineToo, theirs, others);
});

test('is_typing is true when it is left out', async () => {
  await roomWith(0);
  const [mine, theirs] = [await open(ada), await open(bob)];
  await mine.ask('typing', { room_id: roomId });
  const { data } = await theirs.expectFrame('typing', { room_id: roomId });
  assert.equal(data.is_typing, true);
  await closeAll(mine, theirs);
});

test('typing again within the interval is not passed on', async () => {
  await roomWith(0);
  const [mine, theirs] = [await open(ada), await open(bob)];
  for (let i = 0; i < 5; i += 1) await mine.ask('typing', { room_id: roomId });
  const sent = await mine.say(roomId, 'typed');
  await theirs.expectFrame('new_message', { message_id: sent.message_id });
  assert.equal(theirs.frames.filter((f) => f.type === 'typing').length, 1);
  await closeAll(mine, theirs);
});

test('typing is no durable event', async () => {
  await roomWith(1);
  const mine = await open(ada);
  await mine.ask('typing', { room_id: roomId });
  assert.equal((await ada.room(roomId)).last_seq, 4);
  assert.ok((await ada.allEvents(roomId)).every((e) => e.type !== 'typing'));
  await mine.close();
});

test('typing in a room that one is not in is not found; odd fields are a bad request', async () => {
  const foreign = await ada.group('hers');
  const socket = await bob.connect();
  await socket.refused('typing', { room_id: foreign }, 'not_found');
  await socket.refused('typing', { room_id: await roomWith(0), is_typing: 'yes' }, 'bad_request');
  await socket.refused('typing', {}, 'bad_request');
  await socket.close();
});

test('reading moves the marker, lowers unread, and tells the members and the own other devices', async () => {
  await roomWith(4);
  const [mine, mineToo, theirs] = [await open(bob), await open(bob), await open(ada)];
  assert.equal(mine.ready.rooms.find((r) => r.room_id === roomId).unread, 4);
  assert.deepEqual(await mine.ask('read', { room_id: roomId, seq: 5 }), {
    room_id: roomId,
    seq: 5,
    unread: 2,
  });
  for (const socket of [mineToo, theirs]) {
    const { data } = await socket.expectFrame('read', { room_id: roomId });
    assert.deepEqual(data, { room_id: roomId, user_id: bob.id, seq: 5 });
  }
  const room = await bob.room(roomId);
  assert.deepEqual([room.last_read_seq, room.unread], [5, 2]);
  assert.equal((await cleo.room(roomId)).unread, 4);
  await closeAll(mine, mineToo, theirs);
});

test('reading by REST does the same', async () => {
  await roomWith(3);
  const theirs = await open(ada);
  const body = { seq: 6 };
  assert.deepEqual(await bob.call('POST', `/rooms/${roomId}/read`, { body }), {
    room_id: roomId,
    seq: 6,
    unread: 0,
  });
  await theirs.expectFrame('read', { room_id: roomId, user_id: bob.id, seq: 6 });
  await theirs.close();
});

test('a marker never moves back', async () => {
  await roomWith(4);
  const socket = await open(bob);
  await socket.ask('read', { room_id: roomId, seq: 6 });
  for (const seq of [5, 1, 0]) {
    assert.deepEqual(await socket.ask('read', { room_id: roomId, seq }), {
      room_id: roomId,
      seq: 6,
      unread: 1,
    });
  }
  assert.equal((await bob.room(roomId)).last_read_seq, 6);
  await socket.close();
});

test('a marker beyond the end is clamped', async () => {
  await roomWith(2);
  const socket = await open(bob);
  assert.deepEqual(await socket.ask('read', { room_id: roomId, seq: 1_000_000 }), {
    room_id: roomId,
    seq: 5,
    unread: 0,
  });
  await ada.post(roomId, 'one more');
  const room = await bob.room(roomId);
  assert.deepEqual([room.last_read_seq, room.unread], [5, 1]);
  await socket.close();
});

test("one's own messages and other events are not unread, and sending does not move the marker", async () => {
  await roomWith(1);
  await bob.post(roomId, 'mine');
  const message = await ada.post(roomId, 'hers');
  await cleo.call('PUT', `/messages/${message.message_id}/reactions/${encodeURIComponent('👍')}`);
  const room = await bob.room(roomId);
  assert.deepEqual([room.last_read_seq, room.unread], [2, 2]);
  const own = await ada.room(roomId);
  assert.deepEqual([own.last_read_seq, own.unread], [1, 1]);
});

test("a new member's marker starts at the own joining, and all history may be read", async () => {
  await roomWith(3);
  const dora = await newAccount(parley, 'dora');
  await bob.invite(roomId, dora);
  const room = await dora.room(roomId);
  assert.deepEqual([room.last_seq, room.last_read_seq, room.unread], [7, 7, 0]);
  assert.equal((await dora.history(roomId)).items.length, 3);
  await ada.post(roomId, 'after');
  assert.equal((await dora.room(roomId)).unread, 1);
});

test('reading several times quickly ends at the last place, also after a restart', async () => {
  await roomWith(10);
  const socket = await open(bob);
  for (let seq = 4; seq <= 13; seq += 1) await socket.ask('read', { room_id: roomId, seq });
  assert.equal((await bob.room(roomId)).last_read_seq, 13);
  await socket.close();
  await parley.restart();
  await until(async () => (await bob.room(roomId)).last_read_seq === 13, 'the marker at 13');
  assert.equal((await bob.room(roomId)).unread, 0);
});

test('unread is exact up to 1,000 and stays there', async () => {
  const room = await ada.group('many', [bob]);
  const socket = await open(ada);
  const send = async (count) => {
    for (let done = 0; done < count; done += 50) {
      const ids = Array.from({ length: Math.min(50, count - done) }, () =>
        socket.send('send_message', { room_id: room, content: 'x' }),
      );
      await Promise.all(ids.map((id) => socket.expectAck(id)));
    }
  };
  await send(999);
  assert.equal((await bob.room(room)).unread, 999);
  await send(1);
  assert.equal((await bob.room(room)).unread, 1000);
  await send(5);
  assert.equal((await bob.room(room)).unread, 1000);
  const answer = await bob.call('POST', `/rooms/${room}/read`, { body: { seq: 1000 } });
  assert.deepEqual(answer, { room_id: room, seq: 1000, unread: 7 });
  await socket.close();
});

test("in a room of more members than limits.read_receipt_members only the reader's devices are told", async () => {
  const small = await startParleyd({ set: { 'limits.read_receipt_members': 2 } });
  try {
    const [eva, finn, gert] = [
      await newAccount(small, 'eva'),
      await newAccount(small, 'finn'),
      await newAccount(small, 'gert'),
    ];
    const room = await eva.group('three', [finn, gert]);
    await eva.post(room, 'read me');
    const [mine, mineToo, theirs] = [await open(finn, room), await open(finn, room), await open(eva, room)];
    await mine.ask('read', { room_id: room, seq: 4 });
    await mineToo.expectFrame('read', { room_id: room, user_id: finn.id, seq: 4 });
    const barrier = await finn.post(room, 'after it');
    await theirs.expectFrame('new_message', { message_id: barrier.message_id });
    await theirs.expectNoFrame('read', { room_id: room });
    await closeAll(mine, mineToo, theirs);
  } finally {
    await small.stop();
  }
});

test('odd seqs are a bad request, and a room that one is not in is not found', async () => {
  await roomWith(1);
  const socket = await open(bob);
  for (const seq of [-1, 1.5, '1', null, undefined, {}]) {
    await socket.refused('read', { room_id: roomId, seq }, 'bad_request');
  }
  const foreign = await ada.group('hers');
  await socket.refused('read', { room_id: foreign, seq: 1 }, 'not_found');
  await bob.call('POST', `/rooms/${roomId}/read`, { body: { seq: -1 }, expect: 400 });
  await bob.call('POST', `/rooms/${roomId}/read`, { body: {}, expect: 400 });
  await socket.close();
});
