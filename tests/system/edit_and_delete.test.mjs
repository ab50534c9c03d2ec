// Changing what was sent, and a room's name: over WebSocket and REST, live, replayed and in the history.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newAccount } from '../support/client.mjs';
import { startParleyd } from '../support/parleyd.mjs';

let parley, ada, bob, eve, roomId;
before(async () => {
  parley = await startParleyd({ set: { 'limits.send_rate_per_second': 0, 'limits.frames_per_second': 0 } });
  ada = await newAccount(parley, 'ada');
  bob = await newAccount(parley, 'bob');
  eve = await newAccount(parley, 'eve');
  roomId = await ada.group('talk', [bob]);
});
after(() => parley?.stop());

const nothing = '01939b6e-0000-7000-8000-000000000000';
const inHistory = async (messageId, room = roomId) =>
  (await ada.history(room)).items.find((m) => m.message_id === messageId);
const edit = (account, messageId, content, expect = 200) =>
  account.call('PATCH', `/messages/${messageId}`, { body: { content }, expect });
const remove = (account, messageId, expect = 200) =>
  account.call('DELETE', `/messages/${messageId}`, { expect });
const rename = (account, room, name, expect = 200) =>
  account.call('PATCH', `/rooms/${room}`, { body: { name }, expect });

/** Runs `body` with live sockets, and closes them. */
async function withSockets(accounts, body) {
  const sockets = [];
  for (const account of accounts) sockets.push(await account.connect({ replay: 'none' }));
  await body(...sockets);
  await Promise.all(sockets.map((s) => s.close()));
}

test("an edit is acknowledged, reaches everybody but the sender's connection, and stands in the history", () =>
  withSockets([ada, ada, bob], async (mine, device, theirs) => {
    const sent = await mine.say(roomId, 'helo', { file_url: 'https://example.org/plan.png' });
    const where = { message_id: sent.message_id, room_id: roomId };
    const ack = await mine.ask('edit_message', { ...where, content: 'hello' });
    assert.deepEqual(ack, { ...where, seq: sent.seq + 1, edited_at: ack.edited_at });
    for (const socket of [device, theirs]) {
      const { data } = await socket.expectFrame('message_edited');
      assert.deepEqual(data, { ...ack, user_id: ada.id, content: 'hello' });
    }
    await mine.expectNoFrame('message_edited');
    const item = await inHistory(sent.message_id);
    assert.deepEqual(
      [item.seq, item.content, item.file_url, item.edited_at, item.deleted_at],
      [sent.seq, 'hello', 'https://example.org/plan.png', ack.edited_at, null],
    );
  }));

test('every edit is an event, also one to the same text', async () => {
  const sent = await ada.post(roomId, 'same');
  const first = await edit(ada, sent.message_id, 'same');
  const second = await edit(ada, sent.message_id, 'same');
  assert.deepEqual([first.seq, second.seq], [sent.seq + 1, sent.seq + 2]);
});

test('a delete is acknowledged, reaches everybody else, and empties the message in its place', () =>
  withSockets([ada, ada, bob], async (mine, device, theirs) => {
    const sent = await mine.say(roomId, 'oh no', { file_url: 'https://example.org/plan.png' });
    const emoji = encodeURIComponent('👍');
    await bob.call('PUT', `/messages/${sent.message_id}/reactions/${emoji}`);
    const where = { message_id: sent.message_id, room_id: roomId };
    const ack = await mine.ask('delete_message', { message_id: sent.message_id });
    assert.deepEqual(ack, { ...where, seq: sent.seq + 2, deleted_at: ack.deleted_at });
    for (const socket of [device, theirs]) {
      const { data } = await socket.expectFrame('message_deleted');
      assert.deepEqual(data, { ...ack, user_id: ada.id });
    }
    await mine.expectNoFrame('message_deleted');
    const item = await inHistory(sent.message_id);
    assert.deepEqual(
      [item.seq, item.user_id, item.content, item.file_url, item.deleted_at, item.reactions],
      [sent.seq, ada.id, null, null, ack.deleted_at, []],
    );
  }));

test('deleting again answers the first values and makes no event, by either way', () =>
  withSockets([ada, bob], async (mine, theirs) => {
    const { message_id: messageId } = await mine.say(roomId, 'twice');
    const first = await mine.ask('delete_message', { message_id: messageId, room_id: roomId });
    assert.deepEqual(await mine.ask('delete_message', { message_id: messageId }), first);
    assert.deepEqual(await remove(ada, messageId), first);
    await theirs.expectFrame('message_deleted', { message_id: messageId });
    await theirs.expectNoFrame('message_deleted', { message_id: messageId });
    const next = await mine.say(roomId, 'next');
    assert.equal(next.seq, first.seq + 1);
  }));

test('by REST all connections are told, those of the one who did it too', () =>
  withSockets([ada, bob], async (mine, theirs) => {
    const sent = await ada.post(roomId, 'by REST');
    const edited = await edit(ada, sent.message_id, 'edited by REST');
    const deleted = await remove(ada, sent.message_id);
    assert.deepEqual([edited.seq, deleted.seq], [sent.seq + 1, sent.seq + 2]);
    for (const socket of [mine, theirs]) {
      await socket.expectFrame('message_edited', { seq: edited.seq, content: 'edited by REST' });
      await socket.expectFrame('message_deleted', { seq: deleted.seq, user_id: ada.id });
    }
  }));

test("another's message is neither edited nor deleted: forbidden to members, not found to others", () =>
  withSockets([bob, eve], async (member, stranger) => {
    const { message_id: messageId } = await ada.post(roomId, 'mine');
    await member.refused('edit_message', { message_id: messageId, content: 'yours' }, 'forbidden');
    await member.refused('delete_message', { message_id: messageId }, 'forbidden');
    await stranger.refused('edit_message', { message_id: messageId, content: 'yours' }, 'not_found');
    await stranger.refused('delete_message', { message_id: messageId }, 'not_found');
    await edit(bob, messageId, 'yours', 403);
    await remove(bob, messageId, 403);
    await edit(eve, messageId, 'yours', 404);
    await remove(eve, messageId, 404);
    const { content, edited_at: editedAt } = await inHistory(messageId);
    assert.deepEqual([content, editedAt], ['mine', null]);
  }));

test('who has left the room changes nothing in it any more', async () => {
  const room = await ada.group('left', [bob]);
  const { message_id: messageId } = await bob.post(room, 'mine');
  await bob.leave(room);
  await edit(bob, messageId, 'too late', 404);
  await remove(bob, messageId, 404);
  assert.equal((await inHistory(messageId, room)).content, 'mine');
});

test('what is deleted can be neither edited nor reacted to', async () => {
  const { message_id: messageId } = await ada.post(roomId, 'gone');
  await remove(ada, messageId);
  await edit(ada, messageId, 'back again', 404);
  await ada.call('PUT', `/messages/${messageId}/reactions/${encodeURIComponent('👍')}`, { expect: 404 });
});

test('odd fields are refused with the field named', () =>
  withSockets([ada], async (socket) => {
    const { message_id: messageId } = await ada.post(roomId, 'still here');
    const other = await ada.group('other');
    const badEdits = [
      [{ content: 'x' }, 'bad_request', /message_id/],
      [{ message_id: 'no id', content: 'x' }, 'bad_request', /message_id/],
      [{ message_id: messageId }, 'bad_request', /content/],
      [{ message_id: messageId, content: '' }, 'bad_request', /content/],
      [{ message_id: messageId, content: null }, 'bad_request', /content/],
      [{ message_id: messageId, content: 7 }, 'bad_request', /content/],
      [{ message_id: messageId, content: 'a\0b' }, 'bad_request', /content/],
      [{ message_id: messageId, content: 'x'.repeat(8193) }, 'too_large', /content/],
      [{ message_id: nothing, content: 'x' }, 'not_found', /./],
    ];
    for (const [data, code, named] of badEdits) {
      const { message } = await socket.refused('edit_message', data, code);
      assert.match(message, named);
    }
    for (const type of ['edit_message', 'delete_message']) {
      const id = socket.send(type, { message_id: messageId, room_id: other, content: 'x' });
      const { code } = await socket.expectError(id);
      assert.ok(['bad_request', 'not_found'].includes(code), `${type}: ${code}`);
    }
    await socket.refused('delete_message', {}, 'bad_request');
    await socket.refused('delete_message', { message_id: nothing }, 'not_found');
    await ada.call('PATCH', `/messages/${messageId}`, { body: {}, expect: 400 });
    await edit(ada, messageId, 'x'.repeat(8193), 413);
    await edit(ada, nothing, 'x', 404);
    await remove(ada, nothing, 404);
    assert.equal((await inHistory(messageId)).content, 'still here');
  }));

test('a replay shows each message as it now stands', async () => {
  const room = await ada.group('replayed', [bob]);
  const kept = await ada.post(room, 'draft');
  const lost = await ada.post(room, 'secret', { file_url: 'https://example.org/secret.png' });
  await edit(ada, kept.message_id, 'second draft');
  await edit(ada, lost.message_id, 'secret too');
  await edit(ada, kept.message_id, 'final');
  await remove(ada, lost.message_id);
  const socket = await bob.connect({ replay: 'none' });
  await socket.resume({ [room]: kept.seq - 1 });
  await socket.untilLive(room);
  const seen = socket.durable(room).map(({ type, data }) => [type, data.message_id, data.content]);
  assert.deepEqual(seen, [
    ['new_message', kept.message_id, 'final'],
    ['new_message', lost.message_id, null],
    ['message_edited', kept.message_id, 'final'],
    ['message_edited', lost.message_id, null],
    ['message_edited', kept.message_id, 'final'],
    ['message_deleted', lost.message_id, undefined],
  ]);
  assert.doesNotMatch(JSON.stringify(socket.frames), /secret/);
  const stored = (await bob.events(room, `?after_seq=${kept.seq - 1}`)).items;
  assert.deepEqual(stored, socket.durable(room));
  await socket.close();
});

test('edits and deletes are still there after a restart', async () => {
  const room = await ada.group('restarted', [bob]);
  const [kept, lost] = [await ada.post(room, 'kept'), await ada.post(room, 'lost')];
  await edit(ada, kept.message_id, 'kept and edited');
  await remove(ada, lost.message_id);
  await rename(ada, room, 'renamed');
  const before = (await ada.events(room)).items;
  await parley.restart();
  assert.deepEqual((await ada.events(room)).items, before);
  assert.equal((await ada.room(room)).name, 'renamed');
});

test('a deleted message is not unread any more, and an edit makes none', async () => {
  const room = await ada.group('unread', [bob]);
  const [first] = [await ada.post(room, 'one'), await ada.post(room, 'two')];
  assert.equal((await bob.room(room)).unread, 2);
  await edit(ada, first.message_id, 'one and a half');
  assert.equal((await bob.room(room)).unread, 2);
  await remove(ada, first.message_id);
  assert.equal((await bob.room(room)).unread, 1);
});

test('the creator renames a room, and every member is told in its order', () =>
  withSockets([ada, bob], async (mine, theirs) => {
    const room = await ada.group('first name', [bob]);
    const before = await ada.room(room);
    const renamed = await rename(ada, room, 'Difference engines');
    assert.deepEqual(renamed, { ...before, name: 'Difference engines', last_seq: before.last_seq + 1 });
    for (const socket of [mine, theirs]) {
      const { data } = await socket.expectFrame('room_renamed');
      assert.deepEqual(data, {
        room_id: room,
        seq: before.last_seq + 1,
        name: 'Difference engines',
        by: ada.id,
      });
    }
    assert.equal((await bob.room(room)).name, 'Difference engines');
  }));

test('a plain member may not rename, others see no room, a private room has no name', async () => {
  await rename(bob, roomId, "bob's", 403);
  await rename(eve, roomId, "eve's", 404);
  await rename(ada, nothing, 'nothing', 404);
  await rename(ada, await ada.privateRoom(bob), 'us', 409);
  for (const name of ['', 'x'.repeat(129), 7, null, 'a\0b']) await rename(ada, roomId, name, 400);
  await ada.call('PATCH', `/rooms/${roomId}`, { body: {}, expect: 400 });
  await rename(ada, roomId, 'ä'.repeat(128));
  await rename(ada, roomId, 'talk');
});

test('in a room of its own the room may be left out', async () => {
  const socket = await ada.connect({ room: roomId, user: ada.id, replay: 'none' });
  const { message_id: messageId } = await socket.ask('send_message', { content: 'draft' });
  await socket.ask('edit_message', { message_id: messageId, content: 'final' });
  await socket.ask('delete_message', { message_id: messageId });
  await socket.close();
});

test('edits and deletes count against the limit of sends', async () => {
  const strict = await startParleyd({
    set: { 'limits.send_rate_per_second': 1, 'limits.send_burst': 3 },
  });
  try {
    const cleo = await newAccount(strict, 'cleo');
    const room = await cleo.group('strict');
    const socket = await cleo.connect({ replay: 'none' });
    const { message_id: messageId } = await socket.say(room, 'one');
    await socket.ask('edit_message', { message_id: messageId, content: 'two' });
    await socket.ask('delete_message', { message_id: messageId });
    const { retry_after_ms: wait } = await socket.refused(
      'edit_message',
      { message_id: messageId, content: 'four' },
      'rate_limited',
    );
    assert.ok(wait > 0);
    await remove(cleo, messageId, 429);
    await socket.close();
  } finally {
    await strict.stop();
  }
});
