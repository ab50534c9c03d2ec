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
import { PresenceWatch } from './parley/presence-watch.js';
import { ReadMarkers } from './parley/read-markers.js';
import { ParleyRest } from './parley/rest.js';
import { DURABLE_EVENTS } from './parley/room-cursor.js';
import { RoomEvents } from './parley/room-events.js';
import { SendQueue } from './parley/send-queue.js';
import { SignedFiles } from './parley/signed-files.js';

export { CLOSE_CODES, DURABLE_EVENTS, ParleyError, ParleyRest };

const DURABLE = new Set(DURABLE_EVENTS);
const PASSED_ON = new Set(['typing', 'read', 'presence', 'friend', 'drain']);

/** The server passes it on once in 3 s, on its own clock: a little later, so that none is in vain. */
const TYPING_EVERY_MS = 3_100;

export class ParleyClient extends EventTarget {
  #connection;
  #events;
  #queue;
  #presence;
  #files = new SignedFiles((fileUrl) => this.rest.signFile(fileUrl));
  #markers = new ReadMarkers(
    (data) => this.request('read', data),
    (ack) => this.#emit('unread', ack),
  );
  /** When one was last said to be typing in a room, and whether one still is. */
  #typing = new Map();

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
    const isOnline = () => this.state === 'online';
    this.#events = new RoomEvents({
      readsHistory: options.replay === 'none',
      positions: options.positions ?? {},
      resume: (data, more) => this.#connection.request('resume', data, more),
      readRoom: (roomId) => this.rest.room(roomId),
      deliver: (type, data) => this.#deliver(type, data),
      reset: (roomId, position) => this.#emit('reset', { room_id: roomId, position }),
    });
    this.#queue = new SendQueue({
      window: options.sendWindow ?? 1,
      pending: options.pending ?? [],
      isOnline,
      user: () => this.user,
      transmit: (data, more) => this.#connection.request('send_message', data, more),
      offer: (event) => this.#events.offer({ type: 'new_message', data: event }, true),
      changed: (entry) => this.#emit('outbox', entry),
    });
    this.#presence = new PresenceWatch({
      isOnline,
      request: (data) => this.#connection.request('watch_presence', data),
      onPresence: (user) => this.#emit('presence', user),
    });
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
    this.#queue.stopWaiting(reason); // the state does not change if there never was a connection
  }

  #onState(change) {
    if (change.state === 'closed') this.#queue.stopWaiting(change.reason);
    this.#emit('state', change);
  }

  /**
   * Tries again at once when waiting, or finds out whether the connection still lives (after a sleep, say).
   */
  checkConnection() {
    this.#connection.check();
  }

  /** The last seq up to which the application was given everything of a room. */
  position(roomId) {
    return this.#events.position(roomId);
  }

  /** All positions, as the `positions` option takes them. */
  positions() {
    return this.#events.positions();
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
    return this.#queue.send(roomId, message);
  }

  /** Sends a failed message again, under the same key; its `stored` is a new promise. */
  retrySend(entry) {
    this.#queue.retry(entry);
  }

  /** Gives up a message that is not under way. @returns {boolean} whether it was given up */
  discardSend(entry) {
    return this.#queue.discard(entry);
  }

  /**
   * The messages that are not stored yet, failed ones too.
   * @returns {import('./parley/outbox.js').OutboxEntry[]}
   */
  outboxEntries() {
    return this.#queue.entries();
  }

  /** The same as plain data, fit to be kept and given to a later client as `pending`. */
  pendingSends() {
    return this.#queue.pending();
  }

  // --- search

  /**
   * A page of the messages in one's rooms that have all words of `q`, the newest first.
   * @param {string} q
   * @param {{roomId?: string, cursor?: string, limit?: number, signal?: AbortSignal}} [options] see ParleyRest
   * @returns {Promise<{items: import('./parley/rest.js').SearchHit[], next_cursor: ?string}>}
   */
  searchMessages(q, options) {
    return this.rest.searchMessages(q, options);
  }

  // --- files

  /**
   * Stores a file, to be sent as a message's `file_url`.
   * @param {Blob} file
   * @param {{name?: string, onProgress?: Function, signal?: AbortSignal}} [options] see ParleyRest
   * @returns {Promise<{file_url: string, size: number, content_type: string}>}
   */
  uploadFile(file, options) {
    return this.rest.uploadFile(file, options);
  }

  /**
   * An address of a file that needs no header, for `<img src>` and the like. It is good for some minutes,
   * and the same as long as it is good.
   * @param {string} fileUrl one of this server's
   * @param {{anew?: boolean}} [options] `anew`: the last one was refused
   * @returns {Promise<string>}
   */
  signFile(fileUrl, options) {
    return this.#files.get(fileUrl, options);
  }

  /** The same if it needs no question to the server. @returns {?string} */
  signedFile(fileUrl) {
    return this.#files.known(fileUrl);
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
    this.#presence.want(userIds);
  }

  // --- frames

  #address() {
    const url = new URL(`${this.rest.url.replace(/^http/, 'ws')}/ws`);
    if (this.#events.resumable) url.searchParams.set('replay', 'none');
    return { url: url.href, protocols: ['parley.v1', `parley.token.${this.rest.token}`] };
  }

  #onFrame(frame) {
    const { type, data } = frame;
    if (DURABLE.has(type)) this.#events.offer(frame, false);
    else if (type === 'ready') this.#onReady(data);
    else if (type === 'replay_end') this.#onReplayEnd(data);
    else if (type === 'room_added') this.#onRoomAdded(data);
    else if (type === 'room_removed') this.#onRoomRemoved(data);
    else if (PASSED_ON.has(type)) this.#emit(type, data);
  }

  #onLost(closeCode) {
    this.#queue.connectionLost(closeCode);
    this.#presence.connectionLost();
    this.#typing.clear();
  }

  #onReady(data) {
    this.user = data.user;
    const { behind, anew } = this.#events.takeReady(data.rooms);
    this.#queue.forgetFailedElsewhere((roomId) => this.#events.has(roomId));
    this.#emit('ready', data);
    for (const roomId of anew) this.#emit('reset', { room_id: roomId, position: this.position(roomId) });
    this.#events.resume(behind);
    this.#queue.flush();
    this.#markers.flush();
    this.#presence.flush();
  }

  #onReplayEnd(data) {
    this.#events.replayEnded(data);
    this.#emit('replay_end', data);
  }

  #onRoomAdded(room) {
    this.#events.add(room);
    this.#emit('room_added', room);
  }

  #onRoomRemoved(data) {
    this.#events.remove(data.room_id);
    this.#markers.forget(data.room_id);
    this.#queue.forgetRoom(data.room_id);
    this.#emit('room_removed', data);
  }

  /** The next event of a room. */
  #deliver(type, data) {
    if (type === 'new_message') this.#queue.settleByEvent(data);
    this.#emit(type, data);
  }

  /** A request whose ack stands for the event that this connection is not sent. */
  #durableRequest(type, data, eventType, eventData) {
    const { room_id, message_id } = data;
    const onAck = (ack) => {
      const event = { room_id, seq: ack.seq, message_id, user_id: this.user.user_id, ...eventData(ack) };
      this.#events.offer({ type: eventType, data: event }, true);
    };
    return this.#connection.request(type, data, { onAck });
  }
}
