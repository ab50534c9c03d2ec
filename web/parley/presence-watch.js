/** @file Whose presence to be told: the set is kept, and sent to each connection that lacks it. */

const MAX_WATCHED = 500;
const RETRY_MS = 2_000;

export class PresenceWatch {
  #options;
  #watched = [];
  /** The set that the server has or is being sent, to be compared. */
  #sentKey = '';
  #timer = null;

  /**
   * @param {object} options
   * @param {() => boolean} options.isOnline
   * @param {(data: object) => Promise<{users: object[]}>} options.request sends a `watch_presence` frame
   * @param {(user: object) => void} options.onPresence how it stands with one of them
   */
  constructor(options) {
    this.#options = options;
  }

  /** @param {string[]} userIds */
  want(userIds) {
    this.#watched = [...new Set(userIds)].slice(0, MAX_WATCHED);
    this.flush();
  }

  connectionLost() {
    clearTimeout(this.#timer);
    this.#sentKey = '';
  }

  /** Sends the set unless the server has it. */
  flush() {
    clearTimeout(this.#timer);
    const key = [...this.#watched].sort().join();
    if (!this.#options.isOnline() || key === this.#sentKey) return;
    this.#sentKey = key;
    this.#options.request({ user_ids: this.#watched }).then(
      ({ users }) => {
        for (const user of users) this.#options.onPresence(user);
      },
      (error) => {
        if (key !== this.#sentKey || !error.retryable) return; // replaced, or the next `ready` asks again
        this.#sentKey = '';
        this.#timer = setTimeout(() => this.flush(), error.retryAfterMs ?? RETRY_MS);
      },
    );
  }
}
