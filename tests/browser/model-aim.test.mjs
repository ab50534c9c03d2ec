// What the page makes of a message that is to be shown: history read around it, and what comes while the
// newest messages are not here. The network is the test's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ParleyError } from '../../web/parley-client.js';
import { ChatModel } from '../../web/ui/model.js';
import { placedLines } from '../../web/ui/timeline-lines.js';

const me = { user_id: 'me', username: 'me', display_name: 'Me' };
const room = (roomId = 'r') => ({
  room_id: roomId,
  name: 'R',
  is_group: true,
  peer: null,
  last_seq: 1000,
  last_read_seq: 1000,
  unread: 0,
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
const settled = () => new Promise((resolve) => setImmediate(resolve));
const seqs = ({ lines }) => lines.map((line) => line.seq);
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** A model with the rooms `r` and `s`, `r` open; history answers by itself unless it is held back. */
async function opened() {
  const target = new EventTarget();
  const server = { last: 1000, asked: [], held: null };
  const messages = async (roomId, query) => {
    server.asked.push({ roomId, ...query });
    const { before_seq = server.last + 1, after_seq = null, limit } = query;
    const all =
      after_seq === null
        ? range(Math.max(1, before_seq - limit), Math.min(before_seq - 1, server.last)).reverse()
        : range(after_seq + 1, Math.min(server.last, after_seq + limit));
    const more = all.length === limit && all.at(-1) !== 1 && all.at(-1) !== server.last;
    const answer = { items: all.map((seq) => message(seq)), next_cursor: more ? 'more' : null };
    await server.held;
    if (server.failure) throw server.failure;
    return answer;
  };
  const client = {
    rest: { messages, members: async () => [], room: async () => room() },
    on(type, listener) {
      target.addEventListener(type, (event) => listener(event.detail));
      return () => {};
    },
    position: () => server.last,
    markRead: () => {},
    watchPresence: () => {},
    outboxEntries: () => [],
    pendingSends: () => [],
  };
  const tell = (type, detail) => target.dispatchEvent(new CustomEvent(type, { detail }));
  const model = new ChatModel(client, me);
  tell('ready', { user: me, rooms: [room('r'), room('s')] });
  model.open('r');
  await settled();
  server.asked.length = 0;
  const hold = () => {
    let release;
    server.held = new Promise((resolve) => (release = resolve));
    return async () => {
      server.held = null;
      release();
      await settled();
    };
  };
  return { model, state: model.openRoom, server, tell, hold };
}

/** The same, with the timeline around message 300. */
async function away() {
  const all = await opened();
  all.model.aimAt(message(300));
  await settled();
  all.state.aim = null; // as the timeline does once it is shown
  return all;
}

test('history is read around the message, and goes on from both ends without a hole', async (t) => {
  const { model, state, server } = await away();
  t.after(() => model.close());
  assert.deepEqual(seqs(state), range(276, 325));
  assert.deepEqual([state.older.hasMore, state.newer.hasMore], [true, true]);
  await model.loadNewer(state);
  await model.loadOlder(state);
  assert.deepEqual(seqs(state), range(226, 375));
  while (state.newer.hasMore) await model.loadNewer(state);
  assert.deepEqual(seqs(state), range(226, 1000));
  const { length } = server.asked;
  await model.loadNewer(state);
  assert.equal(server.asked.length, length, 'there is nothing newer');
});

test('a message that is here already needs no question', async (t) => {
  const { model, state, server } = await opened();
  t.after(() => model.close());
  assert.ok(model.aimAt(message(980)));
  assert.deepEqual(server.asked, []);
  assert.equal(state.aim.message_id, 'm980');
  assert.equal(state.newer.hasMore, false);
  assert.equal(model.aimAt(message(5, { room_id: 'another' })), false, 'one is not in that room');
});

test('what comes meanwhile is not put behind a hole, and changes of what is here show', async (t) => {
  const { model, state, tell } = await away();
  t.after(() => model.close());
  tell('new_message', message(1001));
  tell('member_left', { room_id: 'r', seq: 1002, user_id: 'x', by: 'x', reason: 'left' });
  tell('message_edited', { room_id: 'r', seq: 1003, message_id: 'm300', content: 'new', edited_at: 'then' });
  tell('reaction', { room_id: 'r', seq: 1004, message_id: 'm299', emoji: '👍', user_id: 'x', action: 'add' });
  assert.deepEqual(seqs(state), range(276, 325));
  assert.equal(state.messages.get('m300').content, 'new');
  assert.equal(state.messages.get('m299').reactions.length, 1);
  assert.equal(state.preview.seq, 1001, 'the list of rooms shows the newest all the same');
  assert.equal(state.unread, 1);
});

test('what comes while the last page is on its way stands behind it, once', async (t) => {
  const { model, state, server, tell, hold } = await away();
  t.after(() => model.close());
  server.last = 340;
  const release = hold();
  const loading = model.loadNewer(state); // asks before, answers after
  await settled();
  tell('new_message', message(341));
  await release();
  await loading;
  assert.equal(state.newer.hasMore, false);
  assert.deepEqual(seqs(state).slice(-3), [339, 340, 341]);
});

test('an older page that comes first loses nothing of what waits for the newer one', async (t) => {
  const { model, state, server, tell, hold } = await away();
  t.after(() => model.close());
  server.last = 340;
  const release = hold();
  const newer = model.loadNewer(state);
  server.held = null;
  tell('new_message', message(341));
  await model.loadOlder(state);
  assert.equal(state.lines.at(-1).seq, 325);
  await release();
  await newer;
  assert.deepEqual(seqs(state), range(226, 341));
});

test('a newer page that failed is tried again when the user asks, or after a new connection', async (t) => {
  t.mock.timers.enable({ apis: ['Date'] }); // else "not at once" may be over
  const { model, state, server, tell } = await away();
  t.after(() => model.close());
  server.failure = new ParleyError('offline', 'away');
  const failing = model.loadNewer(state);
  tell('message_edited', { room_id: 'r', seq: 1001, message_id: 'm300', content: 'new', edited_at: 'then' });
  await failing;
  assert.equal(state.newer.state, 'failed');
  assert.equal(state.messages.get('m300').content, 'new', 'what came meanwhile shows');
  tell('new_message', message(1001));
  assert.equal(state.lines.at(-1).seq, 325);
  server.failure = null;
  await model.loadNewer(state, { asked: true });
  assert.equal(state.newer.state, 'failed', 'not at once');
  tell('ready', { user: me, rooms: [room('r'), room('s')] });
  await model.loadNewer(state);
  assert.equal(state.lines.at(-1).seq, 375);
});

test('a room that is left in its past, or on the way there, is read anew at its end', async (t) => {
  const { model, state, hold } = await away();
  t.after(() => model.close());
  await model.open('s');
  assert.deepEqual([state.history, state.lines.length], ['none', 0]);
  await model.open('r');
  assert.deepEqual(seqs(state), range(951, 1000));

  const release = hold();
  model.aimAt(message(300));
  model.open('s');
  await release();
  assert.equal(state.history, 'none', 'the late answer is for nobody');
  await model.open('r');
  assert.equal(state.lines.at(-1).seq, 1000);
});

test('a room that was aimed at and never opened is opened at its end', async (t) => {
  const { model, state, server } = await opened();
  t.after(() => model.close());
  model.aimAt(message(7, { room_id: 's' }));
  model.aimAt(message(990));
  await model.open('s');
  assert.equal(model.openRoom.aim, null);
  assert.equal(server.asked.at(-1).after_seq, undefined);
  assert.notEqual(model.openRoom, state);
});

test("a message of one's own leads back to the newest, and is not shown behind an old one", async (t) => {
  const { model, state, tell } = await away();
  t.after(() => model.close());
  const entry = { client_msg_id: 'k', room_id: 'r', content: 'hi', created_at: message(1).created_at };
  state.setOutgoing({ ...entry, client_msg_id: 'old', status: 'failed' });
  assert.ok(!placedLines(state, 'me').some(({ line }) => line?.entry));
  tell('outbox', { ...entry, status: 'queued' });
  await settled();
  assert.equal(state.newer.hasMore, false);
  assert.equal(state.lines.at(-1).seq, 1000);
  assert.equal(placedLines(state, 'me').filter(({ line }) => line?.entry).length, 2);
  const { generation } = state;
  tell('outbox', { ...entry, status: 'stored', seq: 1001 });
  assert.equal(state.generation, generation);
});
