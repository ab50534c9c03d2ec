/** @file One's read markers: asked for often, sent seldom, kept until the server has them. */

const SEND_EVERY_MS = 300;
const RETRY_AFTER_MS = 1_000;
/** An error of the server's own may last. */
const RETRY_INTERNAL_AFTER_MS = 10_000;

export class ReadMarkers {
  /** What we want and what the server has, by room. @type {Map<string, {wanted: number, stored: number}>} */
  #rooms = new Map();
  #timer = null;
  #dueAt = 0;
  #request;
  #onStored;

  /**
   * @param {(data: {room_id: string, seq: number}) => Promise<object>} request sends a `read` frame
   * @param {(ack: {room_id: string, seq: number, unread: number}) => void} onStored
   */
  constructor(request, onStored) {
    this.#request = request;
    this.#onStored = onStored;
  }

  /** Moves a marker; it only ever goes forward. */
  want(roomId, seq) {
    const marker = this.#rooms.get(roomId) ?? { wanted: 0, stored: 0 };
    this.#rooms.set(roomId, marker);
    if (seq <= marker.wanted) return;
    marker.wanted = seq;
    this.#flushSoon();
  }

  forget(roomId) {
    this.#rooms.delete(roomId);
  }

  /** Sends what the server does not have; what finds no connection waits for the next flush. */
  flush() {
    this.#dueAt = Date.now() + SEND_EVERY_MS;
    for (const [roomId, marker] of this.#rooms) {
      if (marker.wanted > marker.stored) this.#send(roomId, marker, marker.wanted);
    }
  }

  #send(roomId, marker, seq) {
    this.#request({ room_id: roomId, seq }).then(
      (ack) => {
        marker.stored = Math.max(marker.stored, seq);
        this.#onStored(ack);
      },
      (error) => {
        if (error.code === 'offline') return; // the next connection flushes
        if (error.code === 'internal') this.#flushSoon(RETRY_INTERNAL_AFTER_MS);
        else if (error.retryable) this.#flushSoon(error.retryAfterMs ?? RETRY_AFTER_MS);
        else marker.stored = Math.max(marker.stored, seq);
      },
    );
  }

  #flushSoon(delayMs = 0) {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        this.flush();
      },
      Math.max(delayMs, this.#dueAt - Date.now(), 0),
    );
  }
}
