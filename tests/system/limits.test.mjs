// Every limit answers as the contract says, and the connection goes on or closes with its code.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newAccount } from '../support/client.mjs';
import { pause, startParleyd, until } from '../support/parleyd.mjs';

let parley, ada, bob, roomId;
before(async () => {
  parley = await startParleyd();
  ada = await newAccount(parley, 'ada');
  bob = await newAccount(parley, 'bob');
  roomId = await ada.group('limits', [bob]);
});
after(() => parley?.stop());

/** Sends at once and sorts the answers: the acks' and the errors' data. */
async function burst(socket, count, type, data) {
  const ids = Array.from({ length: count }, () => socket.send(type, data));
  const answers = await Promise.all(
    ids.map((id) =>
      socket.expectAck(id).then(
        (ack) => ({ ack }),
        (error) => ({ error }),
      ),
    ),
  );
  return answers;
}
const errorsOf = (socket) => socket.frames.filter((f) => f.type === 'error').map((f) => f.data);

test('more sends than the burst get rate_limited with a time to wait, and after it a send is taken', async () => {
  const sender = await ada.again();
  const socket = await sender.connect({ replay: 'none' });
  const answers = await burst(socket, 70, 'send_message', { room_id: roomId, content: 'x' });
  const taken = answers.filter((a) => a.ack).length;
  assert.ok(taken >= 40, `the burst is 40, but ${taken} were taken`);
  const refusals = errorsOf(socket);
  assert.ok(refusals.length > 0, 'nothing was refused');
  for (const refusal of refusals) {
    assert.equal(refusal.code, 'rate_limited');
    assert.ok(refusal.retry_after_ms > 0 && refusal.retry_after_ms <= 60_000);
  }
  await until(async () => {
    const id = socket.send('send_message', { room_id: roomId, content: 'patience' });
    const wait = await socket.expectAck(id).then(
      () => 0,
      () => errorsOf(socket).at(-1).retry_after_ms,
    );
    await pause(wait);
    return wait === 0;
  }, 'a send that is taken after waiting');
  await socket.close();
});

test('the allowance belongs to the token, over sockets and REST; another log-in has its own', async () => {
  const sender = await ada.again();
  const other = await ada.again();
  const [one, two] = [await sender.connect({ replay: 'none' }), await sender.connect({ replay: 'none' })];
  await Promise.all([one, two].map((s) => burst(s, 60, 'send_message', { room_id: roomId, content: 'x' })));
  const taken = [one, two].flatMap((s) => s.frames).filter((f) => f.type === 'ack').length;
  assert.ok(taken < 100, `two sockets of one token got ${taken} sends through`);
  const statuses = [];
  for (let i = 0; i < 30; i += 1) {
    const answer = await sender.answerOf('POST', `/rooms/${roomId}/messages`, { body: { content: 'x' } });
    statuses.push(answer.status);
    if (answer.status === 429) assert.ok(Number(answer.headers['retry-after']) >= 1);
    if (answer.status === 429) break;
    await Promise.all([one, two].map((s) => burst(s, 5, 'send_message', { room_id: roomId, content: 'x' })));
  }
  assert.ok(statuses.includes(429), `REST was never limited: ${statuses}`);
  await other.post(roomId, 'my own allowance');
  await Promise.all([one, two].map((s) => s.close()));
});

test('more than 100 frames a second of any kind get rate_limited, and the connection lives', async () => {
  const socket = await bob.connect({ replay: 'none' });
  await burst(socket, 260, 'ping', {});
  const refusals = errorsOf(socket);
  assert.ok(refusals.length > 0, 'nothing was refused');
  assert.ok(refusals.every((r) => r.code === 'rate_limited' && r.retry_after_ms > 0));
  await until(
    () =>
      socket.ping().then(
        () => true,
        () => pause(100),
      ),
    'a ping that is answered',
  );
  await socket.close();
});

test('who sends more than ten times the limit for five seconds is closed with 4429', async () => {
  const strict = await startParleyd({ set: { 'limits.frames_per_second': 5 } });
  try {
    const carl = await newAccount(strict, 'carl');
    const socket = await carl.connect({ replay: 'none' });
    await until(async () => {
      for (let i = 0; i < 40 && !socket.closed; i += 1) socket.sendRaw('{"type":"ping"}');
      await pause(50);
      return socket.closed;
    }, 'a close');
    await socket.expectClose(4429);
    const again = await carl.connect({ replay: 'none' });
    await again.ping();
    await again.close();
  } finally {
    await strict.stop();
  }
});

test('a frame of exactly 64 KiB is taken, one byte more closes with 1009', async () => {
  const socket = await bob.connect({ replay: 'none' });
  const padded = (bytes, id) => {
    const bare = JSON.stringify({ type: 'ping', id, data: { pad: '' } });
    return { type: 'ping', id, data: { pad: 'x'.repeat(bytes - bare.length) } };
  };
  socket.sendOdd(padded(65_536, 'exact'));
  await socket.expectAck('exact');
  socket.sendOdd(padded(65_537, 'over'));
  await socket.expectClose(1009);
});

test('ten bad frames in a minute are answered, the eleventh closes with 4400', async () => {
  const socket = await bob.connect({ replay: 'none' });
  const bad = ['{', '[]', '"text"', '5', 'null', '{}', '{"type":"dance"}', '{"type":5}', '', 'ping'];
  for (const text of bad) {
    socket.sendRaw(text);
    await socket.expectError(null, 'bad_request');
  }
  await socket.ping();
  socket.sendRaw('{');
  await socket.expectClose(4400);
});

test('refused fields are no bad frames: many of them close nothing', async () => {
  const socket = await bob.connect({ replay: 'none' });
  for (let i = 0; i < 15; i += 1) await socket.refused('read', { room_id: roomId, seq: 'x' }, 'bad_request');
  await socket.ping();
  await socket.close();
});

test('an id of 64 bytes is echoed; longer ones and ids that are no text are a bad request without id', async () => {
  const socket = await bob.connect({ replay: 'none' });
  for (const id of ['i'.repeat(64), 'é'.repeat(32), '', '"\\\n']) {
    socket.sendOdd({ type: 'ping', id, data: {} });
    await socket.expectAck(id);
  }
  for (const id of ['i'.repeat(65), `${'é'.repeat(32)}i`, 5, {}, [], true, 'a\u0000b']) {
    socket.sendRaw(JSON.stringify({ type: 'ping', id, data: {} }));
    await socket.expectError(null, 'bad_request');
  }
  await socket.close();
});

test('an id of null counts as none', async () => {
  const socket = await bob.connect({ replay: 'none' });
  socket.sendOdd({ type: 'ping', id: null, data: {} });
  await socket.ping();
  assert.equal(socket.frames.filter((f) => f.type === 'ack').length, 1);
  await socket.close();
});
