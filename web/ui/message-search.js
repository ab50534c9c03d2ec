/**
 * @file A search of messages as it is typed: asks once the typing rests, gives up what was asked before, goes
 * on page by page. No document.
 */

import { PagedList } from './paged-list.js';

const TYPING_RESTS_MS = 200;
const PAGE = 30;
/** The server takes so many characters. */
export const MAX_SEARCH_LENGTH = 128;

/** Says `change` whenever there is something else to show. */
export class MessageSearch extends EventTarget {
  #list;
  #timer = null;
  /** Gives up the question that is under way. */
  #asking = new AbortController();
  #q = '';
  #roomId = null;
  /** Counts the questions: another one has another first page. */
  question = 0;
  #isWaiting = false;

  /** @param {import('../parley-client.js').ParleyRest['searchMessages']} searchMessages */
  constructor(searchMessages) {
    super();
    this.#list = new PagedList(({ q, roomId, cursor }) =>
      searchMessages(q, { roomId, cursor, limit: PAGE, signal: this.#asking.signal }),
    );
    this.#list.addEventListener('change', () => this.#changed());
  }

  /** What is asked for, empty if nothing is. */
  get q() {
    return this.#q;
  }

  /** @returns {import('../parley/rest.js').SearchHit[]} those of a former question until the answer comes */
  get hits() {
    return this.#list.items;
  }

  get hasMore() {
    return this.#list.hasMore && !this.#isWaiting;
  }

  get error() {
    return this.state === 'failed' ? this.#list.error : null;
  }

  /** `none`: nothing is asked for. `loading`, also while somebody types; `ready`, `failed`. */
  get state() {
    return this.#isWaiting ? 'loading' : this.#list.state;
  }

  /**
   * Asks something else, once nothing follows for a moment.
   * @param {string} text a blank at its end counts: then the last word is whole
   * @param {?string} [roomId] null for all rooms
   */
  ask(text, roomId = null) {
    const q = text.trimStart();
    if (q === this.#q && roomId === this.#roomId) return;
    this.#stop();
    this.question += 1;
    this.#q = q.trim() === '' ? '' : q;
    this.#roomId = roomId;
    if (this.#q === '') {
      this.#list.clear();
      return;
    }
    this.#isWaiting = true;
    this.#timer = setTimeout(() => this.now(), TYPING_RESTS_MS);
    this.#changed();
  }

  /** Asks at once what `ask` was told. */
  now() {
    if (!this.#isWaiting) return;
    this.#stop();
    this.#list.load({ q: this.#q, roomId: this.#roomId });
  }

  /** The next page; after a failure the one that failed. */
  more() {
    if (this.#isWaiting || (this.state === 'ready' && !this.hasMore)) return;
    this.#list.more();
  }

  clear() {
    this.ask('');
  }

  /** A message was changed meanwhile; whether it would still be found, only the server knows. */
  edited({ message_id: messageId, content, edited_at }) {
    const hit = this.hits.find((each) => each.message_id === messageId);
    if (!hit) return;
    const snippet = [{ text: content, is_hit: false }];
    this.#list.replace((each) => each === hit, { ...hit, content, edited_at, snippet });
  }

  deleted({ message_id: messageId }) {
    if (this.hits.some((hit) => hit.message_id === messageId))
      this.#list.drop((hit) => hit.message_id === messageId);
  }

  close() {
    this.#stop();
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#isWaiting = false;
    this.#list.giveUp(); // before its question ends as a failure
    this.#asking.abort();
    this.#asking = new AbortController();
  }

  #changed() {
    this.dispatchEvent(new CustomEvent('change'));
  }
}

/** How many were found, in words. @param {MessageSearch} search @param {number} count of those that show */
export function countText({ state, hasMore }, count) {
  if (state !== 'ready') return '';
  if (count === 0 && !hasMore) return 'No messages found.';
  const messages = count === 1 ? '1 message' : `${count} messages`;
  return hasMore ? `${messages}, and there are more.` : `${messages} found.`;
}

/**
 * Whether a key opens the search: Ctrl or Cmd with K from everywhere, `/` unless it would be typed.
 * @param {KeyboardEvent} event
 * @param {boolean} isTyping whether a field has the focus
 */
export function opensSearch({ key, ctrlKey, metaKey, altKey, shiftKey, isComposing }, isTyping) {
  if (isComposing || altKey) return false;
  // On some keyboards the slash is a shifted key.
  if (key === '/') return !isTyping && !ctrlKey && !metaKey;
  return key.toLowerCase() === 'k' && ctrlKey !== metaKey && !shiftKey;
}
