// Registering, logging in and out, profiles.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { answerOf, call, expectRefused, freshName, login, newAccount, register } from '../support/client.mjs';
import { startParleyd } from '../support/parleyd.mjs';

const auth = '/api/v1/auth';
let parley;
before(async () => (parley = await startParleyd({ set: { 'limits.login_rate_per_minute': 5 } })));
after(() => parley?.stop());

test('a new user has the role user and its own name as display name', async () => {
  const username = freshName('ada');
  const user = await register(parley, username);
  assert.equal(user.username, username);
  assert.equal(user.display_name, username);
  assert.equal(user.role, 'user');
  assert.equal(user.email, null);
  assert.equal(user.img_url, null);
});

test('what a user gives at registration stands in the own profile', async () => {
  const username = freshName();
  const fields = {
    email: 'ada@example.org',
    phone: '+44 20 7946 0000',
    display_name: 'Ada 🦊 Lovelace',
    img_url: 'https://example.org/ada.png',
  };
  await register(parley, username, fields);
  const account = await login(parley, username);
  const me = await account.call('GET', '/me');
  for (const [field, value] of Object.entries(fields)) assert.equal(me[field], value);
  assert.deepEqual(me, account.user);
});

test('unknown fields are ignored at registration, a role too', async () => {
  const user = await register(parley, freshName(), { role: 'admin', shoe_size: 42 });
  assert.equal(user.role, 'user');
});

test('a username that is taken is a conflict', async () => {
  const username = freshName();
  await register(parley, username);
  const body = { username, password: 'another password' };
  const problem = await call(parley, 'POST', `${auth}/register`, { body, expect: 409 });
  assert.equal(problem.code, 'conflict');
});

const refusedRegistrations = {
  'a name of two characters': { username: 'ab' },
  'a name of 33 characters': { username: 'a'.repeat(33) },
  'a name with capitals': { username: 'Ada' },
  'a name with a blank': { username: 'a b c' },
  'a name with a letter beyond ASCII': { username: 'adä' },
  'a name with NUL': { username: 'ada\u0000' },
  'a name that is a number': { username: 12345 },
  'no name': { username: undefined },
  'a password of seven characters': { password: 'seven77' },
  'a password of 129 characters': { password: 'p'.repeat(129) },
  'a password that is an object': { password: {} },
  'no password': { password: undefined },
  'a null password': { password: null },
  'a display name with NUL': { display_name: 'a\u0000b' },
  'a display name that is a list': { display_name: ['a'] },
  'a display name of 129 characters': { display_name: 'd'.repeat(129) },
};
for (const [what, fields] of Object.entries(refusedRegistrations)) {
  test(`registering with ${what} is a bad request that names the field`, async () => {
    const body = { username: freshName(), password: 'long enough', ...fields };
    const problem = await call(parley, 'POST', `${auth}/register`, { body, expect: 400 });
    assert.match(problem.detail, new RegExp(Object.keys(fields)[0]));
  });
}

test('names of 3 and of 32 characters and passwords of 8 and of 128 are taken', async () => {
  for (const [username, password] of [
    ['q-1', 'x'.repeat(8)],
    [`${'q'.repeat(31)}2`, 'x'.repeat(128)],
    ['_.-', 'ein pässwort'],
  ]) {
    await call(parley, 'POST', `${auth}/register`, { body: { username, password }, expect: 201 });
    await login(parley, username, password);
  }
});

test('logging in answers a token that works, and each log-in another', async () => {
  const account = await newAccount(parley);
  const second = await account.again();
  assert.notEqual(account.token, second.token);
  for (const { token } of [account, second]) {
    const me = await call(parley, 'GET', '/api/v1/me', { token });
    assert.equal(me.user_id, account.id);
  }
});

test('a wrong password and an unknown user get the same answer', async () => {
  const account = await newAccount(parley);
  const wrong = { username: account.username, password: 'not the password' };
  const unknown = { username: freshName('nobody'), password: 'not the password' };
  const answers = [];
  for (const body of [wrong, unknown])
    answers.push(await answerOf(parley, 'POST', `${auth}/login`, { body }));
  assert.equal(answers[0].status, 401);
  assert.deepEqual(answers[0].body, answers[1].body);
});

test('a log-in without its fields is a bad request', async () => {
  for (const body of [
    {},
    { username: 'ada' },
    { password: 'long enough' },
    { username: 1, password: 2 },
    [],
    'x',
  ]) {
    await call(parley, 'POST', `${auth}/login`, { body: JSON.stringify(body), expect: 400 });
  }
});

test('after five failures in a minute an account is throttled from this address, and others are not', async () => {
  const victim = await newAccount(parley);
  const other = await newAccount(parley);
  const body = { username: victim.username, password: 'not the password' };
  const statuses = [];
  for (let i = 0; i < 6; i += 1)
    statuses.push((await answerOf(parley, 'POST', `${auth}/login`, { body })).status);
  assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429]);
  const problem = await call(parley, 'POST', `${auth}/login`, { body, expect: 429 });
  assert.equal(problem.code, 'rate_limited');
  await other.again();
  await victim.call('GET', '/me');
});

test('an unknown user is throttled like a known one', async () => {
  const body = { username: freshName('nobody'), password: 'not the password' };
  const statuses = [];
  for (let i = 0; i < 6; i += 1)
    statuses.push((await answerOf(parley, 'POST', `${auth}/login`, { body })).status);
  assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429]);
});

test('logging out ends this token at once, closes its sockets with 4401, and leaves the other token', async () => {
  const first = await newAccount(parley);
  const second = await first.again();
  const socket = await first.connect();
  const otherSocket = await second.connect();
  await first.call('POST', '/auth/logout', { expect: 204 });
  await first.call('GET', '/me', { expect: 401 });
  await socket.expectClose(4401);
  await expectRefused(first.connect(), 401);
  await second.call('GET', '/me');
  await otherSocket.ping();
});

test('logging out everywhere ends all tokens and closes all sockets with 4401', async () => {
  const first = await newAccount(parley);
  const second = await first.again();
  const sockets = [await first.connect(), await first.connect(), await second.connect()];
  await first.call('POST', '/auth/logout-all', { expect: 204 });
  for (const socket of sockets) await socket.expectClose(4401);
  for (const account of [first, second]) await account.call('GET', '/me', { expect: 401 });
  const third = await first.again();
  await third.call('GET', '/me');
});

test('tokens survive a restart, and ended ones stay ended', async () => {
  const kept = await newAccount(parley);
  const ended = await kept.again();
  await ended.call('POST', '/auth/logout', { expect: 204 });
  await parley.restart();
  await kept.call('GET', '/me');
  await ended.call('GET', '/me', { expect: 401 });
});

test('no token, a wrong one and a malformed one are all unauthenticated', async () => {
  await call(parley, 'GET', '/api/v1/me', { expect: 401 });
  for (const token of ['x', 'A'.repeat(43), 'a b', 'é', '', 'x'.repeat(513)]) {
    const headers = { Authorization: `Bearer ${Buffer.from(token, 'utf8').toString('latin1')}` };
    await call(parley, 'GET', '/api/v1/me', { headers, expect: 401 });
  }
  const { token } = await newAccount(parley);
  await call(parley, 'GET', '/api/v1/me', { headers: { Authorization: token }, expect: 401 });
  await call(parley, 'GET', '/api/v1/me', { headers: { Authorization: `Basic ${token}` }, expect: 401 });
});

test('public profiles show what everybody may see, and users are found by the beginning of their name', async () => {
  const ada = await newAccount(parley, 'findable');
  const bob = await newAccount(parley);
  const profile = await bob.call('GET', `/users/${ada.id}`);
  assert.equal(profile.username, ada.username);
  const { items } = await bob.call('GET', `/users?q=${ada.username}`);
  assert.deepEqual(
    items.map((u) => u.user_id),
    [ada.id],
  );
  const many = await bob.call('GET', '/users?q=findable');
  assert.ok(many.items.some((u) => u.user_id === ada.id));
});

test('a list of users comes in pages that fit together', async () => {
  const accounts = [];
  for (let i = 0; i < 5; i += 1) accounts.push(await register(parley, freshName('paged')));
  const reader = await newAccount(parley);
  const seen = [];
  let cursor = '';
  for (let pages = 0; pages < 5; pages += 1) {
    const page = await reader.call('GET', `/users?q=paged&limit=2${cursor}`);
    assert.ok(page.items.length <= 2);
    seen.push(...page.items.map((u) => u.user_id));
    if (page.next_cursor === null) break;
    cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`;
  }
  assert.deepEqual(seen.sort(), accounts.map((u) => u.user_id).sort());
});

test('an unknown user is not found, and an id that is none is a bad request or not found', async () => {
  const account = await newAccount(parley);
  await account.call('GET', '/users/01939b6e-0000-7000-8000-000000000000', { expect: 404 });
  const answer = await account.answerOf('GET', '/users/nobody');
  assert.ok([400, 404].includes(answer.status));
});

test('passwords and tokens are in no log', async () => {
  const username = freshName();
  const password = 'a very secret password';
  await call(parley, 'POST', `${auth}/register`, { body: { username, password }, expect: 201 });
  const account = await login(parley, username, password);
  await account.call('GET', '/me');
  assert.ok(!parley.logs().includes(password));
  assert.ok(!parley.logs().includes(account.token));
});
