// Starts the real parleyd on a free port with a directory of its own, and ends it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { deadlineMs, whenTestsEnd } from './end_of_tests.mjs';
import { dropDatabase, newDatabase, postgresInUse } from './postgres.mjs';

export const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const binary = path.resolve(process.env.PARLEYD ?? path.join(repository, 'build/release/bin/parleyd'));

export { deadlineMs };

const running = new Set();
whenTestsEnd(() => running.forEach((process) => process.kill('SIGKILL')));

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Polls until `probe` returns something truthy, which is the result. */
export async function until(probe, what, withinMs = deadlineMs) {
  const end = Date.now() + withinMs;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > end) throw new Error(`it never came: ${what}`);
    await pause(15);
  }
}

/** SIGSTOP, done once every thread stands still: until then, what arrives behind the signal may still be served. */
export async function stopProcess(proc) {
  proc.kill('SIGSTOP');
  const tasks = `/proc/${proc.pid}/task`;
  // The state is the first word behind the name, which stands in brackets and may hold anything: proc(5).
  const state = (task) => {
    try {
      return /.*\) (\w)/s.exec(readFileSync(`${tasks}/${task}/stat`, 'utf8'))[1];
    } catch {
      return 'gone'; // between the listing and the look
    }
  };
  await until(() => readdirSync(tasks).every((task) => state(task) === 'T'), 'the process stands still');
}

export async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** The inherited environment without the keys that would configure the node. */
function cleanEnvironment(extra) {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('PARLEY'));
  return { ...Object.fromEntries(kept), ...extra };
}

/** One running node. `violations` gathers what the test clients saw against the contract. */
export class Parleyd {
  constructor({ set = {}, env = {}, config = '', dev = false, tls = null, listen = null, args = [] }) {
    this.options = { set, env, config, dev, tls, listen, args };
    this.tls = tls;
    this.dir = mkdtempSync(path.join(tmpdir(), 'parley-test-'));
    this.storeUrl = `sqlite:${this.dir}/parley.db`;
    this.hasOwnDatabase = false;
    this.output = '';
    this.violations = [];
    this.proc = null;
    this.agent = null;
  }

  get url() {
    return `${this.tls ? 'https' : 'http'}://127.0.0.1:${this.port}`;
  }
  get wsUrl() {
    return `${this.tls ? 'wss' : 'ws'}://127.0.0.1:${this.port}`;
  }
  /** Everything that the process has written so far. */
  logs() {
    return this.output;
  }

  commandLine() {
    const { set, config, dev, tls, listen, args } = this.options;
    const settings = {
      'net.listen': listen ?? `127.0.0.1:${this.port}`,
      'store.url': this.storeUrl,
      'drain.seconds': 0.1,
      'admin.socket': `${this.dir}/admin.sock`,
      ...(postgresInUse && { 'store.workers': 2 }), // so that transactions of one node cross on any machine
      ...(process.env.TEST_NET_SEND && { 'net.send': process.env.TEST_NET_SEND }),
      ...(tls && { 'net.tls_certificate': tls.certificate, 'net.tls_key': tls.key }),
      ...set,
    };
    const line = [...args];
    if (config) {
      writeFileSync(path.join(this.dir, 'parley.toml'), config);
      line.push('--config', path.join(this.dir, 'parley.toml'));
    }
    for (const [key, value] of Object.entries(settings))
      if (value !== undefined) line.push('--set', `${key}=${value}`);
    if (dev) line.push('--dev');
    return line;
  }

  /** Starts the process without waiting; `exited` becomes {code, signal}. */
  spawn() {
    const proc = spawn(binary, this.commandLine(), {
      cwd: this.dir,
      env: cleanEnvironment(this.options.env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(proc);
    for (const stream of [proc.stdout, proc.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (this.output += text));
    }
    this.proc = proc;
    this.exited = new Promise((resolve) => {
      proc.on('error', (error) => resolve({ code: null, signal: null, error }));
      proc.on('close', (code, signal) => {
        running.delete(proc);
        resolve({ code, signal });
      });
    });
    const secure = this.tls && { ca: this.tls.ca };
    this.agent?.destroy();
    // Idle connections end on this side, long before the server ends them: a request sent meanwhile would be reset.
    const kept = { keepAlive: true, timeout: 30_000 };
    this.agent = this.tls ? new https.Agent({ ...kept, ...secure }) : new http.Agent(kept);
  }

  /** Starts the process and waits until /readyz answers 200. */
  async start() {
    this.port ??= await freePort();
    if (postgresInUse && !this.hasOwnDatabase) {
      this.storeUrl = newDatabase();
      this.hasOwnDatabase = true;
    }
    this.spawn();
    let ended = null;
    this.exited.then((how) => (ended = how));
    await until(
      async () => {
        if (ended) throw new Error(`parleyd ended: ${JSON.stringify(ended)}\n${this.output.slice(-4000)}`);
        return (await this.status('/readyz')) === 200;
      },
      `/readyz 200 from ${binary}\n${this.output.slice(-4000)}`,
    );
    return this;
  }

  /** Starts on any port: another process may take the one that was free between the look and the start. */
  async startAnywhere() {
    for (let tries = 1; ; tries += 1) {
      const before = this.output.length;
      try {
        return await this.start();
      } catch (error) {
        if (tries === 3 || this.options.listen || !/in use|EADDRINUSE/i.test(this.output.slice(before))) throw error;
        this.port = null;
      }
    }
  }

  /** The status of a plain GET, or null when nobody answers. */
  status(target) {
    const { get } = this.tls ? https : http;
    return new Promise((resolve) => {
      const options = { agent: false, ...(this.tls && { ca: this.tls.ca }) };
      const request = get(this.url + target, options, (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode));
        answer.on('error', () => resolve(null));
      });
      request.setTimeout(2_000, () => request.destroy());
      request.on('error', () => resolve(null));
    });
  }

  /** Runs parleyctl with the node's own settings; answers {code, stdout, stderr}. */
  async parleyctl(args, input = '') {
    const settings = this.commandLine().filter((argument) => argument !== '--dev');
    const proc = spawn(path.join(path.dirname(binary), 'parleyctl'), [...args, ...settings], {
      cwd: this.dir,
      env: cleanEnvironment(this.options.env),
    });
    const texts = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr']) {
      proc[stream].setEncoding('utf8').on('data', (text) => (texts[stream] += text));
    }
    proc.stdin.on('error', () => {}).end(input);
    const [code] = await once(proc, 'close');
    return { code, ...texts };
  }
  /** The same, which must work; answers what its JSON says. */
  async operate(args, input = '') {
    const { code, stdout, stderr } = await this.parleyctl(['--json', ...args], input);
    if (code !== 0) throw new Error(`parleyctl ${args.join(' ')} ended with ${code}: ${stderr}`);
    return stdout === '' ? null : JSON.parse(stdout);
  }

  signal(name) {
    this.proc.kill(name);
  }

  /** Its connections stay and say nothing, until resume(). */
  pause() {
    return stopProcess(this.proc);
  }

  resume() {
    this.signal('SIGCONT');
  }

  /** SIGKILL; the directory stays, so that start() goes on from what was stored. */
  async kill() {
    this.signal('SIGKILL');
    return this.exited;
  }

  /** SIGTERM, and how the process ended. */
  async terminate(withinMs = deadlineMs) {
    this.signal('SIGTERM');
    const late = setTimeout(() => this.signal('SIGKILL'), withinMs);
    const how = await this.exited;
    clearTimeout(late);
    return how;
  }

  /** Sends the signal and fails unless the process ends within that time. Answers how. */
  async endsWithin(ms, name = 'SIGTERM') {
    const begun = performance.now();
    const late = setTimeout(() => this.signal('SIGKILL'), deadlineMs);
    this.signal(name);
    const how = await this.exited;
    clearTimeout(late);
    const took = Math.round(performance.now() - begun);
    if (took > ms) throw new Error(`${name} took ${took} ms, ${ms} are allowed\n${this.output.slice(-2000)}`);
    return how;
  }

  async restart() {
    const how = await this.terminate();
    if (how.code !== 0) throw new Error(`parleyd did not end by itself: ${JSON.stringify(how)}`);
    return this.start();
  }

  /** Ends the node and removes its directory; fails if it did not exit 0 or if the contract was broken. */
  async stop() {
    this.agent?.destroy();
    const how = (this.proc.exitCode ?? this.proc.signalCode) ? await this.exited : await this.terminate();
    rmSync(this.dir, { recursive: true, force: true });
    if (this.hasOwnDatabase) dropDatabase(this.storeUrl);
    if (this.violations.length > 0) {
      throw new Error(
        `against the contract (${this.violations.length}):\n${this.violations.slice(0, 5).join('\n')}`,
      );
    }
    const killedByTest = how.signal === 'SIGKILL' && this.expectKilled;
    if (how.code !== 0 && !killedByTest && !this.mayFail) {
      throw new Error(`parleyd ended with ${JSON.stringify(how)}\n${this.output.slice(-4000)}`);
    }
  }
}

/** The way in for tests: a node that is ready. Options: set {key: value}, env, config (TOML text), dev, tls. A key set to undefined keeps its default. */
export async function startParleyd(options = {}) {
  if (!existsSync(binary)) throw new Error(`there is no parleyd at ${binary}; build it or set PARLEYD`);
  return new Parleyd(options).startAnywhere();
}

/** Runs parleyd to its end, for command lines that are refused or only print. */
export async function runParleyd(options = {}) {
  const node = new Parleyd(options);
  node.port = await freePort();
  node.spawn();
  const late = setTimeout(() => node.signal('SIGKILL'), deadlineMs);
  const how = await node.exited;
  clearTimeout(late);
  rmSync(node.dir, { recursive: true, force: true });
  return { ...how, output: node.output };
}
