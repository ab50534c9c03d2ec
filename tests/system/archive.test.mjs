// docs/sql/archive.sql beside a running node: what it empties looks deleted, and the log keeps its numbers.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { newAccount } from '../support/client.mjs';
import { repository, startParleyd } from '../support/parleyd.mjs';
import { postgresInUse, runSqlFile } from '../support/postgres.mjs';

const skip = !postgresInUse && 'the file is for PostgreSQL';
const file = path.join(repository, 'docs/sql/archive.sql');

let parley;
before(async () => {
  if (!skip) parley = await startParleyd();
});
after(() => parley?.stop());

test('archived messages look deleted, keep their seq, and stand in the archive', { skip }, async () => {
  const ada = await newAccount(parley, 'ada');
  const bob = await newAccount(parley, 'bob');
  const roomId = await ada.group('old', [bob]);
  const sent = [];
  for (const text of ['one', 'two', 'three']) sent.push(await ada.post(roomId, text, { key: text }));

  assert.match(runSqlFile(parley.storeUrl, file, { age: '1 hour' }), /UPDATE 0/);
  const before = (await ada.history(roomId)).items;
  assert.deepEqual(before.map(({ content }) => content), ['three', 'two', 'one']);

  assert.match(runSqlFile(parley.storeUrl, file, { age: '-1 minutes' }), /UPDATE 3/);
  const emptied = (await ada.history(roomId)).items;
  assert.deepEqual(emptied.map(({ seq }) => seq), before.map(({ seq }) => seq));
  for (const { content, client_msg_id, deleted_at } of emptied) {
    assert.deepEqual([content, client_msg_id], [null, null]);
    assert.notEqual(deleted_at, null);
  }
  const events = await bob.call('GET', `/rooms/${roomId}/events?after_seq=0`);
  assert.deepEqual(events.items.map(({ data }) => data.seq), [1, 2, 3, 4, 5]);
  assert.equal((await bob.call('GET', `/rooms/${roomId}`)).unread, 0);

  // What one may still do with it is what one may do with a deleted message.
  await ada.call('DELETE', `/messages/${sent[0].message_id}`, { expect: 200 });
  await ada.call('PATCH', `/messages/${sent[0].message_id}`, { body: { content: 'again' }, expect: 404 });
  assert.match(runSqlFile(parley.storeUrl, file, { age: '-1 minutes' }), /UPDATE 0/);
});
