// The JavaScript client against a server that the test plays: order, gaps, reconnection, exactly-once
// sending.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ParleyClient, ParleyError } from '../../web/parley-client.js';
import { FakeServer, within } from '../support/fake_websocket.mjs';

const me = { user_id: 'me', username: 'me', display_name: 'Me', img_url: null, role: 'user' };
const room = (room_id, last_seq, last_read_seq = 0) => ({
  room_id,
  name: room_id,
  is_group: true,
  peer: null,
  last_seq,
  last_read_seq,
  unread: 0,
});
const message = (room_id, seq, more = {}) => ({
  room_id,
  seq,
  message_id: `${room_id}-${seq}`,
  user_id: 'other',
  display_name: 'Other',
  content: `text ${seq}`,
  file_url: null,
  reply_to: null,
  client_msg_id: null,
  created_at: '2026-11-22T09:30:00.123Z',
  ...more,
});

const stored = (entry) => within(entry.stored, 'the ack of a message');

/** A client, its server, and what the application was told: seqs by room, and everything by type. */
function setUp(t, options = {}) {
  const server = new FakeServer();
  const rest = {
    url: 'http://parley.test',
    token: 'T',
    me: async () => me,
    room: async (id) => room(id, 0),
    ...options.rest,
  };
  const client = new ParleyClient({
    WebSocket: server.WebSocket,
    backoffBaseMs: 1,
    backoffMaxMs: 4,
    ...options,
    rest,
  });
  t.after(() => client.close());
  const seen = [];
  for (const type of [
    'new_message',
    'reaction',
    'message_edited',
    'message_deleted',
    'member_joined',
    'reset',
    'state',
    'outbox',
    'unread',
    'replay_end',
    'room_added',
  ]) {
    client.on(type, (data) => seen.push({ type, data: { ...data } }));
  }
  const of = (type) => seen.filter((event) => event.type === type).map((event) => event.data);
  const seqs = (roomId) =>
    seen
      .filter(
        ({ type, data }) =>
          data.seq !== undefined &&
          data.room_id === roomId &&
          !['replay_end', 'unread', 'room_added', 'outbox'].includes(type),
      )
      .map(({ data }) => data.seq);
  return { server, client, of, seqs };
}

function ready(socket, ...rooms) {
  socket.say('ready', {
    session_id: 's',
    user: me,
    server_time: '2026-11-22T09:30:00.123Z',
    heartbeat_ms: 30_000,
    rooms,
  });
}

/** A client that is online with rooms which have nothing to replay. */
async function online(t, rooms, options) {
  const all = setUp(t, options);
  all.client.connect();
  const socket = await all.server.connection();
  ready(socket, ...rooms);
  for (const { room_id, last_seq } of rooms)
    socket.say('replay_end', { room_id, seq: last_seq, more: false });
  return { ...all, socket };
}

/** Ends the connection and answers the `ready` of the next one. */
async function reconnect({ server }, socket, rooms, code = 1006) {
  socket.end(code);
  const next = await server.connection();
  ready(next, ...rooms);
  return next;
}

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

test('a read marker is kept until the server has it', async (t) => {
  const all = await online(t, [room('a', 5, 1)]);
  all.client.markRead('a', 4);
  all.client.markRead('a', 3);
  assert.deepEqual((await all.socket.sent('read')).data, { room_id: 'a', seq: 4 });
  const socket = await reconnect(all, all.socket, [room('a', 5)]);
  const read = await socket.sent('read');
  assert.deepEqual(read.data, { room_id: 'a', seq: 4 });
  const told = within(new Promise((resolve) => all.client.on('unread', resolve)), 'unread');
  socket.ack(read, { room_id: 'a', seq: 4, unread: 1 });
  assert.deepEqual(await told, { room_id: 'a', seq: 4, unread: 1 });
});

test('who is watched is asked again after a reconnection', async (t) => {
  const all = await online(t, []);
  all.client.watchPresence(['u1', 'u2', 'u1']);
  assert.deepEqual((await all.socket.sent('watch_presence')).data, { user_ids: ['u1', 'u2'] });
  const socket = await reconnect(all, all.socket, []);
  const told = within(new Promise((resolve) => all.client.on('presence', resolve)), 'presence');
  socket.ack(await socket.sent('watch_presence'), {
    users: [{ user_id: 'u1', is_online: true, last_seen: null }],
  });
  assert.equal((await told).is_online, true);
});

test('typing is sent once, however many keys are pressed, and its end only after a beginning', async (t) => {
  const { client, socket } = await online(t, [room('a', 0)]);
  client.typing('a', false);
  for (let key = 0; key < 5; key += 1) client.typing('a');
  client.typing('a', false);
  client.typing('a', false);
  const first = await socket.sent('typing');
  const second = await socket.sent('typing');
  assert.deepEqual([first.data.is_typing, second.data.is_typing], [true, false]);
  assert.deepEqual(socket.unawaited, []);
});

test('the pauses between tries grow with jitter up to the limit', async (t) => {
  const { server, client, of } = setUp(t, { backoffBaseMs: 4, backoffMaxMs: 16 });
  client.connect();
  for (let attempt = 0; attempt < 5; attempt += 1) (await server.connection()).end(1006);
  const pauses = of('state')
    .filter(({ state }) => state === 'offline')
    .map((each) => each.retry_in_ms);
  assert.equal(pauses.length, 5);
  for (const [index, full] of [4, 8, 16, 16, 16].entries()) {
    assert.ok(
      pauses[index] >= full / 2 && pauses[index] <= full,
      `pause ${index}: ${pauses[index]} of ${full}`,
    );
  }
});

test('a draining server says when to come back', async (t) => {
  const all = await online(t, [room('a', 1, 1)]);
  all.socket.say('drain', { reconnect_after_ms: 7 });
  await reconnect(all, all.socket, [room('a', 1)], 1012);
  assert.deepEqual(
    all.of('state').map(({ state, retry_in_ms: retryInMs }) => [state, retryInMs]),
    [
      ['connecting', null],
      ['online', null],
      ['offline', 7],
      ['reconnecting', null],
      ['online', null],
    ],
  );
});

test('a slow consumer reconnects and resumes', async (t) => {
  const all = await online(t, [room('a', 1, 1)]);
  const socket = await reconnect(all, all.socket, [room('a', 9)], 4408);
  assert.deepEqual((await socket.sent('resume')).data, { rooms: { a: 1 } });
});

for (const code of [4401, 4403]) {
  test(`close code ${code} ends it, and what was not sent is kept`, async (t) => {
    const { server, client, socket, of } = await online(t, [room('a', 0)]);
    client.send('a', { content: 'kept' });
    await socket.sent('send_message');
    socket.end(code);
    assert.equal(client.state, 'closed');
    assert.equal(server.count, 1);
    assert.deepEqual(
      client.pendingSends().map((each) => each.content),
      ['kept'],
    );
    assert.notEqual(of('state').at(-1).reason, null);
  });
}

test('a refused handshake with a token that has ended is not tried for ever', async (t) => {
  const rest = {
    me: async () => {
      throw new ParleyError('unauthenticated', 'no', { status: 401 });
    },
  };
  const { server, client } = setUp(t, { rest, backoffBaseMs: 60_000, backoffMaxMs: 60_000 });
  const closed = within(
    new Promise((resolve) => {
      client.on('state', ({ state }) => state === 'closed' && resolve());
    }),
    'the state closed',
  );
  client.connect();
  (await server.connection()).end(1006);
  await closed;
  assert.equal(server.count, 1);
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

test('requests other than messages fail at once without a connection', async (t) => {
  const { client, socket } = await online(t, [room('a', 0)]);
  const reaction = client.react('a', 'm', '👍');
  socket.end(1006);
  await assert.rejects(reaction, { code: 'offline' });
  await assert.rejects(client.react('a', 'm', '👍'), { code: 'offline' });
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

test('a silent connection is given up, a slow one on which frames still come is not', async (t) => {
  const slow = await online(t, [room('a', 0)], { pingTimeoutMs: 40 });
  slow.client.checkConnection();
  await slow.socket.sent('ping');
  const typing = { room_id: 'a', user_id: 'u', is_typing: true };
  const frames = setInterval(() => slow.socket.say('typing', typing), 5);
  await new Promise((resolve) => setTimeout(resolve, 80));
  clearInterval(frames);
  assert.equal(slow.client.state, 'online');
  const silent = await online(t, [], { pingTimeoutMs: 40 });
  silent.client.checkConnection();
  await silent.server.connection();
  assert.equal(silent.of('state').find(({ state }) => state === 'offline').code, 1006);
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

test('the same people are asked for once, and asked for again if the server was busy', async (t) => {
  const { client, socket } = await online(t, []);
  client.watchPresence(['u1', 'u2']);
  client.watchPresence(['u2', 'u1']);
  socket.refuse(await socket.sent('watch_presence'), 'rate_limited', 1);
  socket.ack(await socket.sent('watch_presence'), { users: [] });
  client.watchPresence(['u1', 'u2']);
  assert.deepEqual(socket.unawaited, []);
  client.watchPresence([]);
  assert.deepEqual((await socket.sent('watch_presence')).data, { user_ids: [] });
});
