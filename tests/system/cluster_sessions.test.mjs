// Tokens over several nodes: one node's reading spares the others the store, and what has ended is not believed.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Account, call, newAccount } from '../support/client.mjs';
import { startBeside } from '../support/files.mjs';
import { metric } from '../support/metrics.mjs';
import { unlimited } from '../support/moderation.mjs';
import { startParleyd, until } from '../support/parleyd.mjs';
import { postgresInUse } from '../support/postgres.mjs';
import { startRedis } from '../support/redis.mjs';

const skip = !postgresInUse && 'several nodes need PostgreSQL';

const onNode = (node, who) => new Account(node, who.username, who.password, { user_id: who.id }, who.token);
const hits = (node) => metric(node, 'session_cache_hits_total');
const me = (who, expect = 200) => who.call('GET', '/me', { expect });

describe('tokens over two nodes', { skip }, () => {
  let redis, one, two, ann;
  beforeEach(async () => {
    redis = await startRedis();
    one = await startParleyd({ set: { ...unlimited, 'bus.url': redis.url, 'bus.connect_ms': 300, 'bus.answer_ms': 300 } });
    two = await startBeside(one);
    ann = await newAccount(one, 'ann');
    await me(ann);
  });
  afterEach(async () => {
    await two?.stop();
    await one?.stop();
    await redis?.stop();
  });

  /** The other node has read as far in the log as the one that read the token. */
  const believed = async (who) => {
    const before = await hits(two);
    await until(async () => {
      await me(onNode(two, await freshToken(who)));
      return (await hits(two)) > before;
    }, 'the other node finds a token in Redis');
  };
  const freshToken = async (who) => {
    const body = { username: who.username, password: who.password };
    const { token } = await call(one, 'POST', '/api/v1/auth/login', { body, expect: 200 });
    const again = new Account(one, who.username, who.password, { user_id: who.id }, token);
    await me(again);
    return again;
  };

  test('what one node has read of a token the other finds in Redis', async () => {
    await believed(ann);
  });

  test('who logs out on one node has no way in on the other, whatever Redis has kept', async () => {
    await believed(ann);
    const again = await freshToken(ann);
    await again.call('POST', '/auth/logout', { expect: 204 });
    await me(onNode(two, again), 401);
  });

  test('a new name is seen on the other node, whatever Redis has kept', async () => {
    await believed(ann);
    const again = await freshToken(ann);
    await again.call('PATCH', '/me', { body: { display_name: 'Ann Other' }, expect: 200 });
    await until(async () => (await me(onNode(two, again))).display_name === 'Ann Other', 'the new name');
  });

  test('without Redis, and behind its return, tokens are good', async () => {
    await redis.kill();
    const again = await freshToken(ann);
    await me(onNode(two, again));
    await again.call('POST', '/auth/logout', { expect: 204 });
    await me(onNode(two, again), 401);
    await redis.start();
    await believed(ann);
  });
});
