// parleyd --dev: names instead of ids and tokens, on loopback only.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { Connection, exchange, newAccount } from '../support/client.mjs';
import { runParleyd, startParleyd, until } from '../support/parleyd.mjs';
import { RawSocket } from '../support/raw_socket.mjs';

let parley;
before(async () => (parley = await startParleyd({ dev: true })));
after(() => parley?.stop());

const enter = (room, user, options = {}) =>
  Connection.open(parley, { path: `/ws/${room}/${user}`, ...options });

/** The script of docs/protocol.md, word for word but for the port and the three functions. */
// prettier-ignore
function runScript(url, { showMessage, updateReaction, showTyping }) {
  const socket = new WebSocket(url, { autoSelectFamily: true });
  socket.onmessage = (e) => { const { type, data } = JSON.parse(e.data);
    if (type === "new_message") showMessage(data);
    if (type === "reaction") updateReaction(data);
    if (type === "typing") showTyping(data.user_id); };
  socket.onopen = () => socket.send(JSON.stringify({ type: "send_message", data: { content: "hello" } }));
  return socket;
}

test('the script of protocol.md sends hello and is shown what the others do', async () => {
  const other = await enter('r1', 'u2');
  const shown = { messages: [], reactions: [], typing: [] };
  const script = runScript(`ws://localhost:${parley.port}/ws/r1/u1`, {
    showMessage: (data) => shown.messages.push(data),
    updateReaction: (data) => shown.reactions.push(data),
    showTyping: (user) => shown.typing.push(user),
  });
  const hello = (await other.expectFrame('new_message', { content: 'hello' })).data;
  await other.ask('send_message', { content: 'hello yourself' });
  await other.ask('reaction', { message_id: hello.message_id, emoji: '👋' });
  await other.ask('typing', {});
  await until(
    () => shown.messages.length && shown.reactions.length && shown.typing.length,
    'what the other did',
  );
  assert.equal(shown.messages.at(-1).content, 'hello yourself');
  assert.equal(shown.reactions[0].emoji, '👋');
  assert.equal(shown.typing[0], other.ready.user.user_id);
  script.close();
  await other.close();
});

test('names make the user and the room once, and the wire has ids', async () => {
  const first = await enter('tea', 'alice');
  const [room] = first.ready.rooms;
  assert.equal(first.ready.user.username, 'alice');
  assert.equal(room.name, 'tea');
  const again = await enter('tea', 'alice');
  assert.equal(again.ready.user.user_id, first.ready.user.user_id);
  assert.equal(again.ready.rooms[0].room_id, room.room_id);
  const second = await enter('tea', 'hatter');
  assert.equal(second.ready.rooms[0].room_id, room.room_id);
  await first.expectFrame('member_joined', { user_id: second.ready.user.user_id });
  const ids = await Connection.open(parley, { room: room.room_id, user: first.ready.user.user_id });
  assert.equal(ids.ready.user.username, 'alice');
  await Promise.all([first, again, second, ids].map((s) => s.close()));
});

test('many who enter a new room at once are all in the same one', async () => {
  const sockets = await Promise.all(Array.from({ length: 8 }, (_, i) => enter('rush', `guest-${i % 4}`)));
  assert.equal(new Set(sockets.map((s) => s.ready.rooms[0].room_id)).size, 1);
  assert.equal(new Set(sockets.map((s) => s.ready.user.user_id)).size, 4);
  await Promise.all(sockets.map((s) => s.close()));
});

test('a path part that can be no name is a bad request', async () => {
  for (const path of [
    '/ws/r1/Capital%20Letters',
    `/ws/r1/${'u'.repeat(33)}`,
    `/ws/${'r'.repeat(129)}/u1`,
    '/ws/r1/u%00',
  ]) {
    const error = await Connection.open(parley, { path }).then(
      () => assert.fail(path),
      (reason) => reason,
    );
    assert.ok([400, 404].includes(error.status), `${path}: ${error.message}`);
  }
});

test('accounts and tokens work as ever', async () => {
  const ada = await newAccount(parley, 'ada');
  const roomId = await ada.group('with a token');
  const socket = await ada.connect();
  await socket.say(roomId, 'hello');
  await socket.close();
  await ada.call('GET', '/me');
  await assert.rejects(Connection.open(parley, { path: '/ws' }), { status: 401 });
});

test('any origin on loopback is accepted, others are not', async () => {
  for (const origin of ['http://localhost:5173', 'http://127.0.0.1:3000', 'http://[::1]:8080']) {
    const socket = await enter('r1', 'u1', { headers: { Origin: origin } });
    await socket.close();
  }
  for (const origin of ['https://evil.example.org', 'http://localhost.evil.example.org', 'null']) {
    await assert.rejects(enter('r1', 'u1', { headers: { Origin: origin } }), { status: 403 });
  }
});

test('a Host that is not loopback is refused, on the socket and on REST', async () => {
  for (const host of ['evil.example.org', `evil.example.org:${parley.port}`, 'localhost.evil.example.org']) {
    const error = await enter('r1', 'u1', { headers: { Host: host } }).then(
      () => assert.fail(host),
      (reason) => reason,
    );
    assert.ok([400, 403].includes(error.status), error.message);
    const answer = await exchange(parley, 'GET', '/api/v1/me', { headers: { Host: host } });
    assert.ok([400, 403].includes(answer.status), String(answer.status));
  }
  for (const host of [`localhost:${parley.port}`, `127.0.0.1:${parley.port}`, `[::1]:${parley.port}`]) {
    const socket = await enter('r1', 'u1', { headers: { Host: host } });
    await socket.close();
  }
});

test('it refuses to start when it would listen beyond loopback', async () => {
  for (const listen of ['0.0.0.0:0', '[::]:0', '192.0.2.1:8000']) {
    const { code, output } = await runParleyd({ dev: true, listen });
    assert.notEqual(code, 0);
    assert.notEqual(code, null);
    assert.match(output, /loopback/i);
  }
});

test('Ctrl-C ends it at once, also when a client never answers', async () => {
  const node = await startParleyd({ dev: true, set: { 'drain.seconds': undefined } });
  const silent = await RawSocket.upgraded(node, { path: '/ws/r1/u1' });
  try {
    // Outside of development mode it would take 9 s and more.
    assert.deepEqual(await node.endsWithin(4_000, 'SIGINT'), { code: 0, signal: null });
  } finally {
    silent.destroy();
    await node.stop();
  }
});
