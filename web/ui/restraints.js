/**
 * @file What keeps one from writing in a room: one's own mute, and the room's slow mode. Times are of the
 * server's clock. No document.
 */

export class Restraints {
  /** Between two messages of one member; 0 is none. */
  slow_mode_seconds = 0;
  /** When one may write again; null if one may. @type {?string} */
  muted_until = null;

  /** When one's newest message was stored. */
  #sentAt = 0;
  /** Until when the server wants to wait, which knows of messages that are not here. */
  #refusedUntil = 0;

  /** Takes what the server says of the room now. */
  update({ slow_mode_seconds: seconds = 0, muted_until: until = null }) {
    this.slow_mode_seconds = seconds;
    this.muted_until = until;
  }

  /** One's own message is in the store. */
  sent(createdAt) {
    this.#sentAt = Math.max(this.#sentAt, Date.parse(createdAt) || 0);
  }

  /** One's own message came too early. */
  refused(until) {
    this.#refusedUntil = until;
  }

  /** How long one may not write at all. */
  muteMs(now) {
    return this.muted_until ? Math.max(0, Date.parse(this.muted_until) - now) : 0;
  }

  /** How long slow mode wants one to wait. */
  slowModeMs(now) {
    const pause = this.slow_mode_seconds * 1000;
    const until = Math.max(this.#sentAt + pause, this.#refusedUntil);
    return Math.min(pause, Math.max(0, until - now));
  }
}
