// parley-bench against a node that runs already, as an operator uses it: what it says of that node's process.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { unlimited } from '../support/moderation.mjs';
import { binary, deadlineMs, startParleyd } from '../support/parleyd.mjs';

const tool = path.join(path.dirname(binary), 'parley-bench');
const skip = !existsSync(tool) && `there is no parley-bench beside ${binary}`;
const load = ['latency', '--rooms', '4', '--members', '3', '--rate', '100', '--warm-up', '1', '--seconds', '2'];

describe('a node that runs already', { skip }, () => {
  let node;
  before(async () => (node = await startParleyd({ set: { ...unlimited, 'limits.register_rate_per_minute': 0 } })));
  after(() => node?.stop());

  /** What the tool prints as JSON. */
  function measure(...args) {
    const { status, error, stdout, stderr } = spawnSync(tool, [...load, '--node', node.url, '--json', ...args], {
      encoding: 'utf8',
      timeout: 4 * deadlineMs,
      killSignal: 'SIGKILL',
    });
    assert.equal(status, 0, error?.message ?? stderr);
    return JSON.parse(stdout);
  }

  for (const [from, how] of [
    ['/metrics', () => []],
    ['/proc', () => ['--pid', String(node.proc.pid)]],
  ])
    test(`its CPU and its memory come from ${from}, and each message from its sender to the others`, () => {
      const told = measure(...how());
      assert.equal(told.server, `the node at ${node.url}`);
      assert.equal(told.ack.count, 200);
      assert.equal(told.delivery.count, 400);
      for (const trouble of ['lost', 'repeated', 'reordered', 'never_delivered', 'unanswered', 'refused'])
        assert.equal(told[trouble], 0, trouble);
      assert.ok(told.course.some(({ cpu }) => cpu > 0), 'it used its processor');
      const sizes = told.course.map(({ resident_mib }) => resident_mib).filter((mib) => mib !== null);
      assert.ok(sizes.length > 0);
      for (const mib of sizes) assert.ok(mib > 5 && mib < 1000, `${mib} MiB`);
    });
});
