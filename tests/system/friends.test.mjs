// Friends: asking, answering, ending, blocking, and who hears of it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newAccount } from '../support/client.mjs';
import { startParleyd, until } from '../support/parleyd.mjs';

let parley;
before(async () => {
  parley = await startParleyd();
});
after(() => parley?.stop());

const pair = async () => [await newAccount(parley, 'ada'), await newAccount(parley, 'bob')];
const ask = (who, other, expect = 200) => who.call('POST', '/friends', { body: { user_id: other.id }, expect });
const answer = (who, other, action, expect = 200) =>
  who.call('POST', `/friends/${other.id}/${action}`, { expect });
const remove = (who, other, expect = 204) => who.call('DELETE', `/friends/${other.id}`, { expect });
/** How a user stands to others, as [user_id, status] in pages of one. */
async function friendsOf(who, status) {
  const found = [];
  for (let cursor = ''; cursor !== null; ) {
    const query = new URLSearchParams({ limit: 1, ...(status && { status }), ...(cursor && { cursor }) });
    const { items, next_cursor } = await who.call('GET', `/friends?${query}`);
    found.push(...items.map((item) => [item.user_id, item.status]));
    cursor = next_cursor;
  }
  return found;
}

test('a request that is accepted makes two friends, and all devices of both hear of each step', async () => {
  const [ada, bob] = await pair();
  const sockets = [await ada.connect(), await ada.connect(), await bob.connect(), await bob.connect()];
  const bothHear = async (status, by) => {
    for (const [i, socket] of sockets.entries()) {
      const { data } = await socket.expectFrame('friend');
      assert.deepEqual(data, { user_id: i < 2 ? bob.id : ada.id, status, by: by.id });
    }
  };
  const item = await ask(ada, bob);
  assert.deepEqual([item.user_id, item.profile.username, item.status, item.by], [
    bob.id,
    bob.username,
    'pending',
    ada.id,
  ]);
  await bothHear('pending', ada);
  assert.deepEqual(await friendsOf(bob, 'pending'), [[ada.id, 'pending']]);
  assert.deepEqual(await ask(ada, bob), item, 'asking again changes nothing');

  const accepted = await answer(bob, ada, 'accept');
  assert.deepEqual([accepted.user_id, accepted.status, accepted.by], [ada.id, 'accepted', bob.id]);
  await bothHear('accepted', bob);
  assert.deepEqual(await friendsOf(ada), [[bob.id, 'accepted']]);
  assert.deepEqual(await friendsOf(bob, 'accepted'), [[ada.id, 'accepted']]);

  await remove(ada, bob);
  await bothHear('none', ada);
  assert.deepEqual(await friendsOf(ada), []);
  assert.deepEqual(await friendsOf(bob), []);
  await Promise.all(sockets.map((s) => s.close()));
});

test('who ask each other at once are friends', async () => {
  const [ada, bob] = await pair();
  await Promise.all([ask(ada, bob), ask(bob, ada)]);
  assert.deepEqual(await friendsOf(ada), [[bob.id, 'accepted']]);
  assert.deepEqual(await friendsOf(bob), [[ada.id, 'accepted']]);
});

test('a request may be declined or taken back; what is not there is not found', async () => {
  const [ada, bob] = await pair();
  await ask(ada, bob);
  await answer(bob, ada, 'decline', 204);
  await ask(ada, bob);
  await remove(ada, bob);
  assert.deepEqual(await friendsOf(bob), []);
  for (const action of ['accept', 'decline', 'unblock']) await answer(bob, ada, action, 404);
  await remove(bob, ada, 404);
  await ask(ada, ada, 400);
  await ask(ada, { id: '01939b6e-0000-7000-8000-000000000000' }, 404);
  await ada.call('GET', '/friends?status=foes', { expect: 400 });
});

test('a new friend is watched', async () => {
  const [ada, bob] = await pair();
  const eye = await ada.connect();
  await ask(ada, bob);
  await answer(bob, ada, 'accept');
  await eye.expectFrame('friend', { status: 'accepted' });
  await eye.ask('watch_presence', { user_ids: [] });
  await bob.call('POST', '/auth/logout', { expect: 204 });
  await eye.expectFrame('presence', { user_id: bob.id, is_online: false });
  await eye.close();
});

test('blocking ends what there was and cannot be seen by the one who is blocked', async () => {
  const [ada, bob] = await pair();
  const room = await ada.privateRoom(bob);
  await ask(ada, bob);
  const [hers, his] = [await ada.connect(), await bob.connect()];
  const item = await answer(ada, bob, 'block');
  assert.deepEqual([item.user_id, item.status, item.by], [bob.id, 'blocked', ada.id]);
  await hers.expectFrame('friend', { user_id: bob.id, status: 'blocked', by: ada.id });
  await his.expectFrame('friend', { user_id: ada.id, status: 'none', by: ada.id });
  assert.deepEqual(await friendsOf(ada, 'blocked'), [[bob.id, 'blocked']]);
  assert.deepEqual(await friendsOf(bob), []);

  await ask(bob, ada, 403);
  await ask(ada, bob, 409);
  for (const [who, socket] of [
    [ada, hers],
    [bob, his],
  ]) {
    await who.post(room, 'a word', { expect: 403 });
    await socket.refused('send_message', { room_id: room, content: 'a word' }, 'forbidden');
  }
  const cleo = await newAccount(parley, 'cleo');
  await answer(cleo, bob, 'block');
  await bob.privateRoom(cleo, 403);
  await cleo.privateRoom(bob);

  await answer(bob, ada, 'block');
  await answer(ada, bob, 'unblock', 204);
  await hers.expectFrame('friend', { user_id: bob.id, status: 'none' });
  assert.deepEqual(await friendsOf(bob), [[ada.id, 'blocked']], 'each has a block of his own');
  await ask(ada, bob, 403);
  await answer(bob, ada, 'unblock', 204);
  await bob.post(room, 'a word');
  // On PostgreSQL they come by the control log, in its order.
  const heard = () => his.frames.filter((f) => f.type === 'friend').map((f) => f.data.status);
  await until(() => heard().length >= 3, 'the end of his block');
  assert.deepEqual(heard(), ['none', 'blocked', 'none'], 'nothing of her block but the end of her request');
  await Promise.all([hers, his].map((s) => s.close()));
});
