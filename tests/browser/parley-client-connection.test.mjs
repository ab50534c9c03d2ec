// The JavaScript client: reconnection, silence, and requests that need no order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ParleyError } from '../../web/parley-client.js';
import { within } from '../support/fake_websocket.mjs';
import { me, online, reconnect, room, setUp } from '../support/played_server.mjs';

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

test('who begins to type anew says so only when the server would pass it on', async (t) => {
  const { client, socket } = await online(t, [room('a', 0)]);
  let now = Date.now();
  t.mock.method(Date, 'now', () => now);
  client.typing('a');
  client.typing('a', false);
  now += 2_900;
  client.typing('a');
  assert.deepEqual((await socket.sent('typing')).data.is_typing, true);
  assert.deepEqual((await socket.sent('typing')).data.is_typing, false);
  assert.deepEqual(socket.unawaited, [], 'the server would drop it, and the next were due 3 s later');
  now += 300;
  client.typing('a');
  assert.deepEqual((await socket.sent('typing')).data.is_typing, true);
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
  t.mock.method(Math, 'random', () => 0);
  const now = Date.now();
  t.mock.method(Date, 'now', () => now);
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

for (const [closesAfterMs, leastMs] of [
  [7_900, 100],
  [8_600, 0],
]) {
  test(`that time counts from the frame on: the socket closes ${closesAfterMs} ms later`, async (t) => {
    let now = Date.now();
    t.mock.method(Date, 'now', () => now);
    const { socket, of } = await online(t, [room('a', 1, 1)]);
    socket.say('drain', { reconnect_after_ms: 8_000 });
    now += closesAfterMs;
    socket.end(1012);
    const { retry_in_ms: retryInMs } = of('state').at(-1);
    assert.ok(retryInMs >= leastMs && retryInMs <= leastMs + 250, `${retryInMs} ms`);
  });
}

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

test('requests other than messages fail at once without a connection', async (t) => {
  const { client, socket } = await online(t, [room('a', 0)]);
  const reaction = client.react('a', 'm', '👍');
  socket.end(1006);
  await assert.rejects(reaction, { code: 'offline' });
  await assert.rejects(client.react('a', 'm', '👍'), { code: 'offline' });
});

test('a silent connection is given up, a slow one on which frames still come is not', async (t) => {
  const slow = await online(t, [room('a', 0)], { pingTimeoutMs: 40 });
  const typing = { room_id: 'a', user_id: 'u', is_typing: true };
  // Before the ping, whose time runs at once.
  const frames = setInterval(() => slow.socket.say('typing', typing), 5);
  t.after(() => clearInterval(frames));
  slow.client.checkConnection();
  await slow.socket.sent('ping');
  await new Promise((resolve) => setTimeout(resolve, 80));
  assert.equal(slow.client.state, 'online');
  const silent = await online(t, [], { pingTimeoutMs: 40 });
  silent.client.checkConnection();
  await silent.server.connection();
  assert.equal(silent.of('state').find(({ state }) => state === 'offline').code, 1006);
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
