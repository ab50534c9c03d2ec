// What keeps one from writing in a room, as the page knows it: mutes, slow mode, and who may set them. No
// browser.
import assert from 'node:assert/strict';
import { afterEach, mock, test } from 'node:test';
import { ParleyError } from '../../web/parley-client.js';
import { CreatorLoader } from '../../web/ui/creator-loader.js';
import { mayModerate } from '../../web/ui/roles.js';
import { RoomState } from '../../web/ui/room-state.js';
import { ServerClock } from '../../web/ui/server-clock.js';

const noon = Date.parse('2026-11-22T12:00:00.000Z');
const at = (seconds) => new Date(noon + seconds * 1000).toISOString();
const info = (more = {}) => ({
  room_id: 'r',
  name: 'R',
  is_group: true,
  peer: null,
  last_seq: 10,
  last_read_seq: 10,
  unread: 0,
  slow_mode_seconds: 0,
  muted_until: null,
  ...more,
});
const makeRoom = (more) => new RoomState(info(more), 'me');
const muted = (seq, until, userId = 'me') => ({ room_id: 'r', seq, user_id: userId, by: 'ada', until });
const slow = (seq, seconds) => ({ room_id: 'r', seq, slow_mode_seconds: seconds, by: 'ada' });
const message = (seq, seconds, userId = 'me') => ({
  room_id: 'r',
  seq,
  message_id: `m${seq}`,
  user_id: userId,
  content: 'x',
  file_url: null,
  client_msg_id: null,
  created_at: at(seconds),
});

afterEach(() => mock.timers.reset());

test('a mute lasts until its end, and is as the server says, the last event or the list', () => {
  const room = makeRoom({ muted_until: at(60) });
  assert.equal(room.restraints.muteMs(noon), 60_000);
  assert.equal(room.restraints.muteMs(noon + 60_000), 0);
  room.apply('member_muted', muted(11, at(600)));
  assert.equal(room.restraints.muteMs(noon), 600_000);
  room.apply('member_muted', muted(12, at(900), 'ben'));
  assert.equal(room.restraints.muteMs(noon), 600_000, "another's mute is not one's own");
  room.apply('member_muted', muted(13, null));
  assert.equal(room.restraints.muteMs(noon), 0);
  room.update(info({ last_seq: 13, muted_until: at(5) }));
  assert.equal(room.restraints.muteMs(noon), 5_000);
});

test('what a replay brings again changes nothing, nor does an answer that is older than the events', () => {
  const room = makeRoom({ slow_mode_seconds: 30 });
  room.apply('slow_mode_changed', slow(9, 300));
  room.apply('member_muted', muted(10, at(60)));
  assert.deepEqual([room.restraints.slow_mode_seconds, room.restraints.muted_until], [30, null]);
  room.apply('slow_mode_changed', slow(11, 60));
  room.update(info({ last_seq: 10, slow_mode_seconds: 30 }));
  assert.equal(room.restraints.slow_mode_seconds, 60);
});

test("slow mode counts from one's own newest message, however one came to know of it", () => {
  const room = makeRoom({ slow_mode_seconds: 30 });
  assert.equal(room.restraints.slowModeMs(noon), 0);
  room.historyLoading();
  room.addHistory([message(9, -10), message(8, -20)], false);
  assert.equal(room.restraints.slowModeMs(noon), 20_000);
  room.apply('new_message', message(11, 0, 'ben'));
  assert.equal(room.restraints.slowModeMs(noon), 20_000, "another's message is not one's own");
  room.apply('new_message', message(12, 0));
  assert.equal(room.restraints.slowModeMs(noon), 30_000);
  assert.equal(room.restraints.slowModeMs(noon - 9_000), 30_000, 'never longer than slow mode itself');
  room.apply('slow_mode_changed', slow(13, 0));
  assert.equal(room.restraints.slowModeMs(noon), 0);
});

test('what was sent while slow mode was off does not count, whether it comes as an event or as history', () => {
  const room = makeRoom();
  room.apply('new_message', message(11, -2));
  room.apply('slow_mode_changed', slow(12, 300));
  assert.equal(room.restraints.slowModeMs(noon), 0);
  room.historyLoading();
  room.addHistory([message(11, -2)], false);
  assert.equal(room.restraints.slowModeMs(noon), 0, 'nor does it when it is read');
  room.apply('new_message', message(13, 0));
  room.apply('slow_mode_changed', slow(14, 600));
  assert.equal(room.restraints.slowModeMs(noon), 600_000, 'a longer pause forgets nothing');
});

test('when slow mode ends, the server forgets who wrote when, and so does the page', () => {
  const room = makeRoom({ slow_mode_seconds: 300 });
  room.apply('new_message', message(11, 0));
  room.restraints.refused(noon + 200_000);
  assert.equal(room.restraints.slowModeMs(noon), 300_000);
  room.apply('slow_mode_changed', slow(12, 0));
  room.apply('new_message', message(13, 1));
  room.apply('slow_mode_changed', slow(14, 300));
  assert.equal(room.restraints.slowModeMs(noon), 0);
  room.apply('new_message', message(15, 2));
  assert.equal(room.restraints.slowModeMs(noon + 2_000), 300_000);
});

test('slow mode that began while one was away does not count what was sent before', () => {
  const room = makeRoom();
  room.apply('new_message', message(11, 0));
  room.update(info({ last_seq: 13, slow_mode_seconds: 300 }));
  room.apply('new_message', message(12, 0));
  assert.equal(room.restraints.slowModeMs(noon), 0);
  room.apply('new_message', message(14, 0));
  assert.equal(room.restraints.slowModeMs(noon), 300_000);
});

test('the server may know of a message that is not here, and says how long to wait', () => {
  const room = makeRoom({ slow_mode_seconds: 300 });
  room.restraints.refused(noon + 120_000);
  assert.equal(room.restraints.slowModeMs(noon), 120_000);
  assert.equal(room.restraints.slowModeMs(noon + 120_000), 0);
});

test("the clock is the server's, whatever this device's says", () => {
  mock.timers.enable({ apis: ['Date'], now: noon + 3_600_000 });
  const clock = new ServerClock();
  assert.equal(clock.now(), noon + 3_600_000);
  clock.set(at(0));
  mock.timers.tick(1_000);
  assert.equal(clock.now(), noon + 1_000);
});

test('mutes and slow mode are notes of the timeline', () => {
  const room = makeRoom();
  room.historyLoading();
  room.addHistory([], false);
  room.apply('member_muted', muted(11, at(60)));
  room.apply('slow_mode_changed', slow(12, 30));
  assert.deepEqual(
    room.lines.map(({ note, type, seq }) => [note, type, seq]),
    [
      [true, 'member_muted', 11],
      [true, 'slow_mode_changed', 12],
    ],
  );
});

test('a group is moderated by its creator, moderators and admins, a private room by nobody', () => {
  const room = { is_group: true, created_by: 'ada' };
  const may = (role, user_id = 'me', where = room) => mayModerate({ role, user_id }, where);
  assert.deepEqual([may('user'), may('moderator'), may('admin')], [false, true, true]);
  assert.equal(may('user', 'ada'), true);
  assert.equal(may('admin', 'ada', { is_group: false, created_by: 'ada' }), false);
});

test('who made a group is asked once, and again only after a failure', async () => {
  const room = makeRoom();
  const asked = [];
  let answer = Promise.reject(new ParleyError('offline', 'away'));
  let changes = 0;
  const rest = {
    events: (...args) => {
      asked.push(args);
      return answer;
    },
  };
  const creators = new CreatorLoader(rest, () => (changes += 1));
  await creators.load(room);
  assert.equal(room.created_by, null);
  const first = { type: 'member_joined', data: { seq: 1, user_id: 'ada', by: 'ada', reason: 'created' } };
  answer = Promise.resolve({ items: [first], next_cursor: 'c' });
  await Promise.all([creators.load(room), creators.load(room)]);
  await creators.load(room);
  assert.deepEqual([room.created_by, asked.length, changes], ['ada', 2, 1]);
  assert.deepEqual(asked[1], ['r', { after_seq: 0, limit: 1 }]);
  await creators.load(new RoomState(info({ is_group: false }), 'me'));
  assert.equal(asked.length, 2, 'a private room has no creator to ask for');
});
