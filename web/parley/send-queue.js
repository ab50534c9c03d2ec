/** @file Sends one's own messages as soon as there is a connection, and again until they are acknowledged. */

import { ParleyError } from './error.js';
import { Outbox } from './outbox.js';

/** The default limit of the server; a larger frame would cost the connection. */
const MAX_FRAME_BYTES = 64 * 1024;

/** 128 random bits; `crypto.randomUUID` is missing on pages without TLS. */
function newClientMsgId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export class SendQueue {
  #outbox;
  #options;
  #timer = null;

  /**
   * @param {object} options
   * @param {number} options.window unacknowledged messages a room
   * @param {object[]} options.pending what an earlier `pending` gave
   * @param {() => boolean} options.isOnline
   * @param {() => object} options.user one's own profile
   * @param {(data: object, more: {onAck: (ack: object) => void}) => Promise<object>} options.transmit sends a
   *   `send_message` frame
   * @param {(event: object) => void} options.offer takes the `new_message` that the sender is not sent
   * @param {(entry: import('./outbox.js').OutboxEntry) => void} options.changed
   */
  constructor(options) {
    this.#options = options;
    this.#outbox = new Outbox(options.window);
    for (const { error, ...message } of options.pending) {
      this.#outbox.add({ ...message, error: error && new ParleyError(error.code, error.message) });
    }
  }

  // --- what the application does

  send(roomId, message) {
    const entry = this.#outbox.add({ client_msg_id: newClientMsgId(), ...message, room_id: roomId });
    this.#promise(entry);
    this.#options.changed(entry);
    this.flush();
    return entry;
  }

  retry(entry) {
    if (entry.status !== 'failed') return;
    this.#outbox.retry(entry);
    this.#promise(entry);
    this.#options.changed(entry);
    this.flush();
  }

  discard(entry) {
    const discarded = this.#outbox.discard(entry);
    if (discarded) entry.reject?.(new ParleyError('discarded', 'The message was given up.'));
    return discarded;
  }

  #promise(entry) {
    entry.stored = new Promise((resolve, reject) => Object.assign(entry, { resolve, reject }));
    entry.stored.catch(() => {}); // an application may prefer to look at the status
  }

  entries() {
    return this.#outbox.entries();
  }

  /** The same as plain data. */
  pending() {
    return this.entries().map(
      ({ client_msg_id, room_id, content, file_url, reply_to, created_at, status, error }) => ({
        client_msg_id,
        room_id,
        content,
        file_url,
        reply_to,
        created_at,
        status,
        error: error && { code: error.code, message: error.message },
      }),
    );
  }

  // --- what happens to the connection and the rooms

  /** Nobody should wait for what only another `connect` could bring. */
  stopWaiting(reason) {
    for (const entry of this.entries()) entry.reject?.(new ParleyError('closed', reason));
  }

  connectionLost(closeCode) {
    const largest = closeCode === 1009 ? this.#outbox.largestSent() : null;
    if (largest) this.#onRefused(largest, new ParleyError('too_large', 'The message is too long.'));
    clearTimeout(this.#timer);
    this.#outbox.connectionLost();
  }

  /** Nobody will look at what failed in a room where one is no longer. @param {(roomId) => boolean} isThere */
  forgetFailedElsewhere(isThere) {
    for (const entry of this.entries()) {
      if (entry.status === 'failed' && !isThere(entry.room_id)) this.discard(entry);
    }
  }

  forgetRoom(roomId) {
    const error = new ParleyError('forbidden', 'The room is gone.');
    for (const entry of this.#outbox.forgetRoom(roomId, error)) {
      entry.reject?.(error);
      this.#options.changed(entry);
    }
  }

  /**
   * One's own message came as an event, as after a lost connection: it is stored, whatever becomes of the
   * ack.
   */
  settleByEvent({ room_id, seq, message_id, user_id, client_msg_id, created_at }) {
    if (!client_msg_id || user_id !== this.#options.user()?.user_id) return;
    const entry = this.#outbox.find(room_id, client_msg_id);
    if (entry)
      this.#onStored(entry, { room_id, message_id, seq, created_at, client_msg_id, duplicate: false });
  }

  // --- sending

  /** Sends what may be sent now; what has to wait is sent by a timer. */
  flush() {
    if (!this.#options.isOnline()) return;
    const now = Date.now();
    for (const entry of this.#outbox.take(now)) this.#transmit(entry);
    clearTimeout(this.#timer);
    const waitMs = this.#outbox.nextDueInMs(now);
    if (waitMs !== null) this.#timer = setTimeout(() => this.flush(), waitMs);
  }

  #transmit(entry) {
    const { room_id, content, file_url, reply_to, client_msg_id } = entry;
    const data = { room_id, content, file_url, reply_to, client_msg_id };
    this.#options.changed(entry);
    if (new TextEncoder().encode(JSON.stringify(data)).length > MAX_FRAME_BYTES - 256) {
      this.#onRefused(entry, new ParleyError('too_large', 'The message is too long.'));
      return;
    }
    const onAck = (ack) => {
      const { seq, message_id, created_at } = ack;
      const { user_id, display_name } = this.#options.user();
      const event = { ...data, seq, message_id, user_id, display_name, created_at };
      this.#onStored(entry, ack);
      // A duplicate was stored before, so its event comes like any other.
      if (!ack.duplicate) this.#options.offer(event);
    };
    this.#options.transmit(data, { onAck }).catch((error) => {
      if (error.code !== 'offline') this.#onRefused(entry, error);
    });
  }

  #onStored(entry, ack) {
    if (entry.status === 'stored') return;
    this.#outbox.stored(entry, ack.seq);
    entry.resolve?.(ack);
    this.#options.changed(entry);
    this.flush();
  }

  #onRefused(entry, error) {
    if (entry.status === 'stored' || entry.status === 'failed') return;
    const willRetry = this.#outbox.refused(entry, error, Date.now());
    if (!willRetry) entry.reject?.(error);
    this.#options.changed(entry);
    this.flush();
  }
}
