// docs/sql/archive.sql beside a running node: what it empties looks deleted, and the log keeps its numbers.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { newAccount } from '../support/client.mjs';
import { repository, startParleyd, until } from '../support/parleyd.mjs';
import {
  holdRoom,
  lockWaiters,
  postgresInUse,
  queryRows,
  runSqlFile,
  startSqlFile,
} from '../support/postgres.mjs';

const skip = !postgresInUse && 'the file is for PostgreSQL';
const file = path.join(repository, 'docs/sql/archive.sql');

let parley;
before(async () => {
  if (!skip) parley = await startParleyd();
});
after(() => parley?.stop());

const archived = () =>
  queryRows(parley.storeUrl, 'SELECT content FROM archived_messages ORDER BY content').map(([content]) => content);

test('archived messages look deleted, keep their seq, and stand in the archive', { skip }, async () => {
  const ada = await newAccount(parley, 'ada');
  const bob = await newAccount(parley, 'bob');
  const roomId = await ada.group('old', [bob]);
  const sent = [];
  for (const text of ['one', 'two', 'three']) sent.push(await ada.post(roomId, text, { key: text }));

  assert.match(runSqlFile(parley.storeUrl, file, { age: '1 hour' }), /^0 messages seen/m);
  const before = (await ada.history(roomId)).items;
  assert.deepEqual(before.map(({ content }) => content), ['three', 'two', 'one']);

  assert.match(runSqlFile(parley.storeUrl, file, { age: '-1 minutes' }), /^3 messages seen/m);
  const emptied = (await ada.history(roomId)).items;
  assert.deepEqual(emptied.map(({ seq }) => seq), before.map(({ seq }) => seq));
  for (const { content, deleted_at } of emptied) {
    assert.equal(content, null);
    assert.notEqual(deleted_at, null);
  }
  assert.deepEqual(archived(), ['one', 'three', 'two']);
  const events = await bob.call('GET', `/rooms/${roomId}/events?after_seq=0`);
  assert.deepEqual(events.items.map(({ data }) => data.seq), [1, 2, 3, 4, 5]);
  assert.equal((await bob.call('GET', `/rooms/${roomId}`)).unread, 0);

  // What one may still do with it is what one may do with a deleted message.
  await ada.call('DELETE', `/messages/${sent[0].message_id}`, { expect: 200 });
  await ada.call('PATCH', `/messages/${sent[0].message_id}`, { body: { content: 'again' }, expect: 404 });
  // A late retry is still known.
  const retry = { content: 'one', client_msg_id: 'one' };
  const again = await ada.call('POST', `/rooms/${roomId}/messages`, { body: retry, expect: 200 });
  assert.equal(again.message_id, sent[0].message_id);
  assert.match(runSqlFile(parley.storeUrl, file, { age: '-1 minutes' }), /^0 messages seen/m);
});

test('an edit at the same moment is in the copy, or finds the message gone', { skip }, async () => {
  const eve = await newAccount(parley, 'eve');
  const roomId = await eve.group('contested');
  const { message_id } = await eve.post(roomId, 'as it was');
  const letGo = await holdRoom(parley.storeUrl, roomId);
  const archiving = startSqlFile(parley.storeUrl, file, { age: '-1 minutes' });
  await until(() => lockWaiters(parley.storeUrl) === 1, 'the archive waits for the room');
  const edit = eve.answerOf('PATCH', `/messages/${message_id}`, { body: { content: 'edited' } });
  await until(() => lockWaiters(parley.storeUrl) === 2, 'the edit waits for the room');
  letGo();
  await archiving;
  const { status } = await edit;
  const copy = status === 200 ? 'edited' : 'as it was';
  assert.ok(archived().includes(copy), `${status}: ${archived()}`);
  const [message] = (await eve.history(roomId)).items;
  assert.equal(message.content, null);
  assert.notEqual(message.deleted_at, null);
});
