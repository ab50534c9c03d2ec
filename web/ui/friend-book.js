/**
 * @file How one stands to others: friends, requests, blocked people; kept up to date by `friend` frames. Knows
 * no document.
 */

/**
 * How one stands to somebody: `friend`; `incoming`, they asked; `outgoing`, one asked; `blocked` by oneself;
 * `none`.
 * @typedef {'friend' | 'incoming' | 'outgoing' | 'blocked' | 'none'} Standing
 */

/** Says `change` whenever somebody's standing or name may have changed. */
export class FriendBook extends EventTarget {
  /** Whether the list has come. */
  ready = false;
  /** Whether it could not be fetched. */
  failed = false;

  #rest;
  #options;
  #closed = false;
  #stops;
  /** @type {Map<string, Standing>} */
  #standings = new Map();
  /** How often each person's standing was told by a frame: an answer that is older must not undo it. */
  #told = new Map();
  #loads = 0;

  /**
   * @param {import('../parley-client.js').ParleyClient} client
   * @param {{me: () => string, knows: (userId: string) => boolean, learn: (profile: object) => void}} options
   *   `me`: one's own user_id; `knows` and `learn`: the profiles that the page has seen
   */
  constructor(client, options) {
    super();
    this.#rest = client.rest;
    this.#options = options;
    this.#stops = [client.on('friend', (data) => this.#onFrame(data)), client.on('ready', () => this.load())];
  }

  close() {
    this.#closed = true;
    for (const stop of this.#stops) stop();
  }

  #changed() {
    if (!this.#closed) this.dispatchEvent(new CustomEvent('change'));
  }

  /** @returns {Standing} */
  standing(userId) {
    return this.#standings.get(userId) ?? 'none';
  }

  /** The user_ids of all who stand so. @param {Standing} standing */
  all(standing) {
    return [...this.#standings].filter(([, each]) => each === standing).map(([userId]) => userId);
  }

  /** Frames are not replayed, so the whole list is read with each connection. */
  async load() {
    this.#loads += 1;
    const load = this.#loads;
    const before = new Map(this.#told);
    try {
      const items = await this.#rest.friends();
      if (load !== this.#loads) return; // a later connection has asked again
      const toldSince = (userId) => this.#told.get(userId) !== before.get(userId);
      const newer = [...this.#standings].filter(([userId]) => toldSince(userId));
      const listed = items.filter((item) => !toldSince(item.user_id));
      for (const { profile } of items) this.#options.learn(profile);
      this.#standings = new Map([...listed.map((item) => [item.user_id, this.#standingOf(item)]), ...newer]);
      this.ready = true;
      this.failed = false;
    } catch {
      if (load === this.#loads) this.failed = true;
    }
    this.#changed();
  }

  // --- what the user does; each rejects with the server's refusal

  /** Asks, or accepts if they asked already. */
  ask(userId) {
    return this.#do(userId, () => this.#rest.askFriend(userId));
  }

  accept(userId) {
    return this.#do(userId, () => this.#rest.answerFriend(userId, 'accept'));
  }

  decline(userId) {
    return this.#do(userId, () => this.#rest.answerFriend(userId, 'decline'));
  }

  block(userId) {
    return this.#do(userId, () => this.#rest.answerFriend(userId, 'block'));
  }

  unblock(userId) {
    return this.#do(userId, () => this.#rest.answerFriend(userId, 'unblock'));
  }

  /** Ends a friendship, or takes back a request. */
  end(userId) {
    return this.#do(userId, () => this.#rest.endFriend(userId));
  }

  /** The frame of what one did comes as well; whichever comes first, the frames have the last word. */
  async #do(userId, call) {
    const told = this.#told.get(userId);
    let item;
    try {
      item = await call();
    } catch (error) {
      if (error.code === 'not_found') this.load(); // it has changed meanwhile: show how it is
      throw error;
    }
    if (item?.profile) this.#options.learn(item.profile);
    if (this.#told.get(userId) === told) this.#set(userId, item ? this.#standingOf(item) : 'none');
  }

  // --- what the server tells

  #onFrame({ user_id: userId, status, by }) {
    this.#told.set(userId, (this.#told.get(userId) ?? 0) + 1);
    this.#set(userId, this.#standingOf({ status, by }));
    if (status !== 'none' && !this.#options.knows(userId)) this.#meet(userId);
  }

  /** A frame does not say who that is. */
  async #meet(userId) {
    const profile = await this.#rest.user(userId).catch(() => null);
    if (!profile) return; // shown without a name; the next list brings it
    this.#options.learn(profile);
    this.#changed();
  }

  #set(userId, standing) {
    if (standing === 'none') this.#standings.delete(userId);
    else this.#standings.set(userId, standing);
    this.#changed();
  }

  /** @returns {Standing} */
  #standingOf({ status, by }) {
    if (status === 'pending') return by === this.#options.me() ? 'outgoing' : 'incoming';
    return { accepted: 'friend', blocked: 'blocked' }[status] ?? 'none';
  }
}
