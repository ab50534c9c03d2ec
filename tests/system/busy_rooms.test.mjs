// A room that another transaction has locked, as a slow node or an operator's SQL does: it alone waits.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newAccount } from '../support/client.mjs';
import { unlimited } from '../support/moderation.mjs';
import { startParleyd } from '../support/parleyd.mjs';
import { holdRoom, postgresInUse } from '../support/postgres.mjs';

const skip = !postgresInUse && 'nobody else can lock a room of SQLite';
const lockMs = 2_000;

let parley, ann, held, free;
before(async () => {
  if (skip) return;
  // One worker, so that both rooms are committed by it.
  parley = await startParleyd({ set: { ...unlimited, 'store.workers': 1, 'store.lock_ms': lockMs } });
  ann = await newAccount(parley, 'ann');
  held = await ann.group('held');
  free = await ann.group('free');
});
after(() => parley?.stop());

test('other rooms go on, and what waited is stored in order when the room is free', { skip }, async () => {
  const socket = await ann.connect({ replay: 'none' });
  const letGo = await holdRoom(parley.storeUrl, held);
  const late = ['one', 'two', 'three'].map((content) => socket.send('send_message', { room_id: held, content, client_msg_id: content }));
  const begun = performance.now();
  let others = 0;
  for (; performance.now() - begun < lockMs / 2; others += 1) await ann.post(free, `meanwhile ${others}`);
  assert.ok(others >= 10, `only ${others} got through in ${lockMs / 2} ms`);
  assert.deepEqual(socket.frames.filter(({ id }) => late.includes(id)), [], 'nothing is answered before it is stored');
  letGo();
  const seqs = await Promise.all(late.map(async (id) => (await socket.expectAck(id)).seq));
  assert.deepEqual(seqs, [seqs[0], seqs[0] + 1, seqs[0] + 2]);
  await socket.close();
});

test('nobody waits longer than store.lock_ms, and a retry of the key is stored once', { skip }, async () => {
  const socket = await ann.connect({ replay: 'none' });
  const message = { room_id: held, content: 'late', client_msg_id: 'late' };
  const letGo = await holdRoom(parley.storeUrl, held);
  const begun = performance.now();
  await socket.expectError(socket.send('send_message', message), 'unavailable');
  const waited = performance.now() - begun;
  assert.ok(waited > lockMs / 2 && waited < 3 * lockMs, `it took ${waited} ms`);
  letGo();
  await socket.expectAck(socket.send('send_message', message));
  const { items } = await ann.history(held);
  assert.equal(items.filter(({ content }) => content === 'late').length, 1);
  await socket.close();
});
