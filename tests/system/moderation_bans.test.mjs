// Bans: who is out, stays out until the ban is lifted, and learns nothing more.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { expectRefused, newAccount, newStaff } from '../support/client.mjs';
import {
  ban,
  banOf,
  bansOf,
  idsOf,
  liftBan,
  nobody,
  outcomeOf,
  range,
  trailOf,
  unlimited,
} from '../support/moderation.mjs';
import { startParleyd } from '../support/parleyd.mjs';

let parley, ada, bob, cleo, guest, mo, root;
before(async () => {
  parley = await startParleyd({ set: unlimited });
  [ada, bob, cleo, guest] = await Promise.all(
    ['ada', 'bob', 'cleo', 'guest'].map((name) => newAccount(parley, name)),
  );
  [mo, root] = await Promise.all([newStaff(parley, 'moderator'), newStaff(parley, 'admin')]);
});
after(() => parley?.stop());

const open = (who, options) => who.connect({ replay: 'none', ...options });
const closeAll = (...sockets) => Promise.all(sockets.map((socket) => socket.close()));
const lastSeq = async (room, who = ada) => (await who.room(room)).last_seq;
const inviting = (room, ...users) => ['POST', `/rooms/${room}/members`, { user_ids: users.map((u) => u.id) }];
const membersOf = async (room, who = ada) =>
  new Set((await who.call('GET', `/rooms/${room}/members?limit=200`)).items.map((m) => m.user_id));

// --- Out ---

test('who is banned is removed on all devices, and no event reaches them any more', async () => {
  const room = await ada.group('out', [bob, cleo]);
  await bob.post(room, 'his last words');
  const [hers, watching, one, two] = [await open(ada), await open(cleo), await open(bob), await open(bob)];
  const door = await open(bob, { room, user: bob.id });
  const seq = (await lastSeq(room)) + 1;

  const item = await ban(ada, room, bob, { reason: 'adverts' });
  assert.deepEqual(
    [item.user.user_id, item.user.username, item.by, item.reason, item.removing_messages],
    [bob.id, bob.username, ada.id, 'adverts', false],
  );
  const left = { room_id: room, seq, user_id: bob.id, by: ada.id, reason: 'removed' };
  for (const socket of [hers, watching])
    assert.deepEqual((await socket.expectFrame('member_left', { room_id: room })).data, left);
  for (const socket of [one, two])
    assert.deepEqual((await socket.expectFrame('room_removed')).data, { room_id: room, reason: 'removed' });
  await door.expectClose(4403);
  assert.equal(await lastSeq(room), seq, 'a ban is one event');

  const said = await cleo.post(room, 'is he gone?');
  await hers.expectFrame('new_message', { message_id: said.message_id });
  for (const socket of [one, two]) {
    await socket.ping();
    const end = socket.frames.findIndex((f) => f.type === 'room_removed');
    const later = socket.frames.slice(end + 1).filter((f) => f.data.room_id === room);
    assert.deepEqual(later, [], 'after room_removed nothing of the room comes');
    await socket.refused('send_message', { room_id: room, content: 'am I?' }, 'not_found');
    await socket.refused('resume', { rooms: { [room]: 0 } }, 'not_found');
  }
  await bob.room(room, 404);
  await bob.call('GET', `/rooms/${room}/messages`, { expect: 404 });
  await bob.call('GET', `/rooms/${room}/events`, { expect: 404 });
  await bob.call('GET', `/rooms/${room}/bans`, { expect: 404 });
  await expectRefused(open(bob, { room, user: bob.id }), 403);
  assert.ok(!(await bob.call('GET', '/rooms?limit=200')).items.some((r) => r.room_id === room));
  const { items } = await cleo.history(room);
  assert.deepEqual(items.map((m) => m.content), ['is he gone?', 'his last words'], 'what he wrote stays');
  await closeAll(hers, watching, one, two);
});

test('a ban without a body is one without a reason', async () => {
  const room = await ada.group('bare', [bob]);
  const item = await ban(ada, room, bob, undefined);
  assert.deepEqual([item.reason, item.removing_messages], [null, false]);
  await bob.room(room, 404);
});

test('a stranger is banned without an event, and is told nothing', async () => {
  const room = await ada.group('strangers', [cleo]);
  const [watching, his] = [await open(cleo), await open(guest)];
  const before = await lastSeq(room);
  const item = await ban(ada, room, guest, {});
  assert.equal(item.user.user_id, guest.id);
  assert.equal(await lastSeq(room), before);
  await ada.post(room, 'a mark');
  await watching.expectFrame('new_message', { room_id: room });
  await watching.expectNoFrame('member_left', { room_id: room });
  await his.expectNoFrame('room_removed');
  assert.deepEqual(idsOf(await bansOf(ada, room)), [guest.id]);
  await closeAll(watching, his);
});

// --- Back in ---

test('nobody can invite who is banned until the ban is lifted', async () => {
  const room = await ada.group('shut', [bob, cleo, mo]);
  await ban(ada, room, bob, {});
  for (const who of [ada, cleo, mo]) assert.equal(await outcomeOf(who, ...inviting(room, bob)), 'forbidden');
  assert.ok(!(await membersOf(room)).has(bob.id));

  const socket = await open(bob);
  await liftBan(ada, room, bob);
  await socket.expectNoFrame('room_added');
  assert.equal(await banOf(ada, room, bob), undefined);
  await bob.room(room, 404);
  await cleo.invite(room, bob);
  await socket.expectFrame('room_added', { room_id: room });
  await bob.post(room, 'back again');
  await liftBan(ada, room, bob, 404);
  await socket.close();
});

test('who is invited together with somebody banned does not come in either', async () => {
  const room = await ada.group('together', [cleo]);
  await ban(ada, room, bob, {});
  const before = await lastSeq(room);
  for (const users of [[bob, guest], [guest, bob], [guest, bob, cleo]])
    assert.equal(await outcomeOf(ada, ...inviting(room, ...users)), 'forbidden');
  assert.equal(await lastSeq(room), before);
  assert.deepEqual(await membersOf(room), new Set([ada.id, cleo.id]));
  await ada.invite(room, guest);
  assert.ok((await membersOf(room)).has(guest.id));
});

test('a ban holds for its room alone', async () => {
  const [room, other] = [await ada.group('here', [bob]), await ada.group('there', [bob])];
  await ban(ada, room, bob, {});
  await bob.post(other, 'I am still here');
  assert.deepEqual(await bansOf(ada, other), []);
  await ada.leave(other);
  await bob.invite(other, ada);
});

test('banning again changes nothing', async () => {
  const room = await ada.group('twice', [bob, cleo]);
  const first = await ban(ada, room, bob, { reason: 'the first' });
  const before = await lastSeq(room);
  for (const [who, body] of [[ada, { reason: 'the second' }], [mo, {}], [root, { reason: 'the third' }]])
    assert.deepEqual(await ban(who, room, bob, body), first);
  assert.deepEqual(await bansOf(ada, room), [first]);
  assert.equal(await lastSeq(room), before);
  await liftBan(mo, room, bob);
  assert.deepEqual(await bansOf(ada, room), []);
});

test('of many bans of one member at the same moment one counts', async () => {
  const room = await ada.group('at once', [bob, cleo]);
  const items = await Promise.all(range(1, 9).map((i) => ban([ada, mo, root][i % 3], room, bob, { reason: `the ${i}th` })));
  for (const item of items) assert.deepEqual(item, items[0]);
  const log = await ada.allEvents(room);
  assert.deepEqual(log.slice(3).map((e) => [e.type, e.data.by]), [['member_left', items[0].by]]);
  assert.deepEqual(await trailOf(root, room), [['member_banned', items[0].by, bob.id]]);
});

test('of bans and invitations at the same moment one comes first, and who is banned is out in the end', async () => {
  for (let round = 0; round < 15; round += 1) {
    const room = await ada.group('race', [cleo]);
    const calls = [
      () => ban(ada, room, guest, {}),
      ...range(1, round % 4).map(() => () => outcomeOf(cleo, ...inviting(room, guest))),
    ];
    if (round % 2) calls.reverse();
    await Promise.all(calls.map((call) => call()));
    assert.ok(!(await membersOf(room)).has(guest.id), `round ${round}`);
    assert.equal(await outcomeOf(cleo, ...inviting(room, guest)), 'forbidden');
    const seen = (await ada.allEvents(room)).filter((e) => e.data.user_id === guest.id).map((e) => e.type);
    assert.ok(['', 'member_joined,member_left'].includes(String(seen)), String(seen));
  }
});

// --- Who may ban whom ---

test('a moderator who is no member bans the creator, who cannot come back by himself', async () => {
  const maker = await newAccount(parley, 'maker');
  const room = await maker.group('his own', [bob]);
  const socket = await open(bob);
  await ban(mo, room, maker, {});
  const { data } = await socket.expectFrame('member_left', { room_id: room });
  assert.deepEqual([data.user_id, data.by], [maker.id, mo.id]);
  await maker.room(room, 404);
  for (const [method, target, body] of [
    ['GET', `/rooms/${room}/bans`],
    ['DELETE', `/rooms/${room}/bans/${maker.id}`],
    ['PUT', `/rooms/${room}/bans/${bob.id}`, {}],
    inviting(room, maker),
  ])
    assert.equal(await outcomeOf(maker, method, target, body), 'not_found', `${method} ${target}`);
  assert.equal(await outcomeOf(bob, ...inviting(room, maker)), 'forbidden');
  await liftBan(mo, room, maker);
  await bob.invite(room, maker);
  await socket.close();
});

test('moderators and admins are banned by admins only, members or not', async () => {
  const [mo2, root2] = [await newStaff(parley, 'moderator'), await newStaff(parley, 'admin')];
  for (const inside of [true, false]) {
    const room = await ada.group('staff', inside ? [mo, mo2, root, root2] : [cleo]);
    const before = await lastSeq(room);
    for (const [who, user] of [
      [ada, mo2],
      [ada, root2],
      [mo, mo2],
      [mo, root2],
    ])
      await ban(who, room, user, {}, 403);
    assert.deepEqual(await bansOf(ada, room), []);
    assert.equal(await lastSeq(room), before);
    for (const user of [mo2, root2]) await ban(root, room, user, {});
    assert.deepEqual(new Set(idsOf(await bansOf(ada, room))), new Set([mo2.id, root2.id]));
  }
});

test('nobody bans himself, nor somebody unknown, nor anybody in a private room', async () => {
  const room = await ada.group('nobody', [bob, mo, root]);
  const secret = await ada.privateRoom(bob);
  const before = [await lastSeq(room), await lastSeq(secret)];
  for (const who of [ada, mo, root]) await ban(who, room, who, {}, 400);
  for (const who of [ada, mo, root]) await ban(who, room, nobody, {}, 404);
  for (const [who, user] of [[ada, bob], [bob, ada], [mo, bob], [root, ada]]) {
    await ban(who, secret, user, {}, 409);
    await liftBan(who, secret, user, 409);
    await who.call('GET', `/rooms/${secret}/bans`, { expect: 409 });
  }
  await cleo.call('GET', `/rooms/${secret}/bans`, { expect: 404 });
  await liftBan(ada, room, bob, 404);
  await liftBan(ada, room, nobody, 404);
  assert.deepEqual([await lastSeq(room), await lastSeq(secret)], before);
  assert.deepEqual(await bansOf(ada, room), []);
  await bob.post(secret, 'we still talk');
});

// --- The list ---

test('bans are listed in order of user_id, page by page, to those who may lift them', async () => {
  const banned = await Promise.all(range(1, 7).map(() => newAccount(parley, 'banned')));
  const room = await ada.group('many', [cleo]);
  await Promise.all(banned.map((user, i) => ban(i % 2 ? mo : ada, room, user, { reason: `the ${i}th` })));
  const expected = banned.map((user) => user.id).sort();
  for (const who of [ada, mo, root])
    for (const limit of [1, 3, 7, 200]) assert.deepEqual(idsOf(await bansOf(who, room, limit)), expected);
  const [first] = await bansOf(ada, room);
  const at = banned.findIndex((user) => user.id === first.user.user_id);
  assert.deepEqual([first.by, first.reason], [(at % 2 ? mo : ada).id, `the ${at}th`]);
  await cleo.call('GET', `/rooms/${room}/bans`, { expect: 403 });
  await guest.call('GET', `/rooms/${room}/bans`, { expect: 404 });
  for (const query of ['limit=0', 'limit=201', 'limit=x', 'cursor=nonsense'])
    await ada.call('GET', `/rooms/${room}/bans?${query}`, { expect: 400 });
});

test('bans outlive the node', async () => {
  const room = await ada.group('kept', [bob, cleo]);
  const item = await ban(ada, room, bob, { reason: 'kept' });
  await parley.kill();
  await parley.start();
  assert.deepEqual(await bansOf(ada, room), [item]);
  assert.equal(await outcomeOf(cleo, ...inviting(room, bob)), 'forbidden');
});

test('a ban and its end stand in the audit trail, whoever did it', async () => {
  const room = await ada.group('audited', [bob, cleo]);
  await ban(ada, room, bob, { reason: 'adverts' });
  await ban(mo, room, guest, {});
  await ban(mo, room, guest, {});
  await liftBan(root, room, bob);
  assert.equal(await outcomeOf(cleo, 'PUT', `/rooms/${room}/bans/${ada.id}`, {}), 'forbidden');
  const trail = (await trailOf(root, room)).filter(([action]) => /ban/.test(action));
  assert.deepEqual(trail, [
    ['member_banned', ada.id, bob.id],
    ['member_banned', mo.id, guest.id],
    ['ban_lifted', root.id, bob.id],
  ]);
});
