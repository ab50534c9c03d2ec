// Two nodes behind HAProxy and behind nginx, all with the files of config/cluster.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { exchange, freshName, newAccount } from '../support/client.mjs';
import { startBeside } from '../support/files.mjs';
import { metric } from '../support/metrics.mjs';
import { unlimited } from '../support/moderation.mjs';
import { startParleyd, until } from '../support/parleyd.mjs';
import { postgresInUse } from '../support/postgres.mjs';
import { example, startHaproxy, startNginx } from '../support/proxies.mjs';
import { startRedis } from '../support/redis.mjs';

const skip = !postgresInUse && 'several nodes need PostgreSQL';
const registrations = 15; // a minute, from one address, on one node

const sockets = (node) => metric(node, 'websocket_connections');

/** Status of a registration by whoever has that address, and says that he has another. */
async function registerFrom(proxy, localAddress, number) {
  const agent = new http.Agent({ localAddress });
  const body = { username: freshName('guest'), password: 'correct horse' };
  const headers = { 'X-Forwarded-For': `10.0.0.${number}` };
  const { status } = await exchange(proxy, 'POST', '/api/v1/auth/register', { body, headers, agent });
  agent.destroy();
  return status;
}

describe('two nodes with the example of a configuration', { skip }, () => {
  let redis, one, two;
  before(async () => {
    redis = await startRedis();
    const config = readFileSync(example('node.toml'), 'utf8');
    const limits = { ...unlimited, 'limits.register_rate_per_minute': registrations };
    one = await startParleyd({ config, set: { ...limits, 'bus.url': redis.url, 'drain.seconds': 1 } });
    two = await startBeside(one);
  });
  after(async () => {
    await two?.stop();
    await one?.stop();
    await redis?.stop();
  });

  /** Two sockets, one of them on each node. */
  async function oneOnEach(account) {
    const open = [await account.connect({ replay: 'none' }), await account.connect({ replay: 'none' })];
    for (const node of [one, two])
      await until(async () => (await sockets(node)) === 1, 'each node has one of them');
    return open;
  }

  for (const [name, start, mine, others] of [
    ['HAProxy', startHaproxy, '127.0.0.2', '127.0.0.3'],
    ['nginx', startNginx, '127.0.0.4', '127.0.0.5'],
  ]) {
    describe(`behind ${name}`, () => {
      let proxy;
      before(async () => (proxy = await start([one, two])));
      after(() => proxy?.stop());

      test('a chat goes from one node to the other', async () => {
        const ann = await newAccount(proxy, 'ann');
        const bob = await newAccount(proxy, 'bob');
        const room = await ann.group('behind a proxy', [bob]);
        const [hers, his] = [await ann.connect(), await bob.connect()];
        for (const node of [one, two])
          await until(async () => (await sockets(node)) === 1, 'each node has one of them');
        const { seq } = await hers.say(room, 'across');
        await his.expectFrame('new_message', { seq, content: 'across' });
        await his.say(room, 'and back');
        await hers.expectFrame('new_message', { content: 'and back' });
        const content = Buffer.alloc(1_000_000, 'x');
        const headers = { 'Content-Type': 'text/plain' };
        const { file_url: file } = await ann.call('POST', '/files?name=x.txt', {
          body: content,
          headers,
          expect: 201,
        });
        await ann.post(room, 'a file', { file_url: file });
        const got = await exchange(proxy, 'GET', file, { token: bob.token });
        assert.ok(got.bytes.equals(content), 'any node has the file');
        await Promise.all([hers.close(), his.close()]);
        for (const node of [one, two])
          await until(async () => (await sockets(node)) === 0, 'the sockets are gone');
      });

      test("the client's address is known, and nobody makes one up", async () => {
        let taken = 0;
        for (let refused = 0; refused < 6;) {
          const status = await registerFrom(proxy, mine, taken);
          assert.ok(status === 201 || status === 429, `${status}`);
          refused = status === 429 ? refused + 1 : 0;
          taken += Number(status === 201);
          assert.ok(taken <= 2 * registrations, 'no more than the nodes allow one address');
        }
        assert.equal(await registerFrom(proxy, others, 0), 201, 'another address counts for itself');
      });

      test('/metrics is not for everybody', async () => {
        assert.equal((await exchange(proxy, 'GET', '/metrics')).status, 404);
      });

      test('a node that is killed is passed over', async () => {
        const ann = await newAccount(proxy, 'ann');
        const room = await ann.group('one is gone');
        two.expectKilled = true;
        await two.kill();
        proxy.agent.destroy();
        for (let i = 0; i < 10; i += 1) await ann.post(room, `${i}`);
        const socket = await ann.connect({ replay: 'none' });
        await socket.say(room, 'still here');
        await socket.close();
        two.hasOwnDatabase = true; // else it would get another
        await two.start();
        two.hasOwnDatabase = false;
        two.expectKilled = false;
      });
    });
  }

  test('HAProxy takes a node out that drains, and no request fails', async () => {
    const proxy = await startHaproxy([one, two]);
    try {
      await until(async () => (await proxy.uses(1)) && (await proxy.uses(2)), 'both are in use');
      const ann = await newAccount(proxy, 'ann');
      const room = await ann.group('drained');
      const open = await oneOnEach(ann);
      let talks = true;
      let posted = 0;
      const talk = (async () => {
        while (talks) {
          await ann.post(room, `${(posted += 1)}`);
          const socket = await ann.connect({ replay: 'none' });
          await socket.ping();
          if (talks) socket.cut();
          else await socket.close();
        }
      })();
      talk.catch(() => {}); // awaited below
      await until(() => posted > 5, 'some traffic');
      one.signal('SIGTERM');
      await until(async () => !(await proxy.uses(1)), 'it is out');
      assert.equal(await one.status('/healthz'), 200, 'while it still serves');
      const [left, stays] = await until(
        () => [open, [...open].reverse()].find(([socket]) => socket.frames.some((f) => f.type === 'drain')),
        'one is told to come back',
      );
      await left.say(room, 'its socket is still open');
      await left.expectClose(1012);
      assert.deepEqual(await one.exited, { code: 0, signal: null });
      const again = await ann.connect({ replay: 'none' });
      await again.say(room, 'on the other node');
      await stays.expectFrame('new_message', { content: 'on the other node' });
      const before = posted;
      await until(() => posted > before + 5, 'traffic goes on');
      talks = false;
      await talk;
      await one.start();
      await until(() => proxy.uses(1), 'it is in use again');
      await Promise.all([again.close(), stays.close()]);
    } finally {
      await proxy.stop();
    }
  });

  // It asks no node, so that one request may find out; what was not sent, or may be sent again, goes to the other.
  test('nginx passes over a node that drains: no socket and no reading fails', async () => {
    const proxy = await startNginx([one, two]);
    try {
      const ann = await newAccount(proxy, 'ann');
      const room = await ann.group('drained');
      const open = await oneOnEach(ann);
      let talks = true;
      let turns = 0;
      const talk = (async () => {
        while (talks) {
          const socket = await ann.connect({ replay: 'none' });
          await socket.say(room, `${(turns += 1)}`);
          await ann.history(room);
          await socket.close();
        }
      })();
      talk.catch(() => {}); // awaited below
      await until(() => turns > 5, 'some traffic');
      one.signal('SIGTERM');
      const [left, stays] = await until(
        () => [open, [...open].reverse()].find(([socket]) => socket.frames.some((f) => f.type === 'drain')),
        'one is told to come back',
      );
      await left.expectClose(1012);
      assert.deepEqual(await one.exited, { code: 0, signal: null });
      const again = await ann.connect({ replay: 'none' });
      await again.say(room, 'on the other node');
      await stays.expectFrame('new_message', { content: 'on the other node' });
      const before = turns;
      await until(() => turns > before + 5, 'traffic goes on');
      await one.start();
      await until(async () => (await sockets(one)) > 0, 'it is in use again', 30_000);
      talks = false;
      await talk;
      await Promise.all([again.close(), stays.close()]);
    } finally {
      await proxy.stop();
    }
  });
});
