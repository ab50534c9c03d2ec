// The matrix of operation and role on accounts: everybody tries everything on an account that stands as the line says;
// what is refused leaves it as it was.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Account, login, newAccount, newStaff, register } from '../support/client.mjs';
import { startParleyd } from '../support/parleyd.mjs';
import { letters } from '../support/permissions.mjs';

let parley, root;
const actors = {}; // by name in `columns`
const columns = ['none', 'suspended moderator', 'locked admin', 'user', 'moderator', 'admin'];
const nobodyKnows = '01939b6e-0000-7000-8000-000000000000';

before(async () => {
  parley = await startParleyd({ set: { 'limits.login_rate_per_minute': 0 } });
  root = await newStaff(parley, 'admin');
  actors.user = await newAccount(parley);
  for (const role of ['moderator', 'admin']) actors[role] = await newStaff(parley, role);
  actors['suspended moderator'] = await newStaff(parley, 'moderator');
  actors['locked admin'] = await newStaff(parley, 'admin');
  await setTo(actors['suspended moderator'], { flagDelete: 'not_active' });
  await setTo(actors['locked admin'], { flagDelete: 'delete' });
  actors.none = new Account(parley, 'nobody', '', { user_id: nobodyKnows }, '');
});
after(() => parley?.stop());

const setTo = (account, body) => root.call('PATCH', `/admin/users/${account.id}`, { body });
const standing = async (account) => {
  const { items } = await root.call('GET', `/admin/users?q=${account.username}`);
  const { flagDelete, role } = items.find((item) => item.user_id === account.id);
  return { flagDelete, role };
};

const active = { flagDelete: 'active', role: 'user' };
const suspended = { ...active, flagDelete: 'not_active' };
const locked = { ...active, flagDelete: 'delete' };
const moderator = { ...active, role: 'moderator' };
const admin = { ...active, role: 'admin' };
//                                                   none, suspended moderator, locked admin, user, moderator, admin
const changes = [
  ['suspend a user', active, { flagDelete: 'not_active' }, 'U U U F + +'],
  ['restore a suspended user', suspended, { flagDelete: 'active' }, 'U U U F + +'],
  ['lock a user', active, { flagDelete: 'delete' }, 'U U U F F +'],
  ['lock a suspended user', suspended, { flagDelete: 'delete' }, 'U U U F F +'],
  ['restore a locked user', locked, { flagDelete: 'active' }, 'U U U F F +'],
  ['suspend in place of a lock', locked, { flagDelete: 'not_active' }, 'U U U F F +'],
  ['suspend a moderator', moderator, { flagDelete: 'not_active' }, 'U U U F F +'],
  ['restore a moderator', { ...suspended, role: 'moderator' }, { flagDelete: 'active' }, 'U U U F F +'],
  ['suspend an admin', admin, { flagDelete: 'not_active' }, 'U U U F F +'],
  ['lock an admin', admin, { flagDelete: 'delete' }, 'U U U F F +'],
  ['promote a user', active, { role: 'moderator' }, 'U U U F F +'],
  ['make a user an admin', active, { role: 'admin' }, 'U U U F F +'],
  ['demote a moderator', moderator, { role: 'user' }, 'U U U F F +'],
  ['demote an admin', admin, { role: 'user' }, 'U U U F F +'],
  ['suspend and promote at once', active, { flagDelete: 'not_active', role: 'moderator' }, 'U U U F F +'],
];

for (const [name, from, wish, expected] of changes) {
  test(`who may ${name}`, async () => {
    const target = await register(parley);
    target.id = target.user_id;
    const found = [];
    for (const who of columns) {
      await setTo(target, from);
      assert.deepEqual(await standing(target), from);
      const change = (id) => actors[who].answerOf('PATCH', `/admin/users/${id}`, { body: wish });
      const { status, body } = await change(target.id);
      const isDone = status === 200;
      found.push(letters[isDone ? 'ok' : body.code] ?? body.code);
      assert.deepEqual(await standing(target), isDone ? { ...from, ...wish } : from, `after ${who}`);
      if (isDone) assert.deepEqual({ flagDelete: body.flagDelete, role: body.role }, { ...from, ...wish });
      const isStaff = ['moderator', 'admin'].includes(who);
      // Staff see every account, so that for them "unknown" is no secret.
      if (!isStaff) assert.deepEqual((await change(nobodyKnows)).body, body, `${who} can tell who exists`);
    }
    const described = (row) => columns.map((who, i) => `${who}: ${row[i]}`);
    assert.deepEqual(described(found), described(expected.split(' ')));
  });
}

const readings = [
  ['list accounts', '/admin/users', 'U U U F + +'],
  ['look for suspended accounts', '/admin/users?flagDelete=not_active&role=user', 'U U U F + +'],
  ['read the audit trail', '/admin/audit', 'U U U F F +'],
  ['see the reports', '/admin/reports', 'U U U F + +'],
  ['see the decided reports', '/admin/reports?status=decided', 'U U U F + +'],
];
for (const [name, target, expected] of readings) {
  test(`who may ${name}`, async () => {
    const found = [];
    for (const who of columns) {
      const { status, body } = await actors[who].answerOf('GET', target);
      found.push(letters[status === 200 ? 'ok' : body.code] ?? body.code);
    }
    assert.deepEqual(found, expected.split(' '));
  });
}

test('who may decide a report', async () => {
  const [bob, room] = [await newAccount(parley), await actors.user.group('reports')];
  await actors.user.invite(room, bob);
  const found = [];
  for (const who of columns) {
    const { message_id: message } = await bob.post(room, 'rude');
    const { report_id: report } = await actors.user.call('POST', `/messages/${message}/reports`, {
      body: { reason: 'spam' },
      expect: 201,
    });
    const decide = (id) => actors[who].answerOf('PATCH', `/admin/reports/${id}`, { body: { status: 'acted' } });
    const { status, body } = await decide(report);
    found.push(letters[status === 200 ? 'ok' : body.code] ?? body.code);
    const { items } = await root.call('GET', '/admin/reports?limit=200');
    assert.equal(items.some((item) => item.report_id === report), status !== 200, `after ${who}`);
    if (!['moderator', 'admin'].includes(who))
      assert.deepEqual((await decide(nobodyKnows)).body, body, `${who} can tell what is reported`);
  }
  assert.deepEqual(found, 'U U U F + +'.split(' '));
});

test('an unknown account is not found by staff', async () => {
  for (const who of ['moderator', 'admin']) {
    const body = { flagDelete: 'not_active' };
    await actors[who].call('PATCH', `/admin/users/${nobodyKnows}`, { body, expect: 404 });
  }
});

test('nobody raises or restores himself', async () => {
  for (const who of ['user', 'moderator']) {
    const self = actors[who];
    for (const body of [{ role: 'admin' }, { role: 'moderator' }, { flagDelete: 'active', role: 'admin' }])
      await self.call('PATCH', `/admin/users/${self.id}`, { body, expect: 403 });
    await self.call('PATCH', '/me', { body: { role: 'admin', flagDelete: 'active' } });
    assert.deepEqual(await standing(self), { ...active, role: who });
  }
});

test('email and phone are for admins; moderators see neither', async () => {
  const { username } = await register(parley, undefined, { email: 'eve@example.org', phone: '+44 20' });
  const contacts = async (who) => {
    const { items } = await actors[who].call('GET', `/admin/users?q=${username}`);
    return items.map(({ email, phone }) => [email, phone]);
  };
  assert.deepEqual(await contacts('admin'), [['eve@example.org', '+44 20']]);
  assert.deepEqual(await contacts('moderator'), [[null, null]]);
  const { user_id: id } = (await actors.admin.call('GET', `/admin/users?q=${username}`)).items[0];
  const body = { flagDelete: 'not_active' };
  const changed = await actors.moderator.call('PATCH', `/admin/users/${id}`, { body });
  assert.deepEqual([changed.email, changed.phone], [null, null]);
});

test('a role counts from the moment on, for log-ins that are open', async () => {
  const account = await newAccount(parley);
  const list = (expect) => account.call('GET', '/admin/users', { expect });
  await list(403);
  await setTo(account, { role: 'moderator' });
  await list(200);
  await setTo(account, { role: 'user' });
  await list(403);
});

test('who is restored logs in anew: the former tokens stay ended', async () => {
  const account = await newAccount(parley);
  await setTo(account, { flagDelete: 'not_active' });
  await assert.rejects(login(parley, account.username), /401/);
  await setTo(account, { flagDelete: 'active' });
  await account.call('GET', '/me', { expect: 401 });
  await (await login(parley, account.username)).call('GET', '/me');
});
