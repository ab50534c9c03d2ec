// HAProxy and nginx in front of nodes, with the files of config/cluster, on free ports.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { whenTestsEnd } from './end_of_tests.mjs';
import { freePort, repository, until } from './parleyd.mjs';

export const example = (name) => path.join(repository, 'config/cluster', name);

// Debian has both where only root looks for programs.
const environment = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
export const run = (command, args, options = {}) =>
  spawnSync(command, args, { encoding: 'utf8', env: environment, ...options });

const running = new Set();
whenTestsEnd(() => running.forEach((proxy) => proxy.end()));

/** What clients take for a node. */
class Proxy {
  violations = [];
  tls = null;
  agent = new http.Agent({ keepAlive: true, timeout: 30_000 });
  output = '';
  headersOfItsOwn = ['date']; // nginx dates an upgrade too

  constructor(name, port, operatorsPort, folder) {
    Object.assign(this, { name, port, operatorsPort, folder });
    this.url = `http://127.0.0.1:${port}`;
    this.wsUrl = `ws://127.0.0.1:${port}`;
    running.add(this);
  }

  async start(args, env = {}) {
    const proc = spawn(this.name, args, {
      env: { ...environment, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process = proc;
    let fault;
    proc.on('error', (error) => (fault = error));
    for (const stream of [proc.stdout, proc.stderr]) stream.on('data', (text) => (this.output += text));
    this.exited = new Promise((resolve) => proc.on('close', resolve));
    await until(async () => {
      if (fault || proc.exitCode !== null) throw new Error(`${this.name} ended: ${fault ?? this.output}`);
      return (await fetch(`${this.url}/healthz`).catch(() => null))?.status === 200;
    }, `an answer through ${this.name}`);
    return this;
  }

  /** Whether HAProxy sends something to the node of that number, 1 to 3. */
  async uses(number) {
    const text = await (await fetch(`http://127.0.0.1:${this.operatorsPort}/metrics`)).text();
    return text.includes(`haproxy_server_status{proxy="nodes",server="node${number}",state="UP"} 1`);
  }

  async stop() {
    this.agent.destroy();
    this.process.kill('SIGTERM');
    await this.exited;
    this.end();
    if (this.violations.length > 0)
      throw new Error(`against the contract:\n${this.violations.slice(0, 5).join('\n')}`);
  }

  end() {
    this.process?.kill('SIGKILL');
    if (this.folder) rmSync(this.folder, { recursive: true, force: true });
    running.delete(this);
  }
}

/** Addresses of the example's three nodes; those that are not given are places where nobody listens. */
const addresses = async (nodes) =>
  Promise.all([0, 1, 2].map(async (i) => `127.0.0.1:${nodes[i]?.port ?? (await freePort())}`));

export async function startHaproxy(nodes) {
  const [port, operators] = [await freePort(), await freePort()];
  const [first, second, third] = await addresses(nodes);
  return new Proxy('haproxy', port, operators).start(['-db', '-f', example('haproxy.cfg')], {
    PARLEY_BIND: `127.0.0.1:${port}`,
    PARLEY_OPERATORS_BIND: `127.0.0.1:${operators}`,
    PARLEY_NODE_1: first,
    PARLEY_NODE_2: second,
    PARLEY_NODE_3: third,
  });
}

/** A whole configuration of nginx with the example in it; its file. */
export function nginxFile(folder, site) {
  const log = path.join(folder, 'access.log');
  writeFileSync(path.join(folder, 'site.conf'), site.replace(/\/var\/log\/nginx\/\w+\.log/, log));
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (part) => `${part}_temp_path ${folder}/${part};`,
  );
  const main = `daemon off; pid ${folder}/pid; error_log stderr; events {}\n`;
  writeFileSync(
    path.join(folder, 'nginx.conf'),
    `${main}http { ${places.join(' ')} include ${folder}/site.conf; }\n`,
  );
  return path.join(folder, 'nginx.conf');
}

export async function startNginx(nodes) {
  const port = await freePort();
  const folder = mkdtempSync(path.join(tmpdir(), 'parley-nginx-'));
  const at = await addresses(nodes);
  const site = readFileSync(example('nginx.conf'), 'utf8')
    .replace('listen 8000', `listen 127.0.0.1:${port}`)
    .replace(/127\.0\.0\.1:800([123])\b/g, (_, number) => at[number - 1]);
  return new Proxy('nginx', port, null, folder).start(['-e', 'stderr', '-c', nginxFile(folder, site)]);
}

/** nginx before one node, as docs/operations.md has it, but for the certificate and the places. */
export async function startDocumentedNginx(node) {
  const port = await freePort();
  const folder = mkdtempSync(path.join(tmpdir(), 'parley-nginx-'));
  const [, site] = readFileSync(path.join(repository, 'docs/operations.md'), 'utf8').match(/```nginx\n([\s\S]+?)```/);
  const here = site
    .replace('listen 443 ssl', `listen 127.0.0.1:${port}`)
    .replace(/^\s*ssl_.*$/gm, '')
    .replace('127.0.0.1:8000', `127.0.0.1:${node.port}`);
  return new Proxy('nginx', port, null, folder).start(['-e', 'stderr', '-c', nginxFile(folder, here)]);
}
