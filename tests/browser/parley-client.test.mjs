// The JavaScript client: order, gaps and replay, each event once over any number of connections.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { message, online, ready, reconnect, room, setUp } from '../support/played_server.mjs';

test('the first connection brings the token as a subprotocol and asks for the unread', async (t) => {
  const { server, client, seqs } = setUp(t);
  client.connect();
  const socket = await server.connection();
  assert.equal(socket.url.href, 'ws://parley.test/ws');
  assert.deepEqual(socket.protocols, ['parley.v1', 'parley.token.T']);
  ready(socket, room('a', 5, 3));
  socket.say('new_message', message('a', 4));
  socket.say('new_message', message('a', 5));
  socket.say('replay_end', { room_id: 'a', seq: 5, more: false });
  socket.say('new_message', message('a', 6));
  assert.deepEqual(seqs('a'), [4, 5, 6]);
  assert.equal(client.position('a'), 6);
});

test('a replay that is cut into pages is fetched to its end', async (t) => {
  const { server, client, seqs } = setUp(t);
  client.connect();
  const socket = await server.connection();
  ready(socket, room('a', 5, 0));
  for (const seq of [1, 2]) socket.say('new_message', message('a', seq));
  socket.say('replay_end', { room_id: 'a', seq: 2, more: true });
  for (const [first, last, more] of [
    [3, 4, true],
    [5, 5, false],
  ]) {
    const resume = await socket.sent('resume');
    assert.deepEqual(resume.data, { rooms: { a: first - 1 } });
    socket.ack(resume);
    for (let seq = first; seq <= last; seq += 1) socket.say('new_message', message('a', seq));
    socket.say('replay_end', { room_id: 'a', seq: last, more });
  }
  assert.deepEqual(seqs('a'), [1, 2, 3, 4, 5]);
  assert.deepEqual(socket.unawaited, []);
});

test('a later connection resumes only the rooms behind, and passes each event on once', async (t) => {
  const all = await online(
    t,
    [room('a', 3), room('b', 7)].map((each) => ({ ...each, last_read_seq: each.last_seq })),
  );
  const socket = await reconnect(all, all.socket, [room('a', 5), room('b', 7)]);
  assert.equal(socket.url.searchParams.get('replay'), 'none');
  const resume = await socket.sent('resume');
  assert.deepEqual(resume.data, { rooms: { a: 3 } });
  // Live already, so an event from beyond the missing ones may come before the resume takes hold.
  socket.say('new_message', message('a', 6));
  socket.ack(resume);
  for (const seq of [4, 5, 6]) socket.say('new_message', message('a', seq));
  socket.say('replay_end', { room_id: 'a', seq: 6, more: false });
  socket.say('new_message', message('a', 6));
  socket.say('new_message', message('a', 7));
  socket.say('new_message', message('b', 8));
  assert.deepEqual(all.seqs('a'), [4, 5, 6, 7]);
  assert.deepEqual(all.seqs('b'), [8]);
  assert.deepEqual(socket.unawaited, []);
});

test('a skipped seq is noticed and fetched, and nothing is passed on out of order', async (t) => {
  const { socket, seqs } = await online(t, [room('a', 1, 1)]);
  socket.say('new_message', message('a', 2));
  socket.say('new_message', message('a', 4));
  const resume = await socket.sent('resume');
  assert.deepEqual(resume.data, { rooms: { a: 2 } });
  socket.say('new_message', message('a', 5));
  assert.deepEqual(seqs('a'), [2]);
  socket.ack(resume);
  for (const seq of [3, 4, 5]) socket.say('new_message', message('a', seq));
  socket.say('replay_end', { room_id: 'a', seq: 5, more: false });
  assert.deepEqual(seqs('a'), [2, 3, 4, 5]);
  assert.deepEqual(socket.unawaited, []);
});

test('the end of a replay that a newer resume replaced counts for nothing', async (t) => {
  const { server, client, seqs } = setUp(t);
  client.connect();
  const socket = await server.connection();
  ready(socket, room('a', 4, 0));
  socket.say('new_message', message('a', 1));
  socket.say('replay_end', { room_id: 'a', seq: 1, more: true });
  const resume = await socket.sent('resume');
  socket.say('replay_end', { room_id: 'a', seq: 1, more: false });
  socket.say('new_message', message('a', 4)); // were the room live now, this would look like a gap
  socket.ack(resume);
  for (const seq of [2, 3, 4]) socket.say('new_message', message('a', seq));
  socket.say('replay_end', { room_id: 'a', seq: 4, more: false });
  assert.deepEqual(seqs('a'), [1, 2, 3, 4]);
  assert.deepEqual(socket.unawaited, []);
});

test('positions that the application kept are resumed by the first connection', async (t) => {
  const { client, server, seqs } = setUp(t, { positions: { a: 2 } });
  client.connect();
  const socket = await server.connection();
  assert.equal(socket.url.searchParams.get('replay'), 'none');
  ready(socket, room('a', 3, 0));
  const resume = await socket.sent('resume');
  assert.deepEqual(resume.data, { rooms: { a: 2 } });
  socket.ack(resume);
  socket.say('new_message', message('a', 3));
  assert.deepEqual(seqs('a'), [3]);
});

test('a room that is added is live from its last seq, and a removed one is forgotten', async (t) => {
  const { client, socket, seqs } = await online(t, []);
  socket.say('room_added', room('n', 6));
  socket.say('new_message', message('n', 7));
  assert.deepEqual(seqs('n'), [7]);
  socket.say('room_removed', { room_id: 'n', reason: 'left' });
  socket.say('new_message', message('n', 8));
  assert.deepEqual(seqs('n'), [7]);
  assert.equal(client.position('n'), null);
});

test('a server whose log ends before our position makes us read anew', async (t) => {
  const all = await online(t, [room('a', 9, 9)]);
  const socket = await reconnect(all, all.socket, [room('a', 4)]);
  assert.deepEqual(all.of('reset'), [{ room_id: 'a', position: 4 }]);
  socket.say('new_message', message('a', 5));
  assert.deepEqual(all.seqs('a'), [5]);
});

test('one room whose resume is refused does not hold up the others', async (t) => {
  const all = await online(t, [room('a', 1, 1), room('b', 1, 1)], {
    rest: { room: async (id) => room(id, 1) },
  });
  const socket = await reconnect(all, all.socket, [room('a', 2), room('b', 2)]);
  const both = await socket.sent('resume');
  assert.deepEqual(both.data, { rooms: { a: 1, b: 1 } });
  socket.refuse(both, 'bad_request');
  const one = await socket.sent('resume');
  const other = await socket.sent('resume');
  assert.deepEqual([one.data, other.data], [{ rooms: { a: 1 } }, { rooms: { b: 1 } }]);
  socket.refuse(one, 'bad_request');
  socket.ack(other);
  socket.say('new_message', message('b', 2));
  assert.deepEqual(all.seqs('b'), [2]);
  const again = await socket.sent('resume');
  assert.deepEqual(again.data, { rooms: { a: 1 } });
  assert.deepEqual(all.of('reset'), [{ room_id: 'a', position: 1 }]);
});

test('a resume that found the server busy is asked again', async (t) => {
  const all = await online(t, [room('a', 1, 1)]);
  const socket = await reconnect(all, all.socket, [room('a', 2)]);
  socket.refuse(await socket.sent('resume'), 'busy', 1);
  const resume = await socket.sent('resume');
  assert.deepEqual(resume.data, { rooms: { a: 1 } });
});

test('an application that reads history by REST is sent no replay, and told of later rooms', async (t) => {
  const { server, client, of, seqs } = setUp(t, { replay: 'none' });
  client.connect();
  const first = await server.connection();
  assert.equal(first.url.searchParams.get('replay'), 'none');
  ready(first, room('a', 9, 2));
  first.say('new_message', message('a', 10));
  assert.deepEqual(seqs('a'), [10]);
  assert.deepEqual(first.unawaited, []);
  assert.deepEqual(of('reset'), []);
  first.end(1006);
  const second = await server.connection();
  ready(second, room('a', 11), room('b', 4));
  assert.deepEqual((await second.sent('resume')).data, { rooms: { a: 10 } });
  assert.deepEqual(of('reset'), [{ room_id: 'b', position: 4 }]);
  assert.equal(client.position('b'), 4);
});

for (const [code, leastMs] of [
  [1013, 2_000],
  [4429, 60_000],
]) {
  test(`after close code ${code} nobody comes back too early, nor all at once`, async (t) => {
    const pauses = new Set();
    for (let client = 0; client < 5; client += 1) {
      const all = await online(t, []);
      all.socket.end(code);
      const { state, retry_in_ms: pauseMs } = all.of('state').at(-1);
      assert.equal(state, 'offline');
      assert.ok(pauseMs >= leastMs && pauseMs <= 2 * leastMs, `pause: ${pauseMs}`);
      pauses.add(pauseMs);
      all.client.checkConnection();
      assert.equal(all.server.count, 1, 'not even when asked to try now');
    }
    assert.ok(pauses.size > 1);
  });
}

for (const code of [1002, 1003, 1007, 4400]) {
  test(`close code ${code} is not answered with the same frames again`, async (t) => {
    const { client, socket, of } = await online(t, []);
    socket.end(code);
    assert.equal(client.state, 'closed');
    assert.equal(of('state').at(-1).code, code);
  });
}

test('mutes and slow mode stand in the order of their room, and leave no hole', async (t) => {
  const { socket, of, seqs } = await online(t, [room('a', 3, 3)]);
  const muted = { room_id: 'a', seq: 4, user_id: 'other', by: 'me', until: '2026-11-22T09:40:00.123Z' };
  socket.say('member_muted', muted);
  socket.say('slow_mode_changed', { room_id: 'a', seq: 5, slow_mode_seconds: 30, by: 'me' });
  socket.say('new_message', message('a', 6));
  assert.deepEqual(seqs('a'), [4, 5, 6]);
  assert.deepEqual(of('member_muted'), [muted]);
  assert.equal(of('slow_mode_changed')[0].slow_mode_seconds, 30);
  assert.deepEqual(socket.unawaited, []);
});
