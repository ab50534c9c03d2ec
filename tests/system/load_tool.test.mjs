// parley-bench against a node that runs already, as an operator uses it: what it says of that node's process.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { unlimited } from '../support/moderation.mjs';
import { binary, deadlineMs, startParleyd } from '../support/parleyd.mjs';
import { postgresInUse } from '../support/postgres.mjs';

const tool = path.join(path.dirname(binary), 'parley-bench');
const skip = !existsSync(tool) && `there is no parley-bench beside ${binary}`;
const load = ['latency', '--rooms', '4', '--members', '3', '--rate', '100', '--warm-up', '1', '--seconds', '2'];

/** What the tool prints as JSON, and how it ends: with 1 when something was not kept. */
function run(...args) {
  const { status, error, stdout, stderr } = spawnSync(tool, [...args, '--json'], {
    encoding: 'utf8',
    timeout: 8 * deadlineMs,
    killSignal: 'SIGKILL',
  });
  assert.ok(status === 0 || status === 1, error?.message ?? stderr);
  return { status, stderr, report: JSON.parse(stdout) };
}

const troubles = ['lost', 'repeated', 'reordered', 'never_delivered', 'unanswered'];

describe('a node that runs already', { skip }, () => {
  let node;
  before(async () => (node = await startParleyd({ set: { ...unlimited, 'limits.register_rate_per_minute': 0 } })));
  after(() => node?.stop());

  const measure = (...args) => {
    const { status, stderr, report } = run(...load, '--node', node.url, ...args);
    assert.equal(status, 0, stderr);
    return report;
  };

  for (const [from, how] of [
    ['/metrics', () => []],
    ['/proc', () => ['--pid', String(node.proc.pid)]],
  ])
    test(`its CPU and its memory come from ${from}, and each message from its sender to the others`, () => {
      const told = measure(...how());
      assert.equal(told.server, `the node at ${node.url}`);
      assert.equal(told.ack.count, 200);
      assert.equal(told.delivery.count, 400);
      for (const trouble of [...troubles, 'refused']) assert.equal(told[trouble], 0, trouble);
      assert.ok(told.course.some(({ cpu }) => cpu > 0), 'it used its processor');
      const sizes = told.course.map(({ resident_mib }) => resident_mib).filter((mib) => mib !== null);
      assert.ok(sizes.length > 0);
      for (const mib of sizes) assert.ok(mib > 5 && mib < 1000, `${mib} MiB`);
    });
});

const ownNodes = postgresInUse && 'the tool starts nodes of its own, the same as in the run on SQLite';

describe('what a node holds', { skip: skip || ownNodes }, () => {
  const started = ['--server', binary, '--rooms', '40'];

  // They begin where most trials are held.
  for (const scenario of [
    ['latency', '--members', '3', '--rate', '4000'],
    ['mixed', '--large', '12', '--rate', '500'],
  ]) {
    test(`the highest rate that keeps a level lies between one that was held and one that was not: ${scenario[0]}`, () => {
      const { status, report } = run(...scenario, ...started, '--find-max', '--slo', 'p99=150ms', '--seconds', '1', '--warm-up', '0.5');
      assert.equal(status, 0);
      const held = report.trials.filter(({ objection }) => objection === '').map(({ rate }) => rate);
      const notHeld = report.trials.filter(({ objection }) => objection !== '').map(({ rate }) => rate);
      assert.equal(report.highest_rate, Math.max(...held));
      assert.ok(notHeld.some((rate) => rate > report.highest_rate && rate < report.highest_rate * 1.06), `${notHeld}`);
      for (const trouble of troubles) assert.equal(report[trouble], 0, trouble);
    });
  }

  test('of more than it answers in time it refuses some with busy, loses nothing and goes on', () => {
    // More than can be sent: then each client has all under way that it may have, and waits for more than a millisecond.
    // SQLite's pages are kept as the file grows, up to 64 MiB: that is no queue.
    const { report } = run('overload', '--members', '3', ...started, '--full', '4000', '--times', '50', '--seconds', '2', '--set', 'limits.overload_ms=1', '--set', 'net.threads=1', '--set', 'store.cache_bytes=1048576');
    assert.ok(report.busy_per_second > 0, 'some were refused');
    assert.ok(report.acknowledged_per_second > 0, 'and some were taken');
    assert.equal(report.refused_otherwise, 0);
    for (const trouble of troubles) assert.equal(report[trouble], 0, trouble);
    assert.ok(report.ack_after.count > 0);
    assert.ok(report.growth_mib < 64, `${report.growth_mib} MiB`);
  });
});
