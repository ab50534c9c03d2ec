// A socket that stops reading while its room talks: it alone is harmed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { exchange, newAccount } from '../support/client.mjs';
import { startParleyd } from '../support/parleyd.mjs';

const messages = 5_000;
const content = 'x'.repeat(4_096);
const allowedGrowthKib = Number(process.env.TEST_SLOW_READER_KIB ?? 4_096);

let parley, ada, bob, roomId;
before(async () => {
  parley = await startParleyd({ set: { 'limits.send_rate_per_second': 0, 'limits.frames_per_second': 0 } });
  ada = await newAccount(parley, 'ada');
  bob = await newAccount(parley, 'bob');
  roomId = await ada.group('busy', [bob]);
});
after(() => parley?.stop());

const residentKib = () =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${parley.proc.pid}/status`, 'utf8'))[1]);

/** Sends them all, 32 outstanding, and answers the last ack. */
async function flood(socket, count) {
  let last;
  for (let done = 0; done < count; done += 32) {
    const ids = Array.from({ length: Math.min(32, count - done) }, () =>
      socket.send('send_message', { room_id: roomId, content }),
    );
    for (const id of ids) last = await socket.expectAck(id);
  }
  return last;
}

test('it is closed with 4408, costs little memory, harms nobody, and catches up by resume', async () => {
  const writer = await ada.connect({ replay: 'none' });
  const reader = await ada.connect({ replay: 'none' });
  // The same traffic without the slow reader first, so that every pool and cache has its size.
  const warm = await flood(writer, messages);
  await reader.expectFrame('new_message', { seq: warm.seq });

  const slow = await bob.connect({ replay: 'none' });
  slow.socket._socket.pause();
  const before = residentKib();
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, residentKib())), 20);
  const last = await flood(writer, messages);
  clearInterval(watch);
  most = Math.max(most, residentKib());
  await reader.expectFrame('new_message', { seq: last.seq });
  assert.equal(reader.durable(roomId).length, 2 * messages, 'the other reader has everything');
  assert.ok(most - before <= allowedGrowthKib, `the process grew by ${most - before} KiB`);

  slow.socket._socket.resume();
  const { code } = await slow.expectClose(4408).catch((error) => {
    // The node resets a connection that does not read its close frame in time.
    if (slow.closed?.code === 1006) return slow.closed;
    throw error;
  });
  const seen = slow.durable(roomId).map((f) => f.data.seq);
  assert.ok(seen.length < messages, 'it missed something');
  assert.ok([4408, 1006].includes(code));
  assert.match((await exchange(parley, 'GET', '/metrics')).text, /^parley_closed_too_slow_total 1$/m);

  const back = await bob.connect({ replay: 'none' });
  let position = seen.at(-1) ?? warm.seq;
  for (let more = true; more;) {
    await back.resume({ [roomId]: position });
    const { data } = await back.expectFrame('replay_end', { room_id: roomId });
    ({ seq: position, more } = data);
  }
  const caughtUp = back.durable(roomId).map((f) => f.data.seq);
  assert.deepEqual(
    [...seen, ...caughtUp],
    Array.from({ length: messages }, (_, i) => warm.seq + 1 + i),
  );
  await Promise.all([writer, reader, back].map((s) => s.close()));
});
