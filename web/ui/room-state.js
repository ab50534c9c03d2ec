/**
 * @file One room as the page knows it: messages by seq, unread count, who types. Pure: no network, no
 * document.
 */

import { HistoryEdge } from './history-edge.js';
import { isNote } from './note-text.js';
import { withReaction } from './reactions.js';
import { Restraints } from './restraints.js';

const MAX_UNREAD = 1_000;

/**
 * A line of the timeline: a message, or a note about the room or its members (`note` true). `rev` changes with
 * every change of what is shown.
 * @typedef {import('../parley/rest.js').Message & {note?: boolean, type?: string, by?: string, reason?:
 *   string, name?: string, rev: number}} Line
 */

export class RoomState {
  /** @type {Line[]} by seq */
  lines = [];
  /** @type {Map<string, Line>} messages by message_id */
  messages = new Map();
  /** `none`: not asked for. `loading`, `ready`, `failed`: the first page, which is the newest or at `aim`. */
  history = 'none';
  /** What is before the oldest message here. */
  older = new HistoryEdge(true);
  /** What is after the newest message here: something only while one reads around an old message. */
  newer = new HistoryEdge(false);
  /** What is to be shown: history is read around it. @type {?{message_id: string, seq: number}} */
  aim = null;
  /** Counts the timelines: what was asked for another one must not enter this one. */
  generation = 0;
  /** The newest message, for the list of rooms. @type {?object} */
  preview = null;
  /** Members by user_id once they were read. @type {?Map<string, object>} */
  members = null;
  /** Whether an unread message may have gone that we did not know: only the server can count then. */
  unreadUnsure = false;
  /** @type {Map<string, number>} user_id to the timer that ends it */
  typing = new Map();
  /** One's own messages that are not events yet, by client_msg_id. @type {Map<string, object>} */
  outgoing = new Map();
  /** What keeps one from writing here. */
  restraints = new Restraints();
  /** Who made the group, once that is known. @type {?string} */
  created_by = null;
  /** Where the line "new" stands: after this seq. */
  newAfterSeq = null;

  #me;
  /** Up to where somebody else has read, as far as we saw it happen. */
  #othersReadTo = 0;
  /** Events up to here are in `unread` already. */
  #countedSeq = 0;
  /** The seqs of unread messages that came as events, by message_id. @type {Map<string, number>} */
  #unreadSeqs = new Map();
  /** Joins and leaves since the oldest list of members that is under way was asked for. */
  #memberEvents = [];
  #memberLoads = 0;
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
  update({ name, is_group, peer, last_seq, last_read_seq, unread, ...restraints }) {
    Object.assign(this, { name, is_group, peer });
    if (last_seq >= this.#countedSeq) this.restraints.update(restraints, last_seq);
    this.last_seq = Math.max(last_seq, this.#countedSeq);
    this.#countedSeq = this.last_seq;
    this.unread = this.last_read_seq > last_read_seq && this.last_read_seq >= last_seq ? 0 : unread;
    this.unreadUnsure = false;
    this.last_read_seq = Math.max(this.last_read_seq, last_read_seq);
  }

  /** Forgets the timeline, to be read anew. */
  reset(lastSeq) {
    this.generation += 1;
    this.lines = [];
    this.messages.clear();
    this.#waiting = [];
    this.history = 'none';
    this.older = new HistoryEdge(true);
    this.newer = new HistoryEdge(false);
    this.aim = null;
    this.last_seq = lastSeq;
    this.last_read_seq = Math.min(this.last_read_seq, lastSeq);
    this.#countedSeq = lastSeq;
    this.#othersReadTo = Math.min(this.#othersReadTo, lastSeq);
    if (this.preview?.seq > lastSeq) this.preview = null;
    for (const entry of this.outgoing.values()) this.setOutgoing(entry, lastSeq);
  }

  /** Keeps the newest lines only; the others are history again. @returns {boolean} whether any went */
  trim(count) {
    if (this.older.state === 'loading' || this.lines.length <= count) return false;
    for (const line of this.lines.splice(0, this.lines.length - count)) this.messages.delete(line.message_id);
    this.older.loaded(true);
    return true;
  }

  /** Whether the newest messages are not here, or will not be. */
  get isAway() {
    return this.newer.hasMore || this.aim !== null;
  }

  historyLoading() {
    this.history = 'loading';
  }

  historyFailed() {
    this.history = 'failed';
    this.#waiting = [];
  }

  /**
   * @param {import('../parley/rest.js').Message[]} items which join on to what is here
   * @param {?boolean} hasOlder whether there are more before them; null if they are not the oldest here
   * @param {?boolean} [hasNewer] the same of what is after them
   */
  addHistory(items, hasOlder, hasNewer = null) {
    for (const item of items) this.#upsert(item);
    if (hasOlder !== null) this.older.loaded(hasOlder);
    if (hasNewer !== null) this.newer.loaded(hasNewer);
    this.history = 'ready';
    this.showWaiting();
  }

  /** What came while history was on its way, on top of it. */
  showWaiting() {
    if (this.#isWaiting()) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const event of waiting) this.#show(event.type, event.data);
  }

  /** Whether the page that is on its way may or may not have in it what comes now. */
  #isWaiting() {
    return this.history === 'loading' || this.newer.state === 'loading';
  }

  get oldestSeq() {
    return this.lines.find((line) => !line.note)?.seq ?? null;
  }

  get newestSeq() {
    return this.lines.findLast((line) => !line.note)?.seq ?? null;
  }

  /** A durable event, each once and in order. */
  apply(type, data) {
    if (data.seq > this.#countedSeq) this.#restrain(type, data);
    this.#count(type, data);
    this.last_seq = Math.max(this.last_seq, data.seq);
    if (type === 'room_renamed') this.name = data.name;
    if (type === 'new_message') this.#arrived(data);
    this.#updatePreview(type, data);
    // A room that was not opened keeps no messages; history will bring them.
    if (this.#isWaiting()) this.#waiting.push({ type, data });
    else if (this.history === 'ready') this.#show(type, data);
  }

  /** The newest message as history told it. */
  previewFrom(message) {
    if (!this.preview || this.preview.seq < message.seq) this.preview = { ...message };
  }

  /** One's read marker, moved here or on another device. @param {?number} unread null if not known */
  markRead(seq, unread) {
    if (seq < this.last_read_seq) return; // an answer to an earlier marker
    this.last_read_seq = seq;
    for (const [messageId, unreadSeq] of this.#unreadSeqs) {
      if (unreadSeq <= seq) this.#unreadSeqs.delete(messageId);
    }
    if (seq >= this.last_seq) this.unread = 0;
    else if (unread !== null) this.unread = unread;
  }

  othersRead(seq) {
    this.#othersReadTo = Math.max(this.#othersReadTo, seq);
  }

  /** Whether this line is a message of one's own that somebody else has read. */
  isSeen({ note, user_id: userId, seq }) {
    return !note && userId === this.#me && seq <= this.#othersReadTo;
  }

  /**
   * A message of one's own on its way; a stored one stays while its event is still to come.
   * @param {?number} position the last seq whose event came, null if none will come
   */
  setOutgoing(entry, position = null) {
    const told = entry.status === 'stored' && (position === null || entry.seq <= position);
    if (told || this.#hasOwn(entry.client_msg_id)) this.outgoing.delete(entry.client_msg_id);
    else this.outgoing.set(entry.client_msg_id, entry);
  }

  #hasOwn(clientMsgId) {
    return this.lines.some((line) => line.client_msg_id === clientMsgId && line.user_id === this.#me);
  }

  /** One's own message is here, and on its way no more. */
  #arrived({ user_id: userId, client_msg_id: clientMsgId, created_at: createdAt, seq }) {
    if (userId !== this.#me) return;
    this.restraints.sent(createdAt, seq);
    if (clientMsgId) this.outgoing.delete(clientMsgId);
  }

  /** What a replay brings again is in what the server said of the room. */
  #restrain(type, { seq, user_id: userId, until, slow_mode_seconds: seconds }) {
    if (type === 'member_muted' && userId === this.#me) this.restraints.muted_until = until;
    if (type === 'slow_mode_changed') this.restraints.setSlowMode(seconds, seq);
  }

  // --- members

  /** A list of members is being asked for; what happens meanwhile is put on top of it by `setMembers`. */
  membersLoading() {
    this.#memberLoads += 1;
    return this.#memberEvents.length;
  }

  /**
   * @param {?Map<string, object>} members null if they did not come
   * @param {number} since what `membersLoading` gave
   */
  setMembers(members, since) {
    this.#memberLoads -= 1;
    if (members) {
      this.members = members;
      for (const { userId, profile } of this.#memberEvents.slice(since)) this.#setMember(userId, profile);
    }
    if (this.#memberLoads === 0) this.#memberEvents = [];
  }

  memberJoined(userId, profile) {
    if (this.#memberLoads > 0) this.#memberEvents.push({ userId, profile });
    if (this.members) this.#setMember(userId, profile);
  }

  memberLeft(userId) {
    if (this.#memberLoads > 0) this.#memberEvents.push({ userId, profile: null });
    this.members?.delete(userId);
  }

  #setMember(userId, profile) {
    if (!profile) this.members.delete(userId);
    else if (!this.members.has(userId)) this.members.set(userId, profile);
  }

  // --- events

  #count(type, { seq, user_id: userId, message_id: messageId }) {
    const counts = seq > this.#countedSeq;
    if (type === 'new_message' && userId !== this.#me && seq > this.last_read_seq) {
      this.#unreadSeqs.set(messageId, seq);
      if (this.#unreadSeqs.size > MAX_UNREAD) this.#unreadSeqs.delete(this.#unreadSeqs.keys().next().value);
      if (counts) this.unread = Math.min(MAX_UNREAD, this.unread + 1);
    }
    if (type === 'message_deleted') this.#countDeletion(messageId, counts);
    if (counts) this.#countedSeq = seq;
  }

  #countDeletion(messageId, counts) {
    const message = this.messages.get(messageId);
    const wasUnread =
      this.#unreadSeqs.delete(messageId) ||
      (message && isThere(message) && message.user_id !== this.#me && message.seq > this.last_read_seq);
    if (!counts || this.unread === 0) return;
    if (wasUnread && this.unread < MAX_UNREAD) this.unread -= 1;
    else if (wasUnread || !message) this.unreadUnsure = true;
  }

  #updatePreview(type, data) {
    if (type === 'new_message') this.preview = { ...data };
    if (data.message_id !== this.preview?.message_id) return;
    if (type === 'message_edited') this.preview.content = data.content;
    if (type === 'message_deleted') Object.assign(this.preview, { content: null, file_url: null });
  }

  #show(type, data) {
    const message = this.messages.get(data.message_id);
    // It stands behind what is not here yet; history will bring it.
    if (this.newer.hasMore && (type === 'new_message' || isNote(type))) return;
    if (type === 'new_message') {
      this.#upsert(data);
    } else if (isNote(type)) {
      const note = { ...data, type, note: true, rev: 0, created_at: null };
      if (data.reason !== 'created') this.#insert(note);
    } else if (message) {
      if (type === 'reaction') message.reactions = withReaction(message.reactions, data);
      if (type === 'message_edited')
        Object.assign(message, { content: data.content, edited_at: data.edited_at });
      if (type === 'message_deleted') {
        Object.assign(message, { content: null, file_url: null, deleted_at: data.deleted_at, reactions: [] });
      }
      message.rev += 1;
    }
  }

  #upsert(message) {
    this.#arrived(message);
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
    // A note does not say when it was; it may come long after, in a replay.
    line.created_at ??= this.lines[index - 1]?.created_at ?? null;
    if (this.lines[index - 1]?.seq !== line.seq) this.lines.splice(index, 0, line);
  }
}

function isThere(message) {
  return !message.deleted_at && (message.content !== null || message.file_url !== null);
}
