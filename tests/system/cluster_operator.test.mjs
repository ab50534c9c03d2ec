// The operator's view of a cluster: the rooms in use on all nodes, and a message's life on each of them.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { Account, newAccount } from '../support/client.mjs';
import { startBeside } from '../support/files.mjs';
import { unlimited } from '../support/moderation.mjs';
import { expectFailure } from '../support/operator.mjs';
import { startParleyd, until } from '../support/parleyd.mjs';
import { pauseBetweenTransactions, postgresInUse } from '../support/postgres.mjs';
import { startRedis } from '../support/redis.mjs';

const skip = !postgresInUse && 'several nodes need PostgreSQL';
const onNode = (node, who) => new Account(node, who.username, who.password, { user_id: who.id }, who.token);
const key = 'parley:rooms:active';

describe('two nodes, as their operator sees them', { skip }, () => {
  let redis, one, two, ann, bob, room;
  let sockets = [];
  before(async () => {
    redis = await startRedis();
    one = await startParleyd({ set: { ...unlimited, 'bus.url': redis.url, 'node.name': 'one' } });
    two = await startBeside(one, { 'node.name': 'two' });
  });
  after(async () => {
    await two?.stop();
    await one?.stop();
    await redis?.stop();
  });
  beforeEach(async () => {
    ann = await newAccount(one, 'ann');
    bob = onNode(two, await newAccount(one, 'bob'));
    room = await ann.group('in use', [bob]);
    sockets = [await ann.connect({ replay: 'none' }), await bob.connect({ replay: 'none' }), await bob.connect()];
    await sockets[2].expectFrame('replay_end', { room_id: room });
  });
  afterEach(async () => {
    redis.resume?.();
    await Promise.all(sockets.splice(0).map((socket) => socket.close()));
  });

  const send = async (who, text) => {
    const sent = await who.post(room, text);
    for (const socket of sockets) await socket.expectFrame('new_message', { message_id: sent.message_id });
    return sent;
  };
  const placesIn = (found) =>
    found.items.find((item) => item.room_id === room)?.nodes.map((at) => [at.node, at.connections, at.seq]).sort();

  // Other nodes have half a second to answer a question; one that does not is named.
  const wholeTrace = (node, id) =>
    until(async () => {
      const trace = await node.operate(['trace', id]);
      return trace.silent.length === 0 && trace;
    }, 'a trace of all nodes');
  const untilQuiet = (node, args) =>
    until(async () => {
      const said = await node.parleyctl(args);
      return said.stderr === '' && said;
    }, `parleyctl ${args.join(' ')} without a complaint`);

  test('a room in use stands in one line with all its nodes, whichever of them is asked', async () => {
    const { seq } = await send(ann, 'a word');
    const expected = JSON.stringify([['one', 1, seq], ['two', 2, seq]]);
    for (const node of [one, two]) {
      const seen = async () => JSON.stringify(placesIn(await node.operate(['rooms', '--active']))) === expected;
      await until(seen, `${expected} as ${node.options.set['node.name']} sees it`, 15_000);
    }
    // A node whose list is not there for a moment is silent.
    const found = await until(async () => {
      const rooms = await one.operate(['rooms', '--active']);
      return rooms.silent.length === 0 && JSON.stringify(placesIn(rooms)) === expected && rooms;
    }, 'both nodes tell of their rooms');
    const item = found.items.find((each) => each.room_id === room);
    assert.deepEqual([item.name, item.is_group, item.last_seq, item.connections], ['in use', true, seq, 3]);
    assert.deepEqual(found.nodes.map((node) => node.name).sort(), ['one', 'two']);
    const { stdout } = await untilQuiet(two, ['rooms', '--active']);
    assert.match(stdout, /^ROOM ID +CONNECTIONS +LAST SEQ +ON NODES +NAME\n/);
    assert.match(stdout, new RegExp(`^${room} +3 +${seq} +two 2 @${seq}, one 1 @${seq} +in use$`, 'm'));
    assert.equal((await one.operate(['rooms', '--active', '--limit', '1'])).items.length, 1);
    assert.equal((await one.parleyctl(['rooms'])).code, 2, 'there is no list of rooms that are not in use');
  });

  test('what stands in Redis goes away by itself, and says nothing of what was said', async () => {
    await send(ann, 'between ourselves');
    await until(() => redis.cli('ZCARD', key) === '2', 'both nodes are listed', 15_000);
    const nodes = redis.cli('ZRANGE', key, 0, -1).split('\n');
    for (const node of nodes) {
      const left = Number(redis.cli('PTTL', `${key}:${node}`));
      assert.ok(left > 0 && left <= 20_000, `${left} ms`);
      assert.doesNotMatch(redis.cli('HGETALL', `${key}:${node}`), /ourselves/);
    }
  });

  test('a trace tells of each node how it heard of the message, and to how many connections it went', async () => {
    for (const [who, accepting, other, counts] of [[ann, one, two, [1, 2]], [bob, two, one, [2, 1]]]) {
      let sent;
      // News that come late are found in the store: then another one.
      for (let tries = 1, heardFrom; tries <= 5 && heardFrom !== 'bus'; tries += 1) {
        sent = await send(who, 'what became of me');
        heardFrom = (await wholeTrace(accepting, sent.message_id)).others[0]?.heard_from;
      }
      for (const asked of [accepting, other]) {
        const trace = await wholeTrace(asked, sent.message_id);
        assert.deepEqual(
          [trace.message_id, trace.room_id, trace.seq, trace.accepted_by, trace.connections],
          [sent.message_id, room, sent.seq, accepting.options.set['node.name'], counts[0]],
        );
        const { to_store_us: toStore, committed_us: committed, delivered_us: delivered } = trace;
        assert.ok(0 <= toStore && toStore <= committed && committed <= delivered, JSON.stringify(trace));
        assert.deepEqual(
          trace.others.map((at) => [at.name, at.heard_from, at.connections]),
          [[other.options.set['node.name'], 'bus', counts[1]]],
        );
        assert.ok(trace.others[0].delivered_us >= 0);
        assert.ok(Math.abs(Date.parse(trace.others[0].heard_at) - Date.parse(sent.created_at)) < 5_000);
        const { stdout } = await untilQuiet(asked, ['trace', sent.message_id]);
        assert.match(stdout, new RegExp(`^accepted by +${trace.accepted_by}$`, 'm'));
        assert.match(stdout, new RegExp(`^${trace.others[0].name} +bus +\\S+Z +[\\d.]+ ms +${counts[1]}$`, 'm'));
        assert.doesNotMatch(stdout + JSON.stringify(trace), /became of me/);
      }
    }
    const unknown = await until(async () => {
      const said = await one.parleyctl(['trace', room]);
      return !/No answer came/.test(said.stderr) && said;
    }, 'both nodes answer that they do not know it');
    assert.deepEqual([unknown.code, unknown.stdout], [1, '']);
    assert.match(unknown.stderr, /not among the last 10000 messages of any node that answered\.$/m);
  });

  test('without Redis the sweep is what the other node heard from, and nobody claims to know the rooms', async () => {
    await send(ann, 'while it is there');
    await redis.kill();
    try {
      const sent = await send(ann, 'found in the store');
      await expectFailure(one, 1, /redis .*: /i, ['rooms', '--active']);
      const { code, stdout, stderr } = await one.parleyctl(['trace', sent.message_id]);
      assert.equal(code, 0);
      assert.match(stderr, /^parleyctl: two: did not answer$/m);
      assert.match(stdout, /^accepted by +one$/m);
    } finally {
      await redis.start();
    }
    const traced = async () => {
      const { message_id: id } = sockets[0].durable(room).at(-1).data;
      const trace = await one.operate(['trace', id]);
      return trace.others[0]?.heard_from === 'store';
    };
    await until(traced, 'the other node answers that it found it in the store', 15_000);
    const listed = async () => placesIn(await one.operate(['rooms', '--active']))?.length === 2;
    await until(listed, 'both nodes list the room again', 15_000);
  });

  test('a node that hangs is named, and not waited for', async () => {
    const sent = await send(ann, 'still here');
    await pauseBetweenTransactions(two);
    try {
      const begun = performance.now();
      const { code, stderr } = await one.parleyctl(['trace', sent.message_id]);
      assert.equal(code, 0);
      assert.match(stderr, /^parleyctl: two: did not answer$/m);
      assert.ok(performance.now() - begun < 10_000, `${performance.now() - begun} ms`);
      await expectFailure(one, 1, /No answer came from two\./, ['trace', room]);
    } finally {
      two.resume();
    }
    const all = async () => (await one.operate(['trace', sent.message_id])).silent.length === 0;
    await until(all, 'it answers again', 15_000);
  });
});

describe('nodes that come and go', { skip }, () => {
  test('a node that is killed leaves no rooms behind, and one that stops takes them along', async () => {
    const redis = await startRedis();
    const one = await startParleyd({ set: { ...unlimited, 'bus.url': redis.url, 'node.name': 'one' } });
    const others = [];
    try {
      for (const name of ['two', 'three']) others.push(await startBeside(one, { 'node.name': name }));
      const ann = await newAccount(one, 'ann');
      const room = await ann.group('hers');
      const on = others.map((node) => onNode(node, ann));
      const sockets = await Promise.all(on.map((who) => who.connect()));
      for (const socket of sockets) await socket.expectFrame('replay_end', { room_id: room });
      const places = async () =>
        (await one.operate(['rooms', '--active'])).items.find((item) => item.room_id === room)?.nodes.map((at) => at.node) ?? [];
      const are = (...names) => until(async () => JSON.stringify((await places()).sort()) === JSON.stringify(names.sort()), names.join(), 30_000);
      await are('two', 'three');
      await others[0].terminate();
      assert.deepEqual(await places(), ['three'], 'at once');
      others[1].expectKilled = true;
      await others[1].kill();
      await are();
    } finally {
      for (const node of others) await node.stop();
      await one.stop();
      await redis.stop();
    }
  });
});

test('a node that is alone shows its own rooms, and says no more in a trace', async () => {
  const node = await startParleyd();
  try {
    const ann = await newAccount(node, 'ann');
    const room = await ann.group('alone');
    const socket = await ann.connect();
    const { message_id: id, seq } = await ann.post(room, 'a word');
    await socket.expectFrame('new_message', { message_id: id });
    const found = await node.operate(['rooms', '--active']);
    assert.deepEqual(found.items.map((item) => [item.room_id, item.connections, item.last_seq, item.nodes.length]), [[room, 1, seq, 1]]);
    assert.deepEqual(found.silent, []);
    const trace = await node.operate(['trace', id]);
    assert.deepEqual([trace.connections, trace.others, trace.silent], [1, [], []]);
    for (const target of ['/admin/rooms/active', `/admin/trace/${id}`]) await ann.call('GET', target, { expect: 404 });
    await socket.close();
    await node.terminate();
    await expectFailure(node, 1, /no node/i, ['rooms', '--active']);
  } finally {
    await node.stop();
  }
});
