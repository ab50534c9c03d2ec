// More messages than the node answers in time: those that it takes it keeps, and the others are told so.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import WebSocket from 'ws';
import { newAccount } from '../support/client.mjs';
import { metric } from '../support/metrics.mjs';
import { startParleyd, until } from '../support/parleyd.mjs';

const senders = 20;
const outstanding = 60;
const limits = { 'limits.send_rate_per_second': 0, 'limits.frames_per_second': 0, 'net.threads': 1 };

/** Keeps as many on their way as a connection may have; counts what comes back, and keeps the seqs of the acks. */
function flood(socket, roomId) {
  const told = { seqs: [], busy: [], others: [], sent: 0 };
  let goesOn = true;
  const send = () => {
    told.sent += 1;
    socket.send(JSON.stringify({ type: 'send_message', id: `f${told.sent}`, data: { room_id: roomId, content: 'x' } }));
  };
  socket.on('message', (text) => {
    const frame = JSON.parse(text);
    if (frame.type === 'ack') told.seqs.push(frame.data.seq);
    else if (frame.type === 'error') (frame.data.code === 'busy' ? told.busy : told.others).push(frame.data);
    else return;
    if (goesOn) send();
  });
  for (let i = 0; i < outstanding; i += 1) send();
  return {
    told,
    isOver: () => told.seqs.length + told.busy.length + told.others.length === told.sent,
    stop: () => (goesOn = false),
  };
}

/** Each sender has a room of his own, so that what comes back is answers alone. */
async function floodedNode(set, body) {
  const node = await startParleyd({ set: { ...limits, ...set } });
  try {
    const people = await Promise.all(
      Array.from({ length: senders }, async (_, i) => {
        const account = await newAccount(node, `sender${i}`);
        const roomId = await account.group('mine', []);
        const headers = { Authorization: `Bearer ${account.token}` };
        const socket = new WebSocket(`${node.wsUrl}/ws?replay=none`, { headers, perMessageDeflate: false });
        await once(socket, 'message');
        return { account, roomId, socket };
      }),
    );
    const floods = people.map(({ socket, roomId }) => flood(socket, roomId));
    await body(node, floods, people);
    for (const { socket } of people) socket.close();
  } finally {
    await node.stop();
  }
}

const refusedBy = (node) => metric(node, 'overload_refused_total');

const allOver = async (floods) => {
  for (const each of floods) each.stop();
  await until(() => floods.every((each) => each.isOver()), 'everything is answered');
};

test('what would wait too long is busy; what is taken is stored once, and afterwards all is taken again', () =>
  floodedNode({ 'limits.overload_ms': 1 }, async (node, floods, people) => {
    await until(async () => (await refusedBy(node)) > 100, 'the node refuses');
    await allOver(floods);
    const refused = floods.flatMap((each) => each.told.busy);
    assert.ok(refused.every((why) => why.retry_after_ms > 0), 'it says when to try again');
    assert.deepEqual(floods.flatMap((each) => each.told.others), []);
    assert.equal(await refusedBy(node), refused.length);
    for (const [i, { account, roomId }] of people.entries()) {
      const { seqs } = floods[i].told;
      assert.deepEqual(seqs, seqs.map((_, number) => seqs[0] + number), 'each seq once and in order');
      const { seq } = await account.post(roomId, 'afterwards');
      assert.equal(seq, (seqs.at(-1) ?? seq - 1) + 1, 'nothing that was refused is stored');
    }
  }));

test('without a bound nothing is refused, however long it waits', () =>
  floodedNode({ 'limits.overload_ms': 0 }, async (node, floods) => {
    await until(() => floods.every((each) => each.told.seqs.length > 200), 'much was sent');
    await allOver(floods);
    assert.deepEqual(floods.flatMap((each) => [...each.told.busy, ...each.told.others]), []);
  }));
