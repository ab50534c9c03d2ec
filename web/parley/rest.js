/** @file Parley's REST calls, one method a call; answers and bodies keep the names of the wire. */

import { RestCaller } from './rest-caller.js';

/**
 * @typedef {{user_id: string, username: string, display_name: ?string, img_url: ?string, role?: string}}
 *   Profile
 * @typedef {{room_id: string, name: ?string, is_group: boolean, peer: ?Profile, last_seq: number,
 *   last_read_seq: number, unread: number, slow_mode_seconds: number, muted_until: ?string}} Room
 *   `muted_until` is the end of one's own mute
 * @typedef {{emoji: string, count: number, user_ids: string[]}} ReactionCount
 * @typedef {{room_id: string, seq: number, message_id: string, user_id: string, display_name: ?string,
 *   content: ?string, file_url: ?string, reply_to: ?string, client_msg_id: ?string, created_at: string,
 *   edited_at?: ?string, deleted_at?: ?string, reactions?: ReactionCount[]}} Message
 * @typedef {Message & {snippet: {text: string, is_hit: boolean}[]}} SearchHit `snippet` is the passage of the
 *   first hit, in pieces which are text
 * @typedef {Profile & {email: ?string, phone: ?string, created_at: string}} OwnProfile
 * @typedef {OwnProfile & {flagDelete: 'active' | 'not_active' | 'delete'}} Account `not_active` is suspended
 *   for a time, `delete` is locked; moderators get no email and no phone
 * @typedef {{user_id: string, profile: Profile, status: 'pending' | 'accepted' | 'blocked', by: string,
 *   created_at: string}} Friendship `by` says who asked, accepted or blocked
 * @typedef {{token_id: string, created_at: string, last_used_at: ?string, expires_at: string,
 *   user_agent: ?string, is_current: boolean}} LogIn
 * @typedef {{audit_id: string, at: string, actor: ?Profile, action: string, user: ?Profile, room_id: ?string,
 *   message_id: ?string, detail: ?string}} AuditEntry
 * @typedef {{user: Profile, by: string, reason: ?string, created_at: string, removing_messages: boolean}} Ban
 * @typedef {{user: Profile, by: string, reason: ?string, created_at: string, until: string}} Mute
 * @typedef {'spam' | 'abuse' | 'illegal' | 'other'} ReportReason
 * @typedef {{report_id: string, message_id: string, reason: ReportReason, created_at: string}} FiledReport
 * @typedef {FiledReport & {comment: ?string, reporter: Profile, room_id: string, room_name: ?string,
 *   seq: number, sender: Profile, content: ?string, file_url: ?string, is_deleted: boolean,
 *   status: 'open' | 'dismissed' | 'acted', decided_by: ?Profile, decided_at: ?string, note: ?string}} Report
 *   `content` and `file_url` as they stood when it was reported, null once it is decided
 * @typedef {{file_url: string, name: string, size: number, content_type: string, created_at: string}}
 *   StoredFile
 * @typedef {{items: StoredFile[], next_cursor: ?string, used_bytes: number, quota_bytes: number}} FilePage
 *   `used_bytes` counts all of one's files and the uploads under way; a `quota_bytes` of 0 is no limit
 * @typedef {{cursor?: string, limit?: number}} Page
 */

export class ParleyRest extends RestCaller {
  // --- accounts

  /** @returns {Promise<Profile>} */
  register(account) {
    return this.call('POST', 'auth/register', { body: account });
  }

  /**
   * Logs in and keeps the token for the calls that follow.
   * @returns {Promise<{token, expires_at, user: Profile}>}
   */
  async login(username, password) {
    const answer = await this.call('POST', 'auth/login', { body: { username, password } });
    this.token = answer.token;
    return answer;
  }

  /** The request goes out even if the page closes meanwhile. */
  async logout() {
    await this.call('POST', 'auth/logout', { keepalive: true });
    this.token = null;
  }

  async logoutAll() {
    await this.call('POST', 'auth/logout-all');
    this.token = null;
  }

  /** @returns {Promise<OwnProfile>} */
  me() {
    return this.call('GET', 'me');
  }

  /**
   * @param {{display_name?: ?string, img_url?: ?string, email?: ?string, phone?: ?string}} changes null clears
   * @returns {Promise<OwnProfile>}
   */
  updateMe(changes) {
    return this.call('PATCH', 'me', { body: changes });
  }

  /** The user's other log-ins end; this one stays. */
  changePassword(currentPassword, newPassword) {
    const body = { current_password: currentPassword, new_password: newPassword };
    return this.call('POST', 'me/password', { body });
  }

  /** Where the user is logged in, the newest first. @returns {Promise<LogIn[]>} */
  logIns() {
    return this.all('me/tokens');
  }

  /** Ends one log-in; its sockets close. */
  endLogIn(tokenId) {
    return this.call('DELETE', `me/tokens/${part(tokenId)}`);
  }

  // --- people

  /** @param {string} q @param {Page} [page] @returns {Promise<{items: Profile[], next_cursor: ?string}>} */
  searchUsers(q, page = {}) {
    return this.call('GET', 'users', { query: { q, ...page } });
  }

  user(userId) {
    return this.call('GET', `users/${part(userId)}`);
  }

  presence(userIds) {
    return this.call('GET', 'presence', { query: { user_ids: userIds.join(',') } });
  }

  // --- friends

  /** All friends, requests and blocked people, page by page. @returns {Promise<Friendship[]>} */
  friends(status = null) {
    return this.all('friends', { status });
  }

  /** Asks, or accepts if the other one has asked. @returns {Promise<Friendship>} */
  askFriend(userId) {
    return this.call('POST', 'friends', { body: { user_id: userId } });
  }

  /**
   * @param {'accept' | 'decline' | 'block' | 'unblock'} action
   * @returns {Promise<?Friendship>} null where nothing is left
   */
  answerFriend(userId, action) {
    return this.call('POST', `friends/${part(userId)}/${action}`);
  }

  /** Ends a friendship, or takes back a request. */
  endFriend(userId) {
    return this.call('DELETE', `friends/${part(userId)}`);
  }

  // --- rooms

  /** All rooms, page by page. @returns {Promise<Room[]>} */
  rooms() {
    return this.all('rooms');
  }

  room(roomId) {
    return this.call('GET', `rooms/${part(roomId)}`);
  }

  createGroup(name, members = []) {
    return this.call('POST', 'rooms', { body: { name, is_group: true, members } });
  }

  /** The pair's one private room, made if missing. @returns {Promise<Room>} */
  openPrivate(userId) {
    return this.call('POST', 'rooms', { body: { is_group: false, user_id: userId } });
  }

  renameRoom(roomId, name) {
    return this.call('PATCH', `rooms/${part(roomId)}`, { body: { name } });
  }

  /** All members, page by page. @returns {Promise<(Profile & {joined_at: string})[]>} */
  members(roomId) {
    return this.all(`rooms/${part(roomId)}/members`);
  }

  invite(roomId, userIds) {
    return this.call('POST', `rooms/${part(roomId)}/members`, { body: { user_ids: userIds } });
  }

  removeMember(roomId, userId) {
    return this.call('DELETE', `rooms/${part(roomId)}/members/${part(userId)}`);
  }

  leave(roomId) {
    return this.removeMember(roomId, 'me');
  }

  // --- messages

  /**
   * A page of history: newest first, or oldest first with `after_seq`.
   * @param {string} roomId
   * @param {{before_seq?: number, after_seq?: number, limit?: number}} [query]
   * @returns {Promise<{items: Message[], next_cursor: ?string}>}
   */
  messages(roomId, query = {}) {
    return this.call('GET', `rooms/${part(roomId)}/messages`, { query });
  }

  /** The room's durable events as frames, oldest first. */
  events(roomId, query = {}) {
    return this.call('GET', `rooms/${part(roomId)}/events`, { query });
  }

  /** Sends without a socket. Give the same `client_msg_id` again to make a retry safe. */
  postMessage(roomId, { client_msg_id: key, ...body }) {
    const headers = key ? { 'Idempotency-Key': key } : {};
    return this.call('POST', `rooms/${part(roomId)}/messages`, { body, headers });
  }

  /**
   * Finds messages in one's rooms that have all words of `q`, the newest first. New ones are found after
   * about a second; a page may be short although more follow.
   * @param {string} q 1 to 128 characters; the last word may be the beginning of one, unless a blank follows
   * @param {object} [options]
   * @param {?string} [options.roomId] only in this room
   * @param {?string} [options.cursor] the `next_cursor` of the page before
   * @param {?number} [options.limit] at most 200
   * @param {?AbortSignal} [options.signal] gives it up, which rejects with `discarded`
   * @returns {Promise<{items: SearchHit[], next_cursor: ?string}>}
   */
  searchMessages(q, { roomId = null, cursor = null, limit = null, signal = null } = {}) {
    return this.call('GET', 'search', { query: { q, room_id: roomId, cursor, limit }, signal });
  }

  // --- files

  /**
   * @param {Blob} file
   * @param {object} [options]
   * @param {string} [options.name] the file's own one if left out
   * @param {(progress: {loaded: number, total: number}) => void} [options.onProgress] in browsers only
   * @param {AbortSignal} [options.signal] gives it up, which rejects with `discarded`
   * @returns {Promise<{file_url, size, content_type}>} what the file is, is told by its content
   */
  uploadFile(file, { name = file.name ?? 'file', onProgress = null, signal = null } = {}) {
    const form = new FormData();
    form.append('file', file, name);
    return this.upload('files', form, { onProgress, signal });
  }

  /** A short-lived address with which a page can show a file. @returns {Promise<{url, expires_at}>} */
  async signFile(fileUrl) {
    const { url, expires_at } = await this.call('POST', 'files/sign', { body: { file_url: fileUrl } });
    return { url: new URL(url, this.url).href, expires_at };
  }

  /** One's own files, the newest first. @param {Page} [page] @returns {Promise<FilePage>} */
  files(page = {}) {
    return this.call('GET', 'files', { query: page });
  }

  /** Deletes a file of one's own; it goes from all messages that have it, which stay. */
  deleteFile(fileUrl) {
    return this.call('DELETE', fileUrl.replace(API, ''));
  }

  // --- moderation of a group, for its creator, moderators and admins

  /** Who may not come in. @param {Page} [page] @returns {Promise<{items: Ban[], next_cursor: ?string}>} */
  listBans(roomId, page = {}) {
    return this.call('GET', `rooms/${part(roomId)}/bans`, { query: page });
  }

  /**
   * Takes somebody out of a group, if they are in it, and keeps them out.
   * @param {{reason?: ?string, remove_messages?: boolean}} [options] `remove_messages`: all that they wrote in
   *   the room is deleted, bit by bit, after the answer
   * @returns {Promise<Ban>}
   */
  ban(roomId, userId, options = {}) {
    return this.call('PUT', `rooms/${part(roomId)}/bans/${part(userId)}`, { body: options });
  }

  /** They may be invited again. */
  liftBan(roomId, userId) {
    return this.call('DELETE', `rooms/${part(roomId)}/bans/${part(userId)}`);
  }

  /** Who may not write. @param {Page} [page] @returns {Promise<{items: Mute[], next_cursor: ?string}>} */
  listMutes(roomId, page = {}) {
    return this.call('GET', `rooms/${part(roomId)}/mutes`, { query: page });
  }

  /**
   * Keeps somebody from sending, editing and adding reactions, in the place of a former mute.
   * @param {number} seconds 1 to 366 days
   * @param {?string} [reason] for other moderators
   * @returns {Promise<Mute>}
   */
  mute(roomId, userId, seconds, reason = null) {
    return this.call('PUT', `rooms/${part(roomId)}/mutes/${part(userId)}`, { body: { seconds, reason } });
  }

  unmute(roomId, userId) {
    return this.call('DELETE', `rooms/${part(roomId)}/mutes/${part(userId)}`);
  }

  /**
   * Lets each member send one message in so many seconds, at most 6 hours; 0 ends it.
   * @returns {Promise<{room_id: string, slow_mode_seconds: number}>}
   */
  setSlowMode(roomId, seconds) {
    return this.call('PUT', `rooms/${part(roomId)}/slow-mode`, { body: { seconds } });
  }

  // --- reports

  /**
   * Tells the moderators of somebody else's message. A second report of the same message is the first one.
   * @param {ReportReason} reason
   * @param {?string} [comment]
   * @returns {Promise<FiledReport>}
   */
  reportMessage(messageId, reason, comment = null) {
    return this.call('POST', `messages/${part(messageId)}/reports`, { body: { reason, comment } });
  }

  /**
   * Open reports, the oldest first, or decided ones, the newest first; for moderators and admins.
   * @param {{status?: 'open' | 'decided'} & Page} [query]
   * @returns {Promise<{items: Report[], next_cursor: ?string}>}
   */
  listReports(query = {}) {
    return this.call('GET', 'admin/reports', { query });
  }

  /**
   * Decides a report, and with it all open ones of the same message with the same text and file.
   * @param {'dismissed' | 'acted'} status
   * @param {?string} [note] for other moderators
   * @returns {Promise<Report>}
   */
  decideReport(reportId, status, note = null) {
    return this.call('PATCH', `admin/reports/${part(reportId)}`, { body: { status, note } });
  }

  // --- for moderators and admins

  /**
   * @param {{q?: string, flagDelete?: string, role?: string} & Page} [query]
   * @returns {Promise<{items: Account[], next_cursor: ?string}>} in order of the username
   */
  accounts(query = {}) {
    return this.call('GET', 'admin/users', { query });
  }

  /** @param {{flagDelete?: string, role?: string}} changes @returns {Promise<Account>} */
  changeAccount(userId, changes) {
    return this.call('PATCH', `admin/users/${part(userId)}`, { body: changes });
  }

  /** What was done to accounts and others' messages, the newest first; for admins. */
  audit(query = {}) {
    return this.call('GET', 'admin/audit', { query });
  }
}

const part = encodeURIComponent;
/** How an address of the server's own begins. */
const API = /^\/api\/v1\//;
