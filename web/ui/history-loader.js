/** @file Fetches the history of rooms by REST, and tries again where that can help. */

const HISTORY_PAGE = 50;
/** So many to each side of a message that is to be shown. */
const AROUND_PAGE = 25;
/** Rooms whose newest message is fetched for the list; the rest show it once something happens. */
const MAX_PREVIEWS = 60;
const PREVIEWS_AT_ONCE = 4;
const RETRY_MS = 2_000;
const RETRY_MAX_MS = 30_000;

export class HistoryLoader {
  #rest;
  #options;
  #closed = false;
  #timer = null;
  #failures = 0;

  /**
   * @param {import('../parley-client.js').ParleyRest} rest
   * @param {object} options
   * @param {(room: import('./room-state.js').RoomState) => boolean} options.isOpen
   * @param {(messages: object[]) => void} options.learnAuthors
   * @param {(type: string) => void} options.changed told `timeline` and `rooms`
   */
  constructor(rest, options) {
    this.#rest = rest;
    this.#options = options;
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** The first page, unless it is there or under way: the newest, or what is around the room's aim. */
  async load(room) {
    if (room.history === 'ready' || room.history === 'loading') return;
    clearTimeout(this.#timer);
    room.historyLoading();
    this.#options.changed('timeline');
    const { generation } = room;
    try {
      await (room.aim ? this.#readAround(room) : this.#read(room, {}));
      this.#failures = 0;
    } catch (error) {
      if (this.#closed || room.generation !== generation) return;
      room.historyFailed();
      this.#options.changed('timeline');
      this.#retry(room, error);
    }
  }

  /**
   * The page before the oldest message.
   * @param {{asked?: boolean}} [options] `asked`: because the user did something; without that a failure is
   *   not followed by another try before the next `ready`
   */
  loadOlder(room, options) {
    return this.#extend(room, room.older, options, () => this.#read(room, { before_seq: room.oldestSeq }));
  }

  /** The page after the newest message that is here, while that is not the room's newest. */
  loadNewer(room, options) {
    return this.#extend(room, room.newer, options, () => this.#readNewer(room));
  }

  /** @param {import('./history-edge.js').HistoryEdge} edge @param {() => Promise<void>} read */
  async #extend(room, edge, { asked = false } = {}, read) {
    if (room.history !== 'ready' || !edge.mayLoad(Date.now(), asked)) return;
    edge.loading();
    this.#options.changed('timeline');
    const { generation } = room;
    try {
      await read();
    } catch (error) {
      if (room.generation !== generation) return;
      edge.failed(Date.now(), error.retryAfterMs);
      room.showWaiting();
      this.#options.changed('timeline');
    }
  }

  /** The last message of each room that has none to show. @param {object[]} rooms the latest first */
  async loadPreviews(rooms) {
    const due = rooms
      .filter((room) => !room.preview && room.last_seq > 0)
      .sort((a, b) => (b.unread > 0) - (a.unread > 0)) // where something is new, something happened lately
      .slice(0, MAX_PREVIEWS);
    const work = async () => {
      for (let room; !this.#closed && (room = due.shift());) {
        const page = await this.#rest.messages(room.room_id, { limit: 1 }).catch(() => ({ items: [] }));
        this.#options.learnAuthors(page.items);
        if (page.items.length > 0) room.previewFrom(page.items[0]);
        this.#options.changed('rooms');
      }
    };
    await Promise.all(Array.from({ length: PREVIEWS_AT_ONCE }, work));
  }

  /** Puts a page into the room: the newest, or the one before the oldest message. */
  async #read(room, query) {
    const { generation } = room;
    const { items } = await this.#rest.messages(room.room_id, { limit: HISTORY_PAGE, ...query });
    this.#take(room, generation, items, items.length === HISTORY_PAGE);
  }

  async #readNewer(room) {
    const { generation } = room;
    const query = { limit: HISTORY_PAGE, after_seq: room.newestSeq };
    const { items, next_cursor } = await this.#rest.messages(room.room_id, query);
    this.#take(room, generation, items, null, next_cursor !== null);
  }

  async #readAround(room) {
    const { generation, aim } = room;
    const ask = (query) => this.#rest.messages(room.room_id, { limit: AROUND_PAGE, ...query });
    const [before, after] = await Promise.all([
      ask({ before_seq: aim.seq + 1 }),
      ask({ after_seq: aim.seq }),
    ]);
    const items = [...before.items, ...after.items];
    this.#take(room, generation, items, before.next_cursor !== null, after.next_cursor !== null);
  }

  /** Puts messages into the room, if it is still the one for which they were asked. */
  #take(room, generation, items, hasOlder, hasNewer = null) {
    if (room.generation !== generation) return;
    this.#options.learnAuthors(items);
    room.addHistory(items, hasOlder, hasNewer);
    if (!room.newer.hasMore) for (const item of items) room.previewFrom(item);
    this.#options.changed('timeline');
    this.#options.changed('rooms');
  }

  /** The open room's first page is tried again by itself, where that can help. */
  #retry(room, error) {
    if (!this.#options.isOpen(room) || !(error.retryable || error.code === 'internal')) return;
    const backoffMs = Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    this.#timer = setTimeout(
      () => this.#options.isOpen(room) && this.load(room),
      error.retryAfterMs ?? backoffMs * (0.5 + Math.random() / 2),
    );
  }
}
