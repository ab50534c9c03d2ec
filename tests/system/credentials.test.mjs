// Three ways to bring a token, the Origin rule, and what never reaches a log.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { answerOf, exchange, expectRefused, newAccount } from '../support/client.mjs';
import { startParleyd } from '../support/parleyd.mjs';

let parley, ada, roomId;
before(async () => {
  parley = await startParleyd({
    set: { 'net.allowed_origins': '["https://chat.example.org"]', 'log.level': 'trace' },
  });
  ada = await newAccount(parley, 'ada');
  roomId = await ada.group('a room');
});
after(() => parley?.stop());

for (const auth of ['header', 'protocol', 'query']) {
  test(`a token by ${auth} opens both endpoints`, async () => {
    for (const where of [{}, { room: roomId, user: ada.id }]) {
      const socket = await ada.connect({ auth, ...where });
      assert.equal(socket.ready.user.user_id, ada.id);
      assert.equal(socket.socket.protocol, auth === 'protocol' ? 'parley.v1' : '');
      await socket.close();
    }
  });

  test(`a wrong token by ${auth} is refused with 401 before the upgrade`, async () => {
    for (const token of ['x', 'A'.repeat(43), 'x'.repeat(513), `${ada.token}x`]) {
      const { body } = await expectRefused(ada.connect({ auth, token }), 401);
      assert.equal(body.code, 'unauthenticated');
    }
  });
}

test('no token at all is refused with 401 before the upgrade', async () => {
  await expectRefused(ada.connect({ auth: 'none' }), 401);
  await expectRefused(ada.connect({ auth: 'none', protocols: ['parley.v1'] }), 401);
  await expectRefused(ada.connect({ path: '/ws?token=', auth: 'none' }), 401);
});

test('a token of other characters is refused with 401', async () => {
  for (const path of [
    '/ws?token=a%20b',
    '/ws?token=a/b',
    '/ws?token=%00',
    '/ws?token=%C3%A9',
    '/ws?token=%zz',
  ]) {
    const error = await ada.connect({ path, auth: 'none' }).then(
      () => assert.fail('opened'),
      (reason) => reason,
    );
    assert.ok([400, 401].includes(error.status), `${path} ${error.message}`);
  }
});

test('the first that is found wins: header, then subprotocol, then query', async () => {
  const bob = await newAccount(parley, 'bob');
  const both = await ada.connect({ path: `/ws?token=${bob.token}` });
  assert.equal(both.ready.user.user_id, ada.id);
  const protocol = await ada.connect({
    auth: 'none',
    protocols: ['parley.v1', `parley.token.${ada.token}`],
    path: `/ws?token=${bob.token}`,
  });
  assert.equal(protocol.ready.user.user_id, ada.id);
  const header = await ada.connect({ protocols: ['parley.v1', `parley.token.${bob.token}`] });
  assert.equal(header.ready.user.user_id, ada.id);
  await expectRefused(ada.connect({ token: 'wrong', path: `/ws?token=${bob.token}` }), 401);
  await Promise.all([both, protocol, header].map((s) => s.close()));
});

test('the token by query, percent-encoded or among other parameters, is found', async () => {
  const encoded = [...ada.token].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('');
  for (const path of [`/ws?token=${encoded}`, `/ws?x=1&token=${ada.token}&replay=none`]) {
    const socket = await ada.connect({
      path,
      auth: 'none',
      ...(path.includes('none') && { replay: 'none' }),
    });
    await socket.close();
  }
});

const origins = {
  'none at all': [undefined, true],
  'this host': [() => parley.url, true],
  'an allowed one': ['https://chat.example.org', true],
  'an allowed one in capitals': ['HTTPS://Chat.Example.Org', true],
  'a foreign one': ['https://evil.example.org', false],
  'an allowed host by another scheme': ['http://chat.example.org', false],
  'an allowed host with another port': ['https://chat.example.org:8443', false],
  'a host that begins with an allowed one': ['https://chat.example.org.evil.com', false],
  'a host that ends with an allowed one': ['https://evilchat.example.org', false],
  'this host by another port': ['http://127.0.0.1:1', false],
  null: ['null', false],
  empty: ['', false],
};
for (const [what, [given, allowed]] of Object.entries(origins)) {
  test(`Origin ${what} is ${allowed ? 'accepted' : 'refused with 403'}`, async () => {
    const origin = typeof given === 'function' ? given() : given;
    const options = { headers: origin === undefined ? {} : { Origin: origin } };
    if (!allowed) {
      const { body } = await expectRefused(ada.connect(options), 403);
      assert.equal(body.code, 'forbidden');
      return;
    }
    const socket = await ada.connect(options);
    await socket.close();
  });
}

test('the same list governs CORS on REST', async () => {
  const ask = (origin) =>
    answerOf(parley, 'GET', '/api/v1/me', { token: ada.token, headers: { Origin: origin } });
  const allowed = await ask('https://chat.example.org');
  assert.equal(allowed.status, 200);
  assert.equal(allowed.headers['access-control-allow-origin'], 'https://chat.example.org');
  const foreign = await ask('https://evil.example.org');
  assert.equal(foreign.headers['access-control-allow-origin'], undefined);
});

test('a preflight of an allowed origin names the methods and headers that REST needs', async () => {
  const preflight = (origin) =>
    answerOf(parley, 'OPTIONS', '/api/v1/rooms', {
      headers: {
        Origin: origin,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'authorization,content-type,idempotency-key',
      },
    });
  const { status, headers } = await preflight('https://chat.example.org');
  assert.ok([200, 204].includes(status), String(status));
  assert.equal(headers['access-control-allow-origin'], 'https://chat.example.org');
  for (const name of ['authorization', 'content-type', 'idempotency-key']) {
    assert.match(headers['access-control-allow-headers'].toLowerCase(), new RegExp(name));
  }
  for (const method of ['GET', 'POST'])
    assert.match(headers['access-control-allow-methods'], new RegExp(method));
  assert.match(headers.vary ?? '', /origin/i);
  const refused = await preflight('https://evil.example.org');
  assert.equal(refused.headers['access-control-allow-origin'], undefined);
});

test('no token, password, content or query string is in the log, at the finest level', async () => {
  const socket = await ada.connect({ auth: 'query' });
  const content = "words that are nobody else's business";
  await socket.say(roomId, content, { client_msg_id: 'log-1' });
  await exchange(parley, 'GET', `/api/v1/rooms/${roomId}/messages?limit=3&secret_parameter=hush`, {
    token: ada.token,
  });
  await expectRefused(ada.connect({ path: '/ws?token=wrong-but-still-private', auth: 'none' }), 401);
  await socket.refused('send_message', { room_id: roomId, content: 7 }, 'bad_request');
  socket.sendRaw(`{"type": "${content}"`);
  await socket.expectError(null, 'bad_request');
  await socket.close();
  const log = parley.logs();
  assert.ok(log.length > 0);
  for (const secret of [
    ada.token,
    ada.password,
    content,
    'secret_parameter',
    'wrong-but-still-private',
    'token=',
  ]) {
    assert.ok(!log.includes(secret), `"${secret}" is in the log`);
  }
});
