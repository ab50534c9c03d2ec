/** @file A list that the server gives page by page, answering a question that may change. No document. */

/** Says `change` whenever there is something else to show. @template T */
export class PagedList extends EventTarget {
  /** @type {T[]} */
  items = [];
  /** `none`: not asked for. `loading`, `ready`, `failed`: the last page that was asked for. */
  state = 'none';
  /** @type {?import('../parley-client.js').ParleyError} */
  error = null;

  #fetch;
  #query = {};
  #hasMore = false;
  /** What the page that is asked for goes after, and that page. @type {T[]} */
  #before = [];
  #cursor = null;
  /** How many items there are to be with it, if there are so many. */
  #least = 1;
  #asks = 0;

  /** @param {(query: object) => Promise<{items: T[], next_cursor: ?string}>} fetchPage */
  constructor(fetchPage) {
    super();
    this.#fetch = fetchPage;
  }

  get hasMore() {
    return this.#hasMore;
  }

  /** From the beginning. What is shown stays until the answer comes. */
  load(query = this.#query) {
    this.#query = query;
    this.#hasMore = false;
    this.#least = 1;
    return this.#askAnew();
  }

  /** What is shown once more, as far as it is shown, with the page that is asked for meanwhile. */
  reload() {
    this.#least = Math.max(this.#least, this.items.length);
    return this.#askAnew();
  }

  /** The next page; after a failure the one that failed. */
  more() {
    if (this.#hasMore && this.state !== 'failed') this.#least = this.items.length + 1;
    if (this.state === 'loading') return Promise.resolve();
    return this.#ask();
  }

  /** The answer that is under way is not wanted any more; what is shown stays. */
  giveUp() {
    this.#asks += 1;
  }

  /** Back to the beginning, where nothing was asked for. */
  clear() {
    this.giveUp();
    this.items = [];
    this.#before = [];
    this.#cursor = null;
    this.#hasMore = false;
    this.#least = 1;
    this.#set('none', null);
  }

  #askAnew() {
    this.#before = [];
    this.#cursor = null;
    return this.#ask();
  }

  async #ask() {
    this.#asks += 1;
    const ask = this.#asks;
    this.#set('loading', null);
    try {
      const found = [];
      let cursor = this.#cursor;
      // A page may be short, even empty, although more follow.
      do {
        const page = await this.#fetch({ ...this.#query, cursor });
        if (ask !== this.#asks) return; // another question was asked meanwhile
        found.push(...page.items);
        cursor = page.next_cursor;
      } while (this.#before.length + found.length < this.#least && cursor);
      this.items = [...this.#before, ...found];
      this.#before = this.items;
      this.#cursor = cursor;
      this.#hasMore = cursor !== null;
      this.#least = 1;
      this.#set('ready', null);
    } catch (error) {
      if (ask !== this.#asks) return;
      this.#set('failed', error);
    }
  }

  /** @param {(item: T) => boolean} is @param {T} item */
  replace(is, item) {
    this.items = this.items.map((each) => (is(each) ? item : each));
    if (this.#before.length > 0) this.#before = this.items;
    this.dispatchEvent(new CustomEvent('change'));
  }

  /** Where nothing is left, what follows comes in its place. @param {(item: T) => boolean} is */
  drop(is) {
    this.items = this.items.filter((each) => !is(each));
    if (this.#before.length > 0) this.#before = this.items;
    this.dispatchEvent(new CustomEvent('change'));
    if (this.items.length === 0 && this.hasMore) this.more();
  }

  #set(state, error) {
    this.state = state;
    this.error = error;
    this.dispatchEvent(new CustomEvent('change'));
  }
}
