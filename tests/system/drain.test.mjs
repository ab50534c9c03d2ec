// SIGTERM: unready, a word to every client, 1012, everything accepted finished, exit 0.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newAccount } from '../support/client.mjs';
import { startParleyd, until } from '../support/parleyd.mjs';

async function withNode(set, body) {
  const parley = await startParleyd({
    set: { 'limits.send_rate_per_second': 0, 'limits.frames_per_second': 0, ...set },
  });
  try {
    await body(parley);
  } finally {
    await parley.stop();
  }
}

test('a node that is told to stop turns unready, sends drain, closes with 1012 and exits 0', () =>
  withNode({ 'drain.seconds': 1, 'drain.ready_seconds': 1 }, async (parley) => {
    const ada = await newAccount(parley, 'ada');
    const sockets = [await ada.connect(), await ada.connect()];
    parley.signal('SIGTERM');
    await until(async () => (await parley.status('/readyz')) === 503, '/readyz 503');
    assert.equal(await parley.status('/healthz'), 200);
    for (const socket of sockets) {
      const { data } = await socket.expectFrame('drain');
      assert.ok(data.reconnect_after_ms >= 0 && data.reconnect_after_ms <= 60_000);
      await socket.expectClose(1012);
    }
    assert.deepEqual(await parley.exited, { code: 0, signal: null });
  }));

test('clients are told to come back at even times, and each is let go at its own', () =>
  withNode({ 'drain.seconds': 5 }, async (parley) => {
    const ada = await newAccount(parley, 'ada');
    const sockets = [];
    for (let i = 0; i < 20; i += 1) sockets.push(await ada.connect({ replay: 'none' }));
    const begun = performance.now();
    parley.signal('SIGTERM');
    const ends = await Promise.all(
      sockets.map(async (socket) => {
        const { data } = await socket.expectFrame('drain');
        await socket.expectClose(1012);
        return { after: data.reconnect_after_ms, closed: performance.now() - begun };
      }),
    );
    const times = ends.map((end) => end.after).sort((a, b) => a - b);
    // Each I/O thread spreads its own; one of two has ten of them at least. The last tenth is for the last one to end.
    times.forEach((time, i) => assert.ok(time - (times[i - 1] ?? 0) <= 450, `${times}`));
    assert.equal(times.at(-1), 4_500);
    for (const { after: due, closed } of ends) assert.ok(closed >= due - 50, `${closed} ms, told ${due}`);
    assert.deepEqual(await parley.exited, { code: 0, signal: null });
    const behind = performance.now() - begun - Math.max(...ends.map(({ closed }) => closed));
    // Some milliseconds, but for a busy machine; waiting for an answer or a peer that is gone would take 5 s.
    assert.ok(behind < 4_000, `${behind} ms behind the last one`);
  }));

test('a node without clients exits 0 at once', () =>
  withNode({}, async (parley) => {
    // Waiting for clients that are not there would take 5 s.
    assert.deepEqual(await parley.endsWithin(4_000), { code: 0, signal: null });
  }));

test('what was accepted before the end is answered or not stored, and what was acknowledged is there afterwards', () =>
  withNode({ 'drain.seconds': 0.5 }, async (parley) => {
    const ada = await newAccount(parley, 'ada');
    const roomId = await ada.group('drain');
    const sockets = [];
    for (let i = 0; i < 4; i += 1) sockets.push(await ada.connect({ replay: 'none' }));
    const acked = new Map();
    let sent = 0;
    const talk = async (socket) => {
      for (;;) {
        const key = `k${(sent += 1)}`;
        try {
          acked.set(key, await socket.say(roomId, key, { client_msg_id: key }));
        } catch {
          if (socket.closed) return;
        }
      }
    };
    const talking = sockets.map(talk);
    await until(() => acked.size > 100, 'some traffic');
    assert.deepEqual(await parley.terminate(), { code: 0, signal: null });
    await Promise.all(talking);
    assert.deepEqual(
      sockets.map((s) => s.closed.code),
      [1012, 1012, 1012, 1012],
    );
    for (const socket of sockets)
      assert.ok(
        socket.frames.some((f) => f.type === 'drain'),
        'drain came before the close',
      );
    await parley.start();
    const stored = new Map((await ada.allEvents(roomId)).map((e) => [e.data.client_msg_id, e.data]));
    for (const [key, ack] of acked) assert.equal(stored.get(key)?.seq, ack.seq, `${key} was acknowledged`);
  }));

test('the end does not wait for those who sent much and are gone', () =>
  withNode({}, async (parley) => {
    const users = await Promise.all(Array.from({ length: 10 }, (_, i) => newAccount(parley, `sender${i}`)));
    const roomId = await users[0].group('drain', users.slice(1));
    const sockets = await Promise.all(users.map((u) => u.connect({ replay: 'none' })));
    for (const socket of sockets)
      for (let i = 0; i < 200; i += 1) socket.send('send_message', { room_id: roomId, content: `${i}` });
    await sockets[0].expectFrame('new_message', { room_id: roomId });
    await Promise.all(sockets.slice(0, 5).map((s) => s.cut()));
    // Waiting for their answers would take 5 s.
    assert.deepEqual(await parley.endsWithin(4_500), { code: 0, signal: null });
    await parley.start();
    const stored = await users[0].allEvents(roomId);
    assert.deepEqual(
      stored.map((e) => e.data.seq),
      stored.map((_, i) => i + 1),
      'no hole',
    );
  }));

test('while a node drains nobody new is let in', () =>
  withNode({ 'drain.seconds': 2 }, async (parley) => {
    const ada = await newAccount(parley, 'ada');
    const socket = await ada.connect();
    parley.signal('SIGTERM');
    await socket.expectFrame('drain');
    await until(
      () =>
        ada.connect().then(
          (c) => (c.close(), false),
          () => true,
        ),
      'a refused connection',
    );
    await parley.exited;
  }));

test('a second signal stops at once', () =>
  withNode({ 'drain.seconds': 600 }, async (parley) => {
    const ada = await newAccount(parley, 'ada');
    const socket = await ada.connect();
    parley.signal('SIGTERM');
    await socket.expectFrame('drain');
    assert.deepEqual(await parley.endsWithin(4_000), { code: 0, signal: null });
    await socket.expectClose(1012);
  }));

test('SIGINT stops like SIGTERM', () =>
  withNode({}, async (parley) => {
    const ada = await newAccount(parley, 'ada');
    const socket = await ada.connect();
    parley.signal('SIGINT');
    await socket.expectFrame('drain');
    await socket.expectClose(1012);
    assert.deepEqual(await parley.exited, { code: 0, signal: null });
  }));
