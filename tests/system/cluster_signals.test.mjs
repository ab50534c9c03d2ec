// Typing and read markers between two nodes by a Redis: who is told on the other node, who is not, and what happens when
// Redis does not take part.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { Account, newAccount } from '../support/client.mjs';
import { startBeside } from '../support/files.mjs';
import { metric } from '../support/metrics.mjs';
import { unlimited } from '../support/moderation.mjs';
import { startParleyd, until } from '../support/parleyd.mjs';
import { postgresInUse } from '../support/postgres.mjs';
import { startRedis } from '../support/redis.mjs';

const skip = !postgresInUse && 'several nodes need PostgreSQL';

const onNode = (node, who) => new Account(node, who.username, who.password, { user_id: who.id }, who.token);
const typed = (socket, room) => socket.frames.filter((f) => f.type === 'typing' && f.data.room_id === room);

const settings = (...servers) => ({
  ...unlimited,
  'bus.url': servers.map(({ url }) => url).join(','),
  'limits.typing_interval_ms': 0,
  'limits.read_receipt_members': 3,
});

/** How many nodes have asked Redis for the room's signals. */
function attending(redis, room) {
  const [channel] = redis.cli('PUBSUB', 'CHANNELS', `parley:signals:*:${room}`).split('\n');
  return channel === '' ? 0 : Number(redis.cli('PUBSUB', 'NUMSUB', channel).split('\n')[1]);
}
const attended = (redis, room, nodes) =>
  until(() => attending(redis, room) === nodes, `${nodes} nodes attend to the room`);

/** Types until that one is told: signals may be lost on the way when Redis is slow. */
const typeTo = (from, to, room) =>
  until(async () => {
    await from.ask('typing', { room_id: room });
    return typed(to, room).length > 0;
  }, 'typing comes');

/** The log says one after the other that signals are cut off and that they go again, and not at each try that fails. */
function expectTurns(lines, way) {
  const said = [...lines.matchAll(new RegExp(`signals_(do_not_)?${way}`, 'g'))].map(([, not]) => not === undefined);
  assert.ok(said.length >= 2, `${said.length} lines of signals that ${way}`);
  assert.deepEqual(said, said.map((_, i) => i % 2 === 1), `signals that ${way}`);
  assert.equal(said.at(-1), true, `signals ${way} in the end`);
}

describe('typing and reading on two nodes', { skip }, () => {
  let redis, one, two, ann, bob, cid;
  let sockets = [];
  before(async () => {
    redis = await startRedis();
    one = await startParleyd({ set: settings(redis) });
    two = await startBeside(one);
  });
  after(async () => {
    await two?.stop();
    await one?.stop();
    await redis?.stop();
  });
  beforeEach(async () => {
    for (const node of [one, two])
      await until(async () => (await metric(node, 'signal_buses_up')) === 1, 'signals come in');
    [ann, bob, cid] = [await newAccount(one, 'ann'), await newAccount(one, 'bob'), await newAccount(one, 'cid')];
  });
  afterEach(async () => {
    await Promise.all(sockets.map((socket) => socket.closed ?? socket.close()));
    sockets = [];
  });
  const open = async (node, who) => {
    const socket = await onNode(node, who).connect({ replay: 'none' });
    sockets.push(socket);
    return socket;
  };

  test('typing reaches everybody but that user and those outside, and its end too', async () => {
    const room = await ann.group('across', [bob]);
    const [here, mineToo, theirs, outside] = [
      await open(one, ann),
      await open(two, ann),
      await open(two, bob),
      await open(two, cid),
    ];
    await attended(redis, room, 2);
    await here.ask('typing', { room_id: room });
    await theirs.expectFrame('typing', { room_id: room, user_id: ann.id, is_typing: true });
    await here.ask('typing', { room_id: room, is_typing: false });
    await theirs.expectFrame('typing', { room_id: room, user_id: ann.id, is_typing: false });
    for (const socket of [here, mineToo, outside]) await socket.expectNoFrame('typing');
    await theirs.ask('typing', { room_id: room });
    for (const socket of [here, mineToo]) await socket.expectFrame('typing', { room_id: room, user_id: bob.id });
    await theirs.expectNoFrame('typing');
    assert.equal(typed(here, room).length, 1, 'told once, by whatever way');
  });

  test('reading reaches all members and the own other devices, by WebSocket and by REST', async () => {
    const room = await ann.group('across', [bob]);
    await ann.post(room, 'read me');
    await ann.post(room, 'and me');
    const [here, mineToo, theirs] = [await open(one, bob), await open(two, bob), await open(two, ann)];
    await attended(redis, room, 2);
    await here.ask('read', { room_id: room, seq: 3 });
    for (const socket of [mineToo, theirs]) {
      const { data } = await socket.expectFrame('read', { room_id: room });
      assert.deepEqual(data, { room_id: room, user_id: bob.id, seq: 3 });
    }
    await bob.call('POST', `/rooms/${room}/read`, { body: { seq: 4 } });
    for (const socket of [mineToo, theirs, here]) await socket.expectFrame('read', { room_id: room, seq: 4 });
  });

  test('a marker moves forward only, wherever its user reads', async () => {
    const room = await ann.group('back and forth', [bob]);
    for (const word of ['a', 'b', 'c', 'd']) await ann.post(room, word); // 3 to 6
    const [here, there, theirs] = [await open(one, bob), await open(two, bob), await open(one, ann)];
    await attended(redis, room, 2);
    const read = (socket, seq) => socket.ask('read', { room_id: room, seq });
    assert.deepEqual(await read(here, 3), { room_id: room, seq: 3, unread: 3 });
    await theirs.expectFrame('read', { room_id: room, seq: 3 });
    assert.deepEqual(await read(there, 5), { room_id: room, seq: 5, unread: 1 });
    await theirs.expectFrame('read', { room_id: room, seq: 5 });
    for (const seq of [4, 2]) {
      assert.deepEqual(await read(here, seq), { room_id: room, seq: 5, unread: 1 }, `${seq}, behind 5`);
    }
    assert.equal((await read(here, 6)).seq, 6);
    const { data } = await theirs.expectFrame('read', { room_id: room });
    assert.equal(data.seq, 6, 'and nobody was shown 4');
  });

  test("in a large room only the reader's devices are told", async () => {
    const dan = await newAccount(one, 'dan');
    const room = await ann.group('four', [bob, cid, dan]);
    await ann.post(room, 'read me');
    const [here, mineToo, theirs] = [await open(one, bob), await open(two, bob), await open(two, ann)];
    await attended(redis, room, 2);
    await here.ask('read', { room_id: room, seq: 5 });
    await mineToo.expectFrame('read', { room_id: room, user_id: bob.id, seq: 5 });
    await typeTo(here, theirs, room);
    await theirs.expectNoFrame('read');
  });

  test('a node attends to a room while somebody looks at it there, and only then', async () => {
    const room = await ann.group('looked at', [bob]);
    assert.equal(attending(redis, room), 0);
    const here = await open(one, ann);
    await attended(redis, room, 1);
    const heard = await metric(two, 'signals_heard_total');
    const published = await metric(one, 'signals_published_total');
    await here.ask('typing', { room_id: room });
    await until(async () => (await metric(one, 'signals_published_total')) > published, 'it went out');
    const [theirs, theirsToo] = [await open(two, bob), await open(two, bob)];
    await attended(redis, room, 2);
    await theirs.close();
    await theirsToo.ping();
    assert.equal(attending(redis, room), 2);
    await theirsToo.cut();
    await attended(redis, room, 1);
    assert.equal(await metric(two, 'signals_heard_total'), heard, 'nobody to tell, nothing heard');
    await here.close();
    await attended(redis, room, 0);
  });

  test('who is removed is told no more, and the node lets go of the room with the last one', async () => {
    const room = await ann.group('small', [bob, cid]);
    const [here, theirs, others] = [await open(one, ann), await open(two, bob), await open(two, cid)];
    await attended(redis, room, 2);
    await ann.remove(room, bob);
    await theirs.expectFrame('room_removed');
    await typeTo(here, others, room);
    await theirs.expectNoFrame('typing');
    await ann.remove(room, cid);
    await others.expectFrame('room_removed');
    await attended(redis, room, 1);
  });

  test('without Redis signals stay on their node; when it is back they cross again', async () => {
    const room = await ann.group('cut off', [bob, cid]);
    const [here, near, far] = [await open(one, ann), await open(one, cid), await open(two, bob)];
    await attended(redis, room, 2);
    const before = [one, two].map((node) => node.logs().length);
    const dropped = await metric(one, 'signals_dropped_total');
    await redis.kill();
    for (const node of [one, two])
      await until(async () => (await metric(node, 'signal_buses_up')) === 0, 'the loss is seen');
    for (let i = 0; i < 10; i += 1) {
      await here.ask('typing', { room_id: room, is_typing: i % 2 === 0 });
      await near.expectFrame('typing', { room_id: room, user_id: ann.id, is_typing: i % 2 === 0 });
    }
    await until(async () => (await metric(one, 'signals_dropped_total')) === dropped + 10, 'what could not go is dropped');
    assert.equal(await metric(one, 'signal_queue'), 0);
    await redis.start();
    for (const node of [one, two])
      await until(async () => (await metric(node, 'signal_buses_up')) === 1, 'signals come in again');
    await attended(redis, room, 2);
    await typeTo(here, far, room); // who publishes finds out by trying, and not each time
    assert.ok(typed(far, room).every((frame) => frame.data.is_typing), 'and nothing of before');
    const [mine, others] = [one, two].map((node, i) => node.logs().slice(before[i]));
    for (const [lines, way] of [[mine, 'come_in'], [others, 'come_in'], [mine, 'go_out']]) expectTurns(lines, way);
  });

  test('a Redis that hangs keeps nobody waiting', async () => {
    const room = await ann.group('hanging', [bob, cid]);
    const [here, near] = [await open(one, ann), await open(one, cid)];
    await open(two, bob);
    await attended(redis, room, 2);
    await redis.pause();
    try {
      for (let i = 0; i < 20; i += 1) await here.ask('typing', { room_id: room });
      await here.say(room, 'and this');
      await near.expectFrame('new_message', { room_id: room });
      assert.equal(typed(near, room).length, 20);
      await until(async () => (await metric(two, 'signal_buses_up')) === 0, 'the silence is noticed');
    } finally {
      redis.resume();
    }
    await attended(redis, room, 2);
  });
});

describe('typing on two nodes with two Redis', { skip }, () => {
  test('each room has its channel on the server of its partition', async () => {
    const servers = [await startRedis(), await startRedis()];
    const one = await startParleyd({ set: settings(...servers) });
    const two = await startBeside(one);
    try {
      const ann = await newAccount(one, 'ann');
      const bob = onNode(two, await newAccount(one, 'bob'));
      const rooms = [];
      for (let i = 0; i < 12; i += 1) rooms.push(await ann.group(`room ${i}`, [bob]));
      const [here, theirs] = [await ann.connect({ replay: 'none' }), await bob.connect({ replay: 'none' })];
      const nodesOf = (room) => servers.map((server) => attending(server, room));
      for (const room of rooms) {
        await until(() => nodesOf(room).includes(2), 'both nodes attend');
        assert.ok(nodesOf(room).includes(0), 'on one server only');
        await typeTo(here, theirs, room);
      }
      for (const [i] of servers.entries()) assert.ok(rooms.some((room) => nodesOf(room)[i] === 2), `server ${i}`);
      await Promise.all([here.close(), theirs.close()]);
    } finally {
      await two.stop();
      await one.stop();
      for (const server of servers) await server.stop();
    }
  });
});
