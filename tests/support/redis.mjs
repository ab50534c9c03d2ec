// A Redis server of the test's own, on a free port, that keeps nothing on disk.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { whenTestsEnd } from './end_of_tests.mjs';
import { freePort, stopProcess, until } from './parleyd.mjs';

const servers = new Set();
// Whatever ends the tests ends the servers.
whenTestsEnd(() => servers.forEach((server) => server.end()));

class Redis {
  #folder = mkdtempSync(path.join(tmpdir(), 'parley-redis-'));
  #options;
  #process;

  constructor(port, options) {
    this.port = port;
    this.url = `redis://127.0.0.1:${port}/0`;
    this.#options = options;
    servers.add(this);
  }

  async start() {
    const where = ['--port', this.port, '--bind', '127.0.0.1', '--dir', this.#folder, '--daemonize', 'no'];
    const nothingKept = ['--save', '', '--appendonly', 'no', '--logfile', path.join(this.#folder, 'redis.log')];
    const server = spawn('redis-server', [...where, ...nothingKept, ...this.#options].map(String), { stdio: 'ignore' });
    let fault;
    server.on('error', (error) => (fault = error));
    this.#process = server;
    // An answer that a password is missing is one too.
    const answers = () =>
      fault || server.exitCode !== null || spawnSync('redis-cli', ['-p', String(this.port), 'PING']).status === 0;
    await until(answers, 'Redis', 30_000);
    if (fault || server.exitCode !== null)
      throw new Error(`Redis did not start (${fault?.message ?? server.exitCode}); is the package redis-server installed?`);
    return this;
  }

  /** At once, as a crash would; all that it held is gone. */
  async kill() {
    const server = this.#process;
    this.#process = undefined;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const gone = new Promise((resolve) => server.on('exit', resolve));
    server.kill('SIGKILL');
    await gone;
  }

  /** Empty again, on the same port. */
  async restart() {
    await this.kill();
    await this.start();
  }

  /** Connections stay and say nothing, until resume(). */
  pause() {
    return stopProcess(this.#process);
  }

  resume() {
    this.#process.kill('SIGCONT');
  }

  /** What redis-cli prints. */
  cli(...args) {
    return execFileSync('redis-cli', ['-p', String(this.port), ...args.map(String)], { encoding: 'utf8' }).trim();
  }

  /** For good, with its folder. */
  async stop() {
    await this.kill();
    this.end();
  }

  end() {
    this.#process?.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
    servers.delete(this);
  }
}

/** Starts one, until it answers. `options` for redis-server, as ['--requirepass', 'secret']. */
export const startRedis = async ({ port, options = [] } = {}) => new Redis(port ?? (await freePort()), options).start();

/** Whether the program is here at all. */
export const redisIsInstalled = () => !spawnSync('redis-server', ['--version']).error;
