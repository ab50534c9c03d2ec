// What parleyd says and does by its command line and environment.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { newAccount } from '../support/client.mjs';
import { runParleyd, startParleyd } from '../support/parleyd.mjs';
import { dropDatabase, newDatabase, postgresInUse, queryRows } from '../support/postgres.mjs';

test('--version says name and version and exits 0', async () => {
  const { code, output } = await runParleyd({ args: ['--version'] });
  assert.equal(code, 0);
  assert.match(output, /parleyd? \d+\.\d+\.\d+/i);
});

test('--print-config prints every key as it stands, and what it prints is taken as a file', async () => {
  const { code, output } = await runParleyd({
    args: ['--print-config'],
    set: { 'replay.limit': 77 },
    env: { PARLEY_NODE_NAME: 'from-environment' },
  });
  assert.equal(code, 0);
  assert.match(output, /limit = 77/);
  assert.match(output, /name = ["']from-environment["']/);
  const again = await runParleyd({ args: ['--check-config'], config: output });
  assert.equal(again.code, 0, again.output);
});

test('a value on the command line wins over the environment, which wins over the file', async () => {
  const options = {
    args: ['--print-config'],
    config: '[node]\nname = "file"\n[replay]\nlimit = 11\n[presence]\ngrace_seconds = 9\n',
  };
  const { output } = await runParleyd({
    ...options,
    env: { PARLEY_NODE_NAME: 'environment', PARLEY_REPLAY_LIMIT: '12' },
    set: { 'node.name': 'set' },
  });
  assert.match(output, /name = ["']set["']/);
  assert.match(output, /limit = 12/);
  assert.match(output, /grace_seconds = 9/);
});

const refused = {
  'an unknown key': [{ set: { 'net.lisen': 'x' } }, /net\.lisen/],
  'a value of the wrong type': [{ set: { 'replay.limit': 'many' } }, /replay\.limit/],
  'a negative number': [{ set: { 'replay.limit': -1 } }, /replay\.limit/],
  'an unknown store': [{ set: { 'store.url': 'mongodb://x' } }, /store\.url/],
  'an address that is none': [{ set: { 'net.listen': 'everywhere' } }, /net\.listen/],
  'an origin that no page can have': [{ set: { 'net.allowed_origins': '["chat.example.org"]' } }, /net\.allowed_origins.*chat/],
  'a TLS file that is not there': [
    { set: { 'net.tls_certificate': '/nowhere/cert.pem', 'net.tls_key': '/nowhere/key.pem' } },
    /net\.tls_certificate.*cert\.pem/,
  ],
  'a certificate without a key': [{ set: { 'net.tls_certificate': '/x.pem' } }, /tls_key/],
  'a file that is no TOML': [{ config: 'net = [' }, /parley\.toml/],
  'an unknown log level': [{ set: { 'log.level': 'loud' } }, /log\.level/],
};
for (const [what, [options, named]] of Object.entries(refused)) {
  test(`${what} is refused, by --check-config and at the start, and named`, async () => {
    for (const args of [['--check-config'], []]) {
      const { code, output } = await runParleyd({ ...options, args });
      assert.ok(code > 0, `exit code ${code}`);
      assert.match(output, named);
    }
  });
}

// Orchestrators set PARLEY_… names of their own, such as PARLEY_SERVICE_HOST for a service named parley.
test('an unknown variable is warned about in the log, and the node starts', async () => {
  const parley = await startParleyd({ env: { PARLEY_NET_LISEN: 'x', PARLEY_SERVICE_HOST: '10.0.0.1' } });
  try {
    for (const name of ['PARLEY_NET_LISEN', 'PARLEY_SERVICE_HOST'])
      assert.match(parley.logs(), new RegExp(`warn.*${name}`));
  } finally {
    await parley.stop();
  }
});

test('--migrate-only makes the store and exits 0', async () => {
  const { code, output } = await runParleyd({ args: ['--migrate-only'] });
  assert.equal(code, 0, output);
});

test('--migrate-plan names what --migrate-only would do, and does nothing', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'parley-plan-'));
  const url = postgresInUse ? newDatabase() : `sqlite:${folder}/parley.db`;
  const run = (...args) => runParleyd({ args, set: { 'store.url': url } });
  try {
    const plan = await run('--migrate-plan');
    assert.equal(plan.code, 0, plan.output);
    const steps = plan.output.split('\n').filter((line) => /^\d{4}_\w+/.test(line));
    assert.ok(steps.length > 1, plan.output);
    assert.deepEqual([...steps].sort(), steps, 'in order');
    assert.equal((await run('--migrate-plan')).output, plan.output, 'nothing has changed');
    if (postgresInUse) {
      const tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
      assert.deepEqual(queryRows(url, tables), [['0']]);
    } else {
      assert.equal(existsSync(`${folder}/parley.db`), false);
    }
    assert.equal((await run('--migrate-only')).code, 0);
    const after = await run('--migrate-plan');
    assert.equal(after.code, 0);
    assert.match(after.output, /up to date/);
    for (const step of steps) assert.ok(!after.output.includes(step), after.output);
  } finally {
    if (postgresInUse) dropDatabase(url);
    rmSync(folder, { recursive: true, force: true });
  }
});

test('logs in JSON are one object a line', async () => {
  const parley = await startParleyd({ set: { 'log.format': 'json', 'log.level': 'debug' } });
  try {
    await (await (await newAccount(parley)).connect()).close();
    const lines = parley.logs().split('\n').filter(Boolean);
    assert.ok(lines.length > 0);
    for (const line of lines) assert.equal(typeof JSON.parse(line), 'object', line);
  } finally {
    await parley.stop();
  }
});

const onlySqlite = postgresInUse && 'PostgreSQL is shared by several nodes';
test('a store that another node has open is refused with a clear word', { skip: onlySqlite }, async () => {
  const parley = await startParleyd();
  try {
    const { code, output } = await runParleyd({ set: { 'store.url': `sqlite:${parley.dir}/parley.db` } });
    assert.ok(code > 0, `exit code ${code}`);
    assert.match(output, /parley\.db|lock|another/i);
  } finally {
    await parley.stop();
  }
});

test('a port that is taken is refused with a clear word, and the store is left as it is', async () => {
  const parley = await startParleyd();
  const store = path.join(parley.dir, 'other.db');
  try {
    const { code, output } = await runParleyd({
      listen: `127.0.0.1:${parley.port}`,
      set: { 'store.url': `sqlite:${store}` },
    });
    assert.ok(code > 0, `exit code ${code}`);
    assert.match(output, /in use/i);
    assert.equal(existsSync(store), false);
  } finally {
    await parley.stop();
  }
});
