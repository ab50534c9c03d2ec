// The operator's tool: the users it makes, finds and changes, with a node that runs and without one.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { expectRefused, freshName, login, newAccount, newStaff, register } from '../support/client.mjs';
import { createUser, expectFailure, unstartedNode } from '../support/operator.mjs';
import { postgresInUse } from '../support/postgres.mjs';
import { startParleyd } from '../support/parleyd.mjs';

let parley, ada;
before(async () => {
  parley = await startParleyd({ set: { 'limits.login_rate_per_minute': 0 } });
  ada = await newStaff(parley, 'admin');
});
after(() => parley?.stop());

test('a limit of nothing is refused with the range, and there is nobody to list without a cluster', async () => {
  const { code, stderr } = await parley.parleyctl(['user', 'list', '--limit', '0']);
  assert.notEqual(code, 0);
  assert.match(stderr, /^--limit: Value 0 not in range.*\n/m);
  assert.ok(stderr.length < 300, stderr);
  const { stdout } = await parley.parleyctl(['cluster']);
  if (!postgresInUse) assert.match(stdout, /^No nodes are written down/);
});

test('a mark in a name that turns the text around it is shown, not obeyed', async () => {
  const marked = await newAccount(parley);
  await marked.call('PATCH', '/me', { body: { display_name: 'a\u200fb' } });
  const { stdout } = await parley.parleyctl(['user', 'list', '--query', marked.username]);
  assert.match(stdout, /a\\u200fb/);
});

test('the first admin is made before the node is first started, and others while it is down', async () => {
  const node = await unstartedNode();
  try {
    const [first, second] = [freshName('root'), freshName('later')];
    const made = await createUser(
      node,
      first,
      '--role',
      'admin',
      '--display-name',
      'The Root',
      '--email',
      'r@x.org',
    );
    assert.deepEqual(
      [made.username, made.role, made.flagDelete, made.display_name, made.email],
      [first, 'admin', 'active', 'The Root', 'r@x.org'],
    );
    await node.start();
    const root = await login(node, first);
    assert.equal(root.user.role, 'admin');
    await root.call('GET', '/admin/audit');
    assert.equal((await node.terminate()).code, 0);

    assert.equal((await createUser(node, second)).role, 'user');
    const suspended = await node.parleyctl(['user', 'suspend', second]);
    assert.equal(suspended.code, 0);
    assert.equal(suspended.stderr, '', 'no node runs, and one that did would read of it');
    assert.deepEqual(
      (await node.operate(['user', 'list'])).map((u) => u.username).sort(),
      [second, first].sort(),
    );
    for (const what of ['status', 'connections', 'rooms'])
      await expectFailure(node, 1, /no node/i, ['node', what]);
    await node.start();
    await root.call('GET', '/me');
    await assert.rejects(login(node, second), /401/);
  } finally {
    if (node.proc) await node.stop();
  }
});

test('a user made while the node runs can log in at once', async () => {
  const username = freshName('made');
  const made = await createUser(parley, username, '--role', 'moderator', '--phone', '+44 20');
  assert.deepEqual(
    [made.role, made.display_name, made.phone, made.email],
    ['moderator', username, '+44 20', null],
  );
  const account = await login(parley, username);
  await account.call('GET', '/admin/users');
});

test('a password is the first line of the input, whichever way lines end', async () => {
  const username = freshName('lines');
  const args = ['user', 'create', '--username', username, '--password-stdin'];
  await parley.operate(args, 'pass and words\r\nanother line\n');
  await login(parley, username, 'pass and words');
});

test('what cannot be made is refused in words, and what is written wrongly with exit code 2', async () => {
  const input = 'long enough\n';
  const made = (...args) => ['user', 'create', ...args, '--password-stdin'];
  await expectFailure(parley, 1, /username/, made('--username', ada.username), input);
  await expectFailure(parley, 1, /username/, made('--username', 'Ada Lovelace'), input);
  await expectFailure(parley, 1, /role/, made('--username', freshName(), '--role', 'king'), input);
  await expectFailure(parley, 1, /password/, made('--username', freshName()), 'short\n');
  await expectFailure(parley, 1, /password/, made('--username', freshName()));
  await expectFailure(parley, 2, /UTF-8/, made('--username', freshName()), Buffer.from([0xff, 0xfe, ...Buffer.from(input)]));
  await expectFailure(parley, 2, /password-stdin/, ['user', 'create', '--username', freshName()], input);
  await expectFailure(parley, 2, /password-stdin/, ['user', 'password', ada.username], input);
  await expectFailure(parley, 2, /username/, made(), input);
  await expectFailure(parley, 2, /./, []);
  await expectFailure(parley, 2, /./, ['user']);
  await expectFailure(parley, 2, /./, ['users', 'list']);
  await expectFailure(parley, 2, /./, ['user', 'list', '--limit', 'many']);
});

test('an unknown user ends every command with exit code 1 and is named', async () => {
  const name = freshName('nobody');
  for (const command of ['suspend', 'lock', 'restore', 'end-sessions'])
    await expectFailure(parley, 1, new RegExp(name), ['user', command, name]);
  await expectFailure(parley, 1, new RegExp(name), ['user', 'role', name, 'admin']);
  await expectFailure(
    parley,
    1,
    new RegExp(name),
    ['user', 'password', name, '--password-stdin'],
    'long enough\n',
  );
  // Only the whole name counts.
  const { username } = await register(parley, freshName('whole'));
  await expectFailure(parley, 1, /no user/i, ['user', 'suspend', username.slice(0, -1)]);
});

test('users are listed and chosen by name, flag and role', async () => {
  const prefix = freshName('listed');
  const names = ['a', 'b', 'c'].map((letter) => `${prefix}-${letter}`);
  for (const name of names) await createUser(parley, name);
  await parley.operate(['user', 'suspend', names[0]]);
  await parley.operate(['user', 'lock', names[1]]);
  await parley.operate(['user', 'role', names[2], 'moderator']);
  const listed = async (...args) =>
    (await parley.operate(['user', 'list', '--query', prefix, ...args])).map((u) => u.username);
  assert.deepEqual(await listed(), names);
  assert.deepEqual(await listed('--limit', '2'), names.slice(0, 2));
  assert.deepEqual(await listed('--flag', 'not_active'), [names[0]]);
  assert.deepEqual(await listed('--flag', 'delete'), [names[1]]);
  assert.deepEqual(await listed('--flag', 'active'), [names[2]]);
  assert.deepEqual(await listed('--role', 'moderator'), [names[2]]);
  assert.deepEqual(await listed('--role', 'moderator', '--flag', 'delete'), []);
  await expectFailure(parley, 1, /flag/i, ['user', 'list', '--flag', 'asleep']);
  await expectFailure(parley, 1, /role/, ['user', 'list', '--role', 'king']);

  const { stdout } = await parley.parleyctl(['user', 'list', '--query', prefix]);
  const rows = stdout.trimEnd().split('\n');
  assert.match(rows[0], /^USERNAME +ROLE +FLAG +/);
  assert.match(rows[1], new RegExp(`^${names[0]} +user +not_active +`));
  assert.match(rows[2], new RegExp(`^${names[1]} +user +delete +`));
  assert.match(rows[3], new RegExp(`^${names[2]} +moderator +active +`));
  assert.equal(rows.length, 4);
});

// --- What it does to people who are connected ---

test('who is suspended or locked is out at once, and comes back when restored', async () => {
  for (const [command, flagDelete] of [
    ['suspend', 'not_active'],
    ['lock', 'delete'],
  ]) {
    const bob = await newAccount(parley, 'bob');
    const room = await bob.group('his');
    const sockets = [await bob.connect(), await bob.connect({ room, user: bob.id })];
    const account = await parley.operate(['user', command, bob.username]);
    assert.deepEqual([account.user_id, account.flagDelete], [bob.id, flagDelete]);
    for (const socket of sockets) await socket.expectClose(4403);
    await bob.call('GET', '/me', { expect: 401 });
    await expectRefused(bob.connect(), 401);
    await assert.rejects(bob.again(), /401/);
    assert.equal((await parley.operate(['user', 'restore', bob.username])).flagDelete, 'active');
    await bob.call('GET', '/me', { expect: 401 });
    const back = await (await bob.again()).connect();
    await back.close();
  }
});

test('a new role counts on a socket that is open', async () => {
  const [bob, cleo] = [await newAccount(parley, 'bob'), await newAccount(parley, 'cleo')];
  const room = await cleo.group('talk', [bob]);
  const says = async () => (await cleo.post(room, 'a word')).message_id;
  const socket = await bob.connect({ replay: 'none' });
  await socket.refused('delete_message', { message_id: await says() }, 'forbidden');
  assert.equal((await parley.operate(['user', 'role', bob.username, 'moderator'])).role, 'moderator');
  await socket.ask('delete_message', { message_id: await says() });
  await socket.ask('delete_message', { message_id: await says(), room_id: room });
  await parley.operate(['user', 'role', bob.username, 'user']);
  await socket.refused('delete_message', { message_id: await says() }, 'forbidden');
  await socket.refused('delete_message', { message_id: await says(), room_id: room }, 'forbidden');
  await socket.close();
});

test('a new password ends all log-ins, and the old one is worth nothing', async () => {
  const bob = await newAccount(parley, 'bob');
  const second = await bob.again();
  const sockets = [await bob.connect(), await second.connect()];
  const args = ['user', 'password', bob.username, '--password-stdin'];
  await expectFailure(parley, 1, /password/, args, 'short\n');
  await sockets[0].ping();
  const { code, stdout, stderr } = await parley.parleyctl(args, 'another password\n');
  assert.equal(code, 0, stderr);
  assert.ok(!(stdout + stderr + parley.logs()).includes('another password'));
  for (const socket of sockets) await socket.expectClose(4401);
  for (const account of [bob, second]) await account.call('GET', '/me', { expect: 401 });
  await assert.rejects(login(parley, bob.username, bob.password), /401/);
  await login(parley, bob.username, 'another password');
});

test('ending the log-ins of a user closes his sockets, and he may log in anew', async () => {
  const bob = await newAccount(parley, 'bob');
  const socket = await bob.connect();
  await parley.operate(['user', 'end-sessions', bob.username]);
  await socket.expectClose(4401);
  await bob.call('GET', '/me', { expect: 401 });
  await (await bob.again()).call('GET', '/me');
});

test('the last active admin stays', async () => {
  const node = await startParleyd();
  try {
    const [first, second] = [await newStaff(node, 'admin'), await newStaff(node, 'moderator')];
    const attempts = [
      ['user', 'suspend', first.username],
      ['user', 'lock', first.username],
      ['user', 'role', first.username, 'user'],
    ];
    for (const args of attempts) await expectFailure(node, 1, /last admin/i, args);
    await first.call('GET', '/admin/audit');
    await node.operate(['user', 'role', second.username, 'admin']);
    await node.operate(attempts[0]);
    await expectFailure(node, 1, /last admin/i, ['user', 'suspend', second.username]);
    // A suspended admin is none; the store says so without a node, too.
    await node.terminate();
    await expectFailure(node, 1, /last admin/i, ['user', 'role', second.username, 'user']);
    await node.operate(['user', 'restore', first.username]);
    await node.operate(['user', 'role', second.username, 'user']);
  } finally {
    await node.stop();
  }
});
