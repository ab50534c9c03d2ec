// What stands in a timeline: days, the line "new", what belongs together, what is on its way. No browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dateTime, timeOf } from '../../web/ui/format.js';
import { contentFault } from '../../web/ui/message-content.js';
import { RoomState } from '../../web/ui/room-state.js';
import { noteText } from '../../web/ui/note-text.js';
import { placedLines } from '../../web/ui/timeline-lines.js';

/** A message at so many minutes after noon of a day. */
const message = (seq, minutes, more = {}) => ({
  room_id: 'r',
  seq,
  message_id: `m${seq}`,
  user_id: 'other',
  content: `text ${seq}`,
  file_url: null,
  client_msg_id: null,
  created_at: new Date(2026, 10, 22, 12, minutes).toISOString(),
  ...more,
});
function roomOf(messages, more = {}) {
  const info = {
    room_id: 'r',
    name: 'R',
    is_group: true,
    peer: null,
    last_seq: 99,
    last_read_seq: 99,
    unread: 0,
  };
  const room = new RoomState({ ...info, ...more }, 'me');
  room.historyLoading();
  room.addHistory([...messages].reverse(), false);
  return room;
}
const keys = (room) => placedLines(room, 'me').map(({ key }) => key.replace(/^day .*/, 'day'));
const places = (room) =>
  placedLines(room, 'me')
    .filter(({ line }) => line)
    .map(({ place: { together, last } }) => `${together ? 'with' : 'alone'}${last ? ' last' : ''}`);

test('messages of one person within five minutes stand together', () => {
  const room = roomOf([
    message(1, 0),
    message(2, 4),
    message(3, 10),
    message(4, 11, { user_id: 'third' }),
    message(5, 12),
  ]);
  assert.deepEqual(places(room), ['alone', 'with last', 'alone last', 'alone last', 'alone last']);
});

test('each day begins with its name, and nothing stands together across midnight', () => {
  const room = roomOf([message(1, 11 * 60 + 58), message(2, 12 * 60 + 1)]);
  assert.deepEqual(keys(room), ['day', 'm1', 'day', 'm2']);
  assert.deepEqual(places(room), ['alone last', 'alone last']);
});

test('the line "new" stands once, before the first unread message of somebody else', () => {
  const room = roomOf([message(1, 0), message(2, 1, { user_id: 'me' }), message(3, 2), message(4, 3)]);
  room.newAfterSeq = 1;
  assert.deepEqual(keys(room), ['day', 'm1', 'm2', 'new', 'm3', 'm4']);
  room.newAfterSeq = null;
  assert.equal(keys(room).includes('new'), false);
});

test('what is on its way stands at the end, and belongs to what one has said just before', () => {
  const room = roomOf([message(1, 0, { user_id: 'me' })]);
  room.setOutgoing({
    client_msg_id: 'k',
    status: 'queued',
    created_at: message(2, 1).created_at,
    content: 'x',
  });
  assert.deepEqual(keys(room), ['day', 'm1', 'out k']);
  assert.deepEqual(places(room), ['alone', 'with last']);
});

test('notes are told from where one stands', () => {
  const model = { me: { user_id: 'me' }, user: (userId) => ({ user_id: userId, display_name: userId }) };
  const note = (type, more) => noteText({ type, user_id: 'ben', by: 'ben', ...more }, model);
  assert.equal(note('member_joined'), 'ben joined');
  assert.equal(note('member_joined', { by: 'me' }), 'You added ben');
  assert.equal(note('member_joined', { user_id: 'me' }), 'ben added you');
  assert.equal(note('member_left', { reason: 'left' }), 'ben left');
  assert.equal(note('member_left', { reason: 'removed', by: 'me' }), 'You removed ben');
  assert.equal(note('room_renamed', { name: 'Harbour' }), 'ben named the room “Harbour”');
});

test('who mutes whom until when, and what slow mode is, are told as notes', () => {
  const model = { me: { user_id: 'me' }, user: (userId) => ({ user_id: userId, display_name: userId }) };
  const note = (type, more) => noteText({ type, user_id: 'ben', by: 'ada', ...more }, model);
  const today = new Date();
  today.setHours(10, 40, 0, 0);
  const until = today.toISOString();
  assert.equal(note('member_muted', { until }), `ada muted ben until ${timeOf(until)}`);
  assert.equal(note('member_muted', { until, user_id: 'me' }), `ada muted you until ${timeOf(until)}`);
  const later = '2031-03-05T12:00:00.000Z';
  assert.equal(note('member_muted', { until: later }), `ada muted ben until ${dateTime(later)}`);
  assert.equal(note('member_muted', { until: null, by: 'me' }), 'You unmuted ben');
  const slow = (seconds) => note('slow_mode_changed', { slow_mode_seconds: seconds });
  assert.equal(slow(30), 'ada set slow mode to 30 s');
  assert.equal(slow(900), 'ada set slow mode to 15 min');
  assert.equal(slow(21_600), 'ada set slow mode to 6 h');
  assert.equal(slow(5_405), 'ada set slow mode to 1 h 30 min 5 s');
  assert.equal(slow(0), 'ada ended slow mode');
});

test('a text is too long by its bytes, not by its letters', () => {
  assert.equal(contentFault('é'.repeat(4096)), '');
  assert.match(contentFault(`${'é'.repeat(4096)}.`), /too long/);
});
