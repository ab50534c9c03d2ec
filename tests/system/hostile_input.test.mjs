// Bad input, each with the contract's answer, and the server alive after it.
import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { after, afterEach, before, test } from 'node:test';
import { expectRefused, newAccount } from '../support/client.mjs';
import { frame, opcode, RawSocket } from '../support/raw_socket.mjs';
import { startParleyd, until } from '../support/parleyd.mjs';

let parley, hasty, ada, bob, roomId, foreignRoom, well;
before(async () => {
  parley = await startParleyd({ set: { 'net.request_deadline_ms': 3_000 } });
  // For slow clients, whose tests wait for it.
  hasty = await startParleyd({ set: { 'net.request_deadline_ms': 700 } });
  // With so short a deadline a node may end an idle connection just when a request goes out on it.
  parley.agent = new Agent({ keepAlive: false });
  ada = await newAccount(parley, 'ada');
  bob = await newAccount(parley, 'bob');
  roomId = await ada.group('ours');
  foreignRoom = await bob.group('theirs');
  well = await bob.connect({ replay: 'none' });
});
after(async () => {
  await well?.close();
  await parley?.stop();
  await hasty?.stop();
});
// Whatever one client did, another one is served, and over the same connection as before.
afterEach(() => well.ping());

const nothing = '01939b6e-0000-7000-8000-000000000000';

const badRequests = {
  'broken JSON': '{"type":"ping",',
  'two values in one frame': '{"type":"ping"}{"type":"ping"}',
  'text after the value': '{"type":"ping"} x',
  'a lone comma list': '{"type":"ping","data":{"x":[1,,,]}}',
  'half a literal': '{"type":"ping","data":tru}',
  'a string that does not end': '{"type":"ping',
  'an unescaped line break in a string': '{"type":"pi\nng"}',
  'a wrong escape': '{"type":"\\x70ing"}',
  'half a surrogate pair': '{"type":"ping","data":{"x":"\\ud800"}}',
  'a number with a leading zero': '{"type":"ping","data":{"x":01}}',
  NaN: '{"type":"ping","data":{"x":NaN}}',
  'a list': '[{"type":"ping"}]',
  'a string': '"ping"',
  'a number': '42',
  null: 'null',
  'an empty frame': '',
  blanks: '   ',
  'an empty object': '{}',
  'a type that is a number': '{"type":1}',
  'a type that is null': '{"type":null}',
  'a type that is a list': '{"type":["ping"]}',
  'an unknown type': '{"type":"launch"}',
  'a type of the server': '{"type":"new_message","data":{}}',
  'a type in capitals': '{"type":"PING"}',
  'a type with NUL': '{"type":"ping\\u0000"}',
  'data that is a list': '{"type":"ping","data":[]}',
  'data that is a text': '{"type":"ping","data":"x"}',
  '1,000 levels of lists': `{"type":"ping","data":{"x":${'['.repeat(1000)}${']'.repeat(1000)}}}`,
  '1,000 levels of objects': `{"type":"ping","data":${'{"x":'.repeat(1000)}1${'}'.repeat(1000)}}`,
  '30,000 opened lists': '['.repeat(30_000),
  'a type of 60,000 letters': `{"type":"${'a'.repeat(60_000)}"}`,
};
for (const [what, text] of Object.entries(badRequests)) {
  test(`${what} is a bad request, and the connection goes on`, async () => {
    const socket = await ada.connect({ replay: 'none' });
    socket.sendRaw(text);
    await socket.expectError(null, 'bad_request');
    await socket.ping();
    await socket.close();
  });
}

test('the id of a frame with an unknown type or odd data comes back with the error', async () => {
  const socket = await ada.connect({ replay: 'none' });
  socket.sendOdd({ type: 'launch', id: 'odd-1', data: {} });
  await socket.expectError('odd-1', 'bad_request');
  socket.sendOdd({ type: 'send_message', id: 'odd-2', data: [] });
  await socket.expectError('odd-2', 'bad_request');
  socket.sendOdd({ type: 'send_message', id: 'odd-3' });
  await socket.expectError('odd-3', 'bad_request');
  await socket.close();
});

test('fields of wrong types and missing fields are a bad request that names the field', async () => {
  const socket = await ada.connect({ replay: 'none' });
  const cases = [
    ['send_message', { room_id: 5, content: 'x' }, /room_id/],
    ['send_message', { room_id: roomId, content: [] }, /content/],
    ['send_message', { room_id: roomId, content: 'x', reply_to: 5 }, /reply_to/],
    ['send_message', { room_id: roomId, content: 'x', file_url: {} }, /file_url/],
    ['send_message', { room_id: roomId, content: 'x', client_msg_id: true }, /client_msg_id/],
    ['reaction', { message_id: nothing }, /emoji/],
    ['reaction', { emoji: '👍' }, /message_id/],
    ['reaction', { message_id: nothing, emoji: '👍', action: 5 }, /action/],
    ['typing', { room_id: roomId, is_typing: 'yes' }, /is_typing/],
    ['read', { room_id: roomId }, /seq/],
    ['resume', {}, /rooms/],
    ['watch_presence', { user_ids: [5] }, /user_ids/],
  ];
  for (const [type, data, named] of cases) {
    const { message } = await socket.refused(type, data, 'bad_request');
    assert.match(message, named, type);
  }
  await socket.close();
});

test('NUL is a bad request in every string, by socket and by REST', async () => {
  const socket = await ada.connect({ replay: 'none' });
  for (const field of ['content', 'file_url', 'client_msg_id']) {
    await socket.refused(
      'send_message',
      { room_id: roomId, content: 'x', [field]: 'a\u0000b' },
      'bad_request',
    );
  }
  await socket.refused('reaction', { message_id: nothing, emoji: '\u0000' }, 'bad_request');
  await socket.close();
  await ada.call('POST', `/rooms/${roomId}/messages`, { body: { content: '\u0000' }, expect: 400 });
  await ada.call('POST', '/rooms', { body: { is_group: true, name: '\u0000' }, expect: 400 });
  await ada.call('GET', '/users?q=%00', { expect: 400 });
});

test('a foreign room and an unknown one are not found, by every frame', async () => {
  const socket = await ada.connect({ replay: 'none' });
  for (const room of [foreignRoom, nothing]) {
    await socket.refused('send_message', { room_id: room, content: 'x' }, 'not_found');
    await socket.refused('typing', { room_id: room }, 'not_found');
    await socket.refused('read', { room_id: room, seq: 1 }, 'not_found');
    await socket.refused('resume', { rooms: { [room]: 0 } }, 'not_found');
    await socket.refused('reaction', { message_id: nothing, room_id: room, emoji: '👍' }, 'not_found');
  }
  assert.equal((await bob.room(foreignRoom)).last_seq, 1);
  await socket.close();
});

test("a wrong token and a user_id that is not the token's are refused before the upgrade", async () => {
  await expectRefused(ada.connect({ token: 'wrong' }), 401);
  await expectRefused(ada.connect({ room: roomId, user: bob.id }), 403);
});

// --- Frames that no library sends ---

const upgraded = () => RawSocket.upgraded(parley, { token: ada.token });
const badFrames = {
  'invalid UTF-8 closes with 1007': [frame({ payload: Buffer.from([0x22, 0xc3, 0x28, 0x22]) }), [1007]],
  'a binary frame closes with 1003': [frame({ op: opcode.binary, payload: '{"type":"ping"}' }), [1003]],
  'an unmasked frame closes with 1002': [frame({ payload: '{"type":"ping"}', mask: null }), [1002]],
  'a frame over the limit closes with 1009': [frame({ payload: 'x'.repeat(65_537) }), [1009]],
  'a declared length of 2^63 closes with 1002 or 1009': [
    frame({ declared: 2n ** 63n, form: 64 }),
    [1002, 1009],
  ],
  'a declared length of 2^63 - 1 closes with 1009': [frame({ declared: 2n ** 63n - 1n, form: 64 }), [1009]],
  'a declared length of 2^64 - 1 closes with 1002 or 1009': [
    frame({ declared: 2n ** 64n - 1n, form: 64 }),
    [1002, 1009],
  ],
  'a declared length of 1 GiB closes with 1009': [frame({ declared: 2n ** 30n, form: 64 }), [1009]],
};
for (const [what, [bytes, codes]] of Object.entries(badFrames)) {
  test(what, async () => {
    const raw = await upgraded();
    raw.write(bytes);
    const code = await raw.closeCode();
    assert.ok(codes.includes(code), `closed with ${code}`);
    raw.destroy();
  });
}

test('noise instead of frames closes the connection', async () => {
  const raw = await upgraded();
  raw.write(Buffer.alloc(4096, 0xff));
  assert.equal(await raw.closeCode(), 1002);
  raw.destroy();
});

// --- HTTP that no library sends ---

const http = async (...parts) => {
  const raw = await RawSocket.open(parley);
  raw.write(...parts);
  const answer = await raw.readHttp();
  raw.destroy();
  return answer;
};
/** Refused with one of these, or the connection just closed. */
const expectStatus = (answer, ...statuses) => {
  if (answer !== null)
    assert.ok(statuses.includes(answer.status), `answered ${answer.status} ${answer.body}`);
};

test('2,000 headers are refused', async () => {
  const headers = Array.from({ length: 2000 }, (_, i) => `X-Header-${i}: value\r\n`).join('');
  expectStatus(await http(`GET /healthz HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`), 400, 413, 431);
});

test('a header line of 64 KiB and a target of 64 KiB are refused', async () => {
  const long = 'x'.repeat(65_536);
  expectStatus(
    await http(`GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: ${long}\r\n\r\n`),
    400,
    413,
    431,
  );
  expectStatus(await http(`GET /${long} HTTP/1.1\r\nHost: localhost\r\n\r\n`), 400, 404, 413, 414, 431);
});

const othersAreServed = () => until(async () => (await hasty.status('/healthz')) === 200, 'another one is served');

test('a header that comes slowly ends when the deadline has passed', async () => {
  const raw = await RawSocket.open(hasty);
  raw.write('GET /healthz HTTP/1.1\r\n');
  const drip = setInterval(() => raw.write('X-Slow: 1\r\n'), 100);
  const answer = await raw.readHttp();
  clearInterval(drip);
  expectStatus(answer, 408);
  await raw.readToEnd();
  assert.ok(raw.over, 'the connection is over');
  raw.destroy();
  await othersAreServed();
});

test('a body that never comes ends when the deadline has passed', async () => {
  const raw = await RawSocket.open(hasty);
  raw.write(
    'POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
  );
  expectStatus(await raw.readHttp(), 400, 408);
  raw.destroy();
  await othersAreServed();
});

test('a connection that says nothing ends when the deadline has passed', async () => {
  const raw = await RawSocket.open(hasty);
  await raw.readHttp();
  assert.ok(raw.over);
  raw.destroy();
  await othersAreServed();
});

test('a declared body of 1 TiB is refused without waiting for it', async () => {
  const head = 'POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
  expectStatus(await http(`${head}Content-Length: 1099511627776\r\n\r\n`), 400, 413);
  expectStatus(await http(`${head}Content-Length: 99999999999999999999999\r\n\r\n`), 400, 413);
  expectStatus(await http(`${head}Content-Length: -1\r\n\r\n`), 400);
});

test('requests that smuggle are refused', async () => {
  const head = 'POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
  expectStatus(await http(`${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`), 400);
  expectStatus(await http(`${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}`), 400);
});

test('what is not HTTP is refused', async () => {
  expectStatus(await http('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'.repeat(40)), 400);
  expectStatus(await http('HELO example.org\r\n\r\n'), 400);
  expectStatus(await http('GET /healthz HTTP/9.9\r\nHost: localhost\r\n\r\n'), 400, 505);
});

test('a chunked body over the limit is refused', async () => {
  const head =
    'POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
  const chunk = `1000\r\n${'x'.repeat(4096)}\r\n`;
  expectStatus(await http(head, chunk.repeat(40), '0\r\n\r\n'), 400, 413);
});

const paths = [
  '/../etc/passwd',
  '/%2e%2e/%2e%2e/etc/passwd',
  '/api/v1/..%2f..%2fetc/passwd',
  '/api/v1/users/%ff',
  '/%',
  '/api/v1/rooms/%00',
  '//',
  '/api/v1//me',
];
for (const path of paths) {
  test(`the path ${path} leads nowhere`, async () => {
    expectStatus(
      await http(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${ada.token}\r\n\r\n`),
      400,
      404,
    );
  });
}

test('REST bodies of 1,000 levels, of invalid UTF-8 and of other types are refused', async () => {
  const post = (body, headers) => ada.answerOf('POST', `/rooms/${roomId}/messages`, { body, headers });
  assert.equal((await post(`{"content":${'['.repeat(1000)}${']'.repeat(1000)}}`)).status, 400);
  assert.equal((await post(Buffer.from([0x7b, 0x22, 0x63, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).status, 400);
  assert.equal((await ada.room(roomId)).last_seq, 1);
});

test('300 connections that break off in the middle of everything leave no trace', async () => {
  for (let i = 0; i < 300; i += 1) {
    const raw = await RawSocket.open(parley);
    if (i % 3 === 0) raw.write('GET /ws HTTP/1.1\r\nHost: loc');
    if (i % 3 === 1)
      raw.write(
        `GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer ${ada.token}\r\n\r\n`,
      );
    raw.destroy();
  }
  const socket = await ada.connect({ replay: 'none' });
  await socket.ping();
  await socket.close();
});
