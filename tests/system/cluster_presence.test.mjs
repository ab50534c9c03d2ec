// Who is online, over several nodes: devices on two of them, nodes that are killed, stopped or restarted, and the
// operator who asks.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Account, newAccount } from '../support/client.mjs';
import { startBeside } from '../support/files.mjs';
import { metric } from '../support/metrics.mjs';
import { unlimited } from '../support/moderation.mjs';
import { startParleyd, until } from '../support/parleyd.mjs';
import { pauseBetweenTransactions, postgresInUse, queryRows } from '../support/postgres.mjs';
import { startRedis } from '../support/redis.mjs';

const skip = !postgresInUse && 'several nodes need PostgreSQL';
const ttl = 5; // a node that stands still for 3 s is not dead

const onNode = (node, who) => new Account(node, who.username, who.password, { user_id: who.id }, who.token);
const open = (who) => who.connect({ replay: 'none' });

let redis, one, two, eye, watcher, ann, answered;
/** What has changed for the watcher since the answer that she is off; what only says so again is none. */
const changes = () => {
  const told = watcher.frames.slice(answered).filter((f) => f.type === 'presence' && f.data.user_id === ann.id);
  const states = [false, ...told.map((f) => f.data.is_online)];
  return states.slice(1).filter((state, i) => state !== states[i]);
};
const status = () =>
  queryRows(one.storeUrl, `SELECT is_online FROM tb_user_status WHERE user_id = '${ann.id}'`)[0][0];
const useNodes = (graceSeconds) => {
  beforeEach(async () => {
    redis = await startRedis();
    const presence = { 'presence.grace_seconds': graceSeconds, 'presence.ttl_seconds': ttl };
    one = await startParleyd({ set: { ...unlimited, 'bus.url': redis.url, ...presence } });
    two = await startBeside(one, { 'node.name': 'two' });
    eye = await newAccount(one, 'eye');
    ann = await newAccount(one, 'ann');
    await until(() => status() === '0', 'the grace of the log-in is over');
    // Else the watcher may still be told of it.
    const written = Number(queryRows(one.storeUrl, 'SELECT count(*) FROM tb_control_event')[0][0]);
    await until(async () => (await metric(one, 'control_events_total')) >= written, 'its node has read of it');
    watcher = await open(eye);
    await watcher.ask('watch_presence', { user_ids: [ann.id] });
    answered = watcher.frames.length;
  });
  afterEach(async () => {
    await watcher?.close();
    two?.resume();
    await two?.stop();
    await one?.stop();
    await redis?.stop();
  });
};

describe('presence over two nodes', { skip }, () => {
  useNodes(0);

  test('devices on two nodes are one person, who is told of once', async () => {
    const phone = await open(onNode(two, ann));
    await watcher.expectFrame('presence', { user_id: ann.id, is_online: true });
    const laptop = await open(ann);
    const nodes = async () => (await one.operate(['presence', 'explain', ann.username])).nodes.length;
    // A socket is ready before the store knows of it; without a grace time its owner could be off for that moment.
    await until(async () => (await nodes()) === 2, 'both are known');
    await phone.close();
    await until(async () => (await nodes()) === 1, 'one is left');
    assert.equal(status(), '1');
    await laptop.close();
    await watcher.expectFrame('presence', { user_id: ann.id, is_online: false });
    assert.equal(status(), '0');
    assert.deepEqual(changes(), [true, false]);
  });

  test('an operator sees by which devices somebody is on, and on which nodes', async () => {
    const phone = await open(onNode(two, ann));
    const laptop = await open(ann);
    const second = await open(ann);
    const explain = () => one.operate(['presence', 'explain', ann.username]);
    // A node has half a second to answer, else it is among the silent ones.
    const why = await until(async () => {
      const said = await explain();
      return said.devices.length === 2 && said.silent.length === 0 && said;
    }, 'both nodes know of them');
    assert.equal(why.is_online, true);
    const names = new Map((await one.operate(['cluster'])).map((node) => [node.node_id, node.name]));
    assert.deepEqual(why.devices.map((each) => each.node).sort(), [...names.values()].sort());
    assert.deepEqual(why.devices.map((each) => each.sockets).sort(), [1, 2]);
    for (const each of why.devices) assert.ok(each.logged_in_at, 'by a log-in that goes on');
    await laptop.close();
    await second.close();
    await until(async () => (await explain()).devices.length === 1, 'the phone is left');
    await phone.close();
  });

  test('who was on a node that is killed is offline within the TTL, once, and no ghost is left', async () => {
    await open(onNode(two, ann));
    await watcher.expectFrame('presence', { user_id: ann.id, is_online: true });
    const { nodes: [place], lease_ms } = await one.operate(['presence', 'explain', ann.username]);
    assert.equal(place.is_known, true);
    assert.ok(place.silent_ms < lease_ms && lease_ms < ttl * 1000, `${place.silent_ms} of ${lease_ms} ms`);
    two.expectKilled = true;
    const killed = performance.now();
    await two.kill();
    await watcher.expectFrame('presence', { user_id: ann.id, is_online: false });
    const took = (performance.now() - killed) / 1000;
    assert.ok(took < 12, `it took ${took} s`); // by the usual TTL it would be 27 s
    assert.equal(status(), '0');
    assert.deepEqual(changes(), [true, false]);
    assert.deepEqual((await one.operate(['presence', 'explain', ann.username])).nodes, []);
    const ends = watcher.frames.slice(answered).filter((f) => f.type === 'presence' && !f.data.is_online);
    assert.equal(ends.length, 1, 'exactly once');
    assert.equal(await metric(one, 'nodes_dead_total'), 1);
    assert.deepEqual(queryRows(one.storeUrl, 'SELECT user_id FROM tb_presence'), [[eye.id]], 'the watcher alone');
  });

  test('who is also elsewhere stays online when a node is killed', async () => {
    const laptop = await open(ann);
    await watcher.expectFrame('presence', { user_id: ann.id, is_online: true });
    await open(onNode(two, ann));
    two.expectKilled = true;
    await two.kill();
    await until(async () => (await one.operate(['cluster'])).length === 1, 'it is forgotten');
    await until(async () => (await one.operate(['presence', 'explain', ann.username])).nodes.length === 1, 'cleared');
    assert.equal(status(), '1');
    assert.deepEqual(changes(), [true]);
    await laptop.close();
  });

  test('a node that was only stopped brings its people back', async () => {
    const phone = await open(onNode(two, ann));
    await watcher.expectFrame('presence', { user_id: ann.id, is_online: true });
    await pauseBetweenTransactions(two);
    await watcher.expectFrame('presence', { user_id: ann.id, is_online: false });
    two.resume();
    await watcher.expectFrame('presence', { user_id: ann.id, is_online: true });
    assert.equal(status(), '1');
    await phone.ping();
    await phone.close();
    await watcher.expectFrame('presence', { user_id: ann.id, is_online: false });
    assert.deepEqual(changes(), [true, false, true, false]);
  });

  test('nobody is declared offline while or after nobody could say a word', async () => {
    const phone = await open(onNode(two, ann));
    await watcher.expectFrame('presence', { user_id: ann.id, is_online: true });
    queryRows(one.storeUrl, 'ALTER TABLE tb_node RENAME TO tb_node_gone');
    const begun = performance.now();
    await until(() => performance.now() - begun > (ttl + 1) * 1000, 'longer than the TTL');
    queryRows(one.storeUrl, 'ALTER TABLE tb_node_gone RENAME TO tb_node');
    for (const node of [one, two])
      await until(async () => (await fetch(`${node.url}/readyz`)).status === 200, 'it is ready');
    await phone.expectAck(phone.send('ping')); // at once: a node that is ready serves
    await watcher.ping();
    assert.deepEqual(changes(), [true]);
    await phone.close();
    await watcher.expectFrame('presence', { user_id: ann.id, is_online: false });
  });
});

describe('presence over a restart', { skip }, () => {
  const graceSeconds = 4;
  useNodes(graceSeconds);

  test('who comes to another node within the grace time was never off, and who does not is off behind it', async () => {
    await open(onNode(two, ann));
    await watcher.expectFrame('presence', { user_id: ann.id, is_online: true });
    await two.stop();
    const laptop = await open(ann);
    await until(() => queryRows(one.storeUrl, 'SELECT node_id FROM tb_node').length === 1, 'its users were waited for');
    await watcher.ping();
    assert.deepEqual(changes(), [true]);
    two = await startBeside(one);
    const phone = await open(onNode(two, ann));
    await laptop.close();
    await phone.ping();
    const ended = performance.now();
    await two.terminate();
    await watcher.expectFrame('presence', { user_id: ann.id, is_online: false });
    const took = (performance.now() - ended) / 1000;
    assert.ok(took > graceSeconds - 1.5, `it took ${took} s`); // silence is counted by whole looks into the store
    assert.deepEqual(changes(), [true, false]);
  });
});
