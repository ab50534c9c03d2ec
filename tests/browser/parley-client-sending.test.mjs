// The JavaScript client: messages of one's own, each stored exactly once, and the acks that stand for events.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { ParleyError } from '../../web/parley-client.js';
import { me, message, online, ready, reconnect, room, setUp, stored } from '../support/played_server.mjs';

test("an ack stands for the event of one's own message, at its place in the order", async (t) => {
  const { client, socket, of, seqs } = await online(t, [room('a', 3, 3)]);
  const entry = client.send('a', { content: 'mine' });
  const frame = await socket.sent('send_message');
  assert.equal(frame.data.client_msg_id, entry.client_msg_id);
  const ack = {
    room_id: 'a',
    message_id: 'm4',
    seq: 4,
    created_at: '2026-11-22T09:30:01.000Z',
    client_msg_id: entry.client_msg_id,
    duplicate: false,
  };
  socket.ack(frame, ack);
  socket.say('new_message', message('a', 5));
  assert.deepEqual(await stored(entry), ack);
  assert.deepEqual(seqs('a'), [4, 5]);
  const { content, user_id, display_name, message_id } = of('new_message')[0];
  assert.deepEqual(
    { content, user_id, display_name, message_id },
    { content: 'mine', user_id: 'me', display_name: 'Me', message_id: 'm4' },
  );
});

test('an ack that comes while a room is being replayed waits for the events before it', async (t) => {
  const all = await online(t, [room('a', 1, 1)]);
  const socket = await reconnect(all, all.socket, [room('a', 3)]);
  const resume = await socket.sent('resume');
  const entry = all.client.send('a', { content: 'mine' });
  const frame = await socket.sent('send_message');
  socket.ack(frame, {
    room_id: 'a',
    message_id: 'm4',
    seq: 4,
    created_at: '2026-11-22T09:30:01.000Z',
    client_msg_id: entry.client_msg_id,
    duplicate: false,
  });
  await stored(entry);
  assert.deepEqual(all.seqs('a'), []);
  socket.ack(resume);
  socket.say('new_message', message('a', 2));
  socket.say('new_message', message('a', 3));
  assert.deepEqual(all.seqs('a'), [2, 3, 4]);
  socket.say('new_message', message('a', 4, { user_id: 'me', client_msg_id: entry.client_msg_id }));
  socket.say('replay_end', { room_id: 'a', seq: 4, more: false });
  assert.deepEqual(all.seqs('a'), [2, 3, 4]);
});

test("reactions, edits and deletions of one's own become events too", async (t) => {
  const { client, socket, of, seqs } = await online(t, [room('a', 3, 3)]);
  const done = client.react('a', 'm1', '👍');
  socket.ack(await socket.sent('reaction'), { room_id: 'a', reaction_id: 'r', seq: 4 });
  await done;
  const edited = client.edit('a', 'm2', 'better');
  socket.ack(await socket.sent('edit_message'), {
    room_id: 'a',
    message_id: 'm2',
    seq: 5,
    edited_at: 'then',
  });
  await edited;
  const deleted = client.delete('a', 'm3');
  socket.ack(await socket.sent('delete_message'), {
    room_id: 'a',
    message_id: 'm3',
    seq: 6,
    deleted_at: 'then',
  });
  await deleted;
  // The same reaction again is the first one's ack and no event.
  const again = client.react('a', 'm1', '👍');
  socket.ack(await socket.sent('reaction'), { room_id: 'a', reaction_id: 'r', seq: 4 });
  await again;
  assert.deepEqual(seqs('a'), [4, 5, 6]);
  assert.equal(of('reaction').length, 1);
  assert.equal(of('reaction')[0].user_id, 'me');
  assert.equal(of('message_edited')[0].content, 'better');
});

test('a message without an ack is sent again after a reconnection under the same key', async (t) => {
  const all = await online(t, [room('a', 3, 3)]);
  const entry = all.client.send('a', { content: 'once' });
  await all.socket.sent('send_message');
  const socket = await reconnect(all, all.socket, [room('a', 3)]);
  const again = await socket.sent('send_message');
  assert.equal(again.data.client_msg_id, entry.client_msg_id);
  // It was stored the first time: the event comes like any other, and the ack says duplicate.
  socket.say(
    'new_message',
    message('a', 4, { user_id: 'me', client_msg_id: entry.client_msg_id, content: 'once' }),
  );
  socket.ack(again, {
    room_id: 'a',
    message_id: 'a-4',
    seq: 4,
    created_at: 'then',
    client_msg_id: entry.client_msg_id,
    duplicate: true,
  });
  assert.equal((await stored(entry)).message_id, 'a-4');
  assert.deepEqual(all.seqs('a'), [4]);
  assert.deepEqual(all.client.pendingSends(), []);
});

test('a message that turns up in the replay is not sent a third time', async (t) => {
  const all = await online(t, [room('a', 3, 3)]);
  const entry = all.client.send('a', { content: 'once' });
  await all.socket.sent('send_message');
  const second = await reconnect(all, all.socket, [room('a', 4)]);
  second.ack(await second.sent('resume'));
  second.say('new_message', message('a', 4, { user_id: 'me', client_msg_id: entry.client_msg_id }));
  second.say('replay_end', { room_id: 'a', seq: 4, more: false });
  assert.equal((await stored(entry)).seq, 4);
  const third = await reconnect(all, second, [room('a', 4)]);
  const probe = all.client.request('ping', {});
  third.ack(await third.sent('ping'));
  await probe;
  assert.deepEqual(third.unawaited, []);
  assert.deepEqual(all.seqs('a'), [4]);
});

test('what was written offline goes out in order, once there is a connection', async (t) => {
  const { server, client, of } = setUp(t);
  const texts = ['one', 'two', 'three'];
  for (const content of texts) client.send('a', { content });
  client.connect();
  const socket = await server.connection();
  ready(socket, room('a', 0));
  socket.say('replay_end', { room_id: 'a', seq: 0, more: false });
  for (const [index, content] of texts.entries()) {
    const frame = await socket.sent('send_message');
    assert.equal(frame.data.content, content);
    assert.deepEqual(socket.unawaited, [], 'the next one waits for the ack');
    socket.ack(frame, {
      room_id: 'a',
      message_id: `m${index}`,
      seq: index + 1,
      created_at: 'then',
      duplicate: false,
    });
  }
  assert.deepEqual(
    of('new_message').map((each) => each.content),
    texts,
  );
});

test('a busy server is asked again with the same key, and later messages wait their turn', async (t) => {
  const { client, socket } = await online(t, [room('a', 0)]);
  const first = client.send('a', { content: 'first' });
  client.send('a', { content: 'second' });
  for (const code of ['busy', 'rate_limited', 'unavailable']) {
    const frame = await socket.sent('send_message');
    assert.equal(frame.data.client_msg_id, first.client_msg_id);
    socket.refuse(frame, code, 1);
  }
  const frame = await socket.sent('send_message');
  assert.equal(frame.data.content, 'first');
  socket.ack(frame, { room_id: 'a', message_id: 'm', seq: 1, created_at: 'then', duplicate: false });
  assert.equal((await socket.sent('send_message')).data.content, 'second');
});

test('a busy server is left alone for as long as it says', async (t) => {
  const { client, socket } = await online(t, [room('a', 0), room('b', 0)]);
  client.send('a', { content: 'first' });
  socket.refuse(await socket.sent('send_message'), 'busy', 60_000);
  client.send('a', { content: 'second' });
  client.send('b', { content: 'elsewhere' });
  assert.equal((await socket.sent('send_message')).data.content, 'elsewhere');
  assert.deepEqual(socket.unawaited, []);
});

test('a message that would have to wait for long fails with the words of the server, and waits for its sender', async (t) => {
  const { client, socket } = await online(t, [room('a', 0)]);
  const [first, second] = ['first', 'second'].map((content) => client.send('a', { content }));
  const slow = 'This room is in slow mode: one message in 60 s.';
  for (const entry of [first, second]) {
    socket.refuse(await socket.sent('send_message'), 'rate_limited', 59_000, slow);
    await assert.rejects(stored(entry), { code: 'rate_limited', message: slow, retryAfterMs: 59_000 });
    assert.equal(entry.status, 'failed');
  }
  assert.deepEqual(socket.unawaited, [], 'neither is sent by itself');
  assert.deepEqual(
    client.pendingSends().map(({ status, content, error }) => [status, content, error.message]),
    [
      ['failed', 'first', slow],
      ['failed', 'second', slow],
    ],
  );
  client.retrySend(first);
  assert.equal((await socket.sent('send_message')).data.client_msg_id, first.client_msg_id);
});

test('who sends a little too fast is slowed down, and nothing fails', async (t) => {
  mock.timers.enable({ apis: ['Date', 'setTimeout'] });
  t.after(() => mock.timers.reset());
  const { client, socket } = await online(t, [room('a', 0)]);
  const entry = client.send('a', { content: 'quick' });
  const frame = await socket.sent('send_message');
  socket.refuse(frame, 'rate_limited', 5_000);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(entry.status, 'queued');
  mock.timers.tick(4_999);
  assert.deepEqual(socket.unawaited, []);
  mock.timers.tick(1);
  assert.equal((await socket.sent('send_message')).data.client_msg_id, entry.client_msg_id);
});

test('a refusal for good fails that message alone, and it can be tried again', async (t) => {
  const { client, socket } = await online(t, [room('a', 0)]);
  const first = client.send('a', { content: 'too much' });
  client.send('a', { content: 'second' });
  socket.refuse(await socket.sent('send_message'), 'too_large');
  await assert.rejects(stored(first), (error) => error instanceof ParleyError && error.code === 'too_large');
  assert.equal(first.status, 'failed');
  const second = await socket.sent('send_message');
  assert.equal(second.data.content, 'second');
  socket.ack(second, { room_id: 'a', message_id: 'm', seq: 1, created_at: 'then', duplicate: false });
  client.retrySend(first);
  assert.equal((await socket.sent('send_message')).data.client_msg_id, first.client_msg_id);
});

test('pending messages outlive the client', async (t) => {
  const first = setUp(t);
  const entry = first.client.send('a', { content: 'kept' });
  const { client, server } = setUp(t, { pending: JSON.parse(JSON.stringify(first.client.pendingSends())) });
  client.connect();
  const socket = await server.connection();
  ready(socket, room('a', 0));
  const frame = await socket.sent('send_message');
  assert.equal(frame.data.client_msg_id, entry.client_msg_id);
  assert.equal(frame.data.content, 'kept');
});

test('a message whose frame was too large fails instead of costing the next connection too', async (t) => {
  const all = await online(t, [room('a', 0)]);
  const entry = all.client.send('a', { content: 'x'.repeat(40_000) });
  await all.socket.sent('send_message');
  const socket = await reconnect(all, all.socket, [room('a', 0)], 1009);
  await assert.rejects(stored(entry), { code: 'too_large' });
  assert.deepEqual(socket.unawaited, []);
  await assert.rejects(all.client.send('a', { content: 'x'.repeat(70_000) }).stored, { code: 'too_large' });
});

test('a refused message is kept as refused, and sent again only when asked', async (t) => {
  const first = await online(t, [room('a', 0), room('b', 0)]);
  const refused = first.client.send('a', { content: 'no' });
  first.socket.refuse(await first.socket.sent('send_message'), 'forbidden');
  await assert.rejects(stored(refused), { code: 'forbidden' });
  const pending = JSON.parse(JSON.stringify(first.client.pendingSends()));
  const { client, socket } = await online(t, [room('a', 0)], { pending });
  const [entry] = client.outboxEntries();
  assert.equal(entry.status, 'failed');
  assert.equal(entry.error.code, 'forbidden');
  assert.deepEqual(socket.unawaited, []);
  client.retrySend(entry);
  assert.equal((await socket.sent('send_message')).data.client_msg_id, refused.client_msg_id);
  const elsewhere = await online(t, [room('b', 0)], { pending });
  assert.deepEqual(elsewhere.client.pendingSends(), [], 'nobody sees the room where it failed');
});

test('what was on its way to a room that is removed is dropped, and says so', async (t) => {
  const { client, socket, of } = await online(t, [room('a', 0), room('b', 0)]);
  const entry = client.send('a', { content: 'too late' });
  const other = client.send('b', { content: 'stays' });
  socket.say('room_removed', { room_id: 'a', reason: 'removed' });
  await assert.rejects(stored(entry), { code: 'forbidden' });
  assert.equal(of('outbox').at(-1).status, 'failed');
  assert.deepEqual(
    client.pendingSends().map((each) => each.client_msg_id),
    [other.client_msg_id],
  );
});

test('who waits for a message is told when it is given up or the client closed', async (t) => {
  const { client } = setUp(t);
  const given = client.send('a', { content: 'given up' });
  assert.equal(client.discardSend(given), true);
  await assert.rejects(stored(given), { code: 'discarded' });
  const kept = client.send('a', { content: 'kept' });
  client.close();
  await assert.rejects(stored(kept), { code: 'closed' });
  assert.equal(client.pendingSends().length, 1);
});
