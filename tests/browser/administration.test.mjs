// What admins and moderators are offered, what a trail says, and lists that come page by page. No browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ParleyError } from '../../web/parley-client.js';
import { actionsFor, refusalText } from '../../web/ui/account-rules.js';
import { auditParts } from '../../web/ui/audit-text.js';
import { deviceName } from '../../web/ui/device-name.js';
import { dateTime, errorField, errorText } from '../../web/ui/format.js';
import { PagedList } from '../../web/ui/paged-list.js';

const account = (more = {}) => ({
  user_id: 'ben',
  username: 'ben',
  display_name: 'Ben',
  role: 'user',
  flagDelete: 'active',
  ...more,
});
const offered = (role, more) => actionsFor({ user_id: 'me', role }, account(more)).map(({ text }) => text);
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('an admin may do everything that changes something', () => {
  assert.deepEqual(offered('admin', {}), ['Suspend', 'Lock', 'Make a moderator', 'Make an admin']);
  assert.deepEqual(offered('admin', { flagDelete: 'not_active' }).slice(0, 2), ['Restore', 'Lock']);
  assert.deepEqual(offered('admin', { flagDelete: 'delete', role: 'admin' }), [
    'Restore',
    'Make a user',
    'Make a moderator',
  ]);
});

test('a moderator may suspend and restore users, and nothing else', () => {
  assert.deepEqual(offered('moderator', {}), ['Suspend']);
  assert.deepEqual(offered('moderator', { flagDelete: 'not_active' }), ['Restore']);
  assert.deepEqual(offered('moderator', { flagDelete: 'delete' }), []);
  assert.deepEqual(offered('moderator', { role: 'moderator' }), []);
  assert.deepEqual(offered('moderator', { role: 'admin', flagDelete: 'not_active' }), []);
  assert.deepEqual(offered('user', {}), []);
});

test('each action says in the words of the wire what it changes, and warns who does it to themselves', () => {
  const changes = actionsFor({ user_id: 'me', role: 'admin' }, account()).map((action) => action.changes);
  assert.deepEqual(changes, [
    { flagDelete: 'not_active' },
    { flagDelete: 'delete' },
    { role: 'moderator' },
    { role: 'admin' },
  ]);
  for (const action of actionsFor({ user_id: 'ben', role: 'admin' }, account({ role: 'admin' }))) {
    assert.match(action.meaning, /^This is your own account\./);
    assert.equal(action.danger, true);
  }
});

test('refusals are said in plain words, without the names of the wire', () => {
  assert.match(refusalText(new ParleyError('conflict', 'x'), errorText), /last active admin/);
  const wrong = new ParleyError('bad_request', 'display_name: 1 to 128 characters');
  assert.equal(refusalText(wrong, errorText), '1 to 128 characters.');
  assert.equal(errorField(wrong), 'display_name');
  assert.equal(errorField(new ParleyError('internal', 'Something broke.')), null);
  const until = '2031-03-05T12:00:00.123Z';
  const muted = new ParleyError('forbidden', `You are muted in this room until ${until}.`);
  assert.equal(errorText(muted), `You are muted in this room until ${dateTime(until)}.`);
});

test('the trail is told in sentences', () => {
  const say = (entry, roomNameOf = () => null) => {
    const { who, deed, whom, where } = auditParts(
      { actor: null, user: null, room_id: null, ...entry },
      roomNameOf,
    );
    return [who, deed, whom, where].filter(Boolean).join(' ');
  };
  const [root, ben] = [{ user_id: 'r', username: 'root', display_name: 'Root' }, account()];
  assert.equal(say({ actor: root, action: 'user_suspended', user: ben }), 'Root suspended Ben');
  assert.equal(say({ action: 'user_created', user: root }), 'The operator made the account of Root');
  const removed = { actor: root, action: 'member_removed', user: ben, room_id: 'h' };
  assert.equal(
    say(removed, () => 'Harbour'),
    'Root removed Ben from “Harbour”',
  );
  assert.equal(say(removed), 'Root removed Ben from room h');
  assert.equal(say({ actor: root, action: 'room_renamed', room_id: 'h' }), 'Root renamed room h');
  assert.equal(say({ actor: root, action: 'badge_given', user: ben }), 'Root did “badge given” to Ben');
});

test('the trail tells of bans, mutes, slow mode and reports', () => {
  const root = { user_id: 'r', username: 'root', display_name: 'Root' };
  const told = (action, user, detail = null) => {
    const entry = { actor: root, action, user, room_id: 'h', detail };
    const parts = auditParts(entry, () => 'Harbour');
    return [parts.who, parts.deed, parts.whom, parts.where, parts.detail].filter(Boolean).join(' ');
  };
  const ben = account();
  assert.equal(
    told('member_banned', ben, 'with all messages'),
    'Root banned Ben from “Harbour” with all messages',
  );
  assert.equal(told('member_banned', ben, 'reason: loud'), 'Root banned Ben from “Harbour” reason: loud');
  assert.equal(told('ban_lifted', ben), 'Root lifted the ban of Ben from “Harbour”');
  const until = '2031-03-05T12:00:00.000Z';
  assert.equal(
    told('member_muted', ben, `until ${until}`),
    `Root muted Ben in “Harbour” until ${dateTime(until)}`,
  );
  assert.equal(told('mute_lifted', ben), 'Root unmuted Ben in “Harbour”');
  assert.equal(told('slow_mode_changed', null, '300 s'), 'Root changed the slow mode of “Harbour” 5 min');
  assert.equal(told('slow_mode_changed', null, '0 s'), 'Root changed the slow mode of “Harbour” Off');
  const decided = 'Root decided a report of what was written by Ben in “Harbour”';
  assert.equal(told('report_decided', ben, 'dismissed'), `${decided} Dismissed`);
  assert.equal(told('report_decided', ben, 'acted'), `${decided} Something was done about it`);
});

test('what has changed is told in the words of the page', () => {
  const detail = (text) =>
    auditParts({ actor: null, action: 'role_changed', detail: text }, () => null).detail;
  assert.equal(detail('active -> not_active'), 'Active → Suspended');
  assert.equal(detail('user -> moderator'), 'User → Moderator');
  assert.equal(detail('constructor -> x'), 'constructor → x');
  assert.equal(detail('anything else'), 'anything else');
  assert.equal(detail(null), '');
});

test('a device is named by its browser and system', () => {
  const webkit = 'AppleWebKit/605.1.15 (KHTML, like Gecko)';
  const names = {
    'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0': 'Firefox on Linux',
    [`Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) ${webkit} Version/17.0 Mobile/15E148 Safari/604.1`]:
      'Safari on iPhone',
    [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webkit} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0`]:
      'Edge on Windows',
    [`Mozilla/5.0 (Linux; Android 14; Pixel 8) ${webkit} Chrome/126.0.0.0 Mobile Safari/537.36`]:
      'Chrome on Android',
    [`Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${webkit} Version/17.5 Safari/605.1.15`]:
      'Safari on macOS',
    'curl/8.5.0': 'curl',
    '<img src=x>': '<img',
    '/': 'Unknown device',
  };
  for (const [agent, name] of Object.entries(names)) assert.equal(deviceName(agent), name);
  assert.equal(deviceName(null), 'Unknown device');
  assert.ok(deviceName('x'.repeat(500)).length <= 60);
});

/** A list whose pages the test gives, in the order of the questions. */
function askable() {
  const open = [];
  const list = new PagedList(
    (query) => new Promise((resolve, reject) => open.push({ query, resolve, reject })),
  );
  const answer = async (items, cursor = null) => {
    open.shift().resolve({ items, next_cursor: cursor });
    await settled();
  };
  return { list, open, answer };
}

test('a list grows page by page, and a page that is empty is not the end', async () => {
  const { list, open, answer } = askable();
  list.load({ q: 'a' });
  assert.deepEqual(open[0].query, { q: 'a', cursor: null });
  await answer([1, 2], 'c1');
  assert.equal(list.hasMore, true);
  list.more();
  list.more();
  assert.equal(open.length, 1, 'once at a time');
  assert.deepEqual(open[0].query, { q: 'a', cursor: 'c1' });
  await answer([], 'c2');
  await answer([3]);
  assert.deepEqual([list.items, list.hasMore, list.state], [[1, 2, 3], false, 'ready']);
});

test('a late answer to a former question does not show', async () => {
  const { list, open, answer } = askable();
  list.load({ q: 'a' });
  list.load({ q: 'ab' });
  const former = open.shift();
  await answer([2]);
  former.resolve({ items: [1], next_cursor: 'x' });
  await settled();
  assert.deepEqual([list.items, list.hasMore], [[2], false]);
});

test('a page that fails is asked for again, and what was there stays', async () => {
  const { list, open, answer } = askable();
  list.load();
  await answer([1], 'c');
  list.more();
  open.shift().reject(new ParleyError('offline', 'away'));
  await settled();
  assert.deepEqual([list.items, list.state, list.error.code], [[1], 'failed', 'offline']);
  list.more();
  assert.equal(open[0].query.cursor, 'c');
  await answer([2]);
  assert.deepEqual([list.items, list.state, list.error], [[1, 2], 'ready', null]);
  list.replace((item) => item === 1, 10);
  assert.deepEqual(list.items, [10, 2]);
  list.load({ q: 'other' });
  open.shift().reject(new ParleyError('offline', 'away'));
  await settled();
  list.more();
  await answer([7]);
  assert.deepEqual(list.items, [7], 'nothing of the former question');
});

test('a list that is read anew stays as long as it was, and as it was until all of it is there', async () => {
  const { list, open, answer } = askable();
  list.load();
  await answer([1, 2], 'c1');
  list.more();
  await answer([3, 4], 'c2');
  list.reload();
  assert.equal(open[0].query.cursor, null);
  await answer([1, 20], 'c1');
  assert.deepEqual([list.items, list.hasMore, open[0].query.cursor], [[1, 2, 3, 4], true, 'c1']);
  await answer([3], 'c3');
  assert.equal(open[0].query.cursor, 'c3');
  await answer([4, 5], 'c4');
  assert.deepEqual([list.items, list.hasMore, open.length], [[1, 20, 3, 4, 5], true, 0]);
  list.more();
  assert.equal(open[0].query.cursor, 'c4', 'the next page is what follows');
  await answer([6]);
  list.reload();
  await answer([1], null);
  assert.deepEqual([list.items, list.hasMore, open.length], [[1], false, 0], 'there are fewer now');
});

test('of a list that is read anew and grows at once nothing gets lost', async () => {
  const { list, open, answer } = askable();
  list.reload();
  await answer([1, 2], 'c1');
  list.reload();
  list.more();
  await answer([1, 2], 'c1');
  await answer([3], 'c2');
  assert.deepEqual([list.items, open.length], [[1, 2, 3], 0], 'more was asked for meanwhile');
  list.more();
  open.shift();
  list.reload();
  await answer([0, 1, 2], 'c1');
  await answer([3], 'c2');
  assert.deepEqual([list.items, open.length], [[0, 1, 2, 3], 0], 'more was under way');
  list.reload();
  await answer([0, 1], 'c1');
  open.shift().reject(new ParleyError('offline', 'away'));
  await settled();
  assert.deepEqual([list.items, list.state], [[0, 1, 2, 3], 'failed']);
  list.more();
  assert.equal(open[0].query.cursor, null);
  await answer([0, 1, 2, 3], 'c2');
  assert.deepEqual([list.items, list.hasMore, open.length], [[0, 1, 2, 3], true, 0]);
});

test('a list of which nothing shown is left goes on with what follows', async () => {
  const { list, open, answer } = askable();
  list.load();
  await answer([1, 2], 'c');
  list.drop((item) => item === 1);
  assert.equal(open.length, 0);
  list.drop((item) => item === 2);
  assert.deepEqual([list.state, open[0].query.cursor], ['loading', 'c']);
  await answer([3]);
  assert.deepEqual([list.items, list.hasMore], [[3], false]);
  list.drop(() => true);
  assert.deepEqual([list.items, list.state, open.length], [[], 'ready', 0]);
});
