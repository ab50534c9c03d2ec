/**
 * @file One WebSocket that comes back: opens, notices death, waits longer after each failure, matches
 * answers.
 */

import { ParleyError } from './error.js';

/**
 * `connecting`: the first connection is being made. `online`: after `ready`. `offline`: waits for the next
 * try. `reconnecting`: a later connection is being made. `closed`: by `close`, or the server will not have us
 * again.
 * @typedef {'connecting' | 'online' | 'offline' | 'reconnecting' | 'closed'} ConnectionState
 * @typedef {{state: ConnectionState, previous: ConnectionState, retry_in_ms: ?number, reason: ?string, code:
 *   ?number}} StateChange `code` is the close code that caused it, 4401 also if the token was refused before
 */

const NOT_UNDERSTOOD = 'The server did not understand this device.';

/**
 * What each close code means for the next step; a code that is not here counts as a lost connection. Not
 * before `minDelayMs` is there another try, not even by `check`. What a mended client alone would do better is
 * not tried again.
 */
export const CLOSE_CODES = Object.freeze({
  1001: { reconnect: true, reason: 'The server is going away.' },
  1002: { reconnect: false, reason: NOT_UNDERSTOOD },
  1003: { reconnect: false, reason: NOT_UNDERSTOOD },
  1006: { reconnect: true, reason: 'The connection was lost.' },
  1007: { reconnect: false, reason: NOT_UNDERSTOOD },
  1009: { reconnect: true, reason: 'A frame was too large.' },
  1012: { reconnect: true, reason: 'The server is restarting.' },
  1013: { reconnect: true, reason: 'The server is overloaded.', minDelayMs: 2_000 },
  4400: { reconnect: false, reason: NOT_UNDERSTOOD },
  4401: { reconnect: false, reason: 'The session has ended.' },
  4403: { reconnect: false, reason: 'The account is suspended, or no longer a member.' },
  4408: { reconnect: true, reason: 'This device was too slow.' },
  4429: { reconnect: true, reason: 'Too many requests.', minDelayMs: 60_000 },
});

const READY_TIMEOUT_MS = 15_000;
const ANSWER_TIMEOUT_MS = 30_000;
const PING_TIMEOUT_MS = 10_000;
/** Each client has its own time to come back; this parts those whose socket closed only behind it. */
const DRAIN_JITTER_MS = 250;
/** A connection that lived this long starts its back-off anew. */
const STABLE_AFTER_MS = 10_000;

export class Connection {
  #options;
  #socket = null;
  /** @type {ConnectionState} */
  #state = 'closed';
  #failures = 0;
  /** When a draining server wants us back; it closes the socket some time after it has said so. */
  #wantedBackAt = null;
  /** When the server lets us come back, if it said so by the close code. */
  #notBefore = 0;
  #onlineSince = 0;
  #lastFrameAt = 0;
  #nextId = 0;
  /** Frames that wait for their answer, by id. */
  #requests = new Map();
  #timers = { retry: null, ready: null, heartbeat: null };
  #pingTimeoutMs;

  /**
   * @param {object} options
   * @param {Function} options.WebSocket a constructor with the browser's interface
   * @param {number} options.backoffBaseMs
   * @param {number} options.backoffMaxMs
   * @param {number} [options.pingTimeoutMs] silence after a ping that counts as death
   * @param {() => {url: string, protocols: string[]}} options.address asked for before each try
   * @param {() => Promise<boolean>} options.mayReconnect asked when the server refuses the handshake, which
   *   does not tell a browser why
   * @param {(frame: {type: string, id: ?string, data: object}) => void} options.onFrame every frame but
   *   answers
   * @param {(change: StateChange) => void} options.onState
   * @param {(closeCode: number) => void} options.onLost before the requests under way are rejected
   */
  constructor(options) {
    this.#options = options;
    this.#pingTimeoutMs = options.pingTimeoutMs ?? PING_TIMEOUT_MS;
  }

  get state() {
    return this.#state;
  }

  /** Connects, and from then on stays connected until `close`. */
  connect() {
    if (this.#state !== 'closed') return;
    this.#failures = 0;
    this.#open();
  }

  close(reason, code = null) {
    this.#drop(1000);
    this.#setState('closed', { reason, code });
  }

  /**
   * Tries again at once when waiting, unless the server forbade it, or finds out whether the connection still
   * lives (after a sleep, say).
   */
  check() {
    if (this.#state === 'offline' && Date.now() >= this.#notBefore) this.#open();
    else if (this.#state === 'online') this.#ping(this.#pingTimeoutMs / 2);
  }

  /**
   * Sends a frame and waits for its answer.
   * @param {string} type
   * @param {object} data
   * @param {{onAck?: (data: object) => void, timeoutMs?: number}} [options] `onAck` runs before the next
   *   frame is looked at, which a promise could not promise
   * @returns {Promise<object>} the ack's data
   * @throws {ParleyError} the server's, or `offline` or `timeout`
   */
  request(type, data, { onAck = () => {}, timeoutMs = ANSWER_TIMEOUT_MS } = {}) {
    if (!this.#isOpen()) return Promise.reject(new ParleyError('offline', 'There is no connection.'));
    this.#nextId += 1;
    const id = String(this.#nextId);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        // It stays in #requests: a late ack still stands for an event that will not come.
        reject(new ParleyError('timeout', 'The server did not answer in time.'));
      }, timeoutMs);
      this.#requests.set(id, { resolve, reject, onAck, timer });
      this.#socket.send(JSON.stringify({ type, id, data }));
    });
  }

  /** Sends a frame without an answer; it is dropped when there is no connection. */
  post(type, data) {
    if (this.#isOpen()) this.#socket.send(JSON.stringify({ type, data }));
  }

  #isOpen() {
    return this.#state === 'online' && this.#socket !== null;
  }

  #setState(state, { retry_in_ms = null, reason = null, code = null } = {}) {
    const previous = this.#state;
    if (previous === state) return;
    this.#state = state;
    this.#options.onState({ state, previous, retry_in_ms, reason, code });
  }

  #open() {
    clearTimeout(this.#timers.retry);
    this.#setState(this.#onlineSince > 0 ? 'reconnecting' : 'connecting');
    let socket;
    try {
      const { url, protocols } = this.#options.address();
      socket = new this.#options.WebSocket(url, protocols);
    } catch (error) {
      this.close(error.message);
      return;
    }
    this.#socket = socket;
    const mine = (handler) => (event) => {
      if (socket === this.#socket) handler(event);
    };
    socket.onmessage = mine((event) => this.#onFrame(JSON.parse(event.data)));
    socket.onclose = mine((event) => this.#onClose(event.code));
    socket.onerror = () => {}; // a close always follows
    this.#timers.ready = setTimeout(
      mine(() => this.#onClose(1006)),
      READY_TIMEOUT_MS,
    );
  }

  #onClose(code) {
    const wasOnline = this.#state === 'online';
    this.#options.onLost(code);
    this.#drop(1000);
    const { reconnect, reason, minDelayMs = 0 } = CLOSE_CODES[code] ?? CLOSE_CODES[1006];
    if (!reconnect) {
      this.#setState('closed', { reason, code });
      return;
    }
    if (wasOnline && Date.now() - this.#onlineSince >= STABLE_AFTER_MS) this.#failures = 0;
    // With jitter, so that those who were sent away together do not come back together.
    const pauseMs = minDelayMs * (1 + Math.random());
    const delayMs = Math.max(pauseMs, this.#drainDelayMs() ?? this.#backoffMs());
    this.#wantedBackAt = null;
    this.#notBefore = pauseMs > 0 ? Date.now() + pauseMs : 0;
    this.#timers.retry = setTimeout(() => this.#open(), delayMs);
    this.#setState('offline', { retry_in_ms: Math.round(delayMs), reason, code });
    if (!wasOnline) this.#askWhetherToGoOn();
  }

  #drainDelayMs() {
    if (this.#wantedBackAt === null) return null;
    return Math.max(0, this.#wantedBackAt - Date.now()) + Math.random() * DRAIN_JITTER_MS;
  }

  #backoffMs() {
    const { backoffBaseMs, backoffMaxMs } = this.#options;
    const fullMs = Math.min(backoffMaxMs, backoffBaseMs * 2 ** Math.min(this.#failures, 20));
    this.#failures += 1;
    return fullMs * (0.5 + Math.random() / 2);
  }

  async #askWhetherToGoOn() {
    const goOn = await this.#options.mayReconnect();
    if (!goOn && this.#state !== 'closed') this.close(CLOSE_CODES[4401].reason, 4401);
  }

  /** Lets go of the socket at once, without waiting for the other side to agree. */
  #drop(code) {
    const socket = this.#socket;
    this.#socket = null;
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    for (const { reject, timer } of this.#requests.values()) {
      clearTimeout(timer);
      reject(new ParleyError('offline', 'The connection was lost before the answer came.'));
    }
    this.#requests.clear();
    if (socket && socket.readyState <= 1) socket.close(code);
  }

  #onFrame(frame) {
    this.#lastFrameAt = Date.now();
    if (frame.type === 'ack' || frame.type === 'error') {
      this.#onAnswer(frame);
      return;
    }
    if (frame.type === 'ready') this.#onReady(frame.data);
    if (frame.type === 'drain') this.#wantedBackAt = Date.now() + frame.data.reconnect_after_ms;
    this.#options.onFrame(frame);
  }

  #onReady({ heartbeat_ms: heartbeatMs }) {
    clearTimeout(this.#timers.ready);
    this.#onlineSince = Date.now();
    this.#timers.heartbeat = setInterval(() => {
      if (Date.now() - this.#lastFrameAt >= heartbeatMs) this.#ping(this.#pingTimeoutMs);
    }, heartbeatMs);
    this.#timers.heartbeat.unref?.();
    this.#setState('online');
  }

  #onAnswer({ type, id, data }) {
    const request = this.#requests.get(id);
    if (!request) return;
    this.#requests.delete(id);
    clearTimeout(request.timer);
    if (type === 'error') {
      request.reject(new ParleyError(data.code, data.message, { retryAfterMs: data.retry_after_ms ?? null }));
    } else {
      request.onAck(data);
      request.resolve(data);
    }
  }

  /** A connection can be dead without a word. Any frame shows that it lives: on a slow one answers queue. */
  #ping(timeoutMs) {
    const socket = this.#socket;
    const sentAt = Date.now();
    this.request('ping', {}, { timeoutMs }).catch((error) => {
      const silent = this.#lastFrameAt <= sentAt;
      if (error.code === 'timeout' && silent && socket === this.#socket) this.#onClose(1006);
    });
  }
}
