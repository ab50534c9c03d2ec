// The files of config/cluster: each is taken by the program that it is for, and names only what there is.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { Account, newAccount } from '../support/client.mjs';
import { startBeside } from '../support/files.mjs';
import { metric } from '../support/metrics.mjs';
import { unlimited } from '../support/moderation.mjs';
import { freePort, repository, runParleyd, startParleyd, until } from '../support/parleyd.mjs';
import { postgresInUse } from '../support/postgres.mjs';
import { example, nginxFile, run, startHaproxy } from '../support/proxies.mjs';
import { startRedis } from '../support/redis.mjs';

const read = (name) => readFileSync(example(name), 'utf8');
let folder;
before(() => (folder = mkdtempSync(path.join(tmpdir(), 'parley-examples-'))));
after(() => rmSync(folder, { recursive: true, force: true }));

const passes = ({ status, stdout, stderr, error }) =>
  assert.equal(status, 0, `${error ?? ''}${stdout}${stderr}`);

test('parleyd takes every file of keys', async () => {
  const files = readdirSync(example('.')).filter((name) => name.endsWith('.toml'));
  assert.ok(files.length > 0);
  for (const file of files) {
    const given = ['net.listen', 'store.url', 'drain.seconds', 'admin.socket'];
    const set = Object.fromEntries(given.map((key) => [key, undefined])); // the file's own, not the harness'
    const { code, output } = await runParleyd({ set, args: ['--config', example(file), '--check-config'] });
    assert.equal(code, 0, `${file}: ${output}`);
  }
});

test('HAProxy takes its file as it stands', () => {
  passes(run('haproxy', ['-c', '-f', example('haproxy.cfg')]));
});

test('nginx takes its file', () => {
  passes(run('nginx', ['-t', '-e', 'stderr', '-c', nginxFile(folder, read('nginx.conf'))]));
});

const noSystemd = Boolean(run('systemd-analyze', ['--version']).error) && 'systemd-analyze is not here';
test('systemd takes the unit, which names no program but parleyd', { skip: noSystemd }, () => {
  const unit = path.join(folder, 'parleyd@.service');
  assert.match(read('parleyd@.service'), /^ExecStart=\/usr\/local\/bin\/parleyd /m);
  // Where it is installed is looked at too.
  writeFileSync(unit, read('parleyd@.service').replace('/usr/local/bin/parleyd', '/bin/true'));
  const verified = run('systemd-analyze', ['verify', unit]);
  passes(verified);
  assert.doesNotMatch(verified.stderr, /parleyd@/);
});

test('the unit sets only variables that name a key, and waits longer than the file drains', async () => {
  const unit = read('parleyd@.service');
  const env = Object.fromEntries(
    [...unit.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name, value]) => [
      name,
      value.replace(/%i/g, '8001').replace('%H', 'host'),
    ]),
  );
  const set = { 'net.listen': undefined, 'store.url': undefined, 'admin.socket': undefined };
  const { output } = await runParleyd({ env, set, config: read('node.toml'), args: ['--print-config'] });
  for (const value of Object.values(env)) assert.match(output, new RegExp(`= ["']${value}["']$`, 'm'));
  const [, ready, seconds] = read('node.toml').match(/^ready_seconds = (\d+)$.*^seconds = (\d+)$/ms);
  const [, timeout] = unit.match(/^TimeoutStopSec=(\d+)$/m);
  assert.ok(Number(timeout) > Number(ready) + Number(seconds) + 25);
});

test('alerts and dashboard ask only for metrics that there are', async () => {
  const node = await startParleyd();
  const proxy = await startHaproxy([node]);
  try {
    const pages = [`${node.url}/metrics`, `http://127.0.0.1:${proxy.operatorsPort}/metrics`];
    const texts = await Promise.all(pages.map(async (page) => (await fetch(page)).text()));
    const there = new Set(['up']); // Prometheus' own
    for (const [, name, type] of texts.join('\n').matchAll(/^# TYPE (\w+) (\w+)$/gm))
      for (const end of type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']) there.add(name + end);
    const alerts = parse(read('alerts.yml')).groups.flatMap(({ rules }) => rules.map(({ expr }) => expr));
    const panels = JSON.parse(read('grafana.json')).panels.flatMap(({ targets }) =>
      targets.map(({ expr }) => expr),
    );
    assert.ok(alerts.length > 5 && panels.length > 5);
    for (const expression of [...alerts, ...panels]) {
      const names = expression.match(/\b(up|parley_\w+|haproxy_\w+)\b/g);
      assert.ok(names, expression);
      for (const name of names) assert.ok(there.has(name), `${name} in ${expression}`);
    }
    const { scrape_configs: jobs, rule_files: rules } = parse(read('prometheus.yml'));
    for (const file of rules) assert.ok(read(file));
    for (const [, job] of read('alerts.yml').matchAll(/job="(\w+)"/g))
      assert.ok(jobs.some((one) => one.job_name === job));
  } finally {
    await proxy.stop();
    await node.stop();
  }
});

describe(
  'a Redis whose user may do what operations.md says',
  { skip: !postgresInUse && 'several nodes need PostgreSQL' },
  () => {
    test('is enough for two nodes, also when it forgets everything, and nothing is refused', async () => {
      const [, line] = readFileSync(path.join(repository, 'docs/operations.md'), 'utf8').match(
        /^redis-cli (ACL SETUSER parley .*)$/m,
      );
      const redis = await startRedis({ port: await freePort() });
      redis.cli(...line.replaceAll("'", '').split(' '));
      const url = redis.url.replace('//', '//parley:PASSWORD@');
      const set = { ...unlimited, 'bus.url': url, 'replay.ring_events': 1 };
      const one = await startParleyd({ set });
      const two = await startBeside(one);
      const toOther = async (ann, room, socket) => {
        for (const node of [one, two])
          await until(async () => (await metric(node, 'buses_up')) === 1, 'the bus is up');
        const before = await metric(two, 'stream_batches_read_total');
        const { seq } = await ann.post(room, 'hello');
        await socket.expectFrame('new_message', { seq });
        await until(async () => (await metric(two, 'stream_batches_read_total')) > before, 'news by the bus');
      };
      try {
        const ann = await newAccount(one, 'ann');
        const bob = await newAccount(one, 'bob');
        const room = await ann.group('acl', [bob]);
        const socket = await new Account(
          two,
          bob.username,
          bob.password,
          { user_id: bob.id },
          bob.token,
        ).connect();
        await toOther(ann, room, socket);
        redis.cli('FLUSHALL');
        const anew = () => [one, two].every((node) => node.logs().includes('streams_made_anew'));
        await until(anew, 'both have seen that the streams are new');
        await toOther(ann, room, socket);
        // Each step of a room's tail: an edit, a deletion, a hole that is waited for and given up, and a replay.
        const tail = `parley:room:{${room}}`;
        const { message_id: id } = await ann.post(room, 'first');
        await ann.call('PATCH', `/messages/${id}`, { body: { content: 'better' } });
        await ann.call('DELETE', `/messages/${id}`);
        await until(() => redis.cli('EXISTS', tail) === '1', 'a tail');
        redis.cli('DEL', tail);
        redis.cli('XADD', tail, '1-0', 'm', 'o', 'e', 'far back');
        const begins = async () => {
          await ann.post(room, 'beyond a hole');
          return !redis.cli('XREVRANGE', tail, '+', '-', 'COUNT', 1).startsWith('1-0');
        };
        await until(begins, 'it begins anew');
        const pages = await metric(two, 'tail_pages_total');
        // A tail that is behind for a moment leaves the page to the store.
        await until(async () => {
          await socket.resume({ [room]: socket.durable(room).at(-1).data.seq - 3 });
          await socket.untilLive(room);
          return (await metric(two, 'tail_pages_total')) > pages;
        }, 'a page of the tail');
        const typing = await ann.connect();
        for (const node of [one, two])
          await until(async () => (await metric(node, 'signal_rooms')) === 1, 'signals of the room come in');
        // Signals may be lost on the way when Redis is slow, and a node has half a second to answer a trace.
        await until(async () => {
          await typing.ask('typing', { room_id: room });
          return socket.frames.some((f) => f.type === 'typing' && f.data.room_id === room);
        }, 'typing comes');
        await typing.close();
        const { message_id: last } = await ann.post(room, 'looked into');
        await until(async () => (await one.operate(['trace', last])).silent.length === 0, 'a trace of both');
        await until(async () => (await one.operate(['rooms', '--active'])).silent.length === 0, 'rooms of both', 15_000);
        await socket.close();
        await two.terminate(); // and takes its rooms off the list
        assert.equal(redis.cli('ZCARD', 'parley:rooms:active'), '1');
        assert.equal(redis.cli('ACL', 'LOG'), '', 'nothing was refused');
      } finally {
        await two.stop();
        await one.stop();
        await redis.stop();
      }
    });
  },
);
