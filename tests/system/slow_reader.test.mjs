// A socket that stops reading while its room talks: it alone is harmed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { exchange, newAccount } from '../support/client.mjs';
import { startParleyd, until } from '../support/parleyd.mjs';

const messages = 5_000;
const padding = 'x'.repeat(4_096);
// A bound of 1 MiB, and what the allocator keeps; without the bound it would be the 20 MiB of all messages.
const allowedGrowthKib = 8_192;

let parley, ada, bob, roomId;
before(async () => {
  parley = await startParleyd({
    set: {
      'limits.send_rate_per_second': 0,
      'limits.frames_per_second': 0,
      // SQLite keeps what was written in memory up to this bound, which would hide what the slow reader costs.
      'store.cache_bytes': 256 * 1024,
    },
  });
  ada = await newAccount(parley, 'ada');
  bob = await newAccount(parley, 'bob');
  roomId = await ada.group('busy', [bob]);
});
after(() => parley?.stop());

const residentKib = () =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${parley.proc.pid}/status`, 'utf8'))[1]);
const closedTooSlow = async () =>
  /^parley_closed_too_slow_total 1$/m.test((await exchange(parley, 'GET', '/metrics')).text);

/** Sends them all, 32 outstanding, each with the time of its sending, and answers the last ack. */
async function flood(socket, count) {
  let last;
  for (let done = 0; done < count; done += 32) {
    const ids = Array.from({ length: Math.min(32, count - done) }, () => {
      const content = `${performance.now().toFixed(3)} ${padding}`.slice(0, padding.length);
      return socket.send('send_message', { room_id: roomId, content });
    });
    for (const id of ids) last = await socket.expectAck(id);
  }
  return last;
}

/** Ages of the room's messages when they come, in milliseconds. */
function watchAges(socket) {
  const ages = [];
  socket.socket.on('message', (text) => {
    const sent = /"content":"([0-9.]+) x/.exec(text);
    if (sent) ages.push(performance.now() - Number(sent[1]));
  });
  return {
    take() {
      const sorted = ages.splice(0).sort((a, b) => a - b);
      return sorted[Math.floor(sorted.length * 0.99)].toFixed(1);
    },
  };
}

test('it is closed with 4408, costs little memory, harms nobody, and catches up by resume', async (t) => {
  const writer = await ada.connect({ replay: 'none' });
  const reader = await ada.connect({ replay: 'none' });
  const ages = watchAges(reader);
  // The same traffic without the slow reader first, so that every pool has its size.
  const warm = await flood(writer, messages);
  await reader.expectFrame('new_message', { seq: warm.seq });
  const p99Before = ages.take();

  const slow = await bob.connect({ replay: 'none' });
  slow.socket._socket.pause();
  const before = residentKib();
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, residentKib())), 20);
  const flooding = flood(writer, messages);
  await until(closedTooSlow, 'the slow reader is closed');
  // Its last frame waits in the socket only for a moment; who reads on sees it.
  slow.socket._socket.resume();
  await slow.expectClose(4408);
  const last = await flooding;
  clearInterval(watch);
  most = Math.max(most, residentKib());
  await reader.expectFrame('new_message', { seq: last.seq });
  // Told, not asserted: the machine has other work.
  t.diagnostic(`p99 of the other reader: ${p99Before} ms without the slow one, ${ages.take()} ms beside it`);
  t.diagnostic(`the process grew by ${most - before} KiB`);
  assert.equal(reader.durable(roomId).length, 2 * messages, 'the other reader has everything');
  assert.ok(most - before <= allowedGrowthKib, `the process grew by ${most - before} KiB`);
  const seen = slow.durable(roomId).map((f) => f.data.seq);
  assert.ok(seen.length < messages, 'it missed something');

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
