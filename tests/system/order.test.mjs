// One order: 8 senders, 50 messages each, one room, 10 receivers who come and go.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Checker } from '../support/checker.mjs';
import { newAccount } from '../support/client.mjs';
import { startParleyd } from '../support/parleyd.mjs';

const senderCount = 8;
const messagesEach = 50;
const receiverCount = 10;

let parley;
before(
  async () =>
    (parley = await startParleyd({
      set: { 'limits.send_rate_per_second': 0, 'limits.frames_per_second': 0 },
    })),
);
after(() => parley?.stop());

/** Sends `messagesEach` messages, a few outstanding at a time, and tells the checker of each. */
async function sendAll(socket, roomId, name, checker) {
  const outstanding = new Set();
  for (let i = 0; i < messagesEach; i += 1) {
    const key = `${name}-${i}`;
    checker.attempted(key);
    const sent = socket.say(roomId, key, { client_msg_id: key }).then((ack) => {
      checker.acknowledged(key, ack);
      outstanding.delete(sent);
    });
    outstanding.add(sent);
    if (outstanding.size >= 8) await Promise.race(outstanding);
  }
  await Promise.all(outstanding);
}

test('all receivers see the same order, also who connects in the middle and who leaves and joins again', async () => {
  const checker = new Checker();
  const owner = await newAccount(parley, 'owner');
  const senders = [];
  for (let i = 0; i < senderCount; i += 1) senders.push(await newAccount(parley, 'sender'));
  const receivers = [];
  for (let i = 0; i < receiverCount; i += 1) receivers.push(await newAccount(parley, 'receiver'));
  const roomId = await owner.group('order', [...senders, ...receivers]);
  const joined = (await owner.room(roomId)).last_seq;

  const [late, leaver] = receivers;
  const sockets = new Map();
  for (const receiver of receivers.slice(1)) {
    const socket = await receiver.connect();
    await socket.untilLive(roomId);
    sockets.set(receiver, socket);
  }
  const talking = await Promise.all(senders.map((s) => s.connect({ replay: 'none' })));
  const middle = sockets.get(receivers[2]);
  const sending = Promise.all(talking.map((socket, i) => sendAll(socket, roomId, `s${i}`, checker)));

  await middle.expectFrame('new_message', (m) => m.seq > joined + 100);
  const lateSocket = await late.connect();
  sockets.set(late, lateSocket);
  await leaver.leave(roomId);
  await sockets.get(leaver).expectFrame('room_removed', { room_id: roomId });
  await middle.expectFrame('member_left', { user_id: leaver.id });
  await owner.invite(roomId, leaver);
  await sockets.get(leaver).expectFrame('room_added', { room_id: roomId });
  await middle.expectFrame('member_joined', { user_id: leaver.id });
  await sending;

  const last = await owner.post(roomId, 'the end');
  for (;;) {
    const { data } = await lateSocket.expectFrame('replay_end', { room_id: roomId });
    if (!data.more) break;
    await lateSocket.resume({ [roomId]: data.seq });
  }
  for (const socket of sockets.values())
    await socket.expectFrame('new_message', { message_id: last.message_id });

  const stored = await owner.allEvents(roomId);
  assert.deepEqual(
    stored.map((e) => e.data.seq),
    stored.map((_, i) => i + 1),
    'the store has no hole',
  );
  checker.stored(stored.filter((e) => e.type === 'new_message' && e.data.content !== 'the end'));
  for (const [receiver, socket] of sockets) checker.seen(receiver.username, socket.durable(roomId), stored);
  const gaps = checker.holes(leaver.username);
  assert.deepEqual(gaps.length <= 1, true, `who left missed one stretch at most: ${JSON.stringify(gaps)}`);
  assert.deepEqual(
    checker.verdict({ mayMiss: [leaver.username] }),
    Checker.clean(senderCount * messagesEach),
  );
  for (const [receiver, socket] of sockets) {
    if (receiver === leaver) continue;
    const order = socket.durable(roomId).filter((f) => f.data.seq > joined);
    assert.deepEqual(order, stored.slice(joined), receiver.username);
  }
  await Promise.all([...talking, ...sockets.values()].map((s) => s.close()));
});
