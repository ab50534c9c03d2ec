/** @file What the page knows, kept up to date from the client's events; views listen to it and draw. */

import { DURABLE_EVENTS } from '../parley-client.js';
import { RoomState } from './room-state.js';
import { savePending } from './session.js';

const HISTORY_PAGE = 50;
/** Rooms whose newest message is fetched for the list; the rest show it once something happens. */
const MAX_PREVIEWS = 60;
const PREVIEWS_AT_ONCE = 4;
const TYPING_ENDS_AFTER_MS = 8_000;
/**
 * A timeline longer than this is dropped when its room is left, and read anew when it is opened again; the
 * open one loses its oldest lines, some at a time.
 */
const MAX_KEPT_LINES = 600;
const TRIM_OVER_LINES = 700;
/** More than that is not kept of the open one either, wherever the user is in it. */
const MAX_OPEN_LINES = 5_000;
const OPEN_LINES_LEFT = 4_500;
const HISTORY_RETRY_MS = 2_000;
const HISTORY_RETRY_MAX_MS = 30_000;
/** What often comes many at once is answered once; the server takes 5 `watch_presence` frames a second. */
const SETTLE_MS = 250;
const MAX_RECOUNTS = 3;

/**
 * Events, without detail: `rooms` (the list), `timeline` (the open room), `people` (members, presence, typing
 * of the open room), `ready` (the list of rooms has come for the first time), `gone` (the open room is one's
 * own no more), `announce` with the message that came in the open room.
 */
export class ChatModel extends EventTarget {
  /** @type {Map<string, RoomState>} */
  rooms = new Map();
  /** Profiles as far as they were seen. @type {Map<string, object>} */
  users = new Map();
  /** @type {Map<string, {is_online: boolean, last_seen: ?string}>} */
  presence = new Map();
  /** @type {?RoomState} */
  openRoom = null;
  /** Whether the list of rooms has come. */
  ready = false;
  /** Texts begun and not sent, by room_id. @type {Map<string, object>} */
  drafts = new Map();

  #closed = false;
  #stops = [];
  #timers = { watch: null, history: null };
  #historyFailures = 0;
  /** Rooms whose members are to be read anew, to the timer. @type {Map<RoomState, number>} */
  #memberTimers = new Map();
  /** @type {Set<string>} */
  #recounting = new Set();

  /** @param {import('../parley-client.js').ParleyClient} client @param {object} me one's own profile */
  constructor(client, me) {
    super();
    this.client = client;
    this.rest = client.rest;
    this.me = me;
    this.learn(me);
    const listen = (type, listener) => this.#stops.push(client.on(type, listener));
    for (const type of DURABLE_EVENTS) listen(type, (data) => this.#onEvent(type, data));
    listen('ready', (data) => this.#onReady(data));
    listen('room_added', (room) => this.#onRoomAdded(room));
    listen('room_removed', ({ room_id }) => this.#onRoomRemoved(room_id));
    listen('reset', ({ room_id, position }) => this.#onReset(room_id, position));
    listen('typing', (data) => this.#onTyping(data));
    listen('read', (data) => this.#onRead(data));
    listen('unread', ({ room_id, seq, unread }) => this.#marked(room_id, seq, unread));
    listen('presence', (data) => this.#onPresence(data));
    listen('outbox', (entry) => this.#onOutbox(entry));
  }

  /** Listens no more, and says nothing any more, whatever still arrives. */
  close() {
    this.#closed = true;
    for (const stop of this.#stops) stop();
    const typing = [...this.rooms.values()].flatMap((room) => [...room.typing.values()]);
    for (const timer of [...Object.values(this.#timers), ...this.#memberTimers.values(), ...typing])
      clearTimeout(timer);
  }

  on(type, listener) {
    this.addEventListener(type, (event) => listener(event.detail));
  }

  #changed(type, detail = null) {
    if (!this.#closed) this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  // --- what views ask

  /** The rooms, the latest first. @returns {RoomState[]} */
  sortedRooms() {
    const at = (room) => room.preview?.created_at ?? '';
    return [...this.rooms.values()].sort(
      (a, b) => at(b).localeCompare(at(a)) || b.room_id.localeCompare(a.room_id),
    );
  }

  user(userId) {
    return this.users.get(userId) ?? { user_id: userId, username: '', display_name: '' };
  }

  totalUnread() {
    return [...this.rooms.values()].reduce((sum, room) => sum + room.unread, 0);
  }

  learn(profile) {
    this.users.set(profile.user_id, { ...this.users.get(profile.user_id), ...profile });
  }

  /** A message tells its author's name, though nothing else of the profile. */
  #learnAuthors(messages) {
    for (const { user_id, display_name } of messages) {
      if (display_name && !this.users.has(user_id)) this.learn({ user_id, display_name });
    }
  }

  // --- what the user does

  /** Opens a room, or none. */
  async open(roomId) {
    const former = this.openRoom;
    this.openRoom = this.rooms.get(roomId) ?? null;
    if (former && former !== this.openRoom && former.lines.length > MAX_KEPT_LINES)
      former.reset(former.last_seq);
    const room = this.openRoom;
    if (room) {
      room.newAfterSeq = room.unread > 0 ? room.last_read_seq : null;
      this.#watchSoon();
    }
    this.#changed('rooms');
    this.#changed('timeline');
    this.#changed('people');
    if (room) await Promise.all([this.loadHistory(room), this.#loadMembers(room)]);
  }

  /** The newest page of history, unless it is there or under way. */
  async loadHistory(room) {
    if (room.history === 'ready' || room.history === 'loading') return;
    clearTimeout(this.#timers.history);
    room.historyLoading();
    this.#changed('timeline');
    const { generation } = room;
    try {
      await this.#readHistory(room, {});
      this.#historyFailures = 0;
    } catch (error) {
      if (this.#closed || room.generation !== generation) return;
      room.historyFailed();
      this.#changed('timeline');
      this.#retryHistory(room, error);
    }
  }

  /**
   * The page of history before the oldest message.
   * @param {{asked?: boolean}} [options] `asked`: because the user did something; without that a failure is
   *   not followed by another try before the next `ready`
   */
  async loadOlder(room, { asked = false } = {}) {
    if (!room.mayLoadOlder(Date.now(), asked)) return;
    room.olderLoading();
    this.#changed('timeline');
    const { generation } = room;
    try {
      await this.#readHistory(room, { before_seq: room.oldestSeq });
    } catch (error) {
      if (room.generation !== generation) return;
      room.olderFailed(Date.now(), error.retryAfterMs);
      this.#changed('timeline');
    }
  }

  /** Keeps the open timeline short while its oldest lines are out of sight. */
  trim(room) {
    if (room.lines.length > TRIM_OVER_LINES && room.trim(MAX_KEPT_LINES)) this.#changed('timeline');
  }

  /** Says that everything that came of the room was seen. */
  markRead(room) {
    const seq = Math.min(room.last_seq, this.client.position(room.room_id) ?? 0);
    if (seq <= room.last_read_seq && (room.unread === 0 || seq < room.last_seq)) return;
    this.client.markRead(room.room_id, seq);
    this.#marked(room.room_id, seq, null);
  }

  /** Adds one's own reaction, or takes it back. */
  async react(room, message, emoji) {
    const { room_id: roomId } = room;
    const { user_ids: userIds, count } = message.reactions.find((each) => each.emoji === emoji) ?? {
      user_ids: [],
      count: 0,
    };
    if (userIds.includes(this.me.user_id)) {
      await this.client.react(roomId, message.message_id, emoji, 'remove');
      return;
    }
    const position = this.client.position(roomId);
    const { seq } = await this.client.react(roomId, message.message_id, emoji, 'add');
    // Of many only the first are named; the answer tells whether one's own was there already.
    if (count > userIds.length && seq <= position)
      await this.client.react(roomId, message.message_id, emoji, 'remove');
  }

  discard(room, entry) {
    if (!this.client.discardSend(entry)) return;
    room.outgoing.delete(entry.client_msg_id);
    savePending(this.me.user_id, this.client.pendingSends());
    this.#changed('timeline');
  }

  /** Leaving ends with `room_removed` as well; whichever comes first. */
  async leave(room) {
    await this.rest.leave(room.room_id);
    this.#onRoomRemoved(room.room_id);
  }

  /** Takes up a room that REST just gave, without waiting for its `room_added`. */
  adopt(room) {
    this.#onRoomAdded(room);
  }

  // --- what the client tells

  #onReady({ user, rooms }) {
    this.me = user;
    this.learn(user);
    const former = this.rooms;
    this.rooms = new Map();
    for (const room of rooms) {
      const state = former.get(room.room_id) ?? new RoomState(room, user.user_id);
      state.update(room);
      if (state.older === 'failed') state.older = 'idle';
      if (room.peer) this.learn(room.peer);
      this.rooms.set(room.room_id, state);
    }
    for (const entry of this.client.outboxEntries()) this.rooms.get(entry.room_id)?.setOutgoing(entry);
    const wasOpen = this.openRoom;
    const first = !this.ready;
    this.ready = true;
    if (wasOpen && !this.rooms.has(wasOpen.room_id)) this.#onRoomRemoved(wasOpen.room_id);
    if (this.openRoom?.history === 'failed') this.loadHistory(this.openRoom);
    if (this.openRoom) this.#loadMembers(this.openRoom);
    this.#watchSoon();
    this.#changed('rooms');
    this.#changed('timeline');
    if (first) this.#changed('ready');
    this.#loadPreviews();
  }

  #onEvent(type, data) {
    const room = this.rooms.get(data.room_id);
    if (!room) return;
    if (type === 'new_message') {
      this.#learnAuthors([data]);
      this.#endTyping(room, data.user_id);
    }
    if (type === 'member_left') room.memberLeft(data.user_id);
    if (type === 'member_joined') this.#addMember(room, data.user_id);
    const known = room.messages.has(data.message_id);
    room.apply(type, data);
    if (room.unreadUnsure) this.#recount(room);
    this.#changed('rooms');
    if (room !== this.openRoom) {
      if (room.lines.length > MAX_KEPT_LINES) room.reset(room.last_seq);
      return;
    }
    if (room.lines.length > MAX_OPEN_LINES) room.trim(OPEN_LINES_LEFT);
    this.#changed('timeline');
    if (type !== 'new_message' && type !== 'reaction') this.#changed('people');
    if (type === 'new_message' && !known && data.user_id !== this.me.user_id) this.#changed('announce', data);
  }

  #onRoomAdded(room) {
    if (room.peer) this.learn(room.peer);
    const known = this.rooms.get(room.room_id);
    if (known) known.update(room);
    else this.rooms.set(room.room_id, new RoomState(room, this.me.user_id));
    this.#watchSoon();
    this.#changed('rooms');
    this.#loadPreviews();
  }

  #onRoomRemoved(roomId) {
    this.rooms.delete(roomId);
    this.drafts.delete(roomId);
    this.#changed('rooms');
    if (this.openRoom?.room_id === roomId) this.#changed('gone');
  }

  #onReset(roomId, position) {
    const room = this.rooms.get(roomId);
    if (!room) return;
    room.reset(position);
    if (room === this.openRoom) this.loadHistory(room);
  }

  #onTyping({ room_id: roomId, user_id: userId, is_typing: isTyping }) {
    const room = this.rooms.get(roomId);
    if (!room || userId === this.me.user_id) return;
    this.#endTyping(room, userId);
    if (isTyping)
      room.typing.set(
        userId,
        setTimeout(() => this.#endTyping(room, userId), TYPING_ENDS_AFTER_MS),
      );
    this.#changed(room === this.openRoom ? 'people' : 'rooms');
  }

  #endTyping(room, userId) {
    if (!room.typing.has(userId)) return;
    clearTimeout(room.typing.get(userId));
    room.typing.delete(userId);
    this.#changed('people');
    this.#changed('rooms');
  }

  #onRead({ room_id: roomId, user_id: userId, seq }) {
    const room = this.rooms.get(roomId);
    if (!room) return;
    if (userId !== this.me.user_id) {
      room.othersRead(seq);
      if (room === this.openRoom) this.#changed('timeline');
    } else if (seq >= room.last_seq) {
      this.#marked(roomId, seq, 0);
    } else if (seq > room.last_read_seq) {
      this.#recount(room); // another device read a part
    }
  }

  /** Only the server can count what is unread beyond what came as events. */
  async #recount(room) {
    const { room_id: roomId } = room;
    if (this.#recounting.has(roomId)) return;
    this.#recounting.add(roomId);
    for (let tries = 0; tries < MAX_RECOUNTS; tries += 1) {
      const now = await this.rest.room(roomId).catch(() => null);
      if (!now) break;
      if (now.last_seq < room.last_seq) continue; // something came meanwhile that is not in this count
      room.update(now);
      break;
    }
    room.unreadUnsure = false; // the next marker or `ready` brings the count as well
    this.#recounting.delete(roomId);
    this.#changed('rooms');
  }

  #marked(roomId, seq, unread) {
    this.rooms.get(roomId)?.markRead(seq, unread);
    this.#changed('rooms');
  }

  #onPresence({ user_id: userId, is_online, last_seen }) {
    this.presence.set(userId, { is_online, last_seen });
    this.#changed('people');
    this.#changed('rooms');
  }

  #onOutbox(entry) {
    savePending(this.me.user_id, this.client.pendingSends());
    const room = this.rooms.get(entry.room_id);
    room?.setOutgoing(entry, this.client.position(entry.room_id));
    if (room && room === this.openRoom) this.#changed('timeline');
  }

  // --- what is fetched

  /** Puts a page of history into the room, if the room is still the one for which it was asked. */
  async #readHistory(room, query) {
    const { generation } = room;
    const { items } = await this.rest.messages(room.room_id, { limit: HISTORY_PAGE, ...query });
    if (room.generation !== generation) return;
    this.#learnAuthors(items);
    room.addHistory(items, items.length === HISTORY_PAGE);
    if (items.length > 0) room.previewFrom(items[0]);
    this.#changed('timeline');
    this.#changed('rooms');
  }

  /** The open room's first page is tried again by itself, where that can help. */
  #retryHistory(room, error) {
    if (room !== this.openRoom || !(error.retryable || error.code === 'internal')) return;
    const doublings = Math.min(this.#historyFailures, 10);
    const backoffMs = Math.min(HISTORY_RETRY_MAX_MS, HISTORY_RETRY_MS * 2 ** doublings);
    this.#historyFailures += 1;
    this.#timers.history = setTimeout(
      () => room === this.openRoom && this.loadHistory(room),
      error.retryAfterMs ?? backoffMs * (0.5 + Math.random() / 2),
    );
  }

  async #loadMembers(room) {
    const since = room.membersLoading();
    const members = await this.rest.members(room.room_id).catch(() => null);
    members?.forEach((member) => this.learn(member));
    room.setMembers(members && new Map(members.map((member) => [member.user_id, member])), since);
    if (this.#closed || !members) return; // shown as unknown; the next `ready` asks again
    this.#watchSoon();
    this.#changed('people');
    this.#changed('timeline');
  }

  /** The members of the open room are read anew, once for all who came lately, if one is a stranger. */
  #addMember(room, userId) {
    room.memberJoined(userId, this.user(userId));
    if (room !== this.openRoom) return; // read when it is opened
    this.#watchSoon();
    if (this.users.has(userId) || this.#memberTimers.has(room)) return;
    const read = () => {
      this.#memberTimers.delete(room);
      this.#loadMembers(room);
    };
    this.#memberTimers.set(room, setTimeout(read, SETTLE_MS));
  }

  async #loadPreviews() {
    const due = this.sortedRooms()
      .filter((room) => !room.preview && room.last_seq > 0)
      .sort((a, b) => (b.unread > 0) - (a.unread > 0)) // where something is new, something happened lately
      .slice(0, MAX_PREVIEWS);
    const work = async () => {
      for (let room; !this.#closed && (room = due.shift());) {
        const page = await this.rest.messages(room.room_id, { limit: 1 }).catch(() => ({ items: [] }));
        this.#learnAuthors(page.items);
        if (page.items.length > 0) room.previewFrom(page.items[0]);
        this.#changed('rooms');
      }
    };
    await Promise.all(Array.from({ length: PREVIEWS_AT_ONCE }, work));
  }

  #watchSoon() {
    clearTimeout(this.#timers.watch);
    this.#timers.watch = setTimeout(() => this.#watch(), SETTLE_MS);
  }

  /** Presence of the private rooms' peers and of the open room's members, as far as one may watch so many. */
  #watch() {
    const peers = [...this.rooms.values()].map((room) => room.peer?.user_id).filter(Boolean);
    const members = this.openRoom?.members ? [...this.openRoom.members.keys()] : [];
    this.client.watchPresence([...peers, ...members].filter((userId) => userId !== this.me.user_id));
  }
}

