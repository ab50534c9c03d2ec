// ./dev cluster as a person uses it: it says what runs, what is killed comes back, and Ctrl-C leaves nothing behind.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { newAccount } from '../support/client.mjs';
import { whenTestsEnd } from '../support/end_of_tests.mjs';
import { binary, repository, until } from '../support/parleyd.mjs';
import { postgresInUse } from '../support/postgres.mjs';

// It brings its own, but is worth one run.
const skip = !postgresInUse && 'it runs with the tests on PostgreSQL';
let folder;
const processes = [];
whenTestsEnd(() => processes.forEach((proc) => proc.kill('SIGKILL')));
before(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'parley-dev-cluster-'));
  chmodSync(folder, 0o755); // for the user of PostgreSQL
});
after(() => rmSync(folder, { recursive: true, force: true }));

function devCluster(...args) {
  const proc = spawn(path.join(repository, 'scripts/dev_cluster.sh'), ['--folder', folder, ...args], {
    env: { ...process.env, PARLEYD: binary },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  processes.push(proc);
  const cluster = { proc, output: '' };
  for (const stream of [proc.stdout, proc.stderr]) stream.on('data', (text) => (cluster.output += text));
  cluster.exited = new Promise((resolve) => proc.on('close', (code) => resolve(code)));
  cluster.exited.then((code) => (cluster.code = code));
  cluster.says = (pattern) =>
    until(
      () => {
        const found = cluster.output.match(pattern);
        if (!found && cluster.code !== undefined)
          throw new Error(`it ended with ${cluster.code}: ${cluster.output}`);
        return found;
      },
      `${pattern} in ${cluster.output}`,
      90_000,
    );
  return cluster;
}

const lives = (pid) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('./dev cluster runs until Ctrl-C, and what is killed comes back', { skip }, async () => {
  // The nodes take the ports behind it: not among those that the kernel gives to the other tests' connections.
  const port = String(20_000 + Math.floor(Math.random() * 10_000));
  const cluster = devCluster('--port', port, '--comes-back-after', '1');
  await cluster.says(/Ctrl-C ends everything/);
  const url = `http://localhost:${port}`;
  const proxy = { url, wsUrl: url.replace('http', 'ws'), violations: [] };
  const pids = [...cluster.output.matchAll(/pid (\d+)/g)].map(([, pid]) => Number(pid));
  const [, redis, postgres, haproxy] = cluster.output.match(
    /kill -KILL (\d+) +Redis dies \(PostgreSQL is (\d+), HAProxy (\d+)\)/,
  );
  assert.equal(pids.length, 3);

  const ann = await newAccount(proxy, 'ann');
  const room = await ann.group('cluster', []);
  await ann.post(room, 'hello');
  assert.equal((await ann.history(room)).items[0].content, 'hello');

  const second = devCluster('--port', port);
  assert.equal(await second.exited, 1);
  assert.match(second.output, new RegExp(`port ${port} is taken`));

  const [, address] = cluster.output.match(/node1 +(http:\S+)\//);
  process.kill(pids[0], 'SIGKILL');
  const [, fresh] = await cluster.says(/node1 is started again, pid (\d+)/);
  await until(
    async () => (await fetch(`${address}/readyz`).catch(() => null))?.status === 200,
    'node1 serves again',
  );

  cluster.proc.kill('SIGINT');
  assert.equal(await cluster.exited, 0, cluster.output);
  for (const pid of [...pids, fresh, redis, postgres, haproxy])
    assert.ok(!lives(Number(pid)), `${pid} still runs`);
  assert.deepEqual(proxy.violations, []);
});
