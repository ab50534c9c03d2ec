// The server's pings: answered by libraries without being asked, and what happens when nobody answers.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { newAccount } from '../support/client.mjs';
import { startParleyd } from '../support/parleyd.mjs';

async function withHeartbeat(heartbeatMs, body) {
  const parley = await startParleyd({ set: { 'net.heartbeat_ms': heartbeatMs } });
  try {
    await body(await newAccount(parley, 'ada'));
  } finally {
    await parley.stop();
  }
}

/** The next ping of a connection that is not closed meanwhile. */
const pinged = ({ socket }) =>
  Promise.race([
    once(socket, 'ping'),
    once(socket, 'close').then(([code]) => assert.fail(`closed with ${code} in place of a ping`)),
  ]);

test('ready says the interval, pings come, and who answers them stays', async () => {
  const heartbeatMs = 1_500; // this process may stand still for two of them
  await withHeartbeat(heartbeatMs, async (ada) => {
    const connection = await ada.connect();
    assert.equal(connection.ready.heartbeat_ms, heartbeatMs);
    for (let i = 0; i < 3; i += 1) await pinged(connection);
    await connection.ping();
    await connection.close();
  });
});

test('who does not answer two pings is closed with 1001', () =>
  withHeartbeat(300, async (ada) => {
    const connection = await ada.connect({ replay: 'none', awaitReady: false, socket: { autoPong: false } });
    let pings = 0;
    connection.socket.on('ping', () => (pings += 1));
    await connection.expectClose(1001);
    assert.equal(pings, 2);
  }));
