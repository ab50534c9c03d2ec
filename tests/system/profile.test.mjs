// One's own profile and password, and where one is logged in.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { answerOf, expectRefused, freshName, login, newAccount, register } from '../support/client.mjs';
import { startParleyd } from '../support/parleyd.mjs';

let parley;
before(async () => {
  parley = await startParleyd();
});
after(() => parley?.stop());

const patch = (who, body, expect = 200) => who.call('PATCH', '/me', { body, expect });

test('a profile changes field by field, and everybody sees what is theirs to see', async () => {
  const ada = await newAccount(parley, 'ada');
  const bob = await newAccount(parley, 'bob');
  const room = await ada.group('Engines', [bob]);
  const changed = await patch(ada, {
    display_name: 'Ada 🦊',
    email: 'ada@example.org',
    phone: '+44 20 7946 0000',
    img_url: 'https://example.org/ada.png',
    role: 'admin',
    username: 'root',
    shoe_size: 42,
  });
  assert.equal(changed.display_name, 'Ada 🦊');
  assert.equal(changed.role, 'user', 'what is not one’s own to change is ignored');
  assert.equal(changed.username, ada.username);
  assert.deepEqual(await ada.call('GET', '/me'), changed);
  const seen = await bob.call('GET', `/users/${ada.id}`);
  assert.deepEqual(seen, {
    user_id: ada.id,
    username: ada.username,
    display_name: 'Ada 🦊',
    img_url: 'https://example.org/ada.png',
  });
  const socket = await ada.connect();
  assert.equal(socket.ready.user.display_name, 'Ada 🦊', 'a token that is remembered shows the new name too');
  const eye = await bob.connect();
  await ada.post(room, 'hello');
  await eye.expectFrame('new_message', { display_name: 'Ada 🦊' });
  await Promise.all([socket, eye].map((s) => s.close()));

  const emptied = await patch(ada, { display_name: null, phone: null });
  assert.deepEqual([emptied.display_name, emptied.phone, emptied.email], [ada.username, null, 'ada@example.org']);
  assert.deepEqual(await patch(ada, {}), emptied);
});

const refused = {
  display_name: ['', ' ', 'd'.repeat(129), 'a\u0000b', 'a\nb', 7, ['a']],
  email: ['', 'ada', '@example.org', 'ada@', 'a b@example.org', `${'a'.repeat(250)}@b.org`, 1],
  phone: ['', '12', 'call me', '1'.repeat(33), 12345],
  img_url: ['', 'ada.png', 'http://example.org/a.png', 'javascript:alert(1)', 'data:image/png,', 'x'.repeat(2049)],
};
for (const [field, values] of Object.entries(refused)) {
  test(`a ${field} that breaks its rule is a bad request that names it, and changes nothing`, async () => {
    const ada = await newAccount(parley);
    const before = await ada.call('GET', '/me');
    for (const value of values) {
      const other = field === 'email' ? { phone: '+44 1' } : { email: 'ada@example.org' };
      const problem = await patch(ada, { ...other, [field]: value }, 400);
      assert.match(problem.detail, new RegExp(field), JSON.stringify(value));
    }
    assert.deepEqual(await ada.call('GET', '/me'), before);
  });
}

test('a new password ends the other log-ins and their sockets, and this one goes on', async () => {
  const ada = await newAccount(parley, 'ada');
  const phone = await ada.again();
  const here = await ada.connect();
  const there = await phone.connect();
  const change = (body, expect) => ada.call('POST', '/me/password', { body, expect });
  const wrong = await change({ current_password: 'not it', new_password: 'battery staple' }, 403);
  assert.match(wrong.detail, /current_password/);
  await change({ current_password: ada.password, new_password: 'short' }, 400);
  await change({ current_password: ada.password }, 400);
  await phone.call('GET', '/me');

  await change({ current_password: ada.password, new_password: 'battery staple' }, 204);
  await there.expectClose(4401);
  await phone.call('GET', '/me', { expect: 401 });
  await ada.call('GET', '/me');
  await here.ping();
  await here.close();
  const old = { username: ada.username, password: ada.password };
  assert.equal((await answerOf(parley, 'POST', '/api/v1/auth/login', { body: old })).status, 401);
  await login(parley, ada.username, 'battery staple');
});

test('guessing the current password is throttled like a log-in', async () => {
  const node = await startParleyd({ set: { 'limits.login_rate_per_minute': 3 } });
  const ada = await newAccount(node, 'ada');
  const guess = { current_password: 'a wrong guess', new_password: 'battery staple' };
  const statuses = [];
  for (let i = 0; i < 4; i += 1) {
    statuses.push((await ada.answerOf('POST', '/me/password', { body: guess })).status);
  }
  assert.deepEqual(statuses, [403, 403, 403, 429]);
  const right = { current_password: ada.password, new_password: 'battery staple' };
  assert.equal((await ada.answerOf('POST', '/me/password', { body: right })).status, 429);
  await node.stop();
});

test('one sees where one is logged in and ends what one likes', async () => {
  const username = freshName('ada');
  await register(parley, username);
  const ada = await login(parley, username);
  const phone = await ada.again();
  const there = await phone.connect();
  const list = async (who) => (await who.call('GET', '/me/tokens')).items;
  const [newest, oldest] = await list(ada);
  assert.deepEqual([newest.is_current, oldest.is_current], [false, true]);
  assert.ok(newest.created_at >= oldest.created_at);
  assert.ok(Date.parse(oldest.expires_at) > Date.now() + 29 * 86_400_000);

  const bob = await newAccount(parley, 'bob');
  await bob.call('DELETE', `/me/tokens/${newest.token_id}`, { expect: 404 });
  await ada.call('DELETE', '/me/tokens/nonsense', { expect: 400 });
  await ada.call('DELETE', `/me/tokens/${newest.token_id}`, { expect: 204 });
  await there.expectClose(4401);
  await phone.call('GET', '/me', { expect: 401 });
  await expectRefused(phone.connect(), 401);
  await ada.call('DELETE', `/me/tokens/${newest.token_id}`, { expect: 404 });
  assert.deepEqual((await list(ada)).map((item) => item.token_id), [oldest.token_id]);
  await ada.call('DELETE', `/me/tokens/${oldest.token_id}`, { expect: 204 });
  await ada.call('GET', '/me', { expect: 401 });
});

test('a token is not told by its id, nor by anything else that is stored or logged', async () => {
  const ada = await newAccount(parley, 'ada');
  const { items } = await ada.call('GET', '/me/tokens');
  const { status } = await answerOf(parley, 'GET', '/api/v1/me', { token: items[0].token_id });
  assert.equal(status, 401);
  assert.ok(!parley.logs().includes(ada.token));
  assert.ok(!parley.logs().includes(ada.password));
});

test('changes come only so often, and sends are not held back by them', async () => {
  const node = await startParleyd({ set: { 'limits.changes_per_second': 0.01, 'limits.changes_burst': 3 } });
  try {
    const ada = await newAccount(node, 'ada');
    const bob = await newAccount(node, 'bob');
    const room = await ada.group('Engines', [bob]);
    await patch(ada, { phone: '+44 1' });
    await ada.call('POST', '/friends', { body: { user_id: bob.id } });
    await ada.call('PATCH', `/rooms/${room}`, { body: { name: 'Looms' } });
    const answer = await ada.answerOf('DELETE', `/friends/${bob.id}`);
    assert.equal(answer.status, 429);
    assert.ok(Number(answer.headers['retry-after']) > 1);
    await patch(ada, {}, 429);
    await ada.call('DELETE', `/rooms/${room}/members/${bob.id}`, { expect: 429 });
    await ada.post(room, 'hello');
    await ada.leave(room);
  } finally {
    await node.stop(); // else a failure would leave the process waiting for it
  }
});
