// What the page makes of a room's events: unread counts, reactions, history that arrives while events do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RoomState } from '../../web/ui/room-state.js';

const message = (seq, more = {}) => ({
  room_id: 'r',
  seq,
  message_id: `m${seq}`,
  user_id: 'other',
  content: `text ${seq}`,
  file_url: null,
  client_msg_id: null,
  created_at: '2026-11-22T09:30:00.123Z',
  ...more,
});
const reaction = (seq, messageId, emoji, userId, action = 'add') => ({
  room_id: 'r',
  seq,
  message_id: messageId,
  emoji,
  user_id: userId,
  action,
});
const makeRoom = (more = {}) =>
  new RoomState(
    {
      room_id: 'r',
      name: 'R',
      is_group: true,
      peer: null,
      last_seq: 10,
      last_read_seq: 5,
      unread: 3,
      ...more,
    },
    'me',
  );
/** A room whose history was read. */
function openRoom(items = [], more = {}) {
  const room = makeRoom(more);
  room.historyLoading();
  room.addHistory(items, false);
  return room;
}

test('replayed events are in the unread count already, new ones of others raise it', () => {
  const room = makeRoom();
  room.apply('new_message', message(9));
  room.apply('new_message', message(10));
  assert.equal(room.unread, 3);
  room.apply('new_message', message(11));
  room.apply('new_message', message(12, { user_id: 'me' }));
  room.apply('reaction', reaction(13, 'm11', '👍', 'other'));
  assert.equal(room.unread, 4);
});

test('an unread message that is deleted counts no more, a read or counted one changes nothing', () => {
  const room = makeRoom();
  room.apply('new_message', message(9));
  room.apply('message_deleted', { room_id: 'r', seq: 10, message_id: 'm9', deleted_at: 'then' });
  assert.equal(room.unread, 3, 'the count of `ready` knew of it');
  room.apply('new_message', message(11));
  room.apply('message_deleted', { room_id: 'r', seq: 12, message_id: 'm11', deleted_at: 'then' });
  assert.equal(room.unread, 3);
  room.apply('message_deleted', { room_id: 'r', seq: 13, message_id: 'm2', deleted_at: 'then' });
  assert.equal(room.unread, 3);
});

test('a marker at the end leaves nothing unread, one before it leaves what the server says', () => {
  const room = makeRoom();
  room.markRead(7, 2);
  assert.equal(room.unread, 2);
  room.markRead(10, null);
  assert.equal(room.unread, 0);
  room.update({ name: 'R', is_group: true, peer: null, last_seq: 10, last_read_seq: 5, unread: 3 });
  assert.equal(room.unread, 0, 'the server had not heard of the marker yet');
  room.update({ name: 'R', is_group: true, peer: null, last_seq: 12, last_read_seq: 10, unread: 2 });
  assert.equal(room.unread, 2);
});

test("what others have read is seen: one's own messages up to there, and no others", () => {
  const room = openRoom([message(4, { user_id: 'me' }), message(3), message(2, { user_id: 'me' })]);
  assert.deepEqual(
    room.lines.map((line) => room.isSeen(line)),
    [false, false, false],
  );
  room.othersRead(3);
  room.othersRead(2);
  assert.deepEqual(
    room.lines.map((line) => room.isSeen(line)),
    [true, false, false],
  );
  room.othersRead(4);
  assert.deepEqual(
    room.lines.map((line) => room.isSeen(line)),
    [true, false, true],
  );
  room.reset(3);
  assert.equal(room.isSeen(message(4, { user_id: 'me' })), false, 'after a log that went back');
});

test('lines stand by seq, each once, from whichever side they come', () => {
  const room = openRoom([message(10), message(8)]);
  room.apply('new_message', message(11));
  room.addHistory([message(8), message(6), message(3)], true);
  room.apply('new_message', message(11));
  assert.deepEqual(
    room.lines.map((line) => line.seq),
    [3, 6, 8, 10, 11],
  );
  assert.equal(room.oldestSeq, 3);
});

test('events that come while history is on its way are applied on top of it', () => {
  const room = makeRoom();
  room.historyLoading();
  room.apply('reaction', reaction(11, 'm10', '👍', 'other'));
  room.apply('new_message', message(12));
  room.addHistory([message(10)], false);
  assert.deepEqual(
    room.lines.map((line) => line.seq),
    [10, 12],
  );
  assert.deepEqual(room.messages.get('m10').reactions, [{ emoji: '👍', count: 1, user_ids: ['other'] }]);
});

test('a reaction that history shows already is not counted again when its event is replayed', () => {
  const room = openRoom([message(10, { reactions: [{ emoji: '👍', count: 2, user_ids: ['a', 'b'] }] })]);
  room.apply('reaction', reaction(11, 'm10', '👍', 'a'));
  assert.equal(room.messages.get('m10').reactions[0].count, 2);
  room.apply('reaction', reaction(12, 'm10', '👍', 'c'));
  room.apply('reaction', reaction(13, 'm10', '❤️', 'c'));
  room.apply('reaction', reaction(14, 'm10', '👍', 'a', 'remove'));
  room.apply('reaction', reaction(15, 'm10', '👍', 'a', 'remove'));
  assert.deepEqual(room.messages.get('m10').reactions, [
    { emoji: '👍', count: 2, user_ids: ['b', 'c'] },
    { emoji: '❤️', count: 1, user_ids: ['c'] },
  ]);
  room.apply('reaction', reaction(16, 'm10', '❤️', 'c', 'remove'));
  assert.equal(room.messages.get('m10').reactions.length, 1);
});

test('edits and deletions change the line and the preview, and a replay does not undo them', () => {
  const room = openRoom([message(9)]);
  room.apply('new_message', message(11));
  room.apply('message_edited', {
    room_id: 'r',
    seq: 12,
    message_id: 'm11',
    content: 'better',
    edited_at: 'then',
  });
  assert.equal(room.messages.get('m11').content, 'better');
  assert.equal(room.preview.content, 'better');
  room.apply('message_deleted', { room_id: 'r', seq: 13, message_id: 'm11', deleted_at: 'then' });
  room.apply('new_message', message(11, { content: null }));
  assert.equal(room.messages.get('m11').deleted_at, 'then');
  assert.equal(room.preview.content, null);
});

test("a message of one's own on its way makes room for its event, in whichever order they come", () => {
  const room = openRoom([]);
  const entry = { client_msg_id: 'k', room_id: 'r', status: 'sent' };
  const stored = { ...entry, status: 'stored', seq: 11 };
  room.setOutgoing(entry, 10);
  room.setOutgoing(stored, 10);
  assert.equal(room.outgoing.size, 1, 'it is shown until the event comes');
  room.apply('new_message', message(11, { user_id: 'me', client_msg_id: 'k' }));
  assert.equal(room.outgoing.size, 0);
  room.setOutgoing(stored, 11);
  assert.equal(room.outgoing.size, 0);
});

test("a message of one's own whose event came before its ack leaves no row", () => {
  const room = makeRoom();
  const entry = { client_msg_id: 'k', room_id: 'r', status: 'sent' };
  room.setOutgoing(entry, 10);
  room.apply('new_message', message(11, { user_id: 'me', client_msg_id: 'k' }));
  room.setOutgoing({ ...entry, status: 'stored', seq: 11 }, 11);
  assert.equal(room.outgoing.size, 0);
});

test('a room that is not open keeps the last message only', () => {
  const room = makeRoom();
  for (let seq = 11; seq < 500; seq += 1) room.apply('new_message', message(seq));
  assert.equal(room.lines.length, 0);
  assert.equal(room.preview.seq, 499);
});

test('a late answer to an earlier marker brings nothing back as unread', () => {
  const room = makeRoom();
  room.markRead(10, 0);
  room.markRead(7, 2);
  assert.equal(room.unread, 0);
  assert.equal(room.last_read_seq, 10);
});

test('a read message that is deleted afterwards takes nothing from the unread ones', () => {
  const room = makeRoom({ last_read_seq: 10, unread: 0 });
  for (const seq of [11, 12, 13]) room.apply('new_message', message(seq));
  room.markRead(12, 1);
  room.apply('message_deleted', { room_id: 'r', seq: 14, message_id: 'm11', deleted_at: 'then' });
  assert.equal(room.unread, 1);
  room.apply('message_deleted', { room_id: 'r', seq: 15, message_id: 'm13', deleted_at: 'then' });
  assert.equal(room.unread, 0);
});

test('a note takes the time of the line before it, since no event says when it was', () => {
  const room = openRoom([message(10)]);
  room.apply('member_left', { room_id: 'r', seq: 11, user_id: 'other', by: 'other', reason: 'left' });
  assert.equal(room.lines.at(-1).created_at, message(10).created_at);
  const empty = openRoom([]);
  empty.apply('member_left', { room_id: 'r', seq: 11, user_id: 'other', by: 'other', reason: 'left' });
  assert.equal(empty.lines[0].created_at, null);
});
