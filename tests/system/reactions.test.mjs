// Reacting to a message and taking it back.
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
const path = (messageId, emoji) => `/messages/${messageId}/reactions/${encodeURIComponent(emoji)}`;
const reactionsOf = async (messageId) =>
  (await ada.history(roomId)).items.find((m) => m.message_id === messageId).reactions;

test('a reaction is acknowledged, reaches the others, and stands in the history', async () => {
  const message = await ada.post(roomId, 'react!');
  const [mine, theirs] = [await bob.connect({ replay: 'none' }), await ada.connect({ replay: 'none' })];
  const ack = await mine.ask('reaction', { message_id: message.message_id, room_id: roomId, emoji: '👍' });
  assert.equal(ack.room_id, roomId);
  const { data } = await theirs.expectFrame('reaction', { message_id: message.message_id });
  assert.deepEqual(
    [data.reaction_id, data.seq, data.user_id, data.emoji, data.action],
    [ack.reaction_id, ack.seq, bob.id, '👍', 'add'],
  );
  assert.deepEqual(await reactionsOf(message.message_id), [{ emoji: '👍', count: 1, user_ids: [bob.id] }]);
  await mine.expectNoFrame('reaction');
  await Promise.all([mine, theirs].map((s) => s.close()));
});

test('the room may be left out: it is looked up by the message', async () => {
  const message = await ada.post(roomId, 'react!');
  const socket = await bob.connect({ replay: 'none' });
  const ack = await socket.ask('reaction', { message_id: message.message_id, emoji: '🎉', action: 'add' });
  assert.equal(ack.room_id, roomId);
  await socket.close();
});

test('a room that does not fit the message is refused', async () => {
  const message = await ada.post(roomId, 'react!');
  const other = await bob.group('other');
  const socket = await bob.connect({ replay: 'none' });
  const id = socket.send('reaction', { message_id: message.message_id, room_id: other, emoji: '🎉' });
  const { code } = await socket.expectError(id);
  assert.ok(['bad_request', 'not_found'].includes(code), code);
  assert.deepEqual(await reactionsOf(message.message_id), []);
  await socket.close();
});

test('the same reaction again answers the first values and makes no event', async () => {
  const message = await ada.post(roomId, 'react!');
  const socket = await bob.connect({ replay: 'none' });
  const watcher = await ada.connect({ replay: 'none' });
  const react = () =>
    socket.ask('reaction', { message_id: message.message_id, room_id: roomId, emoji: '👍' });
  const first = await react();
  assert.deepEqual(await react(), first);
  assert.deepEqual(await bob.call('PUT', path(message.message_id, '👍')), first);
  const next = await ada.post(roomId, 'next');
  assert.equal(next.seq, first.seq + 1);
  await watcher.expectFrame('reaction', { message_id: message.message_id });
  await watcher.expectFrame('new_message', { message_id: next.message_id });
  await watcher.expectNoFrame('reaction');
  await Promise.all([socket, watcher].map((s) => s.close()));
});

test('a reaction that is taken back is gone, with an event; taking it back again is not found', async () => {
  const message = await ada.post(roomId, 'react!');
  const socket = await bob.connect({ replay: 'none' });
  const watcher = await ada.connect({ replay: 'none' });
  const where = { message_id: message.message_id, room_id: roomId, emoji: '👍' };
  const added = await socket.ask('reaction', where);
  const removed = await socket.ask('reaction', { ...where, action: 'remove' });
  assert.equal(removed.seq, added.seq + 1);
  assert.equal(removed.reaction_id, added.reaction_id);
  const { data } = await watcher.expectFrame('reaction', { action: 'remove' });
  assert.equal(data.reaction_id, added.reaction_id);
  assert.deepEqual(await reactionsOf(message.message_id), []);
  await socket.refused('reaction', { ...where, action: 'remove' }, 'not_found');
  const anew = await socket.ask('reaction', where);
  assert.equal(anew.seq, removed.seq + 1);
  await Promise.all([socket, watcher].map((s) => s.close()));
});

test('REST adds and takes back, and tells all connections', async () => {
  const message = await ada.post(roomId, 'react!');
  const socket = await bob.connect({ replay: 'none' });
  const added = await bob.call('PUT', path(message.message_id, '👩‍💻'));
  await socket.expectFrame('reaction', {
    reaction_id: added.reaction_id,
    action: 'add',
    emoji: '👩‍💻',
    user_id: bob.id,
  });
  const removed = await bob.call('DELETE', path(message.message_id, '👩‍💻'));
  await socket.expectFrame('reaction', { seq: removed.seq, action: 'remove' });
  await bob.call('DELETE', path(message.message_id, '👩‍💻'), { expect: 404 });
  await socket.close();
});

test('several people and several emojis are counted apart', async () => {
  const message = await ada.post(roomId, 'react!');
  await bob.call('PUT', path(message.message_id, '👍'));
  await ada.call('PUT', path(message.message_id, '👍'));
  await ada.call('PUT', path(message.message_id, '❤️'));
  const reactions = await reactionsOf(message.message_id);
  assert.deepEqual(
    new Map(reactions.map((r) => [r.emoji, r.count])),
    new Map([
      ['👍', 2],
      ['❤️', 1],
    ]),
  );
  assert.deepEqual(reactions.find((r) => r.emoji === '👍').user_ids.sort(), [ada.id, bob.id].sort());
  await ada.call('DELETE', path(message.message_id, '👍'));
  assert.deepEqual((await reactionsOf(message.message_id)).find((r) => r.emoji === '👍').user_ids, [bob.id]);
});

for (const emoji of ['👍', '👍🏽', '❤️', '🇩🇪', '👨‍👩‍👧‍👦', '1️⃣', 'é', 'x']) {
  test(`one grapheme is taken: ${emoji}`, async () => {
    const message = await ada.post(roomId, 'react!');
    await bob.call('PUT', path(message.message_id, emoji));
    assert.equal((await reactionsOf(message.message_id))[0].emoji, emoji);
  });
}

const badEmojis = {
  empty: '',
  'two emojis': '👍👍',
  'two letters': 'ab',
  'a grapheme of more than 32 bytes': `e${'\u0301'.repeat(16)}`,
  'a number': 5,
  NUL: '\u0000',
  null: null,
};
for (const [what, emoji] of Object.entries(badEmojis)) {
  test(`an emoji that is not one grapheme of at most 32 bytes is a bad request: ${what}`, async () => {
    const message = await ada.post(roomId, 'react!');
    const socket = await bob.connect({ replay: 'none' });
    await socket.refused(
      'reaction',
      { message_id: message.message_id, room_id: roomId, emoji },
      'bad_request',
    );
    await socket.close();
  });
}

test('an unknown message, action or id is refused', async () => {
  const message = await ada.post(roomId, 'react!');
  const socket = await bob.connect({ replay: 'none' });
  await socket.refused('reaction', { message_id: nothing, emoji: '👍' }, 'not_found');
  await socket.refused('reaction', { message_id: nothing, room_id: roomId, emoji: '👍' }, 'not_found');
  await socket.refused(
    'reaction',
    { message_id: message.message_id, emoji: '👍', action: 'toggle' },
    'bad_request',
  );
  await socket.refused('reaction', { message_id: 'none', emoji: '👍' }, 'bad_request');
  await socket.refused('reaction', { emoji: '👍' }, 'bad_request');
  await bob.call('PUT', path(nothing, '👍'), { expect: 404 });
  await socket.close();
});

test('who is not in the room cannot react: not found', async () => {
  const cleo = await newAccount(parley, 'cleo');
  const message = await ada.post(roomId, 'react!');
  const socket = await cleo.connect();
  await socket.refused('reaction', { message_id: message.message_id, emoji: '👍' }, 'not_found');
  await socket.refused(
    'reaction',
    { message_id: message.message_id, room_id: roomId, emoji: '👍' },
    'not_found',
  );
  assert.deepEqual(await reactionsOf(message.message_id), []);
  await socket.close();
});

test('a message has at most limits.reactions_per_message emojis, whoever uses them', async () => {
  const strict = await startParleyd({ set: { 'limits.reactions_per_message': 2 } });
  try {
    const [cleo, dan] = [await newAccount(strict, 'cleo'), await newAccount(strict, 'dan')];
    const room = await cleo.group('strict', [dan]);
    const { message_id: messageId } = await cleo.post(room, 'react!');
    await cleo.call('PUT', path(messageId, '👍'));
    await cleo.call('PUT', path(messageId, '🎉'));
    await dan.call('PUT', path(messageId, '👋'), { expect: 409 });
    await dan.call('PUT', path(messageId, '🎉'));
    await cleo.call('DELETE', path(messageId, '👍'));
    await dan.call('PUT', path(messageId, '👋'));
  } finally {
    await strict.stop();
  }
});
