/** @file What the page knows, kept up to date from the client's events; views listen to it and draw. */

import { RoomState } from './room-state.js';
import { savePending } from './session.js';

const HISTORY_PAGE = 50;
/** Rooms whose newest message is fetched for the list; the rest show it once something happens. */
const MAX_PREVIEWS = 60;
const PREVIEWS_AT_ONCE = 4;
const TYPING_ENDS_AFTER_MS = 8_000;
/** A timeline longer than this is dropped when its room is left, and read anew when it is opened again. */
const MAX_KEPT_LINES = 600;

const DURABLE = [
  'new_message',
  'message_edited',
  'message_deleted',
  'reaction',
  'member_joined',
  'member_left',
  'room_renamed',
];

/**
 * Events, without detail: `rooms` (the list), `timeline` (the open room), `people` (members, presence, typing
 * of the open room), `announce` with the message that came in the open room.
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

  /** @param {import('../parley-client.js').ParleyClient} client @param {object} me one's own profile */
  constructor(client, me) {
    super();
    this.client = client;
    this.rest = client.rest;
    this.me = me;
    this.learn(me);
    for (const type of DURABLE) client.on(type, (data) => this.#onEvent(type, data));
    client.on('ready', (data) => this.#onReady(data));
    client.on('room_added', (room) => this.#onRoomAdded(room));
    client.on('room_removed', ({ room_id }) => this.#onRoomRemoved(room_id));
    client.on('reset', ({ room_id, position }) => this.#onReset(room_id, position));
    client.on('typing', (data) => this.#onTyping(data));
    client.on('read', (data) => this.#onRead(data));
    client.on('unread', ({ room_id, seq, unread }) => this.#marked(room_id, seq, unread));
    client.on('presence', (data) => this.#onPresence(data));
    client.on('outbox', (entry) => this.#onOutbox(entry));
  }

  on(type, listener) {
    this.addEventListener(type, (event) => listener(event.detail));
  }

  #changed(type, detail = null) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
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
      this.#watch();
    }
    this.#changed('rooms');
    this.#changed('timeline');
    this.#changed('people');
    if (room) await Promise.all([this.#loadHistory(room), this.#loadMembers(room)]);
  }

  /** The page of history before the oldest message. */
  async loadOlder(room) {
    if (room.history !== 'ready' || !room.hasOlder) return;
    await this.#readHistory(room, { before_seq: room.oldestSeq });
  }

  /** Says that everything of the room was seen. */
  markRead(room) {
    if (room.unread === 0 && room.last_read_seq >= room.last_seq) return;
    const seq = room.last_seq;
    this.client.markRead(room.room_id, seq);
    this.#marked(room.room_id, seq, 0);
  }

  async react(room, message, emoji) {
    const mine = message.reactions
      .find((reaction) => reaction.emoji === emoji)
      ?.user_ids.includes(this.me.user_id);
    await this.client.react(room.room_id, message.message_id, emoji, mine ? 'remove' : 'add');
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
      if (room.peer) this.learn(room.peer);
      this.rooms.set(room.room_id, state);
    }
    for (const entry of this.client.outboxEntries()) this.rooms.get(entry.room_id)?.setOutgoing(entry);
    const wasOpen = this.openRoom;
    const first = !this.ready;
    this.ready = true;
    if (wasOpen && !this.rooms.has(wasOpen.room_id)) this.#onRoomRemoved(wasOpen.room_id);
    if (this.openRoom?.history === 'failed') this.#loadHistory(this.openRoom);
    if (this.openRoom) this.#loadMembers(this.openRoom);
    this.#watch();
    this.#changed('rooms');
    this.#changed('timeline');
    if (first) this.#changed('ready');
    this.#loadPreviews();
  }

  #onEvent(type, data) {
    const room = this.rooms.get(data.room_id);
    if (!room) return;
    if (type === 'new_message') {
      if (data.display_name && !this.users.has(data.user_id)) this.learn(pick(data));
      this.#endTyping(room, data.user_id);
    }
    if (type === 'member_left') room.members?.delete(data.user_id);
    if (type === 'member_joined' && room.members) this.#addMember(room, data.user_id);
    const known = room.messages.has(data.message_id);
    room.apply(type, data);
    this.#changed('rooms');
    if (room !== this.openRoom) return;
    this.#changed('timeline');
    if (type !== 'new_message' && type !== 'reaction') this.#changed('people');
    if (type === 'new_message' && !known && data.user_id !== this.me.user_id) this.#changed('announce', data);
  }

  #onRoomAdded(room) {
    if (room.peer) this.learn(room.peer);
    const known = this.rooms.get(room.room_id);
    if (known) known.update(room);
    else this.rooms.set(room.room_id, new RoomState(room, this.me.user_id));
    this.#watch();
    this.#changed('rooms');
    this.#loadPreviews();
  }

  #onRoomRemoved(roomId) {
    this.rooms.delete(roomId);
    this.#changed('rooms');
    if (this.openRoom?.room_id === roomId) this.#changed('gone');
  }

  #onReset(roomId, position) {
    const room = this.rooms.get(roomId);
    if (!room) return;
    room.reset(position);
    if (room === this.openRoom) this.#loadHistory(room);
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
      room.readBy.set(userId, Math.max(seq, room.readBy.get(userId) ?? 0));
      if (room === this.openRoom) this.#changed('timeline');
    } else if (seq >= room.last_seq) {
      this.#marked(roomId, seq, 0);
    } else if (seq > room.last_read_seq) {
      // Another device read a part; only the server can count the rest.
      this.rest.room(roomId).then(
        (now) => this.#marked(roomId, now.last_read_seq, now.unread),
        () => {},
      );
    }
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
    room?.setOutgoing(entry);
    if (room && room === this.openRoom) this.#changed('timeline');
  }

  // --- what is fetched

  async #loadHistory(room) {
    if (room.history === 'ready' || room.history === 'loading') return;
    room.historyLoading();
    this.#changed('timeline');
    await this.#readHistory(room, {});
  }

  async #readHistory(room, query) {
    try {
      const { items } = await this.rest.messages(room.room_id, { limit: HISTORY_PAGE, ...query });
      for (const item of items) {
        if (item.display_name && !this.users.has(item.user_id)) this.learn(pick(item));
      }
      room.addHistory(items, items.length === HISTORY_PAGE);
      if (items.length > 0) room.previewFrom(items[0]);
    } catch {
      if (room.history === 'loading') room.historyFailed();
    }
    this.#changed('timeline');
    this.#changed('rooms');
  }

  async #loadMembers(room) {
    try {
      const members = await this.rest.members(room.room_id);
      members.forEach((member) => this.learn(member));
      room.members = new Map(members.map((member) => [member.user_id, member]));
    } catch {
      return; // shown as unknown; the next `ready` asks again
    }
    this.#watch();
    this.#changed('people');
    this.#changed('timeline');
  }

  async #addMember(room, userId) {
    if (!this.users.has(userId)) {
      await this.rest.user(userId).then(
        (profile) => this.learn(profile),
        () => {},
      );
    }
    room.members.set(userId, this.user(userId));
    this.#watch();
    this.#changed('people');
    this.#changed('timeline');
  }

  async #loadPreviews() {
    const due = this.sortedRooms()
      .filter((room) => !room.preview && room.last_seq > 0)
      .slice(0, MAX_PREVIEWS);
    const work = async () => {
      for (let room; (room = due.shift());) {
        const page = await this.rest.messages(room.room_id, { limit: 1 }).catch(() => ({ items: [] }));
        if (page.items.length > 0) room.previewFrom(page.items[0]);
        this.#changed('rooms');
      }
    };
    await Promise.all(Array.from({ length: PREVIEWS_AT_ONCE }, work));
  }

  /** Presence of the open room's members and of the private rooms' peers. */
  #watch() {
    const peers = [...this.rooms.values()].map((room) => room.peer?.user_id).filter(Boolean);
    const members = this.openRoom?.members ? [...this.openRoom.members.keys()] : [];
    this.client.watchPresence([...members, ...peers].filter((userId) => userId !== this.me.user_id));
  }
}

function pick({ user_id, display_name }) {
  return { user_id, display_name };
}
