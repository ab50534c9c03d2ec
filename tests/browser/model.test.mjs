// What the page does with what it is told and what it fetches: pages that fail or come late, timelines that
// grow, markers, people. The client and the network are the test's.
import assert from 'node:assert/strict';
import { afterEach, mock, test } from 'node:test';
import { ParleyError } from '../../web/parley-client.js';
import { ChatModel } from '../../web/ui/model.js';

const me = { user_id: 'me', username: 'me', display_name: 'Me' };
const room = (more = {}) => ({
  room_id: 'r',
  name: 'R',
  is_group: true,
  peer: null,
  last_seq: 100,
  last_read_seq: 100,
  unread: 0,
  ...more,
});
const message = (seq, more = {}) => ({
  room_id: 'r',
  seq,
  message_id: `m${seq}`,
  user_id: 'other',
  display_name: 'Other',
  content: `text ${seq}`,
  file_url: null,
  client_msg_id: null,
  created_at: '2026-11-22T09:30:00.123Z',
  ...more,
});
/** A page of history, newest first. */
const page = (from, to) => Array.from({ length: from - to + 1 }, (_, index) => message(from - index));

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A call whose answers the test gives, in the order of the questions. */
function askable() {
  const open = [];
  const asked = (...args) => new Promise((resolve, reject) => open.push({ args, resolve, reject }));
  return {
    asked,
    open,
    answer: async (value) => {
      open.shift().resolve(value);
      await settled();
    },
    fail: async (error = new ParleyError('offline', 'away')) => {
      open.shift().reject(error);
      await settled();
    },
  };
}

function setUp() {
  const target = new EventTarget();
  const history = askable();
  const members = askable();
  const calls = { markRead: [], watched: [] };
  let position = 100;
  const client = {
    rest: { messages: history.asked, members: members.asked, room: async () => room() },
    on(type, listener) {
      const wrapped = (event) => listener(event.detail);
      target.addEventListener(type, wrapped);
      return () => target.removeEventListener(type, wrapped);
    },
    position: () => position,
    markRead: (roomId, seq) => calls.markRead.push([roomId, seq]),
    watchPresence: (userIds) => calls.watched.push(userIds),
    outboxEntries: () => [],
    pendingSends: () => [],
  };
  const tell = (type, detail) => target.dispatchEvent(new CustomEvent(type, { detail }));
  const model = new ChatModel(client, me);
  const moveTo = (seq) => {
    position = seq;
  };
  return { model, tell, history, members, calls, moveTo };
}

/** A model with one room open, whose newest page of history was asked for. */
async function opened(more = {}) {
  const all = setUp();
  all.tell('ready', { user: me, rooms: [room({ last_seq: 100, ...more })] });
  await all.history.answer({ items: [message(100)] }); // the preview
  all.model.open('r');
  return { ...all, state: all.model.openRoom };
}

const seqs = ({ lines }) => lines.map((line) => line.seq);

afterEach(() => mock.timers.reset());

test('older messages that cannot be fetched are not asked for again before the user wants them', async () => {
  mock.timers.enable({ apis: ['Date', 'setTimeout'] });
  const { model, state, history } = await opened();
  await history.answer({ items: page(100, 51) });
  let asks = 0;
  // As the page does it: with each change it looks whether older messages are due.
  model.on('timeline', () => {
    asks += 1;
    assert.ok(asks < 20, 'it asks without end');
    model.loadOlder(state);
  });
  model.loadOlder(state);
  await history.fail();
  assert.equal(state.older.state, 'failed');
  assert.equal(history.open.length, 0);
  model.loadOlder(state, { asked: true });
  assert.equal(history.open.length, 0, 'not at once');
  mock.timers.tick(2_000);
  model.loadOlder(state, { asked: true });
  await history.answer({ items: page(50, 41) });
  assert.equal(state.older.hasMore, false);
  assert.equal(state.oldestSeq, 41);
});

test('a new connection is a reason to ask for older messages again', async () => {
  const { model, state, history, tell } = await opened();
  await history.answer({ items: page(100, 51) });
  model.loadOlder(state);
  await history.fail();
  tell('ready', { user: me, rooms: [room()] });
  model.loadOlder(state);
  assert.equal(history.open.length, 1);
  model.close();
});

test('a first page that cannot be fetched is tried again, until the room is left', async () => {
  mock.timers.enable({ apis: ['Date', 'setTimeout'] });
  const { model, state, history } = await opened();
  await history.fail(new ParleyError('timeout', 'late'));
  assert.equal(state.history, 'failed');
  mock.timers.tick(2_000);
  await history.fail(new ParleyError('busy', 'busy', { retryAfterMs: 9_000 }));
  mock.timers.tick(8_999);
  assert.equal(history.open.length, 0, 'the server said how long to wait');
  mock.timers.tick(1);
  await history.answer({ items: page(100, 91) });
  assert.equal(state.history, 'ready');

  const other = await opened();
  await other.history.fail();
  other.model.open(null);
  mock.timers.tick(60_000);
  assert.equal(other.history.open.length, 0);
  model.close();
});

test('history that was asked for before a reset does not enter the new timeline', async () => {
  const { model, state, history, tell } = await opened();
  tell('reset', { room_id: 'r', position: 200 });
  assert.equal(history.open.length, 2, 'the first page is asked for anew');
  await history.answer({ items: page(100, 51) });
  assert.deepEqual(seqs(state), []);
  assert.equal(state.history, 'loading');
  await history.answer({ items: page(200, 151) });
  assert.deepEqual(seqs(state), seqs({ lines: page(200, 151).reverse() }));

  model.loadOlder(state);
  tell('reset', { room_id: 'r', position: 300 });
  await history.answer({ items: page(150, 101) });
  await history.answer({ items: page(300, 251) });
  assert.equal(state.oldestSeq, 251, 'no page from before stands above a hole');
  assert.equal(state.older.state, 'idle');
  model.close();
});

test('a timeline that grew long is cut at its old end, and fetched again from there', async () => {
  const { model, state, history, tell } = await opened();
  await history.answer({ items: page(100, 100) });
  for (let seq = 101; seq <= 900; seq += 1) tell('new_message', message(seq));
  model.trim(state);
  assert.equal(state.lines.length, 600);
  assert.equal(state.messages.size, 600);
  assert.equal(state.older.hasMore, true);
  model.loadOlder(state);
  assert.equal(history.open[0].args[1].before_seq, 301);
  await history.answer({ items: page(300, 251) });
  model.open(null);
  assert.equal(state.lines.length, 0, 'a long one that is left is read anew next time');
  assert.equal(state.history, 'none');
  model.close();
});

test('a timeline in whose past somebody reads for long has a bound too', async () => {
  const { model, state, history, tell } = await opened();
  await history.answer({ items: page(100, 51) });
  for (let seq = 101; seq <= 12_000; seq += 1) tell('new_message', message(seq));
  assert.ok(state.lines.length <= 5_000, `${state.lines.length} lines`);
  assert.equal(state.lines.at(-1).seq, 12_000);
  assert.equal(state.older.hasMore, true);
  model.close();
});

test('only what the client passed on is marked as read', async () => {
  const all = await opened({ last_seq: 103, unread: 3 });
  const { model, state, history, tell, calls, moveTo } = all;
  await history.answer({ items: page(103, 54) });
  moveTo(101);
  model.markRead(state);
  assert.deepEqual(calls.markRead, [['r', 101]]);
  moveTo(103);
  model.markRead(state);
  assert.deepEqual(calls.markRead.at(-1), ['r', 103]);
  assert.equal(state.unread, 0);
  tell('unread', { room_id: 'r', seq: 101, unread: 2 });
  assert.equal(state.unread, 0, 'a late answer brings nothing back');
  model.close();
});

test('whom to watch is said once for many changes', async () => {
  mock.timers.enable({ apis: ['Date', 'setTimeout'] });
  const { model, history, members, tell, calls } = await opened();
  await history.answer({ items: page(100, 51) });
  await members.answer([me]);
  for (const userId of ['a', 'b', 'c']) {
    model.learn({ user_id: userId, display_name: userId });
    tell('member_joined', { room_id: 'r', seq: 101, user_id: userId, by: 'me', reason: 'invited' });
  }
  mock.timers.tick(1_000);
  assert.deepEqual(calls.watched, [['a', 'b', 'c']]);
  model.close();
});

test('a model that was closed says nothing and asks nothing any more', async () => {
  mock.timers.enable({ apis: ['Date', 'setTimeout'] });
  const { model, history, members, tell, calls } = await opened();
  let said = 0;
  for (const type of ['rooms', 'timeline', 'people', 'announce']) model.on(type, () => (said += 1));
  model.close();
  await history.fail();
  await members.answer([me]);
  tell('new_message', message(101));
  mock.timers.tick(120_000);
  assert.equal(said, 0);
  assert.equal(history.open.length, 0);
  assert.deepEqual(calls.watched, []);
});

test('who wrote the newest message of a room is known before the room is opened', async () => {
  const { model, tell, history } = setUp();
  tell('ready', { user: me, rooms: [room()] });
  await history.answer({ items: [message(100)] });
  assert.equal(model.user('other').display_name, 'Other');
});
