// Suspending, locking, restoring, roles; the last one who leaves a room; tries counted by the client's address.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { answerOf, expectRefused, newAccount, newStaff } from '../support/client.mjs';
import { startParleyd, until } from '../support/parleyd.mjs';

let parley;
before(async () => {
  parley = await startParleyd();
});
after(() => parley?.stop());

const set = (who, user, body, expect = 200) => who.call('PATCH', `/admin/users/${user.id}`, { body, expect });

test('who is suspended is out at once, and comes back by logging in anew', async () => {
  const [mo, ada, bob] = [await newStaff(parley, 'moderator'), await newAccount(parley), await newAccount(parley)];
  const room = await ada.group('Engines', [bob]);
  const [hers, his] = [await ada.connect(), await bob.connect()];
  const account = await set(mo, bob, { flagDelete: 'not_active' });
  const answered = performance.now();
  assert.deepEqual([account.flagDelete, account.role, account.email], ['not_active', 'user', null]);
  await his.expectClose(4403);
  assert.ok(performance.now() - answered < 8_000);
  const heard = his.frames.length;
  await ada.post(room, 'is he gone?');
  await hers.expectFrame('new_message');
  assert.equal(his.frames.length, heard, 'nothing reaches him any more');
  await bob.call('GET', '/me', { expect: 401 });
  await expectRefused(bob.connect(), 401);
  const body = { username: bob.username, password: bob.password };
  const refused = await answerOf(parley, 'POST', '/api/v1/auth/login', { body });
  const unknown = { body: { ...body, username: `${bob.username}x` } };
  assert.deepEqual(refused.body, (await answerOf(parley, 'POST', '/api/v1/auth/login', unknown)).body);
  const { items } = await ada.call('GET', `/presence?user_ids=${bob.id}`);
  assert.equal(items[0].is_online, false);

  await set(mo, bob, { flagDelete: 'active' });
  await bob.call('GET', '/me', { expect: 401 });
  const back = await bob.again();
  assert.equal((await back.history(room)).items[0].content, 'is he gone?', 'what he missed is there');
  await hers.close();
});

test('an admin locks, appoints and dismisses; a moderator does not', async () => {
  const [root, mo] = [await newStaff(parley, 'admin'), await newStaff(parley, 'moderator')];
  const [ada, bob] = [await newAccount(parley), await newAccount(parley)];
  await set(root, ada, { flagDelete: 'delete' });
  await set(mo, ada, { flagDelete: 'active' }, 403);
  await set(root, ada, { flagDelete: 'active' });
  await set(mo, root, { flagDelete: 'not_active' }, 403);
  await set(mo, mo, { role: 'admin' }, 403);
  await set(bob, ada, { flagDelete: 'not_active' }, 403);
  const nobody = { id: '01939b6e-0000-7000-8000-000000000000' };
  assert.deepEqual(await set(bob, nobody, {}, 403), await set(bob, ada, {}, 403), 'nor does it tell who exists');
  await set(root, nobody, {}, 404);
  await set(root, ada, { flagDelete: 'gone' }, 400);
  await set(root, ada, { role: 'queen' }, 400);

  const author = await ada.again();
  const room = await author.group('Engines');
  const message = await author.post(room, 'rude');
  const socket = await bob.connect();
  await socket.refused('delete_message', { message_id: message.message_id, room_id: room }, 'not_found');
  await set(root, bob, { role: 'moderator' });
  await socket.ask('delete_message', { message_id: message.message_id, room_id: room });
  await set(root, bob, { role: 'user' });
  const second = await author.post(room, 'rude again');
  await socket.refused('delete_message', { message_id: second.message_id, room_id: room }, 'not_found');
  await socket.close();

  const trail = await root.call('GET', '/admin/audit?limit=4');
  assert.deepEqual(
    trail.items.map((e) => [e.action, e.actor.user_id, e.user.user_id, e.detail]),
    [
      ['role_changed', root.id, bob.id, 'moderator -> user'],
      ['message_deleted', bob.id, ada.id, null],
      ['role_changed', root.id, bob.id, 'user -> moderator'],
      ['user_restored', root.id, ada.id, 'delete -> active'],
    ],
  );
  assert.equal(trail.items[1].message_id, message.message_id);
  const rest = await root.call('GET', `/admin/audit?limit=200&cursor=${trail.next_cursor}`);
  assert.equal(rest.items[0].action, 'user_locked');
  await mo.call('GET', '/admin/audit', { expect: 403 });
  await author.call('GET', '/admin/audit', { expect: 403 });
});

test('staff finds accounts whatever their flag; contacts are the admins’ to see', async () => {
  const [root, mo, ada] = [await newStaff(parley, 'admin'), await newStaff(parley, 'moderator'), await newAccount(parley, 'zora')];
  await ada.call('PATCH', '/me', { body: { email: 'zora@example.org' } });
  await set(root, ada, { flagDelete: 'not_active' });
  const find = async (who, query) => (await who.call('GET', `/admin/users?${query}`)).items;
  const [seen] = await find(root, `q=${ada.username}`);
  assert.deepEqual([seen.user_id, seen.email, seen.flagDelete], [ada.id, 'zora@example.org', 'not_active']);
  assert.equal((await find(mo, `q=${ada.username}`))[0].email, null);
  assert.deepEqual((await find(mo, `q=${ada.username}&flagDelete=active`)), []);
  assert.ok((await find(mo, 'role=admin&limit=200')).some((user) => user.user_id === root.id));
  await mo.call('GET', '/admin/users?flagDelete=x', { expect: 400 });
  await mo.call('GET', '/admin/users?role=x', { expect: 400 });
  const bob = await newAccount(parley);
  await bob.call('GET', '/admin/users', { expect: 403 });
  const { items } = await bob.call('GET', `/users?q=${ada.username}`);
  assert.deepEqual(items, [], 'others do not find who is suspended');
});

test('the last admin stays', async () => {
  const node = await startParleyd();
  const root = await newStaff(node, 'admin');
  for (const body of [{ role: 'user' }, { flagDelete: 'not_active' }, { flagDelete: 'delete' }]) {
    const problem = await set(root, root, body, 409);
    assert.match(problem.detail, /last admin/);
  }
  const other = await newStaff(node, 'admin');
  const outcomes = await Promise.all([
    root.answerOf('PATCH', `/admin/users/${other.id}`, { body: { role: 'user' } }),
    other.answerOf('PATCH', `/admin/users/${root.id}`, { body: { role: 'user' } }),
  ]);
  assert.deepEqual(outcomes.map((o) => o.status).sort(), [200, 403], 'of two who demote each other one remains');
  await node.stop();
});

test('the last one who leaves closes the room', async () => {
  const [ada, bob, mo] = [await newAccount(parley), await newAccount(parley), await newStaff(parley, 'moderator')];
  const room = await ada.group('Engines', [bob]);
  const { message_id: message } = await ada.post(room, 'hello');
  await ada.leave(room);
  await bob.leave(room);
  for (const who of [ada, bob, mo]) await who.room(room, 404);
  await ada.call('POST', `/rooms/${room}/members`, { body: { user_ids: [bob.id] }, expect: 404 });
  await mo.call('DELETE', `/messages/${message}`, { expect: 200 });
});

test('behind a trusted proxy tries are counted by the client’s address, and nobody else’s word is taken', async () => {
  const node = await startParleyd({
    set: { 'limits.login_rate_per_minute': 2, 'net.trusted_proxies': '["127.0.0.1"]' },
  });
  const ada = await newAccount(node, 'ada');
  const attempt = async (forwarded) => {
    const body = { username: ada.username, password: 'a wrong guess' };
    const headers = { 'X-Forwarded-For': forwarded };
    return (await answerOf(node, 'POST', '/api/v1/auth/login', { body, headers })).status;
  };
  assert.deepEqual([await attempt('192.0.2.1'), await attempt('6.6.6.6, 192.0.2.1')], [401, 401]);
  assert.equal(await attempt('7.7.7.7, 192.0.2.1'), 429, 'what the client writes itself makes no new address of it');
  assert.equal(await attempt('192.0.2.2'), 401);
  await node.stop();

  const open = await startParleyd({ set: { 'limits.login_rate_per_minute': 2 } });
  const statuses = [];
  for (let i = 0; i < 3; i += 1) {
    const body = { username: 'nobody', password: 'a wrong guess' };
    const headers = { 'X-Forwarded-For': `192.0.2.${i}` };
    statuses.push((await answerOf(open, 'POST', '/api/v1/auth/login', { body, headers })).status);
  }
  assert.deepEqual(statuses, [401, 401, 429], 'without trusted proxies the header is not read');
  await open.stop();
});

test('what cannot be a proxy keeps the node from starting', async () => {
  const { runParleyd } = await import('../support/parleyd.mjs');
  const how = await runParleyd({ set: { 'net.trusted_proxies': '["10.0.0.0/33"]' }, args: ['--check-config'] });
  assert.notEqual(how.code, 0);
  assert.match(how.output, /net\.trusted_proxies: "10\.0\.0\.0\/33"/);
});
