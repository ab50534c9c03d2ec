// Who is online: several devices, a short grace, log-out, watchers.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newAccount } from '../support/client.mjs';
import { startParleyd, until } from '../support/parleyd.mjs';

let parley, watcher;
before(async () => {
  parley = await startParleyd({ set: { 'presence.grace_seconds': 1 } });
  watcher = await newAccount(parley, 'watcher');
});
after(() => parley?.stop());

const presenceOf = async (...accounts) => {
  const { items } = await watcher.call('GET', `/presence?user_ids=${accounts.map((a) => a.id).join(',')}`);
  return items;
};
const isOnline = async (account) => (await presenceOf(account))[0].is_online;
const watch = (socket, ...accounts) => socket.ask('watch_presence', { user_ids: accounts.map((a) => a.id) });

/** A user whose log-in is over, so that only sockets keep it online. */
async function offlineAccount(prefix) {
  const account = await newAccount(parley, prefix);
  await until(async () => !(await isOnline(account)), `${prefix} offline, with the grace of a log-in over`);
  return account;
}

test('a user is online in the store before the log-in is answered', async () => {
  const ada = await newAccount(parley, 'ada');
  const [item] = await presenceOf(ada);
  assert.deepEqual([item.user_id, item.is_online], [ada.id, true]);
  assert.notEqual(item.last_seen, null);
});

test('a user is online while a socket is open, and offline some time after the last one closed', async () => {
  const ada = await offlineAccount('ada');
  const eye = await watcher.connect({ replay: 'none' });
  const { users } = await watch(eye, ada);
  assert.deepEqual(
    users.map((u) => [u.user_id, u.is_online]),
    [[ada.id, false]],
  );
  const socket = await ada.connect();
  await eye.expectFrame('presence', { user_id: ada.id, is_online: true });
  assert.equal(await isOnline(ada), true);
  await socket.close();
  const { data } = await eye.expectFrame('presence', { user_id: ada.id, is_online: false });
  assert.notEqual(data.last_seen, null);
  const [item] = await presenceOf(ada);
  assert.deepEqual([item.is_online, item.last_seen], [false, data.last_seen]);
  await eye.close();
});

test('with two devices a user goes offline only when both are gone', async () => {
  const ada = await offlineAccount('ada');
  const clock = await offlineAccount('clock');
  const eye = await watcher.connect({ replay: 'none' });
  await watch(eye, ada, clock);
  const [phone, page] = [await ada.connect(), await ada.connect()];
  await eye.expectFrame('presence', { user_id: ada.id, is_online: true });
  await phone.close();
  // Another user comes and goes after that: when its grace is over, ada's would have been.
  await (await clock.connect()).close();
  await eye.expectFrame('presence', { user_id: clock.id, is_online: false });
  await eye.expectNoFrame('presence', { user_id: ada.id });
  assert.equal(await isOnline(ada), true);
  await page.close();
  await eye.expectFrame('presence', { user_id: ada.id, is_online: false });
  await eye.close();
});

test('a reload within the grace does not flicker', async () => {
  const ada = await offlineAccount('ada');
  const clock = await offlineAccount('clock');
  const eye = await watcher.connect({ replay: 'none' });
  await watch(eye, ada, clock);
  const before = await ada.connect();
  await eye.expectFrame('presence', { user_id: ada.id, is_online: true });
  await before.close();
  const after = await ada.connect();
  await (await clock.connect()).close();
  await eye.expectFrame('presence', { user_id: clock.id, is_online: false });
  await eye.expectNoFrame('presence', { user_id: ada.id });
  assert.equal(await isOnline(ada), true);
  await after.close();
  await eye.close();
});

test('a socket that is cut counts as gone', async () => {
  const ada = await offlineAccount('ada');
  const eye = await watcher.connect({ replay: 'none' });
  await watch(eye, ada);
  const socket = await ada.connect();
  await eye.expectFrame('presence', { user_id: ada.id, is_online: true });
  await socket.cut();
  await eye.expectFrame('presence', { user_id: ada.id, is_online: false });
  await eye.close();
});

test('logging out everywhere puts a user offline', async () => {
  const ada = await newAccount(parley, 'ada');
  const socket = await ada.connect();
  const eye = await watcher.connect({ replay: 'none' });
  await watch(eye, ada);
  await ada.call('POST', '/auth/logout-all', { expect: 204 });
  await socket.expectClose(4401);
  await eye.expectFrame('presence', { user_id: ada.id, is_online: false });
  await eye.close();
});

test('a new set of watched users replaces the former one', async () => {
  const ada = await offlineAccount('ada');
  const bob = await offlineAccount('bob');
  const eye = await watcher.connect({ replay: 'none' });
  await watch(eye, ada);
  const { users } = await watch(eye, bob);
  assert.deepEqual(
    users.map((u) => u.user_id),
    [bob.id],
  );
  const first = await ada.connect();
  const second = await bob.connect();
  await eye.expectFrame('presence', { user_id: bob.id, is_online: true });
  await eye.expectNoFrame('presence', { user_id: ada.id });
  await watch(eye);
  await Promise.all([first, second, eye].map((s) => s.close()));
});

test('each watching connection has its own set', async () => {
  const ada = await offlineAccount('ada');
  const [eye, other] = [await watcher.connect({ replay: 'none' }), await watcher.connect({ replay: 'none' })];
  await watch(eye, ada);
  const socket = await ada.connect();
  await eye.expectFrame('presence', { user_id: ada.id, is_online: true });
  await other.expectNoFrame('presence', { user_id: ada.id });
  await Promise.all([socket, eye, other].map((s) => s.close()));
});

test('more than 500 watched users, or ids that are none, are a bad request', async () => {
  const eye = await watcher.connect({ replay: 'none' });
  const id = (i) => `01939b6e-0000-7000-8000-${String(i).padStart(12, '0')}`;
  const ids = Array.from({ length: 501 }, (_, i) => id(i));
  await eye.refused('watch_presence', { user_ids: ids }, 'bad_request');
  await eye.ask('watch_presence', { user_ids: ids.slice(0, 500) });
  await eye.refused('watch_presence', { user_ids: ['ada'] }, 'bad_request');
  await eye.refused('watch_presence', { user_ids: 'ada' }, 'bad_request');
  await eye.refused('watch_presence', {}, 'bad_request');
  await eye.close();
});

test('presence by REST wants ids', async () => {
  await watcher.call('GET', '/presence', { expect: 400 });
  await watcher.call('GET', '/presence?user_ids=ada', { expect: 400 });
  const ada = await newAccount(parley, 'ada');
  const bob = await newAccount(parley, 'bob');
  assert.deepEqual((await presenceOf(ada, bob)).map((u) => u.user_id).sort(), [ada.id, bob.id].sort());
});

test('after a restart nobody is left online who is not', async () => {
  const ada = await newAccount(parley, 'ada');
  await ada.connect();
  await parley.restart();
  assert.equal(await isOnline(ada), false);
});
