// A node that may use fewer processors than the machine has makes do with fewer threads.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { startParleyd } from '../support/parleyd.mjs';

/** How many threads of the process have that name: CAF's workers, and those of I/O with the main one. */
const threadsOf = (pid, name) =>
  readdirSync(`/proc/${pid}/task`)
    .map((id) => readFileSync(`/proc/${pid}/task/${id}/comm`, 'utf8').trim())
    .filter((each) => each === name).length;

test('bound to one processor, it has one worker and one I/O thread', async () => {
  // This process, which is the file's own, hands its processors on to what it starts.
  const allowed = readFileSync('/proc/self/status', 'utf8').match(/^Cpus_allowed_list:\s*(\d+)/m)[1];
  execFileSync('taskset', ['-cp', allowed, String(process.pid)], { stdio: 'ignore' });
  const parley = await startParleyd();
  try {
    const { pid } = parley.proc;
    assert.deepEqual([threadsOf(pid, 'caf.multiplexer'), threadsOf(pid, 'parleyd')], [1, 2]);
  } finally {
    await parley.stop();
  }
});
