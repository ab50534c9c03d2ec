// Runs a command beside a PostgreSQL server that is there for it alone: with_postgres.mjs COMMAND ARGUMENTS...
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, until } from './parleyd.mjs';

const script = path.join(path.dirname(fileURLToPath(import.meta.url)), 'temporary_postgres.sh');
const folder = mkdtempSync(path.join(tmpdir(), 'parley-postgres-'));
const port = await freePort();
const server = spawn(script, [folder, String(port)], { stdio: ['ignore', 'inherit', 'inherit'] });
const ended = new Promise((resolve) => server.on('exit', resolve));

const answers = () =>
  spawnSync('pg_isready', ['-q', '-h', '127.0.0.1', '-p', String(port)]).status === 0 ||
  (server.exitCode !== null && 'ended');
try {
  if ((await until(answers, 'PostgreSQL', 60_000)) === 'ended') {
    throw new Error('PostgreSQL did not start; is the package postgresql installed?');
  }
  const [command, ...args] = process.argv.slice(2);
  const run = spawn(command, args, {
    stdio: 'inherit',
    env: { ...process.env, TEST_POSTGRES: `postgresql://parley@127.0.0.1:${port}` },
  });
  process.exitCode = await new Promise((resolve) => run.on('exit', (code) => resolve(code ?? 1)));
} finally {
  server.kill('SIGQUIT');
  await ended;
  rmSync(folder, { recursive: true, force: true });
}
