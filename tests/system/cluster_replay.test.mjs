// Clients that come back to rooms which their node has not in memory: what they missed comes from the rooms' tails in
// Redis, and it is what the store has, whatever happens to Redis and in whatever order nodes write to it.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Account, newAccount } from '../support/client.mjs';
import { startBeside } from '../support/files.mjs';
import { metric } from '../support/metrics.mjs';
import { range, sendMany, unlimited } from '../support/moderation.mjs';
import { startParleyd, until } from '../support/parleyd.mjs';
import { pauseBetweenTransactions, postgresInUse } from '../support/postgres.mjs';
import { startRedis } from '../support/redis.mjs';

const skip = !postgresInUse && 'several nodes need PostgreSQL';
const onNode = (node, who) => new Account(node, who.username, who.password, { user_id: who.id }, who.token);

test('who comes back to a room in use gets what was missed from its ring, and the store is not asked', async () => {
  const node = await startParleyd({ set: unlimited });
  try {
    const ann = await newAccount(node, 'ann');
    const bob = await newAccount(node, 'bob');
    const room = await ann.group('in use', [bob]);
    const [stays, goes] = [await ann.connect(), await bob.connect()];
    const { seq } = await ann.post(room, 'before');
    await goes.expectFrame('new_message', { seq });
    await goes.close();
    for (let i = 0; i < 50; i += 1) await ann.post(room, `${i}`);
    await stays.expectFrame('new_message', { seq: seq + 50 });
    const names = ['replay_events_ring_total', 'replay_events_store_total', 'replay_pages_store_total'];
    const all = () => Promise.all(names.map((name) => metric(node, name)));
    const before = await all();
    const back = await bob.connect({ replay: 'none' });
    await back.resume({ [room]: seq });
    await back.untilLive(room);
    assert.deepEqual(back.durable(room).map((frame) => frame.data.seq), range(seq + 1, seq + 50));
    assert.deepEqual((await all()).map((count, i) => count - before[i]), [50, 0, 0]);
    for (const socket of [stays, back]) await socket.close();
  } finally {
    await node.stop();
  }
});

describe('two nodes whose memory reaches back to the last event only', { skip }, () => {
  let redis, one, two, nodes, ann, bob, room, begin;
  before(async () => {
    redis = await startRedis();
    // A page that Redis gives too late comes from the store; which of the two it was is counted.
    const bus = { 'bus.url': redis.url, 'bus.connect_ms': 3_000, 'bus.answer_ms': 3_000, 'bus.tail_entries': 200 };
    one = await startParleyd({ set: { ...unlimited, ...bus, 'replay.ring_events': 1, 'node.name': 'one' } });
    two = await startBeside(one, { 'node.name': 'two' });
    nodes = [one, two];
  });
  after(async () => {
    await two?.stop();
    await one?.stop();
    await redis?.stop();
  });
  beforeEach(async () => {
    for (const node of nodes) await until(async () => (await metric(node, 'buses_up')) === 1, 'the bus is up');
    ann = await newAccount(one, 'ann');
    bob = onNode(two, await newAccount(one, 'bob'));
    room = await ann.group('far back', [bob]);
    begin = 3;
    await keepTails();
  });

  const key = () => `parley:room:{${room}}`;
  const endOfTail = () => Number(redis.cli('XREVRANGE', key(), '+', '-', 'COUNT', 1).split('-')[0]);
  const everythingInTails = () =>
    redis.cli('--scan', '--pattern', 'parley:room:*').split('\n').filter(Boolean)
      .map((name) => (name.endsWith(':early') ? redis.cli('HGETALL', name) : redis.cli('XRANGE', name, '-', '+')))
      .join('\n');
  /** Until both nodes keep tails of what they store now, and read them again; the room itself stays empty. */
  async function keepTails() {
    for (const who of [ann, bob]) {
      const other = await who.group('aside', [who === ann ? bob : ann]);
      const kept = async () => {
        await who.post(other, 'aside');
        return redis.cli('EXISTS', `parley:room:{${other}}`) === '1';
      };
      await until(kept, 'tails are kept');
      await who.post(other, 'aside');
      const { seq } = await who.post(other, 'aside');
      const read = async () => {
        const before = await metric(who.node, 'tail_pages_total');
        const socket = await who.connect({ replay: 'none' });
        await socket.resume({ [other]: seq - 2 });
        await socket.untilLive(other);
        await socket.close();
        return (await metric(who.node, 'tail_pages_total')) > before;
      };
      await until(read, 'tails are read');
    }
  }
  /** What those who come back to that node after `from` get; and it is what the store has. */
  async function replayOn(node, from, who = bob) {
    const socket = await onNode(node, who).connect({ replay: 'none' });
    for (let place = from, more = true; more;) {
      await socket.resume({ [room]: place });
      ({ seq: place, more } = (await socket.expectFrame('replay_end', { room_id: room })).data);
    }
    const frames = socket.durable(room);
    await socket.close();
    assert.deepEqual(frames, (await who.allEvents(room)).filter((frame) => frame.data.seq > from));
    return frames;
  }
  const counted = async (names) => Promise.all(names.map(async (name) => (await metric(one, name)) + (await metric(two, name))));
  /** Which of ring, tail and store gave how many events on both nodes, and how often the store was asked. */
  async function sources(doThis) {
    const names = ['replay_events_tail_total', 'replay_events_store_total', 'replay_pages_store_total'];
    const before = await counted(names);
    await doThis();
    const [tail, store, pages] = (await counted(names)).map((value, i) => value - before[i]);
    return { tail, store, pages };
  }

  test('a storm of clients who come back does not ask the store for pages', async () => {
    const socket = await ann.connect({ replay: 'none' });
    await sendMany(socket, room, range(1, 150).map((n) => `n ${n}`));
    await socket.close();
    await until(() => endOfTail() === begin + 149, 'all is in the tail');
    const got = await sources(async () => {
      const sockets = await Promise.all(range(1, 40).map((n) => onNode(nodes[n % 2], n % 4 < 2 ? ann : bob).connect({ replay: 'none' })));
      await Promise.all(sockets.map((each) => each.resume({ [room]: begin - 1 })));
      for (const each of sockets) {
        await each.untilLive(room);
        assert.deepEqual(each.durable(room).map((frame) => frame.data.seq), range(begin, begin + 149));
      }
      const { seq } = await bob.post(room, 'and all are live');
      for (const each of sockets) await each.expectFrame('new_message', { seq });
      await Promise.all(sockets.map((each) => each.close()));
    });
    assert.equal(got.pages, 0);
    assert.ok(got.tail >= 40 * 149, `${got.tail} events from tails`);
    await redis.kill();
    const [without, before] = [await sources(() => replayOn(two, begin - 1)), got];
    await redis.start();
    assert.equal(without.tail, 0);
    assert.ok(before.pages === 0 && without.pages > 0 && without.store >= 150);
  });

  test('with Redis and without it the same comes, of every kind', async () => {
    const first = await ann.post(room, 'first');
    const second = await bob.post(room, 'second');
    const third = await ann.post(room, 'third');
    await ann.call('PATCH', `/messages/${first.message_id}`, { body: { content: 'better' } });
    await bob.call('PUT', `/messages/${third.message_id}/reactions/${encodeURIComponent('👍')}`);
    await bob.call('DELETE', `/messages/${second.message_id}`);
    await ann.call('PATCH', `/messages/${first.message_id}`, { body: { content: 'best' } });
    await ann.call('PATCH', `/rooms/${room}`, { body: { name: 'renamed' } });
    const { seq: end } = await bob.post(room, 'last');
    await until(() => endOfTail() === end, 'all is in the tail');
    const places = range(0, end - 2);
    const all = [];
    const got = await sources(async () => {
      for (const place of places) all.push(await replayOn(two, place));
    });
    assert.ok(got.tail > 0 && got.store > 0, JSON.stringify(got));
    assert.ok(!JSON.stringify(all).match(/second|"better"/));
    await redis.kill();
    for (const place of places) assert.deepEqual(await replayOn(two, place), all[place]);
    await redis.start();
  });

  test('what is edited or deleted on one node comes so from the tail on the other, and Redis keeps no word of it', async () => {
    const sent = [];
    for (const n of range(1, 12)) sent.push(await ann.post(room, `s3cret ${n}`));
    for (const [i, { message_id: id }] of sent.entries()) {
      const who = i % 2 ? ann : onNode(two, ann);
      if (i % 3 === 0) await who.call('DELETE', `/messages/${id}`);
      if (i % 3 === 1) await who.call('PATCH', `/messages/${id}`, { body: { content: 'harmless' } });
    }
    const { seq: end } = await bob.post(room, 'last');
    await until(() => endOfTail() === end, 'all is in the tail');
    for (const node of nodes) await replayOn(node, begin - 1);
    const kept = everythingInTails();
    for (const n of [1, 4, 7, 10, 2, 5, 8, 11]) assert.ok(!kept.match(new RegExp(`s3cret ${n}$`, 'm')), `${n} is still there`);
    const got = await sources(() => replayOn(two, begin + 1));
    assert.ok(got.tail > 0, 'the third message was not touched');
  });

  for (const [what, harm] of Object.entries({
    'was told to forget everything': () => redis.cli('FLUSHALL'),
    'was killed and came back empty': () => redis.restart(),
  })) {
    test(`a Redis that ${what} costs the store some pages and nobody anything`, async () => {
      const { message_id: early } = await ann.post(room, 'early');
      await bob.post(room, 'and so');
      await harm();
      await ann.call('DELETE', `/messages/${early}`);
      await replayOn(two, begin - 1);
      await keepTails();
      const { seq: from } = await ann.post(room, 'anew');
      for (const n of range(1, 5)) await bob.post(room, `anew ${n}`);
      await until(() => endOfTail() === from + 5, 'the tail is there again');
      await replayOn(one, begin - 1);
      const got = await sources(() => replayOn(two, from));
      assert.deepEqual(got, { tail: 5, store: 0, pages: 0 });
    });
  }

  test('what a stopped node writes late, into a Redis that forgot its deletion, comes to nobody and stays nowhere', async () => {
    await ann.post(room, 'before');
    await redis.pause();
    const { message_id: late } = await ann.post(room, 's3cret');
    await pauseBetweenTransactions(one); // with its news of that unsent
    try {
      await redis.restart();
      await onNode(two, ann).call('DELETE', `/messages/${late}`);
    } finally {
      one.resume();
    }
    await until(async () => (await metric(one, 'stream_backlog_bytes')) === 0, 'it has written all');
    assert.ok(!everythingInTails().includes('s3cret'));
    for (const node of nodes) await replayOn(node, begin - 1);
    await keepTails();
    await bob.post(room, 'after');
    for (const node of nodes) await replayOn(node, begin - 1);
    assert.ok(!everythingInTails().includes('s3cret'));
  });

  test('of a tail that does not reach back the store gives the first pages and the tail the others', async () => {
    const socket = await ann.connect({ replay: 'none' });
    await sendMany(socket, room, range(1, 600).map((n) => `n ${n}`));
    await socket.close();
    await until(() => endOfTail() === begin + 599, 'all is in the tail');
    const got = await sources(() => replayOn(two, 0));
    assert.ok(got.tail >= 100 && got.store >= 300, JSON.stringify(got));
  });

  test('an entry that nobody can read is read from the store', async () => {
    for (const n of range(1, 4)) await ann.post(room, `n ${n}`);
    const end = begin + 3;
    await until(() => endOfTail() === end, 'all is in the tail');
    redis.cli('DEL', key());
    for (const seq of [end - 1, end]) redis.cli('XADD', key(), `${seq}-0`, 'm', 'p', 'e', 'of another time');
    const before = await metric(two, 'stream_unreadable_total');
    const got = await sources(() => replayOn(two, end - 2));
    assert.equal(got.tail, 0);
    assert.equal((await metric(two, 'stream_unreadable_total')) - before, 1);
  });

  test('who was removed gets nothing from a tail', async () => {
    const { seq } = await ann.post(room, 'before');
    const socket = await bob.connect({ replay: 'none' });
    await ann.remove(room, bob);
    await socket.expectFrame('room_removed');
    await ann.post(room, 'between us');
    await socket.refused('resume', { rooms: { [room]: seq - 1 } }, 'not_found');
    await socket.ping();
    assert.ok(!socket.frames.some((frame) => frame.data.content === 'between us'));
    await socket.close();
  });
});
