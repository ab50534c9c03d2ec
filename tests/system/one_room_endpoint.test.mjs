// The endpoint /ws/{room_id}/{user_id}: one room, for those who need no more.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { expectRefused, newAccount } from '../support/client.mjs';
import { startParleyd } from '../support/parleyd.mjs';

let parley, ada, bob, roomId, otherRoom;
before(async () => {
  parley = await startParleyd();
  ada = await newAccount(parley, 'ada');
  bob = await newAccount(parley, 'bob');
  roomId = await ada.group('the one', [bob]);
  otherRoom = await ada.group('another', [bob]);
});
after(() => parley?.stop());

const nothing = '01939b6e-0000-7000-8000-000000000000';
const enter = (account, room = roomId, options = {}) =>
  account.connect({ room, user: account.id, ...options });

test('ready lists that room, and data.room_id may be left out', async () => {
  const [mine, theirs] = [await enter(ada), await enter(bob)];
  assert.deepEqual(
    mine.ready.rooms.map((r) => r.room_id),
    [roomId],
  );
  await theirs.untilLive(roomId);
  const ack = await mine.ask('send_message', { content: 'hello' });
  assert.equal(ack.room_id, roomId);
  await theirs.expectFrame('new_message', { message_id: ack.message_id });
  await theirs.ask('reaction', { message_id: ack.message_id, emoji: '👍' });
  await mine.expectFrame('reaction', { message_id: ack.message_id });
  await mine.ask('typing', {});
  await theirs.expectFrame('typing', { room_id: roomId, user_id: ada.id });
  assert.equal((await theirs.ask('read', { seq: ack.seq })).room_id, roomId);
  await mine.expectFrame('read', { room_id: roomId, user_id: bob.id });
  await Promise.all([mine, theirs].map((s) => s.close()));
});

test("only this room's events come", async () => {
  const socket = await enter(bob);
  await socket.untilLive(roomId);
  await ada.post(otherRoom, 'elsewhere');
  const third = await ada.group('made meanwhile', [bob]);
  const here = await ada.post(roomId, 'here');
  await socket.expectFrame('new_message', { message_id: here.message_id });
  await socket.ping();
  const strangers = socket.frames.filter((f) => f.data.room_id !== undefined && f.data.room_id !== roomId);
  assert.deepEqual(strangers, []);
  await ada.call('GET', `/rooms/${third}`);
  await socket.close();
});

test('it replays and resumes like the common one', async () => {
  const before = await enter(bob, roomId, { replay: 'none' });
  const sent = await ada.post(roomId, 'replayed');
  await before.expectFrame('new_message', { message_id: sent.message_id });
  await before.resume({ [roomId]: 0 });
  await before.untilLive(roomId);
  assert.equal(before.durable(roomId).at(-1).data.message_id, sent.message_id);
  const after = await enter(bob);
  await after.expectFrame('new_message', { message_id: sent.message_id });
  await after.untilLive(roomId);
  await Promise.all([before, after].map((s) => s.close()));
});

test('another room named in data is refused', async () => {
  const socket = await enter(ada);
  const id = socket.send('send_message', { room_id: otherRoom, content: 'wrong door' });
  const { code } = await socket.expectError(id);
  assert.ok(['bad_request', 'not_found', 'forbidden'].includes(code), code);
  await socket.close();
});

test("a user_id that is not the token's is forbidden before the upgrade", async () => {
  const { body } = await expectRefused(ada.connect({ room: roomId, user: bob.id }), 403);
  assert.equal(body.code, 'forbidden');
});

test('a room that one is no member of, and a room that does not exist, are forbidden before the upgrade', async () => {
  const cleo = await newAccount(parley, 'cleo');
  const foreign = await expectRefused(enter(cleo), 403);
  const missing = await expectRefused(enter(cleo, nothing), 403);
  assert.deepEqual(foreign.body, missing.body);
});

test('without a token it is unauthenticated, whatever the path says', async () => {
  await expectRefused(ada.connect({ room: roomId, user: ada.id, auth: 'none' }), 401);
  await expectRefused(ada.connect({ room: nothing, user: bob.id, auth: 'none' }), 401);
});

test('outside of development mode names in the path are refused', async () => {
  const error = await ada.connect({ path: '/ws/r1/u1' }).then(
    () => assert.fail('opened'),
    (reason) => reason,
  );
  assert.ok([400, 403, 404].includes(error.status), error.message);
});

test('who leaves or is removed is closed with 4403', async () => {
  const room = await ada.group('to leave', [bob]);
  const socket = await enter(bob, room);
  await bob.leave(room);
  await socket.expectClose(4403);
  await expectRefused(enter(bob, room), 403);
  await ada.invite(room, bob);
  const again = await enter(bob, room);
  await ada.remove(room, bob);
  await again.expectClose(4403);
});
