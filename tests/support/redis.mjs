// A Redis server of the test's own, on a free port, that keeps nothing on disk.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
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
    const log = path.join(this.#folder, 'redis.log');
    const nothingKept = ['--save', '', '--appendonly', 'no', '--logfile', log];
    const server = spawn('redis-server', [...where, ...nothingKept, ...this.#options].map(String), { stdio: 'ignore' });
    let fault;
    server.on('error', (error) => (fault = error));
    this.#process = server;
    // Another one may have taken the port. An answer that a password is missing is one too.
    const isIt = new RegExp(`^process_id:${server.pid}\\r?$|^NOAUTH`, 'm');
    const answers = () =>
      fault ||
      server.exitCode !== null ||
      isIt.test(spawnSync('redis-cli', ['-p', String(this.port), 'INFO', 'server'], { encoding: 'utf8' }).stdout);
    await until(answers, 'Redis', 30_000);
    if (!fault && server.exitCode === null) return this;
    const said = existsSync(log) ? readFileSync(log, 'utf8').slice(-1000) : 'is the package redis-server installed?';
    throw new Error(`Redis did not start (${fault?.message ?? server.exitCode}): ${said}`);
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
export async function startRedis({ port, options = [] } = {}) {
  for (let tries = 1; ; tries += 1) {
    const server = new Redis(port ?? (await freePort()), options);
    try {
      return await server.start();
    } catch (error) {
      server.end();
      // Another process may have taken the port between the look and the start.
      if (port || tries === 3 || !/in use/i.test(error.message)) throw error;
    }
  }
}

/** Whether the program is here at all. */
export const redisIsInstalled = () => !spawnSync('redis-server', ['--version']).error;
