// A room that another transaction has locked, as a slow node or an operator's SQL does: it alone waits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newAccount } from '../support/client.mjs';
import { unlimited } from '../support/moderation.mjs';
import { startParleyd } from '../support/parleyd.mjs';
import { holdRoom, postgresInUse } from '../support/postgres.mjs';

const skip = !postgresInUse && 'nobody else can lock a room of SQLite';

async function withNode(lockMs, body) {
  // One worker, so that all rooms are committed by it.
  const bounds = { 'store.workers': 1, 'store.lock_ms': lockMs, 'store.statement_ms': 30_000 };
  const parley = await startParleyd({ set: { ...unlimited, ...bounds } });
  let letGo;
  try {
    const ann = await newAccount(parley, 'ann');
    const held = await ann.group('held');
    const socket = await ann.connect({ replay: 'none' });
    letGo = await holdRoom(parley.storeUrl, held);
    await body(ann, held, socket, letGo);
  } finally {
    await letGo?.();
    await parley.stop();
  }
}

test('other rooms go on, and what waited is stored in order when the room is free', { skip }, () => {
  const lockMs = 15_000; // longer than any machine stands still
  return withNode(lockMs, async (ann, held, socket, letGo) => {
    const free = await ann.group('free');
    const late = ['one', 'two', 'three'].map((content) =>
      socket.send('send_message', { room_id: held, content, client_msg_id: content }),
    );
    const begun = performance.now();
    for (let i = 0; i < 10; i += 1) await ann.post(free, `meanwhile ${i}`);
    const took = performance.now() - begun;
    assert.ok(took < lockMs / 2, `ten messages took ${took} ms`);
    const answers = socket.frames.filter(({ id }) => late.includes(id));
    assert.deepEqual(answers, [], 'nothing is answered before it is stored');
    await letGo();
    const seqs = await Promise.all(late.map(async (id) => (await socket.expectAck(id)).seq));
    assert.deepEqual(seqs, [seqs[0], seqs[0] + 1, seqs[0] + 2]);
    await socket.close();
  });
});

test('nobody waits longer than store.lock_ms, and a retry of the key is stored once', { skip }, () => {
  const lockMs = 2_000;
  return withNode(lockMs, async (ann, held, socket, letGo) => {
    const message = { room_id: held, content: 'late', client_msg_id: 'late' };
    const begun = performance.now();
    await socket.expectError(socket.send('send_message', message), 'unavailable');
    const waited = performance.now() - begun;
    assert.ok(waited > lockMs / 2 && waited < 3 * lockMs, `it took ${waited} ms`);
    await letGo();
    await socket.expectAck(socket.send('send_message', message));
    const { items } = await ann.history(held);
    assert.equal(items.filter(({ content }) => content === 'late').length, 1);
    await socket.close();
  });
});
