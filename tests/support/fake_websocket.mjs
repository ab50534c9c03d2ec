// A WebSocket whose other end is the test: what the client sends is awaited by type, what it gets is said by
// hand.
import { deadlineMs } from './parleyd.mjs';

/** One connection, with the browser's interface towards the client. */
class FakeSocket {
  constructor(server, url, protocols) {
    Object.assign(this, { server, url: new URL(url), protocols, readyState: 1, frames: [], waiting: [] });
    server.arrived(this);
  }

  // --- the client's side

  send(text) {
    const frame = JSON.parse(text);
    const index = this.waiting.findIndex(({ matches }) => matches(frame));
    if (index >= 0) this.waiting.splice(index, 1)[0].resolve(frame);
    else this.frames.push(frame);
  }

  close() {
    this.readyState = 3;
  }

  // --- the test's side

  /** The next frame of a type that the client sends, or has sent already. */
  sent(type) {
    const matches = (frame) => frame.type === type;
    const index = this.frames.findIndex(matches);
    if (index >= 0) return Promise.resolve(this.frames.splice(index, 1)[0]);
    return within(new Promise((resolve) => this.waiting.push({ matches, resolve })), `a frame ${type}`);
  }

  /** The types of the frames that were sent and not awaited. */
  get unawaited() {
    return this.frames.map((frame) => frame.type);
  }

  say(type, data, id) {
    this.onmessage({ data: JSON.stringify(id === undefined ? { type, data } : { type, id, data }) });
  }

  ack(frame, data = {}) {
    this.say('ack', data, frame.id);
  }

  refuse(frame, code, retry_after_ms = null, message = code) {
    this.say('error', { code, message, retry_after_ms }, frame.id);
  }

  /** The connection ends with a close code. */
  end(code = 1006) {
    this.readyState = 3;
    this.onclose({ code });
  }
}

/** What the client gets as its `WebSocket`, and the queue of connections that it made. */
export class FakeServer {
  #sockets = [];
  #waiting = [];
  /** How many connections the client made. */
  count = 0;

  constructor() {
    const server = this;
    this.WebSocket = class extends FakeSocket {
      constructor(url, protocols) {
        super(server, url, protocols);
      }
    };
  }

  arrived(socket) {
    this.count += 1;
    const waiting = this.#waiting.shift();
    // The client sets its handlers after the constructor.
    if (waiting) queueMicrotask(() => waiting(socket));
    else this.#sockets.push(socket);
  }

  /** The next connection that the client makes. @returns {Promise<FakeSocket>} */
  connection() {
    const socket = this.#sockets.shift();
    if (socket) return Promise.resolve(socket);
    return within(new Promise((resolve) => this.#waiting.push(resolve)), 'a connection');
  }
}

/** Fails with a name instead of hanging. */
export function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it never came: ${what}`)), deadlineMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
