/**
 * @file What keeps one from writing in a room: one's own mute, and the room's slow mode. Times are of the
 * server's clock. No document.
 */

export class Restraints {
  /** Between two messages of one member; 0 is none, null: not known yet. @type {?number} */
  slow_mode_seconds = null;
  /** When one may write again; null if one may. @type {?string} */
  muted_until = null;

  /** When one's newest message was stored, of those that the server remembers. */
  #sentAt = 0;
  /** Until when the server wants to wait, which knows of messages that are not here. */
  #refusedUntil = 0;
  /** Of what was sent up to this seq the server remembers nothing. */
  #forgottenTo = 0;

  /** Takes what the server says of the room at that seq. */
  update({ slow_mode_seconds: seconds = 0, muted_until: until = null }, seq) {
    this.setSlowMode(seconds, seq);
    this.muted_until = until;
  }

  /** Slow mode as it is from that seq on. When it begins or ends, the server forgets who wrote when. */
  setSlowMode(seconds, seq) {
    const was = this.slow_mode_seconds ?? seconds;
    this.slow_mode_seconds = seconds;
    if (was > 0 === seconds > 0) return;
    this.#sentAt = 0;
    this.#refusedUntil = 0;
    this.#forgottenTo = seq;
  }

  /** One's own message is in the store. */
  sent(createdAt, seq) {
    if (seq <= this.#forgottenTo) return;
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
