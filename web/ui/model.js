/** @file What the page knows, kept up to date from the client's events; views listen to it and draw. */

import { DURABLE_EVENTS } from '../parley-client.js';
import { CreatorLoader } from './creator-loader.js';
import { FriendBook } from './friend-book.js';
import { HistoryLoader } from './history-loader.js';
import { MemberLoader } from './member-loader.js';
import { MessageDeeds } from './message-deeds.js';
import { PresenceWishes } from './presence-wishes.js';
import { RoomState } from './room-state.js';
import { ServerClock } from './server-clock.js';
import { savePending } from './session.js';
import { TypingPeople } from './typing-people.js';
import { UnreadRecounter } from './unread-recounter.js';
import { UploadQueue } from './upload-queue.js';

/**
 * A timeline longer than this is dropped when its room is left, and read anew when it is opened again; the
 * open one loses its oldest lines, some at a time.
 */
const MAX_KEPT_LINES = 600;
const TRIM_OVER_LINES = 700;
/** More than that is not kept of the open one either, wherever the user is in it. */
const MAX_OPEN_LINES = 5_000;
const OPEN_LINES_LEFT = 4_500;

/**
 * Events, without detail: `rooms` (the list), `timeline` (the open room), `people` (members, presence, typing
 * of the open room), `friends` (how one stands to others), `me` (one's own profile), `ready` (the list of
 * rooms has come for the first time), `gone` (the open room is one's own no more) with the room and `reason`:
 * `left`, `removed`, or null where it went while the page was not connected; `announce` with the message that
 * came in the open room.
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
  clock = new ServerClock();
  /** What one may do with a message. */
  deeds = new MessageDeeds(this);

  #closed = false;
  #stops = [];
  #members;
  #creators;
  #watched;
  #typing;
  #history;
  #recounter;

  /** @param {import('../parley-client.js').ParleyClient} client @param {object} me one's own profile */
  constructor(client, me) {
    super();
    this.client = client;
    this.rest = client.rest;
    this.me = me;
    this.learn(me);
    this.#history = new HistoryLoader(client.rest, {
      isOpen: (room) => !this.#closed && room === this.openRoom,
      learnAuthors: (messages) => this.#learnAuthors(messages),
      changed: (type) => this.#changed(type),
    });
    this.uploads = new UploadQueue({
      upload: (file, options) => client.uploadFile(file, options),
      send: (roomId, message) => client.send(roomId, message),
    });
    this.#recounter = new UnreadRecounter(client.rest, () => this.#changed('rooms'));
    this.#watched = new PresenceWishes(this);
    this.#typing = new TypingPeople((room) => {
      if (room === this.openRoom) this.#changed('people');
      this.#changed('rooms');
    });
    this.#creators = new CreatorLoader(client.rest, () => this.#changed('people'));
    this.#members = new MemberLoader(client.rest, {
      learn: (profile) => this.learn(profile),
      changed: () => {
        this.#watched.tellSoon();
        this.#changed('people');
        this.#changed('timeline');
      },
    });
    this.friends = new FriendBook(client, {
      me: () => this.me.user_id,
      knows: (userId) => this.users.has(userId),
      learn: (profile) => this.learn(profile),
    });
    this.friends.addEventListener('change', () => {
      this.#watched.tellSoon();
      this.#changed('friends');
    });
    const listen = (type, listener) => this.#stops.push(client.on(type, listener));
    for (const type of DURABLE_EVENTS) listen(type, (data) => this.#onEvent(type, data));
    listen('ready', (data) => this.#onReady(data));
    listen('room_added', (room) => this.#onRoomAdded(room));
    listen('room_removed', ({ room_id, reason }) => this.#onRoomRemoved(room_id, reason));
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
    this.friends.close();
    this.#history.close();
    this.#members.close();
    this.uploads.close();
    this.#watched.close();
    this.#typing.close();
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
    const isLeft = former && former !== this.openRoom;
    if (isLeft && (former.isAway || former.lines.length > MAX_KEPT_LINES)) former.reset(former.last_seq);
    const room = this.openRoom;
    if (room) {
      room.newAfterSeq = room.unread > 0 ? room.last_read_seq : null;
      this.#watched.tellSoon();
    }
    this.#changed('rooms');
    this.#changed('timeline');
    this.#changed('people');
    if (!room) return;
    await Promise.all([this.loadHistory(room), this.#members.load(room), this.loadCreator(room)]);
  }

  /** Settles when it is known who made a group, which decides about who may moderate it, or cannot be known now. */
  loadCreator(room) {
    return this.#creators.load(room);
  }

  /** The first page of history, unless it is there or under way. */
  loadHistory(room) {
    return this.#history.load(room);
  }

  /** The page of history before the oldest message. @param {{asked?: boolean}} [options] */
  loadOlder(room, options) {
    return this.#history.loadOlder(room, options);
  }

  /** The page of history after the newest message that is here, if that is not the room's newest. */
  loadNewer(room, options) {
    return this.#history.loadNewer(room, options);
  }

  /**
   * Has the timeline of a message's room show it, now or when the room is opened.
   * @param {{room_id: string, message_id: string, seq: number}} message
   * @returns {boolean} whether one is in that room
   */
  aimAt({ room_id: roomId, message_id, seq }) {
    const room = this.rooms.get(roomId);
    if (!room) return false;
    for (const other of this.rooms.values()) if (other !== this.openRoom) other.aim = null;
    if (room.history !== 'ready' || !room.messages.has(message_id)) room.reset(room.last_seq);
    room.aim = { message_id, seq };
    if (room === this.openRoom) {
      this.#changed('timeline');
      this.loadHistory(room);
    }
    return true;
  }

  /** From wherever the timeline is back to the newest messages. */
  showNewest(room) {
    if (!room.isAway) return;
    room.reset(room.last_seq);
    this.#changed('timeline');
    this.loadHistory(room);
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

  discard(room, entry) {
    if (!this.client.discardSend(entry)) return;
    room.outgoing.delete(entry.client_msg_id);
    savePending(this.me.user_id, this.client.pendingSends());
    this.#changed('timeline');
  }

  /** Leaving ends with `room_removed` as well; whichever comes first. */
  async leave(room) {
    await this.rest.leave(room.room_id);
    this.#onRoomRemoved(room.room_id, 'left');
  }

  /** Takes up a room that REST just gave, without waiting for its `room_added`. */
  adopt(room) {
    this.#onRoomAdded(room);
  }

  /** Asks the server who one is: no frame tells of a new role. */
  async refreshMe() {
    const profile = await this.rest.me().catch(() => null);
    if (profile) this.setMe(profile);
  }

  /** What the page offered and the server refused: the role may be another one now. @param {Error} error */
  async noteRefusal(error) {
    if (error?.code === 'forbidden' || error?.code === 'not_found') await this.refreshMe();
  }

  /** Takes up one's own profile as it is now. */
  setMe(profile) {
    this.me = { ...this.me, ...profile };
    this.learn(this.me);
    for (const type of ['me', 'rooms', 'timeline', 'people']) this.#changed(type);
  }

  // --- what the client tells

  #onReady({ user, rooms, server_time: serverTime }) {
    this.clock.set(serverTime);
    this.me = { ...this.me, ...user };
    this.learn(user);
    this.#changed('me');
    const former = this.rooms;
    this.rooms = new Map();
    for (const room of rooms) {
      const state = former.get(room.room_id) ?? new RoomState(room, user.user_id);
      state.update(room);
      state.older.forgive();
      state.newer.forgive();
      if (room.peer) this.learn(room.peer);
      this.rooms.set(room.room_id, state);
    }
    for (const entry of this.client.outboxEntries()) this.rooms.get(entry.room_id)?.setOutgoing(entry);
    const wasOpen = this.openRoom;
    const first = !this.ready;
    this.ready = true;
    if (wasOpen && !this.rooms.has(wasOpen.room_id)) this.#onRoomRemoved(wasOpen.room_id);
    if (this.openRoom?.history === 'failed') this.loadHistory(this.openRoom);
    if (this.openRoom) this.#members.load(this.openRoom);
    this.#watched.tellSoon();
    this.#changed('rooms');
    this.#changed('timeline');
    if (first) this.#changed('ready');
    this.#history.loadPreviews(this.sortedRooms());
  }

  #onEvent(type, data) {
    const room = this.rooms.get(data.room_id);
    if (!room) return;
    if (type === 'new_message') {
      this.#learnAuthors([data]);
      this.#typing.end(room, data.user_id);
    }
    if (type === 'member_left') room.memberLeft(data.user_id);
    if (type === 'member_joined') this.#addMember(room, data.user_id);
    const known = room.messages.has(data.message_id);
    room.apply(type, data);
    if (room.unreadUnsure) this.#recounter.recount(room);
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
    this.#watched.tellSoon();
    this.#changed('rooms');
    this.#history.loadPreviews(this.sortedRooms());
  }

  #onRoomRemoved(roomId, reason = null) {
    this.rooms.delete(roomId);
    this.drafts.delete(roomId);
    this.uploads.forgetRoom(roomId);
    this.#changed('rooms');
    if (this.openRoom?.room_id === roomId) this.#changed('gone', { room: this.openRoom, reason });
  }

  #onReset(roomId, position) {
    const room = this.rooms.get(roomId);
    if (!room) return;
    room.reset(position);
    if (room === this.openRoom) this.loadHistory(room);
  }

  #onTyping({ room_id: roomId, user_id: userId, is_typing: isTyping }) {
    const room = this.rooms.get(roomId);
    if (room && userId !== this.me.user_id) this.#typing.tell(room, userId, isTyping);
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
      this.#recounter.recount(room); // another device read a part
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
    // What one says is said at the end.
    if (
      room &&
      room === this.openRoom &&
      entry.status === 'queued' &&
      !room.outgoing.has(entry.client_msg_id)
    )
      this.showNewest(room);
    if (entry.status === 'failed' && entry.error.code === 'rate_limited')
      room?.restraints.refused(this.clock.now() + (entry.error.retryAfterMs ?? 0));
    room?.setOutgoing(entry, this.client.position(entry.room_id));
    if (room && room === this.openRoom) this.#changed('timeline');
  }

  // --- members

  /** The members of the open room are read anew if one is a stranger. */
  #addMember(room, userId) {
    room.memberJoined(userId, this.user(userId));
    if (room !== this.openRoom) return; // read when it is opened
    this.#watched.tellSoon();
    if (!this.users.has(userId)) this.#members.loadSoon(room);
  }
}
