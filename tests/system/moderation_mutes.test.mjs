// Mutes: what a muted member may still do, when it ends, and who is told.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { newAccount, newStaff } from '../support/client.mjs';
import {
  ban,
  idsOf,
  liftBan,
  liftMute,
  mute,
  mutesOf,
  nobody,
  outcomeOf,
  range,
  trailOf,
  unlimited,
  wholeReplay,
} from '../support/moderation.mjs';
import { startParleyd, until } from '../support/parleyd.mjs';
import { oldReaction, reactionPath } from '../support/permissions.mjs';

let parley, ada, bob, cleo, guest, mo, root, room;
before(async () => {
  parley = await startParleyd({ set: unlimited });
  [ada, bob, cleo, guest] = await Promise.all(
    ['ada', 'bob', 'cleo', 'guest'].map((name) => newAccount(parley, name)),
  );
  [mo, root] = await Promise.all([newStaff(parley, 'moderator'), newStaff(parley, 'admin')]);
});
after(() => parley?.stop());
beforeEach(async () => {
  room = await ada.group('mutes', [bob, cleo]);
});

const open = (who, options) => who.connect({ replay: 'none', ...options });
const closeAll = (...sockets) => Promise.all(sockets.map((socket) => socket.close()));
const lastSeq = async (at = room) => (await ada.room(at)).last_seq;
const mutedUntil = async (who) => (await who.room(room)).muted_until;
const mutings = async (who = ada) => (await who.allEvents(room)).filter((e) => e.type === 'member_muted');
const react = (message, emoji) => ['PUT', reactionPath(message, emoji)];

// --- What is refused, and what is not ---

test('who is muted can neither send nor edit nor react, by REST and by WebSocket, and is told until when', async () => {
  const [own, foreign] = [await bob.post(room, 'his'), await cleo.post(room, 'hers')];
  const socket = await open(bob);
  const door = await open(bob, { room, user: bob.id });
  const { until: end } = await mute(ada, room, bob, { seconds: 600 });
  const before = await lastSeq();
  const calls = [
    ['POST', `/rooms/${room}/messages`, { content: 'a word' }],
    ['PATCH', `/messages/${own.message_id}`, { content: 'changed' }],
    react(foreign.message_id, '🎉'),
    react(own.message_id, '🎉'),
  ];
  for (const [method, target, body] of calls) {
    const { status, body: said } = await bob.answerOf(method, target, { body });
    assert.deepEqual([status, said.code], [403, 'forbidden'], `${method} ${target}`);
    assert.ok(said.detail.includes(end), `the end ${end} is in "${said.detail}"`);
  }
  const frames = [
    ['send_message', { room_id: room, content: 'a word' }],
    ['edit_message', { message_id: own.message_id, content: 'changed' }],
    ['edit_message', { message_id: own.message_id, room_id: room, content: 'changed' }],
    ['reaction', { message_id: foreign.message_id, emoji: '🎉' }],
    ['reaction', { message_id: foreign.message_id, room_id: room, emoji: '🎉', action: 'add' }],
  ];
  for (const connection of [socket, door])
    for (const [type, data] of frames) {
      const { message } = await connection.refused(type, data, 'forbidden');
      assert.ok(message.includes(end), `the end ${end} is in "${message}"`);
    }
  assert.equal(await lastSeq(), before, 'nothing of it was stored');
  await closeAll(socket, door);
});

test('who is muted still deletes, takes reactions back, reads and types', async () => {
  const own = await Promise.all(range(1, 2).map((i) => bob.post(room, `his ${i}`)));
  const foreign = await cleo.post(room, 'hers');
  for (const emoji of [oldReaction, '🦊']) await bob.call('PUT', reactionPath(foreign.message_id, emoji));
  const [his, hers] = [await open(bob), await open(cleo)];
  await mute(ada, room, bob, { seconds: 600 });

  await bob.call('DELETE', `/messages/${own[0].message_id}`);
  await his.ask('delete_message', { message_id: own[1].message_id });
  await bob.call('DELETE', reactionPath(foreign.message_id, oldReaction));
  await his.ask('reaction', { message_id: foreign.message_id, emoji: '🦊', action: 'remove' });
  await his.ask('typing', { room_id: room });
  await his.ask('read', { room_id: room, seq: foreign.seq });
  await bob.call('POST', `/rooms/${room}/read`, { body: { seq: foreign.seq } });
  for (const { message_id: id } of own) await hers.expectFrame('message_deleted', { message_id: id });
  for (const emoji of [oldReaction, '🦊']) await hers.expectFrame('reaction', { emoji, action: 'remove' });
  for (const type of ['typing', 'read']) await hers.expectFrame(type, { room_id: room, user_id: bob.id });
  assert.equal((await bob.history(room)).items.length, 3);
  assert.equal((await bob.allEvents(room)).length, await lastSeq());
  await closeAll(his, hers);
});

test('a mute holds for its room and its member alone', async () => {
  const other = await ada.group('beside', [bob]);
  await mute(ada, room, bob, { seconds: 600 });
  await bob.post(other, 'here I may');
  await cleo.post(room, 'and so may I');
  assert.deepEqual([await mutedUntil(cleo), (await bob.room(other)).muted_until], [null, null]);
});

test('what was stored before the mute gets the first answer when it is sent again', async () => {
  const socket = await open(bob);
  const byRest = await bob.post(room, 'by REST', { key: 'one' });
  const byFrame = await socket.say(room, 'by frame', { client_msg_id: 'two' });
  await mute(ada, room, bob, { seconds: 600 });
  const before = await lastSeq();
  for (const [first, key] of [[byRest, 'one'], [byFrame, 'two']]) {
    const expected = { ...first, duplicate: true };
    assert.deepEqual(await bob.post(room, 'again', { key, expect: 200 }), expected);
    assert.deepEqual(await socket.say(room, 'again', { client_msg_id: key }), expected);
  }
  await bob.post(room, 'a new one', { key: 'three', expect: 403 });
  await socket.refused('send_message', { room_id: room, content: 'x', client_msg_id: 'three' }, 'forbidden');
  assert.equal(await lastSeq(), before);
  await liftMute(ada, room, bob);
  assert.equal((await bob.post(room, 'a new one', { key: 'three' })).duplicate, false, 'a refused key is not used up');
  await socket.close();
});

test('a mute while he writes: where it stands in the log, his words end', async () => {
  const outcomes = { ok: 0, forbidden: 0 };
  const socket = await open(bob);
  for (let round = 0; round < 20; round += 1) {
    const at = await ada.group('race', [bob]);
    await socket.expectFrame('room_added', { room_id: at });
    const own = await bob.post(at, 'his own');
    const ids = [];
    const send = (i) =>
      ids.push(
        i % 3 === 0
          ? socket.send('edit_message', { message_id: own.message_id, room_id: at, content: `edit ${i}` })
          : socket.send('send_message', { room_id: at, content: `word ${i}` }),
      );
    for (let i = 0; i < round; i += 1) send(i);
    const muting = mute(ada, at, bob, { seconds: 600 });
    const answers = [];
    for (let i = round; i < 25; i += 1) {
      send(i);
      // In odd rounds each waits for its answer, so that some certainly come after the mute.
      if (round % 2) answers.push(await socket.answerTo(ids.pop()));
    }
    answers.push(...(await Promise.all(ids.map((id) => socket.answerTo(id)))));
    await muting;
    await bob.post(at, 'may I?', { expect: 403 });
    const log = await ada.allEvents(at);
    const stands = log.find((e) => e.type === 'member_muted').data.seq;
    const late = log.filter((e) => e.data.user_id === bob.id && e.data.seq > stands);
    assert.deepEqual(late, [], 'nothing of his is after it');
    for (const { type, data } of answers) {
      outcomes[type === 'ack' ? 'ok' : data.code] += 1;
      if (type === 'ack') assert.ok(data.seq < stands, `acknowledged ${data.seq}, muted at ${stands}`);
    }
  }
  for (const [outcome, count] of Object.entries(outcomes)) assert.ok(count > 0, `nothing was answered ${outcome}`);
  await socket.close();
});

// --- How it ends ---

test('a mute ends by itself, without an event, and not too early', async () => {
  const item = await mute(ada, room, bob, { seconds: 6 });
  const before = await lastSeq();
  assert.equal(await mutedUntil(bob), item.until);
  await bob.post(room, 'too early', { expect: 403 });
  const first = await until(async () => {
    const { status, body } = await bob.answerOf('POST', `/rooms/${room}/messages`, { body: { content: 'now' } });
    return status === 201 && body;
  }, 'the end of the mute');
  assert.ok(first.created_at >= item.until, `${first.created_at} is before ${item.until}`);
  assert.equal(first.seq, before + 1, 'its end is no event');
  assert.equal(await mutedUntil(bob), null);
  assert.deepEqual(await mutesOf(ada, room), []);
  await liftMute(ada, room, bob, 404);
  const socket = await open(bob);
  assert.equal(socket.ready.rooms.find((r) => r.room_id === room).muted_until, null);
  await socket.close();
});

test('a mute that is lifted ends at once, and everybody is told', async () => {
  const [his, hers] = [await open(bob), await open(cleo)];
  await mute(ada, room, bob, { seconds: 600 });
  await liftMute(mo, room, bob);
  await bob.post(room, 'I may');
  for (const socket of [his, hers]) {
    const { data } = await socket.expectFrame('member_muted', { until: null });
    assert.deepEqual([data.room_id, data.user_id, data.by], [room, bob.id, mo.id]);
  }
  assert.equal(await mutedUntil(bob), null);
  assert.deepEqual(await mutesOf(ada, room), []);
  await liftMute(ada, room, bob, 404);
  assert.equal((await mutings()).length, 2, 'lifting what is not there is no event');
  await closeAll(his, hers);
});

test('a new mute replaces the former one, be it longer or shorter', async () => {
  const long = await mute(ada, room, bob, { seconds: 3600, reason: 'long' });
  const longer = await mute(mo, room, bob, { seconds: 7200, reason: 'longer' });
  assert.ok(longer.until > long.until);
  assert.deepEqual(await mutesOf(ada, room), [longer]);
  assert.deepEqual([longer.by, longer.reason], [mo.id, 'longer']);
  assert.equal(await mutedUntil(bob), longer.until);
  const short = await mute(ada, room, bob, { seconds: 1 });
  assert.equal(short.reason, null);
  await until(async () => (await outcomeOf(bob, 'POST', `/rooms/${room}/messages`, { content: 'x' })) === 'ok', 'its end');
  assert.deepEqual((await mutings()).map((e) => e.data.until), [long.until, longer.until, short.until]);
});

test('leaving and being invited again changes nothing, nor does a ban that is lifted', async () => {
  const { until: end } = await mute(ada, room, bob, { seconds: 600 });
  const socket = await open(bob);
  await bob.leave(room);
  await cleo.invite(room, bob);
  const { data } = await socket.expectFrame('room_added', { room_id: room });
  assert.equal(data.muted_until, end);
  await bob.post(room, 'may I?', { expect: 403 });
  await ada.remove(room, bob);
  await ada.invite(room, bob);
  await socket.refused('send_message', { room_id: room, content: 'and now?' }, 'forbidden');
  await ban(ada, room, bob, {});
  assert.equal((await mutesOf(ada, room))[0].until, end);
  await liftBan(ada, room, bob);
  await cleo.invite(room, bob);
  await bob.post(room, 'and now?', { expect: 403 });
  assert.equal(await mutedUntil(bob), end);
  await socket.close();
});

test('a mute outlives the node', async () => {
  const item = await mute(ada, room, bob, { seconds: 600, reason: 'kept' });
  await parley.kill();
  await parley.start();
  assert.deepEqual(await mutesOf(ada, room), [item]);
  assert.equal(await mutedUntil(bob), item.until);
  await bob.post(room, 'may I?', { expect: 403 });
});

// --- Who is told ---

test('every member is told by an event of the room, also in a replay and by REST', async () => {
  const [his, hers, mine] = [await open(bob), await open(cleo), await open(ada)];
  const door = await open(cleo, { room, user: cleo.id });
  const { until: end } = await mute(ada, room, bob, { seconds: 600, reason: 'for other moderators only' });
  const data = { room_id: room, seq: await lastSeq(), user_id: bob.id, by: ada.id, until: end };
  for (const socket of [his, hers, mine, door])
    assert.deepEqual((await socket.expectFrame('member_muted')).data, data);
  for (const who of [ada, bob, cleo]) assert.deepEqual((await mutings(who)).map((e) => e.data), [data]);
  const replay = (await wholeReplay(cleo, room)).filter((f) => f.type === 'member_muted');
  assert.deepEqual(replay.map((f) => f.data), [data]);
  const unread = await cleo.connect();
  await unread.untilLive(room);
  assert.deepEqual(unread.durable(room).filter((f) => f.type === 'member_muted').map((f) => f.data), [data]);
  assert.equal((await cleo.room(room)).unread, 0, 'it is no message');
  await closeAll(his, hers, mine, door, unread);
});

test("one's own mute's end is in ready, in REST and on the room's own socket; others' are not", async () => {
  const { until: end } = await mute(mo, room, bob, { seconds: 600 });
  for (const [who, expected] of [[bob, end], [cleo, null], [ada, null]]) {
    const socket = await open(who);
    const door = await open(who, { room, user: who.id });
    const listed = (await who.call('GET', '/rooms?limit=200')).items;
    for (const rooms of [socket.ready.rooms, door.ready.rooms, listed, [await who.room(room)]])
      assert.equal(rooms.find((r) => r.room_id === room).muted_until, expected, who.username);
    await closeAll(socket, door);
  }
});

test('of a stranger nothing is told; the mute waits for them', async () => {
  const [hers, his] = [await open(cleo), await open(guest)];
  const before = await lastSeq();
  const { until: end } = await mute(ada, room, guest, { seconds: 600 });
  assert.equal(await lastSeq(), before);
  assert.deepEqual(idsOf(await mutesOf(ada, room)), [guest.id]);
  await his.expectNoFrame('member_muted');
  await cleo.invite(room, guest);
  assert.equal((await his.expectFrame('room_added', { room_id: room })).data.muted_until, end);
  await guest.post(room, 'may I?', { expect: 403 });
  await guest.leave(room);
  const left = await lastSeq();
  await liftMute(ada, room, guest);
  assert.equal(await lastSeq(), left);
  await ada.post(room, 'a mark');
  await hers.expectFrame('new_message', { content: 'a mark' });
  await hers.expectNoFrame('member_muted');
  await closeAll(hers, his);
});

// --- Who may mute whom, for how long ---

test('the creator, moderators and admins mute; moderators and admins are muted by admins only', async () => {
  const [mo2, root2] = [await newStaff(parley, 'moderator'), await newStaff(parley, 'admin')];
  await ada.invite(room, mo2, root2);
  const before = await lastSeq();
  for (const user of [mo2, root2]) for (const who of [ada, mo]) await mute(who, room, user, { seconds: 60 }, 403);
  for (const who of [ada, mo, root]) await mute(who, room, who, { seconds: 60 }, 400);
  for (const who of [ada, mo, root]) await mute(who, room, nobody, { seconds: 60 }, 404);
  await mute(cleo, room, bob, { seconds: 60 }, 403);
  await mute(guest, room, bob, { seconds: 60 }, 404);
  assert.equal(await lastSeq(), before);
  for (const user of [mo2, root2, ada]) await mute(root, room, user, { seconds: 60 });
  await mute(mo, room, ada, { seconds: 60 });
  for (const who of [mo2, root2, ada]) await who.post(room, 'may I?', { expect: 403 });
});

test('nobody is muted in a private room', async () => {
  const secret = await ada.privateRoom(bob);
  for (const [who, user] of [[ada, bob], [bob, ada], [mo, bob], [root, ada]]) {
    await mute(who, secret, user, { seconds: 60 }, 409);
    await liftMute(who, secret, user, 409);
    await who.call('GET', `/rooms/${secret}/mutes`, { expect: 409 });
  }
  await cleo.call('GET', `/rooms/${secret}/mutes`, { expect: 404 });
  await bob.post(secret, 'I may');
});

test('a mute lasts for a second to 366 days', async () => {
  for (const seconds of [1, 31_622_400]) {
    const { created_at: at, until: end } = await mute(ada, room, bob, { seconds });
    const lasts = Date.parse(end) - Date.parse(at);
    assert.ok(Math.abs(lasts - seconds * 1000) <= 1000, `${lasts} ms for ${seconds} s`);
  }
  const before = await lastSeq();
  const stands = await mutesOf(ada, room);
  for (const seconds of [0, -1, 31_622_401, 1e18, 1e300, 1.5, '60', '', true, [60], {}, null, undefined])
    await mute(ada, room, bob, { seconds }, 400);
  assert.equal(await lastSeq(), before);
  assert.deepEqual(await mutesOf(ada, room), stands);
});

// --- The list and the trail ---

test('mutes are listed in order of user_id, page by page; ended ones are not', async () => {
  const muted = await Promise.all(range(1, 7).map(() => newAccount(parley, 'muted')));
  await ada.invite(room, ...muted.slice(0, 4));
  await Promise.all(muted.map((user, i) => mute(i % 2 ? mo : ada, room, user, { seconds: 600 })));
  const ended = await Promise.all([0, 3].map((i) => mute(ada, room, muted[i], { seconds: 1 })));
  const expected = (from) => from.map((user) => user.id).sort();
  await until(async () => (await mutesOf(ada, room)).length === 5, 'two mutes have ended');
  assert.ok(new Date().toISOString() >= ended[0].until, 'not before their end');
  const stay = muted.filter((_, i) => i !== 0 && i !== 3);
  for (const who of [ada, mo, root])
    for (const limit of [1, 2, 5, 200]) assert.deepEqual(idsOf(await mutesOf(who, room, limit)), expected(stay));
  await cleo.call('GET', `/rooms/${room}/mutes`, { expect: 403 });
  await guest.call('GET', `/rooms/${room}/mutes`, { expect: 404 });
  for (const query of ['limit=0', 'limit=201', 'cursor=nonsense'])
    await ada.call('GET', `/rooms/${room}/mutes?${query}`, { expect: 400 });
});

test('a mute and its end stand in the audit trail, of members and of strangers', async () => {
  await mute(ada, room, bob, { seconds: 60, reason: 'loud' });
  await mute(mo, room, guest, { seconds: 60 });
  await liftMute(root, room, bob);
  await mute(cleo, room, bob, { seconds: 60 }, 403);
  assert.deepEqual(await trailOf(root, room), [
    ['member_muted', ada.id, bob.id],
    ['member_muted', mo.id, guest.id],
    ['mute_lifted', root.id, bob.id],
  ]);
});
