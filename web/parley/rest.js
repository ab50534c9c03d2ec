/** @file Parley's REST calls, one method a call; answers and bodies keep the names of the wire. */

import { ParleyError, refusal } from './error.js';
import { sendForm } from './upload.js';

const TIMEOUT_MS = 30_000;
/** Files take as long as the line needs. */
const UPLOAD_TIMEOUT_MS = 10 * 60_000;

/**
 * @typedef {{user_id: string, username: string, display_name: ?string, img_url: ?string, role?: string}}
 *   Profile
 * @typedef {{room_id: string, name: ?string, is_group: boolean, peer: ?Profile, last_seq: number,
 *   last_read_seq: number, unread: number}} Room
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
 * @typedef {{cursor?: string, limit?: number}} Page
 */

export class ParleyRest {
  #fetch;
  #XMLHttpRequest;
  #timeoutMs;

  /**
   * @param {object} options
   * @param {string} options.url the server's address, such as `https://chat.example.org`
   * @param {?string} [options.token] set by `login`, or kept by the caller from an earlier one
   * @param {typeof fetch} [options.fetch]
   * @param {?Function} [options.XMLHttpRequest] with it uploads tell how far they are; Node has none
   * @param {number} [options.timeoutMs] how long an answer may take
   */
  constructor({
    url,
    token = null,
    fetch: fetchFunction = globalThis.fetch,
    XMLHttpRequest = globalThis.XMLHttpRequest ?? null,
    timeoutMs = TIMEOUT_MS,
  }) {
    this.url = url.replace(/\/+$/, '');
    this.token = token;
    this.#timeoutMs = timeoutMs;
    this.#XMLHttpRequest = XMLHttpRequest;
    // Browsers refuse `fetch` with another `this` than the window.
    this.#fetch = (...args) => fetchFunction(...args);
  }

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
    if (!this.#XMLHttpRequest) return this.call('POST', 'files', { form, signal });
    const headers = { Accept: 'application/json' };
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    const url = `${this.url}/api/v1/files`;
    const timeoutMs = UPLOAD_TIMEOUT_MS;
    return sendForm({ url, headers, form, timeoutMs, onProgress, signal }, this.#XMLHttpRequest);
  }

  /** A short-lived address with which a page can show a file. @returns {Promise<{url, expires_at}>} */
  async signFile(fileUrl) {
    const { url, expires_at } = await this.call('POST', 'files/sign', { body: { file_url: fileUrl } });
    return { url: new URL(url, this.url).href, expires_at };
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

  // --- the calls themselves

  /** Follows `next_cursor` to the end of a list. */
  async all(path, query = {}) {
    const items = [];
    let cursor = null;
    do {
      const page = await this.call('GET', path, { query: { ...query, cursor } });
      items.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor);
    return items;
  }

  /**
   * One call under /api/v1.
   * @param {string} method
   * @param {string} path
   * @param {{query?: object, body?: object, form?: FormData, headers?: object, keepalive?: boolean,
   *   signal?: ?AbortSignal}} [options]
   * @throws {ParleyError} `offline` if the server cannot be reached or its answer broke off, `timeout` if
   *   none came, `discarded` once the signal says so, else the server's code
   */
  async call(method, path, { query = {}, body, form, headers = {}, keepalive = false, signal = null } = {}) {
    const url = new URL(`${this.url}/api/v1/${path}`);
    for (const [key, value] of Object.entries(query)) {
      if (value !== undefined && value !== null) url.searchParams.set(key, value);
    }
    const request = { method, headers: { Accept: 'application/json', ...headers }, keepalive };
    const late = AbortSignal.timeout(form ? UPLOAD_TIMEOUT_MS : this.#timeoutMs);
    request.signal = signal ? AbortSignal.any([signal, late]) : late;
    if (this.token) request.headers.Authorization = `Bearer ${this.token}`;
    if (form) request.body = form;
    if (body !== undefined) {
      request.headers['Content-Type'] = 'application/json';
      request.body = JSON.stringify(body);
    }
    try {
      return await readAnswer(await this.#fetch(url.href, request));
    } catch (cause) {
      if (cause instanceof ParleyError) throw cause;
      if (cause?.name === 'TimeoutError')
        throw new ParleyError('timeout', 'The server did not answer in time.', { cause });
      if (signal?.aborted) throw new ParleyError('discarded', 'The request was given up.', { cause });
      throw new ParleyError('offline', 'The server cannot be reached.', { cause });
    }
  }
}

/** A good answer that cannot be read is none: the line broke, or something else than Parley answered. */
async function readAnswer(response) {
  if (response.status === 204) return null;
  if (response.ok) return response.json();
  const answer = await response.json().catch(() => null);
  throw refusal(response.status, response.statusText, answer, response.headers.get('Retry-After'));
}

const part = encodeURIComponent;
