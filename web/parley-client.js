/**
 * @file The Parley client for browsers and Node 20 or later: one connection that loses nothing and doubles
 * nothing.
 *
 *   const client = new ParleyClient({ url: 'http://localhost:8000' });
 *   await client.rest.login('anna', 'correct horse');
 *   client.on('new_message', (message) => console.log(message.content));
 *   client.on('ready', ({ rooms }) => client.send(rooms[0].room_id, { content: 'hello' }));
 *   client.connect();
 *
 * Node before version 22 has no WebSocket: give `{ WebSocket }` of the package `ws`.
 *
 * Listen by `on(type, listener)` or `addEventListener`. Every frame of the contract is an event of its type,
 * with the frame's data as detail; a room's durable events come in seq order, each once, own ones included,
 * over any number of reconnections. Besides these:
 *
 *   state    StateChange             the connection's state, see parley/connection.js
 *   outbox   OutboxEntry             a message of one's own changed its status, or its room is gone
 *   reset    {room_id, position}     events up to position cannot be had: read the room's history anew
 *   unread   {room_id, seq, unread}  one's read marker was stored
 */

import { Connection, CLOSE_CODES } from './parley/connection.js';
import { ParleyError } from './parley/error.js';
import { Outbox } from './parley/outbox.js';
import { ReadMarkers } from './parley/read-markers.js';
import { ParleyRest } from './parley/rest.js';
import { DURABLE_EVENTS, RoomCursor } from './parley/room-cursor.js';

export { CLOSE_CODES, DURABLE_EVENTS, ParleyError, ParleyRest };

const DURABLE = new Set(DURABLE_EVENTS);
const PASSED_ON = new Set(['typing', 'read', 'presence', 'friend', 'drain']);

/** The server passes it on once in 3 s, on its own clock: a little later, so that none is in vain. */
const TYPING_EVERY_MS = 3_100;
const MAX_WATCHED = 500;
const ROOMS_PER_RESUME = 500;
const RESUME_RETRY_MS = 1_000;
const WATCH_RETRY_MS = 2_000;
/** The default limit of the server; a larger frame would cost the connection. */
const MAX_FRAME_BYTES = 64 * 1024;

/** 128 random bits; `crypto.randomUUID` is missing on pages without TLS. */
function newClientMsgId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export class ParleyClient extends EventTarget {
  #connection;
  /** Whether the application reads what came before the first `ready` by REST. */
  #readsHistory;
  /** Whether positions are known, so that the next connection resumes instead of asking for the unread. */
  #resumable;
  #wasReady = false;
  /** @type {Map<string, RoomCursor>} */
  #cursors = new Map();
  #outbox;
  #outboxTimer = null;
  #markers = new ReadMarkers(
    (data) => this.request('read', data),
    (ack) => this.#emit('unread', ack),
  );
  /** When one was last said to be typing in a room, and whether one still is. */
  #typing = new Map();
  #watched = [];
  /** The set that the server has or is being sent, to be compared. */
  #watchedKey = '';
  #watchTimer = null;

  /**
   * @param {object} options
   * @param {string} [options.url] the server's address, such as `https://chat.example.org`
   * @param {?string} [options.token] of an earlier log-in
   * @param {ParleyRest} [options.rest] instead of url, token and fetch
   * @param {Function} [options.WebSocket] a constructor with the browser's interface, such as that of `ws`
   * @param {typeof fetch} [options.fetch]
   * @param {Object<string, number>} [options.positions] the last seq that the application keeps of each room:
   *   the first connection then resumes from these instead of replaying the unread
   * @param {'unread' | 'none'} [options.replay] what the first connection brings of each room without a
   *   position: the unread events, or none, for an application that reads history by REST. With `none` a room
   *   that is new in a later `ready` comes with a `reset`
   * @param {object[]} [options.pending] what an earlier `pendingSends` gave, to be sent again under the same
   *   keys
   * @param {number} [options.sendWindow] unacknowledged messages a room; 1, the default, keeps their order
   *   even when the server says `busy` between two
   * @param {number} [options.backoffBaseMs] pause before the first reconnection, doubled by each failure,
   *   with jitter
   * @param {number} [options.backoffMaxMs]
   * @param {number} [options.pingTimeoutMs] how long a connection may stay silent after a ping
   */
  constructor(options) {
    super();
    const { WebSocket = globalThis.WebSocket, backoffBaseMs = 500, backoffMaxMs = 30_000 } = options;
    this.#readsHistory = options.replay === 'none';
    this.#resumable = this.#readsHistory;
    this.rest = options.rest ?? new ParleyRest(options);
    /** One's own profile, known after `ready`. @type {?import('./parley/rest.js').Profile} */
    this.user = null;
    this.#connection = new Connection({
      WebSocket,
      backoffBaseMs,
      backoffMaxMs,
      pingTimeoutMs: options.pingTimeoutMs,
      address: () => this.#address(),
      mayReconnect: () =>
        this.rest.me().then(
          () => true,
          (error) => error.code !== 'unauthenticated',
        ),
      onFrame: (frame) => this.#onFrame(frame),
      onState: (change) => this.#onState(change),
      onLost: (closeCode) => this.#onLost(closeCode),
    });
    this.#outbox = new Outbox(options.sendWindow ?? 1);
    for (const { error, ...message } of options.pending ?? []) {
      this.#outbox.add({ ...message, error: error && new ParleyError(error.code, error.message) });
    }
    for (const [roomId, position] of Object.entries(options.positions ?? {})) {
      this.#cursors.set(roomId, new RoomCursor(position, 'live'));
      this.#resumable = true;
    }
  }

  /** Listens to one type of event. @returns {() => void} a function that stops it */
  on(type, listener) {
    const wrapped = (event) => listener(event.detail);
    this.addEventListener(type, wrapped);
    return () => this.removeEventListener(type, wrapped);
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  // --- the connection

  /** @returns {import('./parley/connection.js').ConnectionState} */
  get state() {
    return this.#connection.state;
  }

  /** Connects, and from then on stays connected until `close`. */
  connect() {
    this.#connection.connect();
  }

  /** Ends the connection for good. What was not acknowledged stays in `pendingSends`. */
  close(reason = 'Closed by this device.') {
    this.#onLost(1000);
    this.#connection.close(reason);
    this.#stopWaiting(reason); // the state does not change if there never was a connection
  }

  #onState(change) {
    if (change.state === 'closed') this.#stopWaiting(change.reason);
    this.#emit('state', change);
  }

  /** Nobody should wait for what only another `connect` could bring. */
  #stopWaiting(reason) {
    for (const entry of this.#outbox.entries()) entry.reject?.(new ParleyError('closed', reason));
  }

  /**
   * Tries again at once when waiting, or finds out whether the connection still lives (after a sleep, say).
   */
  checkConnection() {
    this.#connection.check();
  }

  /** The last seq up to which the application was given everything of a room. */
  position(roomId) {
    return this.#cursors.get(roomId)?.position ?? null;
  }

  /** All positions, as the `positions` option takes them. */
  positions() {
    return Object.fromEntries([...this.#cursors].map(([roomId, cursor]) => [roomId, cursor.position]));
  }

  // --- messages of one's own

  /**
   * Sends a message, now or as soon as there is a connection, exactly once.
   * @param {string} roomId
   * @param {{content?: string, file_url?: string, reply_to?: string, client_msg_id?: string}} message
   * @returns {import('./parley/outbox.js').OutboxEntry & {stored: Promise<object>}} `stored` resolves with
   *   the ack's data, or rejects with the refusal, with `discarded`, or with `closed` when the client is
   *   closed
   */
  send(roomId, message) {
    const entry = this.#outbox.add({ client_msg_id: newClientMsgId(), ...message, room_id: roomId });
    this.#promise(entry);
    this.#emit('outbox', entry);
    this.#flushOutbox();
    return entry;
  }

  /** Sends a failed message again, under the same key; its `stored` is a new promise. */
  retrySend(entry) {
    if (entry.status !== 'failed') return;
    this.#outbox.retry(entry);
    this.#promise(entry);
    this.#emit('outbox', entry);
    this.#flushOutbox();
  }

  /** Gives up a message that is not under way. @returns {boolean} whether it was given up */
  discardSend(entry) {
    const discarded = this.#outbox.discard(entry);
    if (discarded) entry.reject?.(new ParleyError('discarded', 'The message was given up.'));
    return discarded;
  }

  #promise(entry) {
    entry.stored = new Promise((resolve, reject) => Object.assign(entry, { resolve, reject }));
    entry.stored.catch(() => {}); // an application may prefer to look at the status
  }

  /**
   * The messages that are not stored yet, failed ones too.
   * @returns {import('./parley/outbox.js').OutboxEntry[]}
   */
  outboxEntries() {
    return this.#outbox.entries();
  }

  /** The same as plain data, fit to be kept and given to a later client as `pending`. */
  pendingSends() {
    return this.#outbox
      .entries()
      .map(({ client_msg_id, room_id, content, file_url, reply_to, created_at, status, error }) => ({
        client_msg_id,
        room_id,
        content,
        file_url,
        reply_to,
        created_at,
        status,
        error: error && { code: error.code, message: error.message },
      }));
  }

  // --- what else one may do; all of it needs a connection and rejects with `offline` without one

  /** @returns {Promise<object>} the ack's data */
  edit(roomId, messageId, content) {
    return this.#durableRequest(
      'edit_message',
      { room_id: roomId, message_id: messageId, content },
      'message_edited',
      (ack) => ({ content, edited_at: ack.edited_at }),
    );
  }

  delete(roomId, messageId) {
    return this.#durableRequest(
      'delete_message',
      { room_id: roomId, message_id: messageId },
      'message_deleted',
      (ack) => ({ deleted_at: ack.deleted_at }),
    );
  }

  /** @param {'add' | 'remove'} [action] */
  react(roomId, messageId, emoji, action = 'add') {
    return this.#durableRequest(
      'reaction',
      { room_id: roomId, message_id: messageId, emoji, action },
      'reaction',
      (ack) => ({ reaction_id: ack.reaction_id, emoji, action, created_at: new Date().toISOString() }),
    );
  }

  /** Any frame of the contract. @returns {Promise<object>} the ack's data */
  request(type, data) {
    return this.#connection.request(type, data);
  }

  /** Says that the user is typing; call it on every key, it sends at most once in 3 s. */
  typing(roomId, isTyping = true) {
    const said = this.#typing.get(roomId) ?? { at: 0, typing: false };
    const due = isTyping ? Date.now() - said.at >= TYPING_EVERY_MS : said.typing;
    if (!due || this.state !== 'online') return;
    this.#typing.set(roomId, { at: isTyping ? Date.now() : said.at, typing: isTyping });
    this.#connection.post('typing', { room_id: roomId, is_typing: isTyping });
  }

  /** Moves the read marker forward; kept until the server has it. */
  markRead(roomId, seq) {
    this.#markers.want(roomId, seq);
  }

  /** Whose presence to tell (at most 500), now and after each reconnection; told by `presence` events. */
  watchPresence(userIds) {
    this.#watched = [...new Set(userIds)].slice(0, MAX_WATCHED);
    this.#sendWatched();
  }

  // --- frames

  #address() {
    const url = new URL(`${this.rest.url.replace(/^http/, 'ws')}/ws`);
    if (this.#resumable) url.searchParams.set('replay', 'none');
    return { url: url.href, protocols: ['parley.v1', `parley.token.${this.rest.token}`] };
  }

  #onFrame(frame) {
    const { type, data } = frame;
    if (DURABLE.has(type)) this.#offer(frame, false);
    else if (type === 'ready') this.#onReady(data);
    else if (type === 'replay_end') this.#onReplayEnd(data);
    else if (type === 'room_added') this.#onRoomAdded(data);
    else if (type === 'room_removed') this.#onRoomRemoved(data);
    else if (PASSED_ON.has(type)) this.#emit(type, data);
  }

  #onLost(closeCode) {
    const largest = closeCode === 1009 ? this.#outbox.largestSent() : null;
    if (largest) this.#onRefused(largest, new ParleyError('too_large', 'The message is too long.'));
    clearTimeout(this.#outboxTimer);
    clearTimeout(this.#watchTimer);
    this.#watchedKey = '';
    this.#typing.clear();
    this.#outbox.connectionLost();
  }

  #onReady(data) {
    this.user = data.user;
    const { behind, anew } = this.#reconcile(data.rooms);
    this.#resumable = true;
    this.#wasReady = true;
    this.#forgetFailedElsewhere();
    this.#emit('ready', data);
    for (const roomId of anew) this.#emit('reset', { room_id: roomId, position: this.position(roomId) });
    this.#resume(behind);
    this.#flushOutbox();
    this.#markers.flush();
    this.#sendWatched();
  }

  /**
   * Sets up the cursors for the rooms of a `ready`; says which lack events, and which must be read anew
   * because the server's log is not the one that we know.
   */
  #reconcile(rooms) {
    const former = this.#cursors;
    const behind = [];
    const anew = [];
    this.#cursors = new Map();
    for (const { room_id: roomId, last_seq: lastSeq, last_read_seq: lastReadSeq } of rooms) {
      const known = former.get(roomId);
      const cursor = known ?? new RoomCursor(this.#readsHistory ? lastSeq : lastReadSeq, 'live');
      if (!known && this.#readsHistory && this.#wasReady) anew.push(roomId);
      this.#cursors.set(roomId, cursor);
      cursor.mode = this.#resumable ? 'live' : 'replaying';
      if (!this.#resumable) continue;
      if (cursor.position < lastSeq) behind.push(roomId);
      if (cursor.position > lastSeq) {
        cursor.jumpTo(lastSeq);
        anew.push(roomId);
      }
    }
    return { behind, anew };
  }

  /** Nobody will look at what failed in a room where one is no longer. */
  #forgetFailedElsewhere() {
    for (const entry of this.#outbox.entries()) {
      if (entry.status === 'failed' && !this.#cursors.has(entry.room_id)) this.discardSend(entry);
    }
  }

  /** Asks for everything after the position of each room. */
  #resume(roomIds) {
    const rooms = roomIds.filter((roomId) => this.#cursors.has(roomId));
    for (let start = 0; start < rooms.length; start += ROOMS_PER_RESUME) {
      const begun = rooms.slice(start, start + ROOMS_PER_RESUME).map((roomId) => {
        const cursor = this.#cursors.get(roomId);
        return { roomId, cursor, resume: cursor.beginResume() };
      });
      const positions = Object.fromEntries(begun.map(({ roomId, cursor }) => [roomId, cursor.position]));
      const onAck = () => begun.forEach(({ cursor, resume }) => cursor.resumeAcknowledged(resume));
      this.#connection
        .request('resume', { rooms: positions }, { onAck })
        .catch((error) => this.#onResumeRefused(begun, error));
    }
  }

  #onResumeRefused(begun, error) {
    const due = begun.filter(({ cursor, resume }) => cursor.isResuming(resume)).map(({ roomId }) => roomId);
    if (error.code === 'offline' || due.length === 0) return; // the next `ready` resumes
    if (error.retryable || error.code === 'internal') {
      setTimeout(() => this.#resume(due), error.retryAfterMs ?? RESUME_RETRY_MS);
    } else if (due.length > 1) {
      for (const roomId of due) this.#resume([roomId]); // one room must not hold up the others
    } else if (error.code === 'bad_request') {
      this.#resetFromServer(due[0]);
    } else {
      this.#cursors.delete(due[0]);
    }
  }

  /** The server's log of a room ends before our position: take up its end as ours. */
  async #resetFromServer(roomId) {
    const room = await this.rest.room(roomId).catch(() => null);
    const cursor = this.#cursors.get(roomId);
    if (room && cursor) {
      cursor.jumpTo(room.last_seq);
      this.#emit('reset', { room_id: roomId, position: room.last_seq });
    }
    setTimeout(() => this.#resume([roomId]), room ? 0 : RESUME_RETRY_MS);
  }

  #onReplayEnd(data) {
    const { room_id: roomId, seq, more } = data;
    const outcome = this.#cursors.get(roomId)?.replayEnded(seq, more) ?? 'ignore';
    if (outcome === 'jumped') this.#emit('reset', { room_id: roomId, position: seq });
    if (outcome === 'resume' || (outcome === 'jumped' && more)) this.#resume([roomId]);
    this.#emit('replay_end', data);
  }

  #onRoomAdded(room) {
    if (!this.#cursors.has(room.room_id))
      this.#cursors.set(room.room_id, new RoomCursor(room.last_seq, 'live'));
    this.#emit('room_added', room);
  }

  #onRoomRemoved(data) {
    this.#cursors.delete(data.room_id);
    this.#markers.forget(data.room_id);
    const error = new ParleyError('forbidden', 'The room is gone.');
    for (const entry of this.#outbox.forgetRoom(data.room_id, error)) {
      entry.reject?.(error);
      this.#emit('outbox', entry);
    }
    this.#emit('room_removed', data);
  }

  /** Passes a durable event on if it is the next of its room, and asks for what is missing if it is not. */
  #offer(frame, own) {
    const roomId = frame.data.room_id;
    const cursor = this.#cursors.get(roomId);
    if (!cursor) return;
    const { deliver, gap } = cursor.offer(frame, own);
    if (gap) this.#resume([roomId]);
    for (const { type, data } of deliver) {
      if (type === 'new_message') this.#settleByEvent(data);
      this.#emit(type, data);
    }
  }

  /** A request whose ack stands for the event that this connection is not sent. */
  #durableRequest(type, data, eventType, eventData) {
    const { room_id, message_id } = data;
    const onAck = (ack) => {
      const event = { room_id, seq: ack.seq, message_id, user_id: this.user.user_id, ...eventData(ack) };
      this.#offer({ type: eventType, data: event }, true);
    };
    return this.#connection.request(type, data, { onAck });
  }

  // --- the outbox

  #flushOutbox() {
    if (this.state !== 'online') return;
    const now = Date.now();
    for (const entry of this.#outbox.take(now)) this.#transmit(entry);
    clearTimeout(this.#outboxTimer);
    const waitMs = this.#outbox.nextDueInMs(now);
    if (waitMs !== null) this.#outboxTimer = setTimeout(() => this.#flushOutbox(), waitMs);
  }

  #transmit(entry) {
    const { room_id, content, file_url, reply_to, client_msg_id } = entry;
    const data = { room_id, content, file_url, reply_to, client_msg_id };
    this.#emit('outbox', entry);
    if (new TextEncoder().encode(JSON.stringify(data)).length > MAX_FRAME_BYTES - 256) {
      this.#onRefused(entry, new ParleyError('too_large', 'The message is too long.'));
      return;
    }
    const onAck = (ack) => {
      const { seq, message_id, created_at } = ack;
      const { user_id, display_name } = this.user;
      const event = { ...data, seq, message_id, user_id, display_name, created_at };
      this.#onStored(entry, ack);
      // A duplicate was stored before, so its event comes like any other.
      if (!ack.duplicate) this.#offer({ type: 'new_message', data: event }, true);
    };
    this.#connection.request('send_message', data, { onAck }).catch((error) => {
      if (error.code !== 'offline') this.#onRefused(entry, error);
    });
  }

  /**
   * One's own message came as an event, as after a lost connection: it is stored, whatever becomes of the
   * ack.
   */
  #settleByEvent({ room_id, seq, message_id, user_id, client_msg_id, created_at }) {
    if (!client_msg_id || user_id !== this.user?.user_id) return;
    const entry = this.#outbox.find(room_id, client_msg_id);
    if (entry)
      this.#onStored(entry, { room_id, message_id, seq, created_at, client_msg_id, duplicate: false });
  }

  #onStored(entry, ack) {
    if (entry.status === 'stored') return;
    this.#outbox.stored(entry, ack.seq);
    entry.resolve?.(ack);
    this.#emit('outbox', entry);
    this.#flushOutbox();
  }

  #onRefused(entry, error) {
    if (entry.status === 'stored' || entry.status === 'failed') return;
    const willRetry = this.#outbox.refused(entry, error, Date.now());
    if (!willRetry) entry.reject?.(error);
    this.#emit('outbox', entry);
    this.#flushOutbox();
  }

  #sendWatched() {
    clearTimeout(this.#watchTimer);
    const key = [...this.#watched].sort().join();
    if (this.state !== 'online' || key === this.#watchedKey) return;
    this.#watchedKey = key;
    this.#connection.request('watch_presence', { user_ids: this.#watched }).then(
      ({ users }) => {
        for (const user of users) this.#emit('presence', user);
      },
      (error) => {
        if (key !== this.#watchedKey || !error.retryable) return; // replaced, or the next `ready` asks again
        this.#watchedKey = '';
        this.#watchTimer = setTimeout(() => this.#sendWatched(), error.retryAfterMs ?? WATCH_RETRY_MS);
      },
    );
  }
}
