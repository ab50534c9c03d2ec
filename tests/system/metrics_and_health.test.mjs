// What a load balancer and Prometheus ask, and the plain manners of the HTTP side.
import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { after, before, test } from 'node:test';
import { answerOf, call, exchange, newAccount } from '../support/client.mjs';
import { runParleyd, startParleyd, until } from '../support/parleyd.mjs';

let parley, ada, bob, roomId;
before(async () => {
  parley = await startParleyd();
  ada = await newAccount(parley, 'ada');
  bob = await newAccount(parley, 'bob');
  roomId = await ada.group('measured', [bob]);
});
after(() => parley?.stop());

/** The exposition as [{name, labels, value}], without comments. */
async function scrape() {
  const text = await call(parley, 'GET', '/metrics');
  return text
    .split('\n')
    .filter((l) => l && !l.startsWith('#'))
    .map((line) => {
      const match = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(.*)\})? (\S+)$/.exec(line);
      assert.ok(match, `no sample: ${line}`);
      return { name: match[1], labels: match[3] ?? '', value: Number(match[4]) };
    });
}
const valueOf = async (name) => (await scrape()).find((s) => s.name === name)?.value;

test('healthz and readyz answer 200 without a token', async () => {
  await call(parley, 'GET', '/healthz');
  await call(parley, 'GET', '/readyz');
});

test("metrics are Prometheus' text format, all names begin with parley_, each with its type", async () => {
  const { headers, text } = await answerOf(parley, 'GET', '/metrics');
  assert.match(headers['content-type'], /^text\/plain; ?version=0\.0\.4/);
  const typed = new Set(
    [...text.matchAll(/^# TYPE (\S+) (counter|gauge|histogram|summary)$/gm)].map((m) => m[1]),
  );
  const samples = await scrape();
  assert.ok(samples.length > 10);
  for (const { name, value } of samples) {
    assert.match(name, /^parley_/);
    assert.ok(!Number.isNaN(value), name);
    assert.ok(typed.has(name) || typed.has(name.replace(/_(bucket|sum|count)$/, '')), `${name} has no type`);
  }
});

test('the version that runs is in a label', async () => {
  const [info, ...others] = (await scrape()).filter((each) => each.name === 'parley_build_info');
  assert.deepEqual([info.value, others.length], [1, 0]);
  const { output } = await runParleyd({ args: ['--version'] });
  assert.ok(output.includes(info.labels.match(/^version="([\d.]+)"$/)[1]), `${info.labels}, ${output}`);
});

test('no user, room, token or name is in a label', async () => {
  const socket = await ada.connect();
  await socket.say(roomId, 'count me');
  await ada.history(roomId);
  await ada.call('GET', `/users/${bob.id}`);
  for (const { name, labels } of await scrape()) {
    for (const secret of [ada.id, bob.id, roomId, ada.username, ada.token, 'measured']) {
      assert.ok(!labels.includes(secret), `${name}{${labels}}`);
    }
    assert.doesNotMatch(labels, /[0-9a-f]{8}-[0-9a-f]{4}-/, name);
  }
  await socket.close();
});

test('what happens is counted: connections, stored events, log-ins and their failures', async () => {
  const names = [
    'parley_websocket_connections',
    'parley_events_stored_total',
    'parley_logins_total',
    'parley_login_failures_total',
    'parley_duplicates_total',
  ];
  await until(async () => (await valueOf(names[0])) === 0, 'sockets of before are gone');
  const before = await Promise.all(names.map(valueOf));
  assert.ok(
    before.every((v) => v !== undefined),
    `of ${names} one is missing: ${before}`,
  );
  const socket = await ada.connect();
  await socket.say(roomId, 'one', { client_msg_id: 'm1' });
  await socket.say(roomId, 'one', { client_msg_id: 'm1' });
  await ada.again();
  await answerOf(parley, 'POST', '/api/v1/auth/login', {
    body: { username: ada.username, password: 'not the password' },
  });
  const after = await Promise.all(names.map(valueOf));
  assert.deepEqual(
    after.map((v, i) => v - before[i]),
    [1, 1, 1, 1, 1],
  );
  await socket.close();
});

test('an unknown path is 404 and an unknown method is 405 with Allow, both as problems', async () => {
  assert.equal((await answerOf(parley, 'GET', '/api/v1/nothing')).status, 404);
  assert.equal((await answerOf(parley, 'GET', '/api/v2/me')).status, 404);
  const { status, headers } = await answerOf(parley, 'DELETE', '/api/v1/me', { token: ada.token });
  assert.equal(status, 405);
  assert.match(headers.allow, /GET/);
  assert.equal((await answerOf(parley, 'POST', '/healthz')).status, 405);
  assert.equal((await answerOf(parley, 'GET', '/api/v1/auth/login')).status, 405);
});

test('HEAD answers the headers of GET without a body', async () => {
  const get = await exchange(parley, 'GET', '/healthz');
  const head = await exchange(parley, 'HEAD', '/healthz');
  assert.equal(head.status, 200);
  assert.equal(head.text, '');
  const without = ({ date, ...others }) => others;
  assert.deepEqual(without(head.headers), without(get.headers));
});

test("a plain GET of a socket's path is told to upgrade", async () => {
  const answer = await answerOf(parley, 'GET', '/ws', { token: ada.token });
  assert.ok([400, 426].includes(answer.status), String(answer.status));
});

test('answers may not be sniffed or kept', async () => {
  const { headers } = await ada.answerOf('GET', '/me');
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.match(headers['cache-control'], /no-store/);
});

test('one connection takes many requests, one after the other', async () => {
  const agent = new Agent({ keepAlive: true });
  const ports = new Set();
  for (let i = 0; i < 5; i += 1) {
    await ada.call('GET', '/me', { agent });
    await until(() => Object.values(agent.freeSockets).length > 0, 'the connection is free again');
    for (const socket of Object.values(agent.freeSockets).flat()) ports.add(socket.localPort);
  }
  agent.destroy();
  assert.equal(ports.size, 1);
});
