// What the page makes of friends: lists, frames and answers, in whichever order they come. No browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ParleyError } from '../../web/parley-client.js';
import { FriendBook } from '../../web/ui/friend-book.js';

const item = (userId, status, by) => ({
  user_id: userId,
  profile: { user_id: userId, username: userId, display_name: userId.toUpperCase(), img_url: null },
  status,
  by,
  created_at: '2026-11-22T09:30:00.123Z',
});
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A book of `me`; every call of REST waits until the test answers it. */
function setUp() {
  const target = new EventTarget();
  const asked = [];
  const call =
    (name) =>
    (...args) =>
      new Promise((resolve, reject) => asked.push({ name, args, resolve, reject }));
  const names = ['friends', 'askFriend', 'answerFriend', 'endFriend', 'user'];
  const client = {
    rest: Object.fromEntries(names.map((name) => [name, call(name)])),
    on(type, listener) {
      const wrapped = (event) => listener(event.detail);
      target.addEventListener(type, wrapped);
      return () => target.removeEventListener(type, wrapped);
    },
  };
  const known = new Map();
  const book = new FriendBook(client, {
    me: () => 'me',
    knows: (userId) => known.has(userId),
    learn: (profile) => known.set(profile.user_id, profile),
  });
  let changes = 0;
  book.addEventListener('change', () => (changes += 1));
  const tell = (type, detail) => target.dispatchEvent(new CustomEvent(type, { detail }));
  const answer = async (value) => {
    asked.shift().resolve(value);
    await settled();
  };
  return { book, tell, asked, answer, known, changes: () => changes };
}

test('a list says who is a friend, who has asked, whom one asked and whom one blocks', async () => {
  const { book, tell, answer, known } = setUp();
  tell('ready', {});
  await answer([
    item('ann', 'accepted', 'me'),
    item('bob', 'pending', 'bob'),
    item('cid', 'pending', 'me'),
    item('dan', 'blocked', 'me'),
  ]);
  assert.equal(book.ready, true);
  assert.deepEqual(
    ['ann', 'bob', 'cid', 'dan', 'eve'].map((userId) => book.standing(userId)),
    ['friend', 'incoming', 'outgoing', 'blocked', 'none'],
  );
  assert.deepEqual(book.all('incoming'), ['bob']);
  assert.equal(known.get('ann').display_name, 'ANN');
});

test('a frame that comes while the list is under way is newer than the list', async () => {
  const { book, tell, answer } = setUp();
  tell('ready', {});
  tell('friend', { user_id: 'ann', status: 'none', by: 'ann' });
  tell('friend', { user_id: 'bob', status: 'accepted', by: 'bob' });
  await answer([item('ann', 'accepted', 'ann'), item('bob', 'pending', 'me'), item('cid', 'accepted', 'me')]);
  assert.deepEqual(book.all('friend').sort(), ['bob', 'cid']);
});

test('a later connection reads the list anew, and the answer to the former counts no more', async () => {
  const { book, tell, asked, answer } = setUp();
  tell('ready', {});
  tell('ready', {});
  const [former] = asked.splice(0, 1);
  await answer([item('ann', 'accepted', 'me')]);
  former.resolve([item('bob', 'accepted', 'me')]);
  await settled();
  assert.deepEqual(book.all('friend'), ['ann']);
});

test('what one did shows by the answer, unless a frame has told something newer', async () => {
  const { book, tell, answer, known } = setUp();
  known.set('bob', {});
  const asking = book.ask('ann');
  await answer(item('ann', 'pending', 'me'));
  await asking;
  assert.equal(book.standing('ann'), 'outgoing');

  const again = book.ask('bob');
  tell('friend', { user_id: 'bob', status: 'pending', by: 'me' });
  tell('friend', { user_id: 'bob', status: 'accepted', by: 'bob' });
  await answer(item('bob', 'pending', 'me'));
  await again;
  assert.equal(book.standing('bob'), 'friend', 'the slow answer does not undo the acceptance');

  const ending = book.end('ann');
  await answer(null);
  await ending;
  assert.equal(book.standing('ann'), 'none');
});

test('a refusal changes nothing, and what is not there any more is read anew', async () => {
  const { book, tell, asked, answer } = setUp();
  tell('ready', {});
  await answer([item('ann', 'pending', 'ann')]);
  const asking = assert.rejects(book.ask('bob'), { code: 'forbidden' });
  asked.shift().reject(new ParleyError('forbidden', 'user_id: you cannot ask this person.'));
  await asking;
  assert.equal(book.standing('bob'), 'none');
  const accepting = assert.rejects(book.accept('ann'), { code: 'not_found' });
  asked.shift().reject(new ParleyError('not_found', 'There is no such request.'));
  await accepting;
  assert.equal(asked[0].name, 'friends');
  await answer([]);
  assert.equal(book.standing('ann'), 'none');
});

test('a stranger who asks is looked up, a person who goes is not', async () => {
  const { book, tell, asked, answer, known, changes } = setUp();
  tell('friend', { user_id: 'ann', status: 'pending', by: 'ann' });
  assert.deepEqual([asked[0].name, asked[0].args], ['user', ['ann']]);
  const before = changes();
  await answer(item('ann').profile);
  assert.equal(known.get('ann').display_name, 'ANN');
  assert.ok(changes() > before, 'the name is shown');
  tell('friend', { user_id: 'bob', status: 'none', by: 'bob' });
  assert.equal(asked.length, 0);
  assert.equal(book.standing('ann'), 'incoming');
});

test('a list that does not come is said to have failed, and a book that was closed says nothing', async () => {
  const { book, tell, asked, changes } = setUp();
  tell('ready', {});
  asked.shift().reject(new ParleyError('offline', 'away'));
  await settled();
  assert.deepEqual([book.failed, book.ready], [true, false]);
  const before = changes();
  book.close();
  tell('friend', { user_id: 'ann', status: 'accepted', by: 'ann' });
  assert.equal(changes(), before);
});
