// The operator's tool: what it shows of a node, how it prints it, and the socket it comes in by.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { freshName, newAccount, newStaff, register } from '../support/client.mjs';
import { createUser, expectFailure, unstartedNode } from '../support/operator.mjs';
import { Parleyd, startParleyd } from '../support/parleyd.mjs';
import { postgresInUse, queryRows } from '../support/postgres.mjs';

let parley, ada;
before(async () => {
  parley = await startParleyd();
  ada = await newStaff(parley, 'admin');
});
after(() => parley?.stop());

test('the audit trail shows what was done, by whom, the newest first', async () => {
  const username = freshName('audited');
  const { user_id: id } = await createUser(parley, username);
  await parley.operate(['user', 'role', username, 'moderator']);
  await ada.call('PATCH', `/admin/users/${id}`, { body: { flagDelete: 'not_active' } });
  await parley.operate(['user', 'lock', username]);
  await parley.operate(['user', 'restore', username]);
  await parley.operate(['user', 'password', username, '--password-stdin'], 'another password\n');

  const trail = (await parley.operate(['audit'])).filter((entry) => entry.user?.user_id === id);
  assert.deepEqual(
    trail.map(({ action, actor }) => [action, actor?.username ?? null]),
    [
      ['password_changed', null],
      ['user_restored', null],
      ['user_locked', null],
      ['user_suspended', ada.username],
      ['role_changed', null],
      ['user_created', null],
    ],
  );
  const seenByAdmin = (await ada.call('GET', '/admin/audit?limit=200')).items;
  assert.deepEqual(
    seenByAdmin.filter((entry) => entry.user?.user_id === id),
    trail,
  );
  assert.equal((await parley.operate(['audit', '--limit', '3'])).length, 3);
  const { stdout } = await parley.parleyctl(['audit', '--limit', '5']);
  const rows = stdout.trimEnd().split('\n');
  assert.match(rows[0], /^AT +ACTOR +ACTION +USER +/);
  assert.match(rows[1], new RegExp(`^\\S+Z +\\(operator\\) +password_changed +${username} `));
  assert.match(rows[4], new RegExp(`^\\S+Z +${ada.username} +user_suspended +${username} `));
});

test('that log-ins were ended stands in the audit trail', async () => {
  const { username } = await register(parley);
  await parley.operate(['user', 'end-sessions', username]);
  const [{ action, user }] = await parley.operate(['audit', '--limit', '1']);
  assert.deepEqual([action, user.username], ['tokens_ended', username]);
});

test('why somebody counts as online: the devices, and what follows when there is none', async () => {
  const bob = await newAccount(parley, 'bob');
  const explain = () => parley.operate(['presence', 'explain', bob.username]);
  const begun = await explain();
  assert.equal(begun.is_online, true, 'from the log-in on');
  assert.deepEqual([begun.devices, begun.silent], [[], []]);
  const sockets = [await bob.connect(), await bob.connect()];
  const [device, ...others] = (await explain()).devices;
  assert.deepEqual([device.sockets, others.length], [2, 0]);
  assert.match(device.logged_in_at, /^\d{4}-.*Z$/);
  const { stdout } = await parley.parleyctl(['presence', 'explain', bob.username]);
  assert.match(stdout, /^ON NODE +SOCKETS +LOGGED IN AT +USER AGENT/m);
  for (const each of sockets) await each.close();
  await expectFailure(parley, 1, /There is no user/, ['presence', 'explain', freshName('nobody')]);
});

test('the trace of a message: its stages, and to how many connections it went', async () => {
  const bob = await newAccount(parley, 'bob');
  const room = await ada.group('traced', [bob]);
  const sockets = [await ada.connect({ replay: 'none' }), await bob.connect({ replay: 'none' }), await bob.connect()];
  await sockets[2].expectFrame('replay_end', { room_id: room });
  const sent = await ada.post(room, 'what became of me');
  for (const socket of sockets) {
    await socket.expectFrame('new_message', { message_id: sent.message_id });
  }
  const trace = await parley.operate(['trace', sent.message_id]);
  assert.deepEqual(
    [trace.message_id, trace.room_id, trace.seq, trace.connections],
    [sent.message_id, room, sent.seq, 3],
  );
  assert.ok(trace.batch_commands >= 1);
  const { to_store_us: toStore, committed_us: committed, delivered_us: delivered } = trace;
  assert.ok(0 <= toStore && toStore <= committed && committed <= delivered, JSON.stringify(trace));
  assert.ok(Math.abs(Date.parse(trace.accepted_at) - Date.parse(sent.created_at)) < 5_000);

  const { stdout } = await parley.parleyctl(['trace', sent.message_id]);
  assert.match(stdout, /^stored in +[\d.]+ ms$/m);
  assert.match(stdout, /^connections there +3$/m);
  assert.doesNotMatch(stdout, /became of me/);
  await expectFailure(parley, 1, /not among the last 10000 messages/, ['trace', room]);
  await expectFailure(parley, 1, /must be a UUID/, ['trace', 'x']);
  await ada.call('GET', `/admin/trace/${sent.message_id}`, { expect: 404 });
});

test('the state of the node, who is connected, and the rooms in memory', async () => {
  const bob = await newAccount(parley, 'bob');
  const room = await bob.group('in memory', [ada]);
  const sockets = [await bob.connect(), await bob.connect()];
  await bob.post(room, 'a word');
  const status = await parley.operate(['node', 'status']);
  assert.deepEqual([status.is_ready, status.is_draining, typeof status.version], [true, false, 'string']);
  assert.ok(status.websockets >= 2 && status.rooms_active >= 1);
  const connected = await parley.operate(['node', 'connections']);
  assert.equal(connected.find((c) => c.user_id === bob.id).connections, 2);
  const {
    members,
    last_seq: last,
    name,
    is_group: isGroup,
  } = (await parley.operate(['node', 'rooms'])).find((r) => r.room_id === room);
  assert.deepEqual([members, last, name, isGroup], [2, 3, 'in memory', true]);

  assert.match((await parley.parleyctl(['node', 'status'])).stdout, /^is_ready +yes$/m);
  assert.match(
    (await parley.parleyctl(['node', 'connections'])).stdout,
    new RegExp(`^${bob.username} +2 `, 'm'),
  );
  assert.match(
    (await parley.parleyctl(['node', 'rooms'])).stdout,
    new RegExp(`^${room} +yes +2 +3 +in memory$`, 'm'),
  );
  await Promise.all(sockets.map((s) => s.close()));
});

/** Gives a user and a room that name, whatever the rules for names say today. */
function store(name, username, room) {
  const quoted = `'${name.replaceAll("'", "''")}'`;
  queryRows(parley.storeUrl, `UPDATE tb_users SET display_name = ${quoted} WHERE username = '${username}'`);
  queryRows(parley.storeUrl, `UPDATE tb_chat_rooms SET name = ${quoted} WHERE chat_room_id = '${room}'`);
}

test('no control character of a name reaches the terminal, and JSON says the name as it is', async () => {
  // Terminals obey U+009B as they do ESC [.
  const fromUsers = 'a\u009b2Jb\u0085c';
  const fromElsewhere = 'a\u001b[2J\u001b]0;title\u0007b\rc\nd\te\u009b31mf\u007fg\u0085h\u202ei\u2066j\u2028k';
  const account = await newAccount(parley, 'evil');
  const { username } = account;
  await account.call('PATCH', '/me', { body: { display_name: fromUsers }, expect: 400 });
  const room = await account.group('plain');
  const socket = await account.connect();
  // What the API refuses may still stand in the tables; SQLite's are the node's alone.
  for (const name of postgresInUse ? [fromUsers, fromElsewhere] : []) {
    store(name, username, room);
    const printed = [];
    for (const args of [
      ['user', 'list', '--query', username],
      ['user', 'role', username, 'moderator'],
      ['node', 'connections'],
      ['node', 'rooms'],
      ['audit'],
    ]) {
      const { code, stdout, stderr } = await parley.parleyctl(args);
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stdout + stderr, /[^\P{Cc}\n]|[\u200e\u200f\u2028-\u202e\u2066-\u2069]/u, args.join(' '));
      printed.push(stdout);
    }
    assert.equal(printed[0].trimEnd().split('\n').length, 2, 'a line of its own for each user');
    for (const text of printed.slice(0, 2)) assert.match(text, /a\\x(9b|1b\[)2J/);
    const listed = await parley.operate(['user', 'list', '--query', username]);
    assert.equal(listed[0].display_name, name);
    const rooms = await parley.operate(['node', 'rooms']);
    assert.equal(rooms.find((r) => r.room_id === room).name, name);
  }
  await socket.close();
});

/** Checks the configuration of a node that never runs. */
async function check(options, ...args) {
  const node = new Parleyd(options);
  node.port = 8000;
  const ended = await node.parleyctl(['config', 'check', ...args]);
  assert.equal(existsSync(path.join(node.dir, 'parley.db')), false, 'it makes no store');
  rmSync(node.dir, { recursive: true });
  return ended;
}

test('a configuration is checked without a node', async () => {
  const sound = await check({ config: '[replay]\nlimit = 50\n' });
  assert.deepEqual([sound.code, sound.stderr], [0, '']);
  assert.match(sound.stdout, /sound/);
  assert.deepEqual(JSON.parse((await check({}, '--json')).stdout), { sound: true });
  for (const [options, named] of [
    [{ config: '[replay]\nlimit = "many"\n' }, /replay\.limit/],
    [{ config: '[replay]\nlimt = 50\n' }, /replay\.limt/],
    [{ config: '[replay' }, /parley\.toml/],
    [{ set: { 'store.url': 'mongodb://x' } }, /store\.url/],
    [{ env: { PARLEY_LOG_LEVEL: 'loud' } }, /log\.level/],
  ]) {
    const { code, stdout, stderr } = await check(options);
    assert.deepEqual([code, stdout], [2, ''], stderr);
    assert.match(stderr, named);
  }
});

test('a path that no socket can have is unsound, as a start would find', async () => {
  const { code, stderr } = await check({ set: { 'admin.socket': `/tmp/${'x'.repeat(200)}.sock` } });
  assert.equal(code, 2);
  assert.match(stderr, /admin\.socket/);
});

// --- The way in ---

test('the admin socket is for its owner alone, and gone when the node has ended', async () => {
  const node = await startParleyd();
  const socket = path.join(node.dir, 'admin.sock');
  try {
    assert.ok(statSync(socket).isSocket());
    assert.equal(statSync(socket).mode & 0o777, 0o600);
    assert.equal((await node.terminate()).code, 0);
    assert.equal(existsSync(socket), false);
  } finally {
    await node.stop();
  }
});

test('a socket left behind by a killed node keeps neither the tool nor the next node from working', async () => {
  const node = await startParleyd();
  try {
    const account = await newAccount(node, 'kept');
    await node.kill();
    assert.ok(existsSync(path.join(node.dir, 'admin.sock')));
    assert.equal((await node.operate(['user', 'list']))[0].user_id, account.id);
    await expectFailure(node, 1, /no node/i, ['node', 'status']);
    await node.start();
    assert.equal((await node.operate(['node', 'status'])).is_ready, true);
  } finally {
    await node.stop();
  }
});

test('a node takes no socket from another that runs, and no file that is none', async () => {
  const takes = async (socket) => {
    const other = await unstartedNode({ set: { 'admin.socket': socket } });
    other.mayFail = true;
    other.spawn();
    const { code } = await other.exited;
    assert.ok(code > 0, `exit code ${code}`);
    assert.match(other.logs(), /socket/i);
    await other.stop();
  };
  await takes(path.join(parley.dir, 'admin.sock'));
  assert.equal((await parley.operate(['node', 'status'])).is_ready, true);
  const file = path.join(parley.dir, 'precious.txt');
  writeFileSync(file, 'precious');
  await takes(file);
  assert.equal(readFileSync(file, 'utf8'), 'precious');
});

test("what is the operator's alone is not there by the network, whoever asks", async () => {
  const node = await startParleyd();
  try {
    for (const who of [await newStaff(node, 'admin'), await newAccount(node, 'bob')]) {
      for (const [method, target] of [
        ['GET', '/admin/node'],
        ['GET', '/admin/connections'],
        ['GET', '/admin/rooms'],
        ['POST', `/admin/users/${who.id}/end-tokens`],
        ['POST', `/admin/users/${who.id}/password`],
      ])
        await who.call(method, target, { body: method === 'POST' ? {} : undefined, expect: 404 });
      await who.call('GET', '/me');
    }
  } finally {
    await node.stop();
  }
});

test('no user is made by the network', async () => {
  const node = await startParleyd();
  try {
    const admin = await newStaff(node, 'admin');
    const body = { username: freshName(), password: 'long enough', role: 'admin' };
    // The path is there, for GET.
    await admin.call('POST', '/admin/users', { body, expect: 405 });
    assert.equal((await node.operate(['user', 'list'])).length, 1);
  } finally {
    await node.stop();
  }
});
