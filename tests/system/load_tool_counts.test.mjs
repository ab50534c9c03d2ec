// What parley-bench counts, held against a server that loses a message of one connection, repeats one of another and
// turns two of a third round: each scenario that looks at messages must say so, and end with 1.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { binary, deadlineMs } from '../support/parleyd.mjs';
import { postgresInUse } from '../support/postgres.mjs';

const tool = path.join(path.dirname(binary), 'parley-bench');
const skip =
  (!existsSync(tool) && `there is no parley-bench beside ${binary}`) ||
  (postgresInUse && 'the tool starts nodes of its own, the same as in the run on SQLite');
const meddling = fileURLToPath(new URL('../support/meddling_parleyd.mjs', import.meta.url));

/** Exit code and report of a scenario. */
function run(scenario, meddle = '') {
  const { status, error, stdout, stderr } = spawnSync(tool, [...scenario.split(' '), '--server', meddling, '--json'], {
    encoding: 'utf8',
    env: { ...process.env, PARLEYD: binary, MEDDLE: meddle },
    timeout: 6 * deadlineMs,
    killSignal: 'SIGKILL',
  });
  assert.ok(status === 0 || status === 1, error?.message ?? stderr);
  return { status, report: JSON.parse(stdout) };
}

describe('a server that loses, repeats and turns round', { skip }, () => {
  for (const scenario of [
    'fanout --members 5 --outstanding 4 --seconds 1 --runs 1 --alone',
    'rooms --rooms 4 --seconds 1 --runs 1 --alone',
    'latency --rooms 2 --members 4 --rate 100 --warm-up 1 --seconds 1',
    'mixed --rooms 5 --small 3 --large 4 --rate 200 --warm-up 1 --seconds 2',
    'replay --clients 10 --users 10 --rooms 2 --missed 20 --bound 3',
    'durable --store sqlite --senders 6 --rooms 1 --seconds 1 --runs 1 --alone',
  ])
    test(`${scenario.split(' ')[0]} says so`, () => {
      // A day in the life has the rules of verify, by which what comes late was a hole before.
      const holes = scenario.startsWith('mixed') ? 2 : 1;
      const { status, report } = run(scenario);
      const told = Array.isArray(report) ? report[0] : report;
      const { lost, repeated, reordered } = told;
      assert.deepEqual({ lost, repeated, reordered, status }, { lost: holes, repeated: 1, reordered: 1, status: 1 });
    });

  test('connect says that there were errors, though all came in', () => {
    const scenario = 'connect --connections 20 --users 20 --rooms 2 --runs 1 --alone';
    for (const [meddle, expected] of [
      ['errors', [false, 1]],
      ['', [true, 0]],
    ]) {
      const { status, report } = run(scenario, meddle);
      assert.deepEqual([report.good, status], expected, report.verdict);
    }
  });

  test('peers say so', () => {
    const { status, report } = run('peers --peers parley --work custom --rooms 2 --members 4 --seconds 1 --runs 1');
    const [{ lost, repeated, reordered }] = report.works[0].peers;
    assert.deepEqual([lost.median, repeated.median, reordered.median, status], [1, 1, 1, 1]);
  });
});
