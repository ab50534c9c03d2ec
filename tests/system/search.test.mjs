// Searching one's rooms, with what was just written, edited, deleted, and with who was just removed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newAccount } from '../support/client.mjs';
import { call } from '../support/http.mjs';
import { startParleyd, until } from '../support/parleyd.mjs';

let parley, ada, bob, roomId;
before(async () => {
  parley = await startParleyd();
  ada = await newAccount(parley, 'ada');
  bob = await newAccount(parley, 'bob');
  roomId = await ada.group('search', [bob]);
});
after(() => parley?.stop());

const search = (who, q, query = '') => who.call('GET', `/search?q=${encodeURIComponent(q)}${query}`);
const contents = ({ items }) => items.map((item) => item.content);
const shown = (item) => item.snippet.map((part) => (part.is_hit ? `[${part.text}]` : part.text)).join('');
const found = (who, q, expected) =>
  until(
    async () => JSON.stringify(contents(await search(who, q))) === JSON.stringify(expected),
    `${q} to find ${JSON.stringify(expected)}`,
  );

test('what is written is found by every member a moment later, newest first, with its passage', async () => {
  await ada.post(roomId, 'Grüße aus Đồng Hới');
  await bob.post(roomId, 'grusse back');
  for (const who of [ada, bob]) await found(who, 'grusse', ['grusse back', 'Grüße aus Đồng Hới']);
  const { items } = await search(ada, 'dong ho');
  assert.equal(shown(items[0]), 'Grüße aus [Đồng] [Hới]');
  assert.equal(items[0].room_id, roomId);
  assert.deepEqual(contents(await search(ada, 'gru')), ['grusse back', 'Grüße aus Đồng Hới']);
  assert.deepEqual(contents(await search(ada, 'gru ')), []);
});

test('an edit and a deletion count at once', async () => {
  const edited = await ada.post(roomId, 'the walrus and the carpenter');
  const deleted = await ada.post(roomId, 'walrus alone');
  await found(bob, 'walrus', ['walrus alone', 'the walrus and the carpenter']);
  await ada.call('PATCH', `/messages/${edited.message_id}`, { body: { content: 'the oysters' } });
  await ada.call('DELETE', `/messages/${deleted.message_id}`);
  assert.deepEqual(contents(await search(bob, 'walrus')), []);
  await found(bob, 'oysters', ['the oysters']);
});

test('nobody finds what is in rooms of others, or of his once he is removed', async () => {
  const eve = await newAccount(parley, 'eve');
  const secret = await ada.group('secret', [bob]);
  await ada.post(secret, 'quincunx');
  await found(bob, 'quincunx', ['quincunx']);
  assert.deepEqual(contents(await search(eve, 'quincunx')), []);
  await eve.call('GET', `/search?q=quincunx&room_id=${secret}`, { expect: 404 });
  assert.deepEqual(contents(await search(ada, 'quincunx', `&room_id=${roomId}`)), []);
  assert.deepEqual(contents(await search(ada, 'quincunx', `&room_id=${secret}`)), ['quincunx']);
  await ada.remove(secret, bob);
  assert.deepEqual(contents(await search(bob, 'quincunx')), []);
  await bob.call('GET', `/search?q=quincunx&room_id=${secret}`, { expect: 404 });
});

test('pages go on without a hit missing or twice', async () => {
  for (let i = 0; i < 7; i += 1) await ada.post(roomId, `pangram ${i}`);
  await until(async () => (await search(ada, 'pangram')).items.length === 7, 'seven hits');
  const seen = [];
  let cursor = '';
  do {
    const page = await search(ada, 'pangram', `&limit=3${cursor}`);
    seen.push(...contents(page));
    cursor = page.next_cursor === null ? null : `&cursor=${encodeURIComponent(page.next_cursor)}`;
  } while (cursor !== null);
  assert.deepEqual(seen, [6, 5, 4, 3, 2, 1, 0].map((i) => `pangram ${i}`));
});

test('hostile searches are answered, and bad ones refused', async () => {
  for (const q of ["' OR 1=1 --", '"', '*', 'NEAR(a b)', 'words:x', ':* & !a', '\\', '%', '🙂', 'a\u0301'.repeat(60)])
    await search(ada, q);
  await ada.call('GET', '/search', { expect: 400 });
  await ada.call('GET', '/search?q=', { expect: 400 });
  await ada.call('GET', `/search?q=${'x'.repeat(129)}`, { expect: 400 });
  await ada.call('GET', '/search?q=x&room_id=y', { expect: 400 });
  await ada.call('GET', '/search?q=x&cursor=nonsense', { expect: 400 });
  await call(parley, 'GET', '/api/v1/search?q=x', { expect: 401 });
});

test('what was written before a restart is found after it', async () => {
  await ada.post(roomId, 'zeugma');
  await parley.restart();
  await found(ada, 'zeugma', ['zeugma']);
});

test('how late the index is stands in the metrics', async () => {
  await ada.post(roomId, 'metric');
  await until(async () => {
    const text = await call(parley, 'GET', '/metrics');
    return /^parley_search_rooms_behind 0$/m.test(text) && /^parley_search_lag_seconds_count [1-9]/m.test(text);
  }, 'an index that is level');
});
