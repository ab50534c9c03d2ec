// Log-ins beside one another: which one ends which, and that strangers keep nobody out.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { login, newAccount } from '../support/client.mjs';
import { answerOf, call } from '../support/http.mjs';
import { startParleyd } from '../support/parleyd.mjs';

let parley;
before(async () => {
  parley = await startParleyd({ set: { 'limits.tokens_per_user': 2 } });
});
after(() => parley?.stop());

test('a log-in too many closes the sockets of the one that it ends, and its requests end too', async () => {
  const first = await newAccount(parley);
  const socket = await first.connect();
  const second = await first.again();
  await second.connect();
  await first.call('GET', '/me');
  await first.again();
  await socket.expectClose(4401);
  await first.call('GET', '/me', { expect: 401 });
  await first.call('POST', '/rooms', { body: { name: 'x', is_group: true }, expect: 401 });
  await second.call('GET', '/me');
});

test('a new password ends all other log-ins, and their sockets', async () => {
  const first = await newAccount(parley);
  const second = await first.again();
  const [mine, other] = [await first.connect(), await second.connect()];
  await first.call('POST', '/me/password', {
    body: { current_password: first.password, new_password: 'another password' },
    expect: 204,
  });
  await other.expectClose(4401);
  await second.call('GET', '/me', { expect: 401 });
  await mine.ping();
  await first.call('GET', '/me');
});

test('a flood of registrations keeps nobody from logging in', async () => {
  const ada = await newAccount(parley);
  let stop = false;
  const answers = new Map();
  const flood = Array.from({ length: 90 }, async (_, line) => {
    for (let i = 0; !stop; i += 1) {
      const body = { username: `flood-${line}-${i}`, password: 'long enough' };
      const { status } = await answerOf(parley, 'POST', '/api/v1/auth/register', { body });
      answers.set(status, (answers.get(status) ?? 0) + 1);
    }
  });
  try {
    while (!answers.has(503)) await call(parley, 'GET', '/healthz');
    for (let i = 0; i < 5; i += 1) await login(parley, ada.username, ada.password);
  } finally {
    stop = true;
    await Promise.all(flood);
  }
  assert.deepEqual([...answers.keys()].sort(), [201, 503]);
});

test('a flood of right log-ins from one address keeps nobody elsewhere from logging in', async () => {
  const node = await startParleyd({
    set: { 'limits.tokens_per_user': 2, 'net.trusted_proxies': '["127.0.0.1"]' },
  });
  const ada = await newAccount(node);
  const own = [];
  for (let i = 0; i < 24; i += 1) own.push(await newAccount(node));
  const logIn = async ({ username, password }, address) => {
    const headers = { 'X-Forwarded-For': address };
    return (await answerOf(node, 'POST', '/api/v1/auth/login', { body: { username, password }, headers })).status;
  };
  let stop = false;
  const answers = new Map();
  const flood = Array.from({ length: 96 }, async (_, line) => {
    while (!stop) {
      const status = await logIn(own[line % own.length], '192.0.2.1');
      answers.set(status, (answers.get(status) ?? 0) + 1);
    }
  });
  try {
    while (!answers.has(503)) await call(node, 'GET', '/healthz');
    for (let i = 0; i < 5; i += 1) assert.equal(await logIn(ada, `192.0.2.${10 + i}`), 200);
  } finally {
    stop = true;
    await Promise.all(flood);
    await node.stop();
  }
  assert.ok(answers.get(200) > 0, 'its own come through as well');
});

test('log-ins at once all succeed, also behind a change of what a hash costs', async () => {
  const node = await startParleyd({ set: { 'auth.password_passes': 1 } });
  try {
    const { username, password } = await newAccount(node);
    node.options.set['auth.password_passes'] = 3;
    await node.restart();
    const logIn = () => answerOf(node, 'POST', '/api/v1/auth/login', { body: { username, password } });
    for (let round = 0; round < 2; round += 1) {
      const answers = await Promise.all([logIn(), logIn(), logIn(), logIn()]);
      assert.deepEqual(answers.map(({ status }) => status), [200, 200, 200, 200]);
    }
  } finally {
    await node.stop();
  }
});
