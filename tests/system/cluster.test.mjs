// Several nodes on one PostgreSQL with Redis between them: what one stores the members on the others get, in the one
// order of the room, with Redis there, slow, empty or gone.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { Account, newAccount } from '../support/client.mjs';
import { startBeside } from '../support/files.mjs';
import { metric } from '../support/metrics.mjs';
import { range, sendMany, unlimited } from '../support/moderation.mjs';
import { pause, runParleyd, startParleyd, until } from '../support/parleyd.mjs';
import { postgresInUse } from '../support/postgres.mjs';
import { startRedis } from '../support/redis.mjs';
import { Wire } from '../support/wire.mjs';

const skip = !postgresInUse && 'several nodes need PostgreSQL';

const onNode = (node, who) => new Account(node, who.username, who.password, { user_id: who.id }, who.token);
const open = (who) => who.connect({ replay: 'none' });
const closeAll = (...sockets) => Promise.all(sockets.map((socket) => socket.close()));

/** All sockets have the room's events from `first` to `last`, without a hole, in one order. */
async function expectSame(room, first, last, sockets) {
  for (const socket of sockets) {
    await until(() => socket.durable(room).at(-1)?.data.seq >= last, `the event ${last}`);
    assert.deepEqual(socket.durable(room).map((frame) => frame.data.seq), range(first, last));
    assert.deepEqual(socket.durable(room), sockets[0].durable(room));
  }
}

describe('two nodes and a Redis', { skip }, () => {
  let redis, one, two, ann, bob, room, begin, sockets, watchers;
  before(async () => {
    redis = await startRedis();
    one = await startParleyd({ set: { ...unlimited, 'bus.url': redis.url, 'bus.connect_ms': 300, 'bus.answer_ms': 300 } });
    two = await startBeside(one);
  });
  after(async () => {
    await two?.stop();
    await one?.stop();
    await redis?.stop();
  });
  beforeEach(async () => {
    ann = await newAccount(one, 'ann');
    bob = onNode(two, await newAccount(one, 'bob'));
    const [cid, dan] = [await newAccount(one, 'cid'), onNode(two, await newAccount(one, 'dan'))];
    room = await ann.group('across', [bob, cid, dan]);
    begin = 5;
    sockets = [await open(ann), await open(bob)];
    watchers = [await open(cid), await open(dan)]; // who talks gets acks in place of what it said
    for (const node of [one, two]) await until(async () => (await metric(node, 'buses_up')) === 1, 'the bus is up');
  });
  afterEach(() => closeAll(...sockets, ...watchers));

  test('two who talk at once on two nodes see one order', async () => {
    const count = 300;
    await Promise.all(sockets.map((socket, i) => sendMany(socket, room, range(1, count).map((n) => `${i} ${n}`))));
    await expectSame(room, begin, begin - 1 + 2 * count, watchers);
    for (const node of [one, two]) assert.ok((await metric(node, 'stream_batches_read_total')) > 0);
  });

  test('edits, deletions, reactions, names and leaving reach the other node', async () => {
    const { message_id: first } = await ann.post(room, 'first');
    await sockets[1].expectFrame('new_message', { message_id: first });
    await ann.call('PATCH', `/messages/${first}`, { body: { content: 'better' } });
    const edited = await sockets[1].expectFrame('message_edited');
    assert.equal(edited.data.content, 'better');
    await bob.call('PUT', `/messages/${first}/reactions/${encodeURIComponent('👍')}`);
    await sockets[0].expectFrame('reaction');
    await ann.call('PATCH', `/rooms/${room}`, { body: { name: 'renamed' } });
    await sockets[1].expectFrame('room_renamed');
    await ann.call('DELETE', `/messages/${first}`);
    await sockets[1].expectFrame('message_deleted');
    await bob.leave(room);
    await sockets[0].expectFrame('member_left');
    await sockets[1].expectFrame('room_removed');
  });

  test('who is invited on one node is live on the other at once, and who is removed hears no more', async () => {
    const cid = onNode(two, await newAccount(one, 'cid'));
    const socket = await open(cid);
    await ann.invite(room, cid);
    await socket.expectFrame('room_added');
    const { seq } = await ann.post(room, 'welcome');
    await socket.expectFrame('new_message', { seq });
    await ann.remove(room, cid);
    await socket.expectFrame('room_removed');
    await ann.post(room, 'between us');
    await socket.ping();
    assert.ok(!socket.frames.some((frame) => frame.data.content === 'between us'));
    await socket.close();
  });

  for (const [what, harm] of Object.entries({
    'is killed and comes back empty': () => redis.restart(),
    'forgets everything': () => redis.cli('FLUSHALL'),
    'hangs for a second': async () => {
      await redis.pause();
      await sendMany(sockets[0], room, range(1, 20).map((n) => `into the silence ${n}`));
      redis.resume();
    },
  })) {
    test(`nothing is lost or doubled when Redis ${what}`, async () => {
      const talking = sockets.map((socket, i) => sendMany(socket, room, range(1, 200).map((n) => `${i} ${n}`)));
      await harm();
      await Promise.all(talking);
      await ann.post(room, 'the last one');
      const { last_seq: last } = await ann.room(room);
      await expectSame(room, begin, last, watchers);
    });
  }

  test('without Redis everything goes on, a little later, and at once when it is back', async () => {
    await redis.kill();
    await sendMany(sockets[0], room, range(1, 50).map((n) => `alone ${n}`));
    await expectSame(room, begin, begin + 49, watchers);
    assert.equal(await metric(two, 'buses_up'), 0);
    await redis.start();
    for (const node of [one, two]) await until(async () => (await metric(node, 'buses_up')) === 1, 'the bus is up');
    const heard = await metric(two, 'stream_batches_read_total');
    const { seq } = await ann.post(room, 'and together');
    await sockets[1].expectFrame('new_message', { seq });
    await until(async () => (await metric(two, 'stream_batches_read_total')) > heard, 'news by the bus');
  });
});

describe('a node that dies, and nodes that do not fit', { skip }, () => {
  let redis, elsewhere, one;
  const nodes = [];
  const set = () => ({ ...unlimited, 'bus.url': redis.url });
  beforeEach(async () => {
    [redis, elsewhere] = [await startRedis(), await startRedis()];
    one = await startParleyd({ set: set() });
  });
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.stop();
    await one.stop();
    for (const server of [redis, elsewhere]) await server.stop();
  });

  test('what a node stored and told nobody is found by the others', async () => {
    const two = await startBeside(one, { 'bus.url': elsewhere.url }); // so that its news reach nobody
    nodes.push(two);
    const ann = await newAccount(one, 'ann');
    const bob = onNode(two, await newAccount(one, 'bob'));
    const room = await ann.group('across', [bob]);
    const socket = await open(ann);
    await socket.expectFrame('new_message', { seq: (await ann.post(room, 'both are live')).seq });
    const begun = performance.now();
    const { seq } = await bob.post(room, 'not told');
    two.expectKilled = true;
    await two.kill();
    await socket.expectFrame('new_message', { seq });
    assert.ok(performance.now() - begun < 10_000, 'within 10 s');
    assert.equal(await metric(one, 'rooms_found_behind_total'), 1);
    await socket.close();
  });

  test('a node that shares out rooms otherwise does not start', async () => {
    const other = await runParleyd({
      set: { ...set(), 'store.url': one.storeUrl, 'bus.partitions': 8, 'net.listen': '127.0.0.1:0' },
    });
    assert.notEqual(other.code, 0);
    assert.match(other.output, /bus\.partitions is 8 here, but 16 in the store/);
  });
});

describe('a node that alone is cut off from Redis', { skip }, () => {
  test('what it stores reaches the others soon, though they hear of nothing and seldom sweep', async () => {
    const redis = await startRedis();
    const wire = await Wire.to(redis.port);
    const seldom = { ...unlimited, 'bus.sweep_seconds': 600, 'bus.connect_ms': 300, 'bus.answer_ms': 300 };
    const one = await startParleyd({ set: { ...seldom, 'bus.url': `redis://127.0.0.1:${wire.port}/0` } });
    const two = await startBeside(one, { 'bus.url': redis.url });
    try {
      const ann = await newAccount(one, 'ann');
      const bob = onNode(two, await newAccount(one, 'bob'));
      const room = await ann.group('across', [bob]);
      const socket = await open(bob);
      await socket.expectFrame('new_message', { seq: (await ann.post(room, 'both are live')).seq });
      wire.cut();
      for (const text of ['one', 'two']) {
        const { seq } = await ann.post(room, text);
        await socket.expectFrame('new_message', { seq });
      }
      assert.equal(await metric(two, 'buses_up'), 1);
      wire.mend();
      await until(async () => (await metric(one, 'stream_backlog_bytes')) === 0, 'it tells what waited');
      await socket.expectFrame('new_message', { seq: (await ann.post(room, 'and on')).seq });
      await until(async () => {
        const before = await metric(two, 'sweeps_total');
        await pause(1_500);
        return (await metric(two, 'sweeps_total')) === before;
      }, 'nobody looks each second any more');
      await socket.close();
    } finally {
      await two.stop();
      await one.stop();
      wire.close();
      await redis.stop();
    }
  });
});

describe('two nodes and two Redis', { skip }, () => {
  test('partitions are spread over them', async () => {
    const servers = [await startRedis(), await startRedis()];
    const one = await startParleyd({ set: { ...unlimited, 'bus.url': servers.map((s) => s.url).join(',') } });
    const two = await startBeside(one);
    try {
      const ann = await newAccount(one, 'ann');
      const bob = onNode(two, await newAccount(one, 'bob'));
      await until(async () => (await metric(two, 'buses_up')) === 2, 'both are up');
      const socket = await open(bob);
      for (let i = 0; i < 20; i += 1) {
        const room = await ann.group(`room ${i}`, [bob]);
        // Before it, the message could be among what the room says that bob has not read.
        await socket.expectFrame('room_added', { room_id: room });
        const { seq } = await ann.post(room, `hello ${i}`);
        await socket.expectFrame('new_message', { room_id: room, seq });
      }
      for (const server of servers) assert.ok(server.cli('KEYS', 'parley:events:*').split('\n').length > 1);
      const written = servers.map((s) => Number(s.cli('EVAL', 'local n=0 for _,k in ipairs(redis.call("KEYS","parley:events:*")) do n=n+redis.call("XLEN",k) end return n', 0)));
      for (const entries of written) assert.ok(entries > 8 + 5, `${written}`);
      await socket.close();
    } finally {
      await two.stop();
      await one.stop();
      for (const server of servers) await server.stop();
    }
  });
});
