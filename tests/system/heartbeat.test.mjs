// The server's pings: answered by libraries without being asked, and what happens when nobody answers.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { newAccount } from '../support/client.mjs';
import { startParleyd } from '../support/parleyd.mjs';

const heartbeatMs = 300;
let parley, ada;
before(async () => {
  parley = await startParleyd({ set: { 'net.heartbeat_ms': heartbeatMs } });
  ada = await newAccount(parley, 'ada');
});
after(() => parley?.stop());

test('ready says the interval, pings come, and who answers them stays', async () => {
  const socket = await ada.connect();
  assert.equal(socket.ready.heartbeat_ms, heartbeatMs);
  for (let i = 0; i < 6; i += 1) await once(socket.socket, 'ping');
  await socket.ping();
  await socket.close();
});

test('who does not answer two pings is closed with 1001', async () => {
  const socket = await ada.connect({ socket: { autoPong: false } });
  await once(socket.socket, 'ping');
  await socket.expectClose(1001);
});
