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
