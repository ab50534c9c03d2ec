// parley-bench against a node that runs already, as an operator uses it: what it says of that node's process.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { unlimited } from '../support/moderation.mjs';
import { binary, startParleyd } from '../support/parleyd.mjs';

const tool = path.join(path.dirname(binary), 'parley-bench');
let node;
before(async () => (node = await startParleyd({ set: { ...unlimited, 'limits.register_rate_per_minute': 0 } })));
after(() => node?.stop());

/** What the tool prints as JSON, and its exit code. */
function measure(...args) {
  const { status, stdout, stderr } = spawnSync(tool, [...args, '--node', node.url, '--json'], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

const latency = ['latency', '--rooms', '4', '--members', '3', '--rate', '100', '--warm-up', '1', '--seconds', '2'];

for (const [from, how] of [
  ['/metrics', []],
  ['/proc', ['--pid']],
])
  test(`the CPU and the memory of a node come from ${from}, and each message from its sender to the others`, () => {
    const told = measure(...latency, ...how, ...(how.length > 0 ? [String(node.proc.pid)] : []));
    assert.equal(told.server, `the node at ${node.url}`);
    assert.equal(told.ack.count, 200);
    assert.equal(told.delivery.count, 400);
    for (const trouble of ['lost', 'repeated', 'reordered', 'never_delivered', 'unanswered', 'refused'])
      assert.equal(told[trouble], 0, trouble);
    const used = told.course.filter(({ cpu }) => cpu > 0);
    assert.ok(used.length > 0, 'it used its processor');
    for (const { resident_mib: mib } of told.course) assert.ok(mib > 10 && mib < 1000, `${mib} MiB`);
  });
