// The search of messages as one types: when it asks, what it gives up, how it goes on; and which keys
// open it. No browser.
import assert from 'node:assert/strict';
import { afterEach, mock, test } from 'node:test';
import { ParleyError, ParleyRest } from '../../web/parley-client.js';
import { countText, MessageSearch, opensSearch } from '../../web/ui/message-search.js';

const settled = () => new Promise((resolve) => setImmediate(resolve));
const hit = (number) => ({
  room_id: 'r',
  message_id: `m${number}`,
  content: `text ${number}`,
  edited_at: null,
  snippet: [{ text: `text ${number}`, is_hit: true }],
});

afterEach(() => mock.timers.reset());

/** A search whose answers the test gives; one that is given up rejects, as a real one does. */
function setUp() {
  mock.timers.enable({ apis: ['setTimeout'] });
  const asked = [];
  const search = new MessageSearch(
    (q, { signal, ...query }) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new ParleyError('discarded', 'given up')));
        asked.push({ q, query, signal, resolve, reject });
      }),
  );
  const answer = async (index, items, next_cursor = null) => {
    asked[index].resolve({ items, next_cursor });
    await settled();
  };
  const rest = () => mock.timers.tick(200);
  return { search, asked, answer, rest };
}

const ids = (search) => search.hits.map((each) => each.message_id);

test('it asks once the typing rests, and once only', () => {
  const { search, asked, rest } = setUp();
  for (const text of ['w', 'wa', 'wal']) {
    search.ask(text);
    mock.timers.tick(150);
  }
  assert.equal(asked.length, 0);
  assert.equal(search.state, 'loading');
  rest();
  assert.deepEqual([asked.length, asked[0].q], [1, 'wal']);
  search.ask('wal');
  rest();
  assert.equal(asked.length, 1, 'the same is not asked again');
  search.ask(' wal '); // blanks before it mean nothing, one behind it ends the word
  search.now();
  rest();
  assert.deepEqual([asked.length, asked[1].q], [2, 'wal ']);
});

test('another text gives up the former question, whose end is no failure', async () => {
  const { search, asked, answer, rest } = setUp();
  search.ask('walrus');
  rest();
  await answer(0, [hit(1)]);
  search.ask('wal');
  rest();
  search.ask('walk');
  assert.ok(asked[1].signal.aborted, 'at once, not when it asks again');
  await settled();
  assert.equal(search.state, 'loading');
  assert.equal(search.error, null);
  assert.deepEqual(ids(search), ['m1'], 'what was found stays until the answer comes');
  rest();
  assert.ok(!asked[2].signal.aborted);
  await answer(2, [hit(2)]);
  assert.deepEqual([search.state, ids(search)], ['ready', ['m2']]);
});

test('an answer that came too late to be given up is not shown', async () => {
  const { search, asked, answer, rest } = setUp();
  search.ask('wal');
  rest();
  asked[0].resolve({ items: [hit(1)], next_cursor: null });
  search.ask('walk');
  await settled();
  assert.deepEqual([search.state, ids(search)], ['loading', []]);
  rest();
  await answer(1, [hit(2)]);
  assert.deepEqual(ids(search), ['m2']);
});

test('nothing to look for is nothing to ask', async () => {
  const { search, asked, answer, rest } = setUp();
  search.ask('walrus', 'r');
  rest();
  assert.deepEqual(asked[0].query, { roomId: 'r', cursor: null, limit: 30 });
  await answer(0, [hit(1)], 'c');
  search.ask('   ');
  rest();
  assert.deepEqual([asked.length, search.state, search.q, search.hits], [1, 'none', '', []]);
  assert.equal(search.hasMore, false);
  search.ask('walrus');
  search.close();
  rest();
  assert.equal(asked.length, 1, 'nor after the end');
});

test('another room is another question', () => {
  const { search, asked, rest } = setUp();
  search.ask('walrus');
  rest();
  search.ask('walrus', 'r');
  rest();
  assert.deepEqual(
    asked.map(({ query }) => query.roomId),
    [null, 'r'],
  );
});

test('it goes on after empty pages, and to the end and no farther', async () => {
  const { search, asked, answer, rest } = setUp();
  search.ask('walrus');
  rest();
  await answer(0, [], 'c1');
  assert.equal(asked[1].query.cursor, 'c1', 'a page may be empty although more follow');
  await answer(1, [hit(1), hit(2)], 'c2');
  assert.equal(countText(search, 2), '2 messages, and there are more.');
  search.more();
  search.more();
  assert.equal(asked.length, 3, 'one page at a time');
  await answer(2, [hit(3)]);
  assert.deepEqual(ids(search), ['m1', 'm2', 'm3']);
  assert.equal(countText(search, 3), '3 messages found.');
  search.more();
  assert.equal(asked.length, 3);
});

test('a failure is said, and tried again where it was', async () => {
  const { search, asked, answer, rest } = setUp();
  search.ask('walrus');
  rest();
  await answer(0, [hit(1)], 'c1');
  search.more();
  asked[1].reject(new ParleyError('offline', 'away'));
  await settled();
  assert.deepEqual([search.state, search.error.code, ids(search)], ['failed', 'offline', ['m1']]);
  assert.equal(countText(search, 1), '');
  search.more();
  assert.deepEqual([asked[2].q, asked[2].query.cursor], ['walrus', 'c1']);
  await answer(2, [hit(2)]);
  assert.deepEqual([search.state, search.error, ids(search)], ['ready', null, ['m1', 'm2']]);
});

test('what is edited or deleted meanwhile shows as it is now, and no mark is guessed', async () => {
  const { search, answer, rest } = setUp();
  search.ask('text');
  rest();
  await answer(0, [hit(1), hit(2)]);
  let changes = 0;
  search.addEventListener('change', () => (changes += 1));
  search.edited({ message_id: 'm2', content: '<b>new</b>', edited_at: 'then' });
  assert.deepEqual(search.hits[1].snippet, [{ text: '<b>new</b>', is_hit: false }]);
  search.deleted({ message_id: 'm1' });
  assert.deepEqual(ids(search), ['m2']);
  assert.equal(changes, 2);
  search.edited({ message_id: 'other', content: 'x', edited_at: 'then' });
  search.deleted({ message_id: 'other' });
  assert.equal(changes, 2);
});

test('the count is in words, and nothing is counted before the answer', () => {
  assert.equal(countText({ state: 'loading', hasMore: false }, 3), '');
  assert.equal(countText({ state: 'ready', hasMore: false }, 0), 'No messages found.');
  assert.equal(countText({ state: 'ready', hasMore: false }, 1), '1 message found.');
});

test('Ctrl or Cmd with K opens the search from everywhere, a slash unless it would be typed', () => {
  const key = (key, more = {}) => ({
    key,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    shiftKey: false,
    isComposing: false,
    ...more,
  });
  for (const isTyping of [true, false]) {
    assert.ok(opensSearch(key('k', { ctrlKey: true }), isTyping));
    assert.ok(opensSearch(key('K', { metaKey: true }), isTyping), 'with caps lock too');
    assert.ok(!opensSearch(key('k'), isTyping));
    assert.ok(!opensSearch(key('k', { ctrlKey: true, shiftKey: true }), isTyping));
    assert.ok(!opensSearch(key('k', { ctrlKey: true, altKey: true }), isTyping));
  }
  assert.ok(opensSearch(key('/'), false));
  assert.ok(opensSearch(key('/', { shiftKey: true }), false));
  assert.ok(!opensSearch(key('/'), true));
  assert.ok(!opensSearch(key('/', { ctrlKey: true }), false));
  assert.ok(!opensSearch(key('/', { isComposing: true }), false));
});

test('the client asks by the names of the wire, and leaves out what has no value', async () => {
  const requests = [];
  const rest = new ParleyRest({
    url: 'http://parley.test',
    fetch: (url, { signal }) =>
      new Promise((resolve, reject) => {
        requests.push(url);
        signal.addEventListener('abort', () => reject(signal.reason));
        if (requests.length < 3) resolve(Response.json({ items: [], next_cursor: null }));
      }),
  });
  await rest.searchMessages('a & <b>', { roomId: 'r/1', cursor: 'c', limit: 5 });
  await rest.searchMessages('wal ');
  const search = '?q=a+%26+%3Cb%3E&room_id=r%2F1&cursor=c&limit=5';
  assert.deepEqual(requests, [
    `http://parley.test/api/v1/search${search}`,
    'http://parley.test/api/v1/search?q=wal+',
  ]);
  const giveUp = new AbortController();
  const late = rest.searchMessages('walrus', { signal: giveUp.signal });
  giveUp.abort();
  await assert.rejects(late, { code: 'discarded' });
});
