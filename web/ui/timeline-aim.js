/**
 * @file Shows one message of the timeline: in the middle, marked for a moment, whatever still moves around
 * it.
 */

const MARKED_MS = 2_500;

export class TimelineAim {
  #scroller;
  #rowOf;
  #messageId = null;
  #timer = null;
  /** Whether the user has not scrolled since. */
  #holds = false;

  /** @param {HTMLElement} scroller @param {(messageId: string) => ?HTMLElement} rowOf */
  constructor(scroller, rowOf) {
    this.#scroller = scroller;
    this.#rowOf = rowOf;
    const letGo = () => (this.#holds = false);
    for (const type of ['wheel', 'touchmove', 'pointerdown', 'keydown'])
      scroller.addEventListener(type, letGo, { passive: true });
  }

  destroy() {
    clearTimeout(this.#timer);
  }

  /** @returns {boolean} whether the message is there */
  show(messageId) {
    const row = this.#rowOf(messageId);
    if (!row) return false;
    this.#end();
    this.#messageId = messageId;
    this.#holds = true;
    this.#timer = setTimeout(() => this.#end(), MARKED_MS);
    this.mark();
    this.hold();
    return true;
  }

  /** A row that was drawn anew is marked too. */
  mark() {
    if (this.#messageId) this.#rowOf(this.#messageId)?.classList.add('aimed');
  }

  /** Pictures above it come late, and would push it away. @returns {boolean} whether it has a hold */
  hold() {
    const row = this.#holds && this.#messageId ? this.#rowOf(this.#messageId) : null;
    if (!row) return false;
    const { top, height } = row.getBoundingClientRect();
    const frame = this.#scroller.getBoundingClientRect();
    // Of a long message the beginning.
    const above = Math.max(16, (frame.height - height) / 2);
    this.#scroller.scrollTop += top - frame.top - above;
    return true;
  }

  #end() {
    clearTimeout(this.#timer);
    if (this.#messageId) this.#rowOf(this.#messageId)?.classList.remove('aimed');
    this.#messageId = null;
    this.#holds = false;
  }
}
