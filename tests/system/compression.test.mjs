// permessage-deflate with the client that most programs use: both ways, large and small, beside clients without it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { newAccount } from '../support/client.mjs';
import { metric } from '../support/metrics.mjs';
import { startParleyd } from '../support/parleyd.mjs';
import { frame, RawSocket } from '../support/raw_socket.mjs';

const offer = 'permessage-deflate; client_max_window_bits';
const agreed = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';
const compressing = { replay: 'none', socket: { perMessageDeflate: { threshold: 0 } } };
const rsv1 = 4;

let parley, ada, bob, roomId;
before(async () => {
  parley = await startParleyd({ set: { 'net.compression': 'shared', 'limits.send_rate_per_second': 0 } });
  ada = await newAccount(parley, 'ada');
  bob = await newAccount(parley, 'bob');
  roomId = await ada.group('compressed', [bob]);
});
after(() => parley?.stop());

/** Bytes that a client would send in a frame marked as compressed. */
const deflated = (text) => deflateRawSync(text, { finishFlush: 2 /* Z_SYNC_FLUSH */ }).subarray(0, -4);

const contents = [
  'x',
  'short and plain',
  'Ünïcödé 😀 '.repeat(30),
  'the same again '.repeat(400),
  'a'.repeat(8_192),
  Array.from({ length: 2_000 }, (_, i) => String.fromCodePoint(0x4e00 + ((i * 7_919) % 20_000))).join(''),
];

test('messages large and small come whole, whoever of sender and reader compresses', async () => {
  const sockets = [
    await ada.connect(compressing),
    await ada.connect({ replay: 'none' }),
    await bob.connect(compressing),
    await bob.connect({ replay: 'none' }),
    await bob.connect({ replay: 'none', socket: { perMessageDeflate: true } }),
  ];
  assert.deepEqual(
    sockets.map((s) => s.socket.extensions),
    ['permessage-deflate', '', 'permessage-deflate', '', 'permessage-deflate'],
  );
  for (const sender of sockets.slice(0, 3)) {
    for (const content of contents) {
      const { message_id: messageId } = await sender.say(roomId, content);
      for (const reader of sockets.filter((s) => s !== sender)) {
        const { data } = await reader.expectFrame('new_message', { message_id: messageId });
        assert.equal(data.content, content);
      }
    }
  }
  assert.ok((await metric(parley, 'compression_saved_bytes_total')) > 10_000);
  assert.ok((await metric(parley, 'bytes_inflated_total')) > 10_000);
  await Promise.all(sockets.map((s) => s.close()));
});

test('many at once come in order, with the acks of the sender among them', async () => {
  const [mine, other, theirs] = [
    await ada.connect(compressing),
    await bob.connect(compressing),
    await bob.connect({ replay: 'none' }),
  ];
  const count = 60;
  const send = (socket, i) => socket.send('send_message', { room_id: roomId, content: `${i} `.repeat(100) });
  const ids = Array.from({ length: count }, (_, i) => [send(mine, i), send(other, i)]);
  const acks = await Promise.all(ids.flatMap(([a, b]) => [mine.expectAck(a), other.expectAck(b)]));
  const last = Math.max(...acks.map((ack) => ack.seq));
  await theirs.expectFrame('new_message', { seq: last });
  // Each connection's own order is checked frame by frame; here: that nothing is missing.
  assert.equal(theirs.durable(roomId).length, 2 * count);
  await Promise.all([mine, other].map((s) => s.ping()));
  assert.equal(mine.durable(roomId).length, count);
  assert.equal(other.durable(roomId).length, count);
  await Promise.all([mine, other, theirs].map((s) => s.close()));
});

test('a page of a replay is the same with and without', async () => {
  const pages = [];
  for (const options of [{ replay: 'unread' }, { ...compressing, replay: 'unread' }]) {
    const socket = await bob.connect(options);
    await socket.expectFrame('replay_end', { room_id: roomId });
    pages.push(socket.durable(roomId).map((event) => event.data.seq));
    await socket.close();
  }
  assert.ok(pages[0].length > 0);
  assert.deepEqual(pages[1], pages[0]);
});

async function upgraded(node, token, extensions) {
  const raw = await RawSocket.open(node);
  const headers = { Authorization: `Bearer ${token}`, 'Sec-WebSocket-Extensions': extensions };
  const answer = await raw.upgrade('/ws?replay=none', headers);
  assert.equal(answer.status, 101);
  return { raw, extensions: answer.headers['sec-websocket-extensions'] };
}

test('the answer names what was agreed on, and nothing where nothing was', async () => {
  const answers = {
    [offer]: agreed,
    'permessage-deflate; server_max_window_bits=8': undefined,
    'permessage-deflate; server_max_window_bits=9, permessage-deflate': agreed,
    'x-unknown; a=b': undefined,
  };
  for (const [offered, expected] of Object.entries(answers)) {
    const { raw, extensions } = await upgraded(parley, ada.token, offered);
    assert.equal(extensions, expected, offered);
    raw.destroy();
  }
});

test('without net.compression nothing is agreed on and a marked frame is refused', async () => {
  const off = await startParleyd();
  try {
    const eve = await newAccount(off, 'eve');
    const socket = await eve.connect({ socket: { perMessageDeflate: true } });
    assert.equal(socket.socket.extensions, '');
    await socket.close();
    const { raw, extensions } = await upgraded(off, eve.token, offer);
    assert.equal(extensions, undefined);
    raw.write(frame({ payload: deflated('{"type":"ping"}'), rsv: rsv1 }));
    assert.equal(await raw.closeCode(), 1002);
  } finally {
    await off.stop();
  }
});

test('a bomb is 1009 and harms nobody else; what is damaged is 1007', async () => {
  const socket = await bob.connect(compressing);
  const faults = [
    [deflated('a'.repeat(50_000_000)), 1009],
    [deflated('a'.repeat(65_537)), 1009],
    [Buffer.alloc(100, 0xff), 1007],
    [deflated(`{"type":"ping","id":"${'x'.repeat(40)}"}`).subarray(0, 10), 1007],
  ];
  for (const [payload, code] of faults) {
    const { raw } = await upgraded(parley, ada.token, offer);
    raw.write(frame({ payload, rsv: rsv1 }));
    assert.equal(await raw.closeCode(), code);
    await socket.ping();
  }
  await socket.close();
});
