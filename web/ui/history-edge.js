/**
 * @file One end of a room's timeline: whether there are messages beyond it, and how asking for them goes. No
 * document.
 */

/** How soon the next try may be when a page could not be fetched. */
const PAUSE_MS = 2_000;

export class HistoryEdge {
  /** `idle`, `loading` or `failed`: the page beyond this end. */
  state = 'idle';
  hasMore;

  #retryAt = 0;

  /** @param {boolean} hasMore whether there may be messages beyond */
  constructor(hasMore) {
    this.hasMore = hasMore;
  }

  loading() {
    this.state = 'loading';
  }

  loaded(hasMore) {
    this.state = 'idle';
    this.hasMore = hasMore;
  }

  failed(now, retryAfterMs = null) {
    this.state = 'failed';
    this.#retryAt = now + Math.max(PAUSE_MS, retryAfterMs ?? 0);
  }

  /** A failure is forgotten, as when there is a new connection. */
  forgive() {
    if (this.state === 'failed') this.state = 'idle';
  }

  /** @param {boolean} asked whether the user did something for it; else a failure is not tried again */
  mayLoad(now, asked) {
    if (!this.hasMore || this.state === 'loading') return false;
    return this.state === 'idle' || (asked && now >= this.#retryAt);
  }
}
