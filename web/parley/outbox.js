/**
 * @file The messages on their way: kept until acknowledged, in order for each room, sent again under the same
 * key.
 */

/**
 * Tries that end in `internal` before a message counts as failed; other retryable errors are tried for ever,
 * unless they mean a long wait.
 */
const MAX_INTERNAL_ERRORS = 3;
const RETRY_BASE_MS = 500;
const RETRY_MAX_MS = 15_000;
/**
 * Whoever sends too fast is slowed down in silence. A longer wait, as of a room's slow mode, is for the user
 * to know of: the message fails, and is sent again when they say so.
 */
const MAX_SLOWING_MS = 5_000;

/**
 * `queued`: waits for its turn or for a connection. `sent`: waits for its ack. `stored`: acknowledged.
 * `failed`: refused, for good or for long, or its room is gone, see `error`; `retry` or `discard` it.
 * @typedef {'queued' | 'sent' | 'stored' | 'failed'} SendStatus
 *
 * @typedef {object} OutboxEntry
 * @property {string} client_msg_id
 * @property {string} room_id
 * @property {?string} content
 * @property {?string} file_url
 * @property {?string} reply_to
 * @property {string} created_at when the user sent it, by this device's clock
 * @property {SendStatus} status
 * @property {?import('./error.js').ParleyError} error
 * @property {?number} seq once it is stored
 * @property {number} attempts
 * @property {number} internalErrors
 */

export class Outbox {
  /** Unfinished entries of each room, oldest first. @type {Map<string, OutboxEntry[]>} */
  #rooms = new Map();
  /** Rooms told to wait, with the time until when. @type {Map<string, number>} */
  #pausedUntil = new Map();
  #window;

  /**
   * @param {number} window how many messages of one room may be unacknowledged; 1 keeps their order in any
   *   case
   */
  constructor(window) {
    this.#window = window;
  }

  /**
   * What failed before stays failed; anything else is to be sent.
   * @param {Partial<OutboxEntry>} message
   * @returns {OutboxEntry}
   */
  add(message) {
    const failed = message.status === 'failed';
    const entry = {
      content: null,
      file_url: null,
      reply_to: null,
      created_at: new Date().toISOString(),
      ...message,
      status: failed ? 'failed' : 'queued',
      error: failed ? message.error : null,
      seq: null,
      attempts: 0,
      internalErrors: 0,
    };
    const entries = this.#rooms.get(entry.room_id);
    if (entries) entries.push(entry);
    else this.#rooms.set(entry.room_id, [entry]);
    return entry;
  }

  /** Everything not yet stored, failed ones too. @returns {OutboxEntry[]} */
  entries() {
    return [...this.#rooms.values()].flat();
  }

  find(roomId, clientMsgId) {
    return this.#rooms.get(roomId)?.find((entry) => entry.client_msg_id === clientMsgId) ?? null;
  }

  /** What may be sent now, in order; each is `sent` from here on. @returns {OutboxEntry[]} */
  take(now) {
    const taken = [];
    for (const [roomId, entries] of this.#rooms) {
      if ((this.#pausedUntil.get(roomId) ?? 0) > now) continue;
      const unfinished = entries.filter((entry) => entry.status !== 'failed');
      for (const entry of unfinished.slice(0, this.#window)) {
        if (entry.status !== 'queued') continue;
        entry.status = 'sent';
        entry.attempts += 1;
        taken.push(entry);
      }
    }
    return taken;
  }

  /** Milliseconds until a paused room may go on, or null if none waits. */
  nextDueInMs(now) {
    const due = [...this.#pausedUntil].filter(([roomId, until]) => until > now && this.#rooms.has(roomId));
    return due.length > 0 ? Math.min(...due.map(([, until]) => until)) - now : null;
  }

  /** The message is in the store. */
  stored(entry, seq) {
    this.#remove(entry);
    this.#pausedUntil.delete(entry.room_id);
    Object.assign(entry, { status: 'stored', error: null, seq });
  }

  /**
   * The server refused the message or did not answer.
   * @returns {boolean} whether it will be sent again; if not, it failed for good
   */
  refused(entry, error, now, random = Math.random) {
    if (error.code === 'internal') entry.internalErrors += 1;
    const again =
      (error.retryable && !isLongWait(error)) ||
      (error.code === 'internal' && entry.internalErrors < MAX_INTERNAL_ERRORS);
    if (!again) {
      entry.status = 'failed';
      entry.error = error;
      return false;
    }
    entry.status = 'queued';
    const backoffMs = Math.min(RETRY_MAX_MS, RETRY_BASE_MS * 2 ** Math.min(entry.attempts - 1, 10));
    const waitMs = error.retryAfterMs ?? backoffMs * (0.5 + random() / 2);
    this.#pausedUntil.set(entry.room_id, now + waitMs);
    return true;
  }

  /** The connection is gone: whatever was not acknowledged goes out again on the next one. */
  connectionLost() {
    this.#pausedUntil.clear();
    for (const entry of this.entries()) {
      if (entry.status === 'sent') entry.status = 'queued';
    }
  }

  /** A failed message goes to the end of its room's queue, under the same key. */
  retry(entry) {
    this.#remove(entry);
    const entries = this.#rooms.get(entry.room_id) ?? [];
    this.#rooms.set(entry.room_id, entries);
    entries.push(Object.assign(entry, { status: 'queued', error: null, internalErrors: 0 }));
  }

  /** A message that is not under way is given up. @returns {boolean} */
  discard(entry) {
    if (entry.status === 'sent') return false;
    return this.#remove(entry);
  }

  /** A room is gone, and what was meant for it has failed. @returns {OutboxEntry[]} what that was */
  forgetRoom(roomId, error) {
    const entries = this.#rooms.get(roomId) ?? [];
    this.#rooms.delete(roomId);
    this.#pausedUntil.delete(roomId);
    return entries.map((entry) => Object.assign(entry, { status: 'failed', error }));
  }

  /** The one of the sent messages that most likely broke a size limit of the connection. */
  largestSent() {
    const size = (entry) => (entry.content?.length ?? 0) + (entry.file_url?.length ?? 0);
    const sent = this.entries().filter((entry) => entry.status === 'sent');
    return sent.reduce((largest, entry) => (!largest || size(entry) > size(largest) ? entry : largest), null);
  }

  #remove(entry) {
    const entries = this.#rooms.get(entry.room_id);
    const index = entries?.indexOf(entry) ?? -1;
    if (index < 0) return false;
    entries.splice(index, 1);
    if (entries.length === 0) this.#rooms.delete(entry.room_id);
    return true;
  }
}

function isLongWait({ code, retryAfterMs }) {
  return code === 'rate_limited' && retryAfterMs > MAX_SLOWING_MS;
}
