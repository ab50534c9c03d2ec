// What concerns a user rather than a room, on the nodes where it was not done: log-outs, suspensions, roles, friends and
// memberships, with the bus there or gone, and on nodes that hear nothing for a while.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { Account, expectRefused, newAccount, newStaff } from '../support/client.mjs';
import { startBeside } from '../support/files.mjs';
import { metric } from '../support/metrics.mjs';
import { unlimited } from '../support/moderation.mjs';
import { startParleyd, until } from '../support/parleyd.mjs';
import { lastWordOf, pauseBetweenTransactions, postgresInUse, queryRows } from '../support/postgres.mjs';
import { startRedis } from '../support/redis.mjs';

const skip = !postgresInUse && 'several nodes need PostgreSQL';

const onNode = (node, who) => new Account(node, who.username, who.password, { user_id: who.id }, who.token);
const open = (who) => who.connect({ replay: 'none' });
const statusOf = async (node, path) => (await fetch(`${node.url}${path}`)).status;
const logOut = (who) => who.call('POST', '/auth/logout', { expect: 204 });
const set = (who, user, body) => who.call('PATCH', `/admin/users/${user.id}`, { body, expect: 200 });

// Without a bus nodes hear none of each other's messages, but who may be there they all know.
for (const bus of ['there', 'gone', 'never there']) {
  describe(`two nodes, with the bus ${bus}`, { skip }, () => {
    let redis, one, two, ann, bob, room, his, hers;
    before(async () => {
      if (bus !== 'never there') redis = await startRedis();
      // With the bus there, what the log does not tell of a member is found by the sweep, too late for any test.
      const bounds = { 'bus.connect_ms': 300, 'bus.answer_ms': 300, 'bus.sweep_seconds': 60 };
      const how = redis && { 'bus.url': redis.url, ...bounds };
      one = await startParleyd({ set: { ...unlimited, ...how } });
      two = await startBeside(one);
      for (const node of [one, two]) await until(async () => (await metric(node, 'nodes_alive')) === 2, 'both are known');
      if (bus === 'gone') await redis.kill();
    });
    after(async () => {
      await two?.stop();
      await one?.stop();
      await redis?.stop();
    });
    beforeEach(async () => {
      ann = await newAccount(one, 'ann');
      bob = onNode(two, await newAccount(one, 'bob'));
      room = await ann.group('across', [bob]);
      [his, hers] = [await open(bob), await open(ann)];
      await bob.call('GET', '/me'); // so that both nodes remember the token
      await onNode(one, bob).call('GET', '/me');
    });
    afterEach(() => Promise.all([his, hers].map((socket) => socket.close())));

    /** Nothing that is stored behind the answer reaches that socket. */
    async function expectDeaf(socket, code) {
      const heard = socket.frames.length;
      const { seq } = await ann.post(room, 'behind the answer');
      await hers.expectFrame('new_message', { seq });
      await socket.expectClose(code);
      assert.deepEqual(socket.frames.slice(heard).map((frame) => frame.type), []);
    }

    test('nodes that have no bus between them say so', async () => {
      const says = (node) => node.output.includes('nodes_without_bus');
      if (bus === 'never there') await until(() => says(one) && says(two), 'both warn');
      else assert.deepEqual([says(one), says(two)], [false, false]);
    });

    test('who logs out on one node is out on the other when the answer comes', async () => {
      await logOut(onNode(one, bob));
      await expectDeaf(his, 4401);
      await bob.call('GET', '/me', { expect: 401 });
      await expectRefused(bob.connect(), 401);
    });

    test('who logs out everywhere, or changes the password, leaves no socket and no token anywhere', async () => {
      const again = onNode(two, await onNode(one, bob).again());
      const another = await open(again);
      await onNode(one, bob).call('POST', '/me/password', {
        body: { current_password: bob.password, new_password: 'quite another one' }, expect: 204 });
      await another.expectClose(4401);
      await again.call('GET', '/me', { expect: 401 });
      await bob.call('GET', '/me');
      assert.equal(his.closed, null, 'the session that changed it goes on');
      await onNode(one, bob).call('POST', '/auth/logout-all', { expect: 204 });
      await expectDeaf(his, 4401);
      await bob.call('GET', '/me', { expect: 401 });
    });

    test('a session that is ended from another node is out there', async () => {
      const other = await onNode(one, bob).again();
      const { items } = await other.call('GET', '/me/tokens');
      const first = items.find((item) => !item.is_current);
      await other.call('DELETE', `/me/tokens/${first.token_id}`, { expect: 204 });
      await his.expectClose(4401);
      await bob.call('GET', '/me', { expect: 401 });
    });

    test('who is suspended on one node hears nothing more on the other', async () => {
      const root = await newStaff(one, 'admin');
      await set(root, bob, { flagDelete: 'not_active' });
      await expectDeaf(his, 4403);
      await bob.call('GET', '/me', { expect: 401 });
    });

    test('a role that is given on one node counts on the other', async () => {
      const root = await newStaff(one, 'admin');
      await bob.call('GET', '/admin/users', { expect: 403 });
      await set(root, bob, { role: 'moderator' });
      await bob.call('GET', '/admin/users', { expect: 200 });
      await set(root, bob, { role: 'user' });
      await bob.call('GET', '/admin/users', { expect: 403 });
    });

    test('a name that was changed on one node shows on the other', async () => {
      await onNode(one, bob).call('PATCH', '/me', { body: { display_name: 'Robert' } });
      await until(async () => (await bob.call('GET', '/me')).display_name === 'Robert', 'the new name');
      await until(async () => {
        const again = await open(bob);
        await again.close();
        return again.ready.user.display_name === 'Robert';
      }, 'the new name in ready');
    });

    if (bus === 'there') {
      test('the other node is woken, and need not wait for its next look', async () => {
        const before = await metric(two, 'hints_heard_total');
        await ann.call('POST', '/friends', { body: { user_id: bob.id } });
        await his.expectFrame('friend', { user_id: ann.id, status: 'pending' });
        await until(async () => (await metric(two, 'hints_heard_total')) > before, 'a hint');
      });
    }

    test('friends are told on all nodes, in the order in which it happened', async () => {
      await ann.call('POST', '/friends', { body: { user_id: bob.id } });
      await his.expectFrame('friend', { user_id: ann.id, status: 'pending' });
      await bob.call('POST', `/friends/${ann.id}/accept`);
      await hers.expectFrame('friend', { user_id: bob.id, status: 'accepted', by: bob.id });
      for (let i = 0; i < 10; i += 1) {
        const [who, other] = i % 2 ? [ann, bob] : [bob, ann];
        await who.call('DELETE', `/friends/${other.id}`, { expect: 204 });
        await other.call('POST', '/friends', { body: { user_id: who.id } });
        await who.call('POST', `/friends/${other.id}/accept`);
      }
      const told = (socket) => socket.frames.filter((frame) => frame.type === 'friend').map((frame) => frame.data.status);
      const expected = ['pending', 'accepted', ...Array.from({ length: 10 }, () => ['none', 'pending', 'accepted']).flat()];
      for (const socket of [his, hers]) {
        await until(() => told(socket).length >= expected.length, 'all is told');
        assert.deepEqual(told(socket), expected);
      }
    });

    const needsBus = bus === 'never there' && 'without a bus nodes hear no messages of each other';
    test('who is invited on one node goes live on the other, and who is removed is told, soon', { skip: needsBus }, async () => {
      const cid = onNode(two, await newAccount(one, 'cid'));
      const socket = await open(cid);
      const begun = performance.now();
      await ann.invite(room, cid);
      await socket.expectFrame('room_added');
      assert.ok(performance.now() - begun < 4500, `it took ${performance.now() - begun} ms`);
      const { seq } = await ann.post(room, 'welcome');
      await socket.expectFrame('new_message', { seq });
      const removing = performance.now();
      await ann.remove(room, cid);
      await socket.expectFrame('room_removed');
      assert.ok(performance.now() - removing < 4500, `it took ${performance.now() - removing} ms`);
      const behind = await ann.post(room, 'not for cid');
      const other = await ann.group('new', [cid]);
      const added = await socket.expectFrame('room_added', (data) => data.room?.room_id === other || data.room_id === other);
      assert.ok(added);
      const next = await ann.post(other, 'for cid');
      await socket.expectFrame('new_message', { seq: next.seq, room_id: other });
      assert.deepEqual(socket.durable(room).filter((frame) => frame.data.seq >= behind.seq), []);
      await socket.close();
    });
  });
}

describe('the operator', { skip }, () => {
  let redis, one, two;
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

  test('parleyctl cluster shows every node, and who has fallen silent', async () => {
    const ann = await newAccount(two, 'ann');
    const room = await ann.group('hers');
    const socket = await open(ann);
    await ann.post(room, 'so that the room is in use');
    const shown = (nodes) => nodes.map((node) => [node.name, node.is_alive, node.connections, node.rooms]);
    const seen = async () => shown(await one.operate(['cluster']));
    const node = await until(async () => {
      const nodes = await one.operate(['cluster']);
      const isWell = nodes[0].silent_ms < 1000 && nodes[0].stream_backlog_bytes === 0;
      return isWell && JSON.stringify(shown(nodes)) === '[["one",true,0,0],["two",true,1,1]]' && nodes[0];
    }, 'both, as they are');
    assert.match(node.version, /^\d+\.\d+\.\d+$/);
    const { stdout } = await one.parleyctl(['cluster']);
    assert.match(stdout, /^NAME +VERSION +ALIVE .*\none .*\ntwo /);
    await pauseBetweenTransactions(two);
    await until(async () => JSON.stringify(await seen()) === '[["one",true,0,0],["two",false,1,1]]', 'one is silent');
    two.resume();
    await until(async () => (await seen())[1][1], 'and speaks again');
    await redis.restart();
    await until(async () => (await one.operate(['cluster'])).every((n) => n.resynced_at !== null), 'both compared');
    await socket.close();
  });

  test('parleyctl cluster shows what waits for the bus, and for how long nothing was heard from it', async () => {
    const ann = await newAccount(two, 'ann');
    const room = await ann.group('hers');
    const read = async (name) => {
      const node = (await one.operate(['cluster'])).find((each) => each.name === name);
      return [node.stream_backlog_bytes > 0, node.stream_lag_ms > 1000];
    };
    await until(async () => String([await read('one'), await read('two')]) === 'false,false,false,false', 'all is well');
    await redis.pause();
    try {
      await ann.post(room, 'it waits');
      await until(async () => String([await read('one'), await read('two')]) === 'false,true,true,true', 'nothing passes');
      assert.ok((await metric(two, 'stream_backlog_bytes')) > 0 && (await metric(two, 'stream_lag_ms')) > 1000);
    } finally {
      redis.resume();
    }
    await until(async () => String([await read('one'), await read('two')]) === 'false,false,false,false', 'it passes');
  });

  test('what the operator writes into the store is told to the nodes', async () => {
    const ann = await newAccount(one, 'ann');
    const socket = await open(ann);
    await one.operate(['user', 'suspend', ann.username]);
    await socket.expectClose(4403);
  });
});

describe('a node that hears nothing', { skip }, () => {
  let redis, one, two, ann, bob, cid, room;
  beforeEach(async () => {
    redis = await startRedis();
    one = await startParleyd({ set: { ...unlimited, 'bus.url': redis.url, 'node.name': 'one' } });
    two = await startBeside(one, { 'node.name': 'two' });
    for (const node of [one, two]) await until(async () => (await metric(node, 'nodes_alive')) === 2, 'both are known');
    ann = await newAccount(one, 'ann');
    bob = onNode(two, await newAccount(one, 'bob'));
    cid = onNode(two, await newAccount(one, 'cid'));
    room = await ann.group('across', [bob, cid]);
  });
  afterEach(async () => {
    two?.resume();
    await two?.stop();
    await one?.stop();
    await redis?.stop();
  });

  /** Bob's log-out on node one waits for nobody: one of three, since the machine may stand still in one. */
  async function expectUnawaitedLogOut() {
    const waits = async () =>
      Promise.all(['count', 'sum'].map((part) => metric(one, `control_wait_seconds_${part}`)));
    const seconds = [];
    while (seconds.length < 3) {
      const who = await onNode(one, bob).again();
      const [count, sum] = await waits();
      await logOut(who);
      await until(async () => (await waits())[0] > count, 'its wait is counted');
      seconds.push((await waits())[1] - sum);
      if (seconds.at(-1) < 0.5) return;
    }
    assert.fail(`somebody was waited for, for ${seconds} s`);
  }

  test('a node that was stopped delivers nothing before it knows who is out', async () => {
    const [his, others] = [await open(bob), await open(cid)];
    await pauseBetweenTransactions(two);
    const lastWord = lastWordOf(two);
    const begun = performance.now();
    await logOut(onNode(one, bob));
    const answered = performance.now();
    // Two may deliver for a second from its last word, which stands before the log-out begins by some 0.5 s.
    const [behind, waited] = [answered - lastWord, answered - begun];
    assert.ok(behind > 950, `answered ${behind} ms behind the last word of a node that may deliver until then`);
    assert.ok(waited < 10_000, `the answer waited ${waited} ms`);
    await ann.post(room, 'behind the answer');
    await until(async () => (await metric(one, 'nodes_alive')) === 1, 'it counts as gone');
    await expectUnawaitedLogOut();
    two.resume();
    await his.expectClose(4401);
    assert.ok(!his.frames.some((frame) => frame.data.content === 'behind the answer'));
    await others.expectFrame('new_message', (data) => data.content === 'behind the answer');
    await others.close();
  });

  test('nothing is taken of somebody who logged out while his node was stopped', async () => {
    const his = await open(bob);
    await pauseBetweenTransactions(two);
    for (let i = 0; i < 20; i += 1) his.send('send_message', { room_id: room, content: `late ${i}` });
    await logOut(onNode(one, bob));
    two.resume();
    await his.expectClose(4401);
    const { items } = await ann.history(room);
    assert.deepEqual(items.filter((item) => item.content?.startsWith('late')), []);
  });

  test('nodes that cannot read the log serve nobody and say so, and go on when they can', async () => {
    const [hers, his] = [await open(ann), await open(bob)];
    queryRows(one.storeUrl, 'ALTER TABLE tb_node RENAME TO tb_node_gone');
    for (const node of [one, two]) await until(async () => (await statusOf(node, '/readyz')) === 503, 'it is unready');
    await ann.call('GET', '/me', { expect: 503 });
    await bob.call('POST', `/rooms/${room}/messages`, { body: { content: 'now' }, expect: 503 });
    await his.expectError(his.send('send_message', { room_id: room, content: 'now' }), 'unavailable');
    queryRows(one.storeUrl, 'ALTER TABLE tb_node_gone RENAME TO tb_node');
    for (const node of [one, two]) await until(async () => (await statusOf(node, '/readyz')) === 200, 'it is ready');
    // At once, and once: a node that is ready serves.
    const { body, status } = await bob.answerOf('POST', `/rooms/${room}/messages`, { body: { content: 'and on' } });
    assert.equal(status, 201);
    const { seq } = body;
    for (const socket of [hers, his]) await socket.expectFrame('new_message', { seq });
    await Promise.all([hers, his].map((socket) => socket.close()));
  });

  test('a node that ends in order is waited for by nobody', async () => {
    await two.stop();
    assert.deepEqual(queryRows(one.storeUrl, "SELECT 1 FROM tb_node WHERE name = 'two'"), [], 'it took leave');
    await expectUnawaitedLogOut();
    await until(async () => (await metric(one, 'nodes_alive')) === 1, 'one is left');
    two = null;
  });

  test('a node that was killed is waited for no longer than a second', async () => {
    two.expectKilled = true;
    await two.kill();
    const begun = performance.now();
    await logOut(await onNode(one, bob).again());
    assert.ok(performance.now() - begun < 10_000);
    assert.equal(await statusOf(one, '/readyz'), 200);
  });
});
