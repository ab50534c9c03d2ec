// Sending, by socket and by REST: who gets what, exactly once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newAccount } from '../support/client.mjs';
import { startParleyd } from '../support/parleyd.mjs';

let parley, ada, bob, roomId;
before(async () => {
  parley = await startParleyd({ set: { 'limits.send_rate_per_second': 0 } });
  ada = await newAccount(parley, 'ada');
  bob = await newAccount(parley, 'bob');
  roomId = await ada.group('talk', [bob]);
});
after(() => parley?.stop());

const nothing = '01939b6e-0000-7000-8000-000000000000';

test('a message is acknowledged to its connection and reaches every other one of every member', async () => {
  const [phone, page, other] = [await ada.connect(), await ada.connect(), await bob.connect()];
  const ack = await phone.say(roomId, 'hello');
  assert.equal(ack.duplicate, false);
  for (const socket of [page, other]) {
    const { data } = await socket.expectFrame('new_message', { message_id: ack.message_id });
    assert.equal(data.seq, ack.seq);
    assert.equal(data.content, 'hello');
    assert.equal(data.user_id, ada.id);
    assert.equal(data.display_name, ada.user.display_name);
    assert.equal(data.created_at, ack.created_at);
    assert.equal(data.file_url, null);
    assert.equal(data.reply_to, null);
  }
  const next = await other.say(roomId, 'hello yourself');
  await phone.expectFrame('new_message', { message_id: next.message_id });
  await phone.expectNoFrame('new_message', { message_id: ack.message_id });
  await Promise.all([phone, page, other].map((s) => s.close()));
});

test("what is sent by REST goes to all connections, the sender's too", async () => {
  const [mine, theirs] = [await ada.connect(), await bob.connect()];
  const sent = await ada.post(roomId, 'by post');
  for (const socket of [mine, theirs]) {
    const { data } = await socket.expectFrame('new_message', { message_id: sent.message_id });
    assert.equal(data.seq, sent.seq);
    assert.equal(data.content, 'by post');
  }
  await Promise.all([mine, theirs].map((s) => s.close()));
});

test('frames of one connection are stored in the order sent', async () => {
  const socket = await ada.connect();
  const ids = Array.from({ length: 60 }, (_, i) =>
    socket.send('send_message', { room_id: roomId, content: `n ${i}` }),
  );
  const acks = await Promise.all(ids.map((id) => socket.expectAck(id)));
  const seqs = acks.map((a) => a.seq);
  assert.deepEqual(
    seqs,
    [...seqs].sort((a, b) => a - b),
  );
  await socket.close();
});

test('send_message is answered without an id too', async () => {
  const socket = await ada.connect();
  socket.send('send_message', { room_id: roomId, content: 'no id' }, { id: null });
  assert.equal(typeof (await socket.expectAck(null)).seq, 'number');
  socket.send('send_message', { room_id: nothing, content: 'no id' }, { id: null });
  await socket.expectError(null, 'not_found');
  await socket.close();
});

test('a client_msg_id sent again answers the first values, though the content changed, and makes no event', async () => {
  const [mine, theirs] = [await ada.connect(), await bob.connect()];
  const first = await mine.say(roomId, 'once', { client_msg_id: 'key-1' });
  assert.equal(first.client_msg_id, 'key-1');
  const again = await mine.say(roomId, 'changed', { client_msg_id: 'key-1' });
  assert.deepEqual(again, { ...first, duplicate: true });
  const after = await mine.say(roomId, 'after it');
  assert.equal(after.seq, first.seq + 1);
  const { data } = await theirs.expectFrame('new_message', { client_msg_id: 'key-1' });
  assert.equal(data.content, 'once');
  await theirs.expectFrame('new_message', { message_id: after.message_id });
  await theirs.expectNoFrame('new_message', { client_msg_id: 'key-1' });
  await Promise.all([mine, theirs].map((s) => s.close()));
});

test('a key holds over connections, over REST and over a restart', async () => {
  const key = 'key-over-everything';
  const first = await ada.post(roomId, 'once', { key });
  assert.equal(first.duplicate, false);
  assert.equal(first.client_msg_id, key);
  const expected = { ...first, duplicate: true };
  assert.deepEqual(await ada.post(roomId, 'other words', { key, expect: 200 }), expected);
  const socket = await ada.connect();
  assert.deepEqual(await socket.say(roomId, 'again', { client_msg_id: key }), expected);
  await socket.close();
  await parley.restart();
  assert.deepEqual(await ada.post(roomId, 'after a restart', { key, expect: 200 }), expected);
});

test("a key is the sender's own, and the room's own", async () => {
  const other = await ada.group('other', [bob]);
  const key = 'common';
  const sent = [
    await ada.post(roomId, 'a', { key }),
    await bob.post(roomId, 'b', { key }),
    await ada.post(other, 'c', { key }),
  ];
  assert.equal(new Set(sent.map((s) => s.message_id)).size, 3);
});

test('one key sent many times at once by two connections is stored once', async () => {
  const sockets = [await ada.connect(), await ada.connect()];
  const watcher = await bob.connect();
  const fields = { room_id: roomId, content: 'race', client_msg_id: 'race-1' };
  const ids = sockets.flatMap((s) => Array.from({ length: 5 }, () => [s, s.send('send_message', fields)]));
  const acks = await Promise.all(ids.map(([s, id]) => s.expectAck(id)));
  assert.equal(new Set(acks.map((a) => a.message_id)).size, 1);
  assert.equal(acks.filter((a) => !a.duplicate).length, 1);
  const loser = acks.slice(0, 5).some((a) => !a.duplicate) ? sockets[1] : sockets[0];
  await loser.expectFrame('new_message', { client_msg_id: 'race-1' });
  const next = await sockets[0].say(roomId, 'after the race');
  await watcher.expectFrame('new_message', { message_id: next.message_id });
  assert.equal(watcher.durable(roomId).filter((f) => f.data.client_msg_id === 'race-1').length, 1);
  await Promise.all([...sockets, watcher].map((s) => s.close()));
});

test('a message may be a file, or a file with text', async () => {
  const url = 'https://example.org/a%20plan.png?x=1';
  const bare = await ada.post(roomId, undefined, { file_url: url });
  const both = await ada.post(roomId, 'look', { file_url: url });
  const { items } = await ada.history(roomId, '?limit=2');
  assert.deepEqual(
    items.map((m) => [m.message_id, m.content, m.file_url]),
    [
      [both.message_id, 'look', url],
      [bare.message_id, null, url],
    ],
  );
});

test('a file address that is not https is a bad request', async () => {
  for (const url of [
    'http://example.org/x',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'data:text/html,x',
    'x',
    '',
    '//example.org/x',
  ]) {
    const problem = await ada.post(roomId, 'look', { file_url: url, expect: 400 });
    assert.match(problem.detail, /file_url/, url);
  }
});

test('a reply names a message of the same room', async () => {
  const socket = await bob.connect();
  const first = await ada.post(roomId, 'question');
  const answer = await ada.post(roomId, 'answer', { reply_to: first.message_id });
  const { data } = await socket.expectFrame('new_message', { message_id: answer.message_id });
  assert.equal(data.reply_to, first.message_id);
  await socket.close();
});

test('a reply to a message of another room, or to none, is refused and takes no seq', async () => {
  const other = await ada.group('elsewhere');
  const foreign = await ada.post(other, 'over there');
  const before = (await ada.room(roomId)).last_seq;
  for (const target of [foreign.message_id, nothing]) {
    const answer = await ada.answerOf('POST', `/rooms/${roomId}/messages`, {
      body: { content: 'x', reply_to: target },
    });
    assert.ok([400, 404].includes(answer.status), answer.text);
  }
  await ada.call('POST', `/rooms/${roomId}/messages`, {
    body: { content: 'x', reply_to: 'none' },
    expect: 400,
  });
  assert.equal((await ada.room(roomId)).last_seq, before);
});

const refused = {
  'without content and file': { data: {}, code: 'bad_request' },
  'with empty content': { data: { content: '' }, code: 'bad_request' },
  'with null content': { data: { content: null }, code: 'bad_request' },
  'with a number for content': { data: { content: 5 }, code: 'bad_request' },
  'with an object for content': { data: { content: { text: 'x' } }, code: 'bad_request' },
  'with NUL in content': { data: { content: 'a\u0000b' }, code: 'bad_request' },
  'with content of 8 KiB and a byte': { data: { content: 'x'.repeat(8193) }, code: 'too_large' },
  'with content of 8 KiB and a byte in multi-byte letters': {
    data: { content: `${'é'.repeat(4096)}x` },
    code: 'too_large',
  },
  'with a client_msg_id of 65 bytes': {
    data: { content: 'x', client_msg_id: 'k'.repeat(65) },
    code: 'bad_request',
  },
  'with a number for client_msg_id': { data: { content: 'x', client_msg_id: 7 }, code: 'bad_request' },
  'with NUL in client_msg_id': { data: { content: 'x', client_msg_id: 'a\u0000' }, code: 'bad_request' },
  'with a room_id that is no id': { data: { content: 'x', room_id: 'room' }, code: 'bad_request' },
  'with a number for room_id': { data: { content: 'x', room_id: 1 }, code: 'bad_request' },
  'without room_id on the common socket': { data: { content: 'x', room_id: undefined }, code: 'bad_request' },
  'to a room that does not exist': { data: { content: 'x', room_id: nothing }, code: 'not_found' },
};
for (const [what, { data, code }] of Object.entries(refused)) {
  test(`sending ${what} is ${code}, and the message says why`, async () => {
    const socket = await ada.connect({ replay: 'none' });
    const error = await socket.refused('send_message', { room_id: roomId, ...data }, code);
    assert.ok(error.message.length > 5);
    assert.equal(error.retry_after_ms, null);
    await socket.close();
  });
}

test('content of exactly 8 KiB, in any script, comes back as it was', async () => {
  const socket = await bob.connect({ replay: 'none' });
  for (const content of [
    'x'.repeat(8192),
    'é'.repeat(4096),
    '🦊'.repeat(2048),
    '"\\\n\t\r\b\f/\u0001\u007f',
    '\u2028\u2029\ufeff\ufffd',
    ' ',
  ]) {
    const sent = await ada.post(roomId, content);
    const { data } = await socket.expectFrame('new_message', { message_id: sent.message_id });
    assert.equal(data.content, content);
    const { items } = await ada.history(roomId, '?limit=1');
    assert.equal(items[0].content, content);
  }
  await socket.close();
});

test('a room that one is no member of is not found', async () => {
  const cleo = await newAccount(parley, 'cleo');
  const socket = await cleo.connect();
  await socket.refused('send_message', { room_id: roomId, content: 'hello' }, 'not_found');
  assert.equal((await ada.history(roomId, '?limit=1')).items[0].user_id === cleo.id, false);
  await socket.close();
});

test('REST refuses bodies as the socket refuses frames', async () => {
  const target = `/rooms/${roomId}/messages`;
  const post = (body, expect, headers) => ada.call('POST', target, { body, expect, headers });
  await post('{"content":', 400);
  await post('[]', 400);
  await post('"hello"', 400);
  await post('', 400);
  await post({ content: 5 }, 400);
  await post({ content: 'a\u0000b' }, 400);
  await post({ content: 'x'.repeat(8193) }, 413);
  await post({ content: 'x' }, 400, { 'Idempotency-Key': 'k'.repeat(65) });
  await post({ content: 'x'.repeat(70_000) }, 413);
});

test('history is newest first, or oldest first after a seq, in pages without hole or repeat', async () => {
  const room = await ada.group('history');
  const sent = [];
  for (let i = 0; i < 7; i += 1) sent.push((await ada.post(room, `m${i}`)).seq);
  const seqs = (page) => page.items.map((m) => m.seq);
  assert.deepEqual(seqs(await ada.history(room)), [...sent].reverse());
  assert.deepEqual(seqs(await ada.history(room, '?limit=3')), sent.slice(4).reverse());
  assert.deepEqual(seqs(await ada.history(room, `?before_seq=${sent[4]}&limit=2`)), [sent[3], sent[2]]);
  assert.deepEqual(seqs(await ada.history(room, `?after_seq=${sent[4]}`)), sent.slice(5));
  assert.deepEqual(seqs(await ada.history(room, `?after_seq=${sent[0]}&limit=3`)), sent.slice(1, 4));
  assert.deepEqual(seqs(await ada.history(room, `?after_seq=${sent[6]}`)), []);
  for (const start of ['', '&after_seq=0']) {
    const seen = [];
    let cursor = '';
    for (let pages = 0; pages < 10; pages += 1) {
      const page = await ada.history(room, `?limit=2${start}${cursor}`);
      seen.push(...seqs(page));
      if (page.next_cursor === null) break;
      cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`;
    }
    assert.deepEqual(seen, start ? sent : [...sent].reverse());
  }
});

test('events are the frames that sockets get, oldest first, in pages', async () => {
  const room = await ada.group('events', [bob]);
  const socket = await bob.connect();
  for (let i = 0; i < 5; i += 1) await ada.post(room, `m${i}`);
  const last = await ada.post(room, 'last');
  await socket.expectFrame('new_message', { message_id: last.message_id });
  const all = await ada.allEvents(room);
  assert.deepEqual(
    all.map((e) => e.data.seq),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
  assert.deepEqual(
    all.filter((e) => e.type === 'new_message'),
    socket.durable(room).filter((e) => e.type === 'new_message'),
  );
  const page = await ada.events(room, '?after_seq=3&limit=2');
  assert.deepEqual(page.items, all.slice(3, 5));
  await socket.close();
});

test('odd numbers in queries are a bad request', async () => {
  for (const query of [
    'after_seq=-1',
    'after_seq=x',
    'before_seq=1.5',
    'limit=0',
    'limit=-3',
    'limit=many',
    'cursor=%00',
    'after_seq=99999999999999999999',
  ]) {
    await ada.call('GET', `/rooms/${roomId}/messages?${query}`, { expect: 400 });
  }
});

test("a stranger cannot tell another's room and message from ones that do not exist", async () => {
  const eve = await newAccount(parley, 'eve');
  const { message_id } = await ada.post(roomId, 'not for eve');
  const asks = (room, message) => [
    ['GET', `/rooms/${room}`],
    ['PATCH', `/rooms/${room}`, { name: 'mine' }],
    ['GET', `/rooms/${room}/members`],
    ['POST', `/rooms/${room}/members`, { user_ids: [eve.id] }],
    ['DELETE', `/rooms/${room}/members/me`],
    ['DELETE', `/rooms/${room}/members/${bob.id}`],
    ['GET', `/rooms/${room}/messages`],
    ['GET', `/rooms/${room}/events?after_seq=0`],
    ['POST', `/rooms/${room}/messages`, { content: 'x' }],
    ['POST', `/rooms/${room}/read`, { seq: 1 }],
    ['PATCH', `/messages/${message}`, { content: 'x' }],
    ['DELETE', `/messages/${message}`],
    ['PUT', `/messages/${message}/reactions/x`],
    ['DELETE', `/messages/${message}/reactions/x`],
  ];
  const answers = async (room, message) => {
    const told = [];
    for (const [method, target, body] of asks(room, message)) {
      const { status, body: problem } = await eve.answerOf(method, target, { body });
      told.push([method, target.split('/')[1], status, problem]);
    }
    return told;
  };
  const hers = await answers(roomId, message_id);
  assert.deepEqual(hers, await answers(nothing, nothing));
  for (const [, , status] of hers) assert.equal(status, 404);
});
