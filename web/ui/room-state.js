/**
 * @file One room as the page knows it: messages by seq, unread count, who types. Pure: no network, no
 * document.
 */

const MAX_UNREAD = 1_000;

/**
 * A line of the timeline: a message, or a note about membership or the room's name (`note` true). `rev`
 * changes with every change of what is shown.
 * @typedef {import('../parley/rest.js').Message & {note?: boolean, type?: string, by?: string, reason?:
 *   string, name?: string, rev: number}} Line
 */

export class RoomState {
  /** @type {Line[]} by seq */
  lines = [];
  /** @type {Map<string, Line>} messages by message_id */
  messages = new Map();
  /** `none`: not asked for. `loading`, `ready`, `failed`: the newest page of history. */
  history = 'none';
  hasOlder = true;
  /** The newest message, for the list of rooms. @type {?object} */
  preview = null;
  /** Members by user_id once they were read. @type {?Map<string, object>} */
  members = null;
  /** @type {Map<string, number>} user_id to the timer that ends it */
  typing = new Map();
  /** How far the others have read, as far as we saw it happen. @type {Map<string, number>} */
  readBy = new Map();
  /** One's own messages that are not events yet, by client_msg_id. @type {Map<string, object>} */
  outgoing = new Map();
  /** Where the line "new" stands: after this seq. */
  newAfterSeq = null;

  #me;
  /** Events up to here are in `unread` already. */
  #countedSeq = 0;
  #unreadIds = new Set();
  /** Events that came while history was on its way: they may be newer than it. */
  #waiting = [];

  /** @param {import('../parley/rest.js').Room} room @param {string} me one's user_id */
  constructor(room, me) {
    this.room_id = room.room_id;
    this.#me = me;
    this.last_read_seq = 0;
    this.update(room);
  }

  /** Takes what the server says of the room now. */
  update({ name, is_group, peer, last_seq, last_read_seq, unread }) {
    Object.assign(this, { name, is_group, peer });
    this.last_seq = Math.max(last_seq, this.#countedSeq);
    this.#countedSeq = this.last_seq;
    this.unread = this.last_read_seq > last_read_seq && this.last_read_seq >= last_seq ? 0 : unread;
    this.last_read_seq = Math.max(this.last_read_seq, last_read_seq);
  }

  /** Forgets the timeline, to be read anew. */
  reset(lastSeq) {
    this.lines = [];
    this.messages.clear();
    this.history = 'none';
    this.hasOlder = true;
    this.last_seq = lastSeq;
    this.#countedSeq = lastSeq;
  }

  historyLoading() {
    this.history = 'loading';
  }

  historyFailed() {
    this.history = 'failed';
    this.#waiting = [];
  }

  /** @param {import('../parley/rest.js').Message[]} items newest first @param {boolean} hasOlder */
  addHistory(items, hasOlder) {
    for (const item of items) this.#upsert(item);
    this.hasOlder = hasOlder;
    this.history = 'ready';
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const event of waiting) this.#show(event.type, event.data);
  }

  get oldestSeq() {
    return this.lines.find((line) => !line.note)?.seq ?? null;
  }

  /** A durable event, each once and in order. */
  apply(type, data) {
    this.#count(type, data);
    this.last_seq = Math.max(this.last_seq, data.seq);
    if (type === 'room_renamed') this.name = data.name;
    this.#updatePreview(type, data);
    // A room that was not opened keeps no messages; history will bring them.
    if (this.history === 'loading') this.#waiting.push({ type, data });
    if (this.history === 'ready') this.#show(type, data);
  }

  /** The newest message as history told it. */
  previewFrom(message) {
    if (!this.preview || this.preview.seq < message.seq) this.preview = { ...message };
  }

  /** One's read marker, moved here or on another device. @param {?number} unread null if not known */
  markRead(seq, unread) {
    this.last_read_seq = Math.max(this.last_read_seq, seq);
    if (seq >= this.last_seq) {
      this.unread = 0;
      this.#unreadIds.clear();
    } else if (unread !== null) {
      this.unread = unread;
    }
  }

  /** A message of one's own on its way; a stored one stays until its event comes. */
  setOutgoing(entry) {
    const known = entry.status === 'stored' && this.#hasOwn(entry.client_msg_id);
    if (known) this.outgoing.delete(entry.client_msg_id);
    else this.outgoing.set(entry.client_msg_id, entry);
  }

  #hasOwn(clientMsgId) {
    return this.lines.some((line) => line.client_msg_id === clientMsgId && line.user_id === this.#me);
  }

  #count(type, { seq, user_id: userId, message_id: messageId }) {
    const counts = seq > this.#countedSeq;
    if (type === 'new_message' && userId !== this.#me && seq > this.last_read_seq) {
      this.#unreadIds.add(messageId);
      if (counts) this.unread = Math.min(MAX_UNREAD, this.unread + 1);
    }
    if (type === 'message_deleted' && this.#unreadIds.delete(messageId) && counts) {
      this.unread = Math.max(0, this.unread - 1);
    }
    if (counts) this.#countedSeq = seq;
  }

  #updatePreview(type, data) {
    if (type === 'new_message') this.preview = { ...data };
    if (data.message_id !== this.preview?.message_id) return;
    if (type === 'message_edited') this.preview.content = data.content;
    if (type === 'message_deleted') Object.assign(this.preview, { content: null, file_url: null });
  }

  #show(type, data) {
    const message = this.messages.get(data.message_id);
    if (type === 'new_message') {
      this.#upsert(data);
    } else if (type === 'member_joined' || type === 'member_left' || type === 'room_renamed') {
      const note = { ...data, type, note: true, rev: 0, created_at: new Date().toISOString() };
      if (data.reason !== 'created') this.#insert(note);
    } else if (message) {
      if (type === 'reaction') this.#react(message, data);
      if (type === 'message_edited')
        Object.assign(message, { content: data.content, edited_at: data.edited_at });
      if (type === 'message_deleted') {
        Object.assign(message, { content: null, file_url: null, deleted_at: data.deleted_at, reactions: [] });
      }
      message.rev += 1;
    }
  }

  #upsert(message) {
    if (message.user_id === this.#me && message.client_msg_id) this.outgoing.delete(message.client_msg_id);
    const known = this.messages.get(message.message_id);
    if (known) {
      // A replayed event has no reactions, edits and deletion times; what history told stays.
      Object.assign(known, message, { rev: known.rev + 1 });
      return;
    }
    const line = { reactions: [], edited_at: null, deleted_at: null, ...message, rev: 0 };
    this.messages.set(line.message_id, line);
    this.#insert(line);
  }

  #insert(line) {
    let index = this.lines.length;
    while (index > 0 && this.lines[index - 1].seq > line.seq) index -= 1;
    if (this.lines[index - 1]?.seq !== line.seq) this.lines.splice(index, 0, line);
  }

  /** Reactions are sets of people, so that an event which history already shows changes nothing. */
  #react(message, { emoji, user_id: userId, action }) {
    const others = message.reactions.filter((reaction) => reaction.emoji !== emoji);
    const former = message.reactions.find((reaction) => reaction.emoji === emoji) ?? {
      emoji,
      count: 0,
      user_ids: [],
    };
    const had = former.user_ids.includes(userId);
    if (action === 'remove') {
      if (!had && former.count <= former.user_ids.length) return;
      const user_ids = former.user_ids.filter((id) => id !== userId);
      const reaction = { emoji, count: former.count - 1, user_ids };
      message.reactions =
        reaction.count > 0
          ? message.reactions.map((each) => (each.emoji === emoji ? reaction : each))
          : others;
    } else if (!had) {
      const reaction = { emoji, count: former.count + 1, user_ids: [...former.user_ids, userId] };
      message.reactions =
        former.count > 0
          ? message.reactions.map((each) => (each.emoji === emoji ? reaction : each))
          : [...others, reaction];
    }
  }
}
