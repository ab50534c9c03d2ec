// A small Parley client for tests: accounts over HTTP, sockets over `ws`, everything held against the documents.
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import WebSocket from 'ws';
import { closeComplaints, commandComplaints, frameComplaints } from './contract.mjs';
import { answerOf, call, checkAnswer, readAnswer, untilUpToDate } from './http.mjs';
import { deadlineMs } from './parleyd.mjs';
import { isDurable, Positions } from './positions.mjs';

export { answerOf, call, exchange } from './http.mjs';

let names = 0;
/** A username that no other test of this process has. */
export const freshName = (prefix = 'user') => `${prefix}-${process.pid.toString(36)}-${(names += 1)}`;

const short = (value) => JSON.stringify(value)?.slice(0, 600);

/** A registered and logged-in user. */
export class Account {
  constructor(node, username, password, user, token) {
    Object.assign(this, { node, username, password, user, token, id: user.user_id });
  }

  call(method, target, options = {}) {
    return call(this.node, method, `/api/v1${target}`, { token: this.token, ...options });
  }
  answerOf(method, target, options = {}) {
    return answerOf(this.node, method, `/api/v1${target}`, { token: this.token, ...options });
  }

  async group(name, members = []) {
    const body = { name, is_group: true, members: members.map((m) => m.id) };
    return (await this.call('POST', '/rooms', { body, expect: 201 })).room_id;
  }
  async privateRoom(other, expect = 201) {
    return (await this.call('POST', '/rooms', { body: { is_group: false, user_id: other.id }, expect }))
      .room_id;
  }
  room(roomId, expect = 200) {
    return this.call('GET', `/rooms/${roomId}`, { expect });
  }
  invite(roomId, ...users) {
    return this.call('POST', `/rooms/${roomId}/members`, { body: { user_ids: users.map((u) => u.id) } });
  }
  leave(roomId) {
    return this.call('DELETE', `/rooms/${roomId}/members/me`, { expect: 204 });
  }
  remove(roomId, user) {
    return this.call('DELETE', `/rooms/${roomId}/members/${user.id}`, { expect: 204 });
  }
  /** Sends by REST; `key` becomes the Idempotency-Key. */
  post(roomId, content, { key, expect = 201, ...fields } = {}) {
    const headers = key === undefined ? {} : { 'Idempotency-Key': key };
    return this.call('POST', `/rooms/${roomId}/messages`, { body: { content, ...fields }, headers, expect });
  }
  history(roomId, query = '') {
    return this.call('GET', `/rooms/${roomId}/messages${query}`);
  }
  events(roomId, query = '') {
    return this.call('GET', `/rooms/${roomId}/events${query}`);
  }
  /** All durable events of the room, page by page. */
  async allEvents(roomId) {
    const all = [];
    for (;;) {
      const { items } = await this.events(roomId, `?after_seq=${all.at(-1)?.data.seq ?? 0}&limit=200`);
      if (items.length === 0) return all;
      all.push(...items);
    }
  }
  /** Logs in once more: the same user with another token. */
  async again() {
    return login(this.node, this.username, this.password);
  }
  /** A socket of this user, ready. Options as of Connection.open. */
  connect(options = {}) {
    return Connection.open(this.node, { token: this.token, ...options });
  }
}

export function register(node, username = freshName(), fields = {}) {
  const body = { username, password: `password of ${username}`, ...fields };
  return call(node, 'POST', '/api/v1/auth/register', { body, expect: 201 });
}

export async function login(node, username, password = `password of ${username}`) {
  const session = await call(node, 'POST', '/api/v1/auth/login', { body: { username, password } });
  return new Account(node, username, password, session.user, session.token);
}

/** A new account, registered and logged in. */
export async function newAccount(node, prefix) {
  const username = freshName(prefix);
  await register(node, username);
  return login(node, username);
}

/** A new account that the operator gave that role. */
export async function newStaff(node, role) {
  const account = await newAccount(node, role);
  await node.operate(['user', 'role', account.username, role]);
  return account;
}

/** What an upgrade that did not happen was answered with. */
export class UpgradeRefused extends Error {
  constructor(answer) {
    super(`the upgrade was refused with ${answer.status}: ${answer.text.slice(0, 200)}`);
    Object.assign(this, answer);
  }
}

/** Asserts that opening a socket is refused before the upgrade, and answers how. */
export async function expectRefused(opening, status) {
  const error = await opening.then(
    (connection) => assert.fail(`the socket opened: ${short(connection.ready)}`),
    (reason) => reason,
  );
  if (!(error instanceof UpgradeRefused)) throw error;
  assert.equal(error.status, status, error.message);
  return error;
}

const fits = (data, where) =>
  typeof where === 'function'
    ? where(data)
    : Object.entries(where).every(([key, value]) => isDeepStrictEqual(data?.[key], value));

/** The data of an answer, which must be an ack. */
function ackIn({ type, id, data }) {
  assert.equal(type, 'ack', `${id} was refused: ${short(data)}`);
  return data;
}

/** One WebSocket: remembers every frame, validates it, and hands frames to the test in the order it asks for them. */
export class Connection {
  #waiting = [];
  #commands = new Map(); // frame id: the frame sent under it
  #answered = new Set();
  #nextId = 0;

  /**
   * Opens a socket and waits for `ready`. token; auth: header, protocol, query or none; path; replay; room and user
   * for the one-room endpoint; headers; protocols; socket: options for `ws`. A node that is not up to date is asked
   * again.
   */
  static async open(node, options = {}) {
    const opening = async () => {
      const connection = new Connection(node, options);
      const error = await connection.#opened.then(
        () => null,
        (reason) => reason,
      );
      return { connection, error };
    };
    const refusalIn = ({ error }) => (error?.status === 503 ? error.text : '');
    const { connection, error } = await untilUpToDate(opening, refusalIn);
    if (error) throw error;
    if (options.awaitReady ?? true) {
      connection.ready = (await connection.expectFrame('ready')).data;
      assert.equal(connection.frames[0].type, 'ready', 'ready is the first frame');
    }
    return connection;
  }

  #opened;

  constructor(
    node,
    { token, auth = 'header', path, replay, room, user, headers = {}, protocols, socket = {} } = {},
  ) {
    Object.assign(this, {
      node,
      frames: [],
      inbox: [],
      violations: [],
      closed: null,
      order: new Positions(replay ?? 'unread'),
    });
    const target = new URL(path ?? (room ? `/ws/${room}/${user}` : '/ws'), node.wsUrl);
    if (replay) target.searchParams.set('replay', replay);
    if (auth === 'query') target.searchParams.set('token', token);
    const offered = protocols ?? (auth === 'protocol' ? ['parley.v1', `parley.token.${token}`] : []);
    this.socket = new WebSocket(target, offered, {
      perMessageDeflate: false,
      headers: { ...(token && auth === 'header' && { Authorization: `Bearer ${token}` }), ...headers },
      ...(node.tls && { ca: node.tls.ca }),
      ...socket,
    });
    this.#opened = this.#whenOpen(target.pathname);
    this.#opened.catch(() => {});
    this.socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    this.#closing = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => {
        this.closed = { code, reason: reason.toString() };
        const wrong = this.#closesItself ? [] : closeComplaints(code);
        if (wrong.length > 0) this.#violation(`closed with ${code}: ${wrong.join('; ')}`, this.closed.reason);
        this.#waiting
          .splice(0)
          .forEach((w) => w.reject(new Error(`closed with ${code} while waiting for ${w.what}`)));
        resolve(this.closed);
      });
    });
  }
  #closing;
  #closesItself = false; // The server gives back the code that the test chose.

  #whenOpen(pathname) {
    return new Promise((resolve, reject) => {
      this.socket.on('upgrade', ({ headers }) => {
        try {
          const ours = Object.entries(headers).filter(([name]) => !this.node.headersOfItsOwn?.includes(name));
          checkAnswer(this.node, 'GET', pathname, { status: 101, headers: Object.fromEntries(ours), text: '' });
        } catch (error) {
          reject(error);
        }
      });
      this.socket.on('open', resolve);
      this.socket.on('error', reject);
      this.socket.on('unexpected-response', (request, response) => {
        readAnswer(response)
          .then((answer) => {
            checkAnswer(this.node, 'GET', pathname, answer);
            reject(new UpgradeRefused(answer));
          })
          .catch(reject);
        request.on('error', () => {});
      });
    });
  }

  // --- What comes in ---

  #receive(data, isBinary) {
    const text = data.toString('utf8');
    if (isBinary) return this.#violation('a binary frame', text);
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      return this.#violation('a frame that is not JSON', text);
    }
    this.frames.push(frame);
    const answers = frame.type === 'ack' || frame.type === 'error';
    const command = answers && frame.id !== null ? this.#commands.get(frame.id) : undefined;
    const wrong = frameComplaints(frame, command?.type);
    if (answers && frame.id !== null) wrong.push(...this.#countAnswer(frame, command));
    wrong.push(...this.order.take(frame, command));
    if (wrong.length > 0) this.#violation(wrong.join('; '), text);
    this.#hand(frame);
  }

  #countAnswer(frame, command) {
    const wrong = [];
    if (!command) wrong.push(`an answer to ${frame.id}, which was not sent`);
    if (this.#answered.has(frame.id)) wrong.push(`a second answer to ${frame.id}`);
    this.#answered.add(frame.id);
    return wrong;
  }

  #violation(what, text) {
    const message = `${what}\n  in ${text.slice(0, 600)}`;
    this.violations.push(message);
    this.node.violations.push(message);
    this.#waiting.splice(0).forEach((w) => w.reject(new Error(`against the contract: ${message}`)));
  }

  #hand(frame) {
    const index = this.#waiting.findIndex((w) => w.matches(frame));
    if (index < 0) this.inbox.push(frame);
    else this.#waiting.splice(index, 1)[0].resolve(frame);
  }

  /** The first frame, of those not yet taken, that matches; waits for it if need be. */
  #take(matches, what) {
    if (this.violations.length > 0)
      return Promise.reject(new Error(`against the contract: ${this.violations[0]}`));
    const index = this.inbox.findIndex(matches);
    if (index >= 0) return Promise.resolve(this.inbox.splice(index, 1)[0]);
    if (this.closed) return Promise.reject(new Error(`closed with ${this.closed.code}, no ${what}`));
    return new Promise((resolve, reject) => {
      const waiter = { matches, what };
      const late = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(new Error(`it never came: ${what}; waiting frames: ${short(this.inbox.slice(-8))}`));
      }, deadlineMs);
      waiter.resolve = (frame) => (clearTimeout(late), resolve(frame));
      waiter.reject = (error) => (clearTimeout(late), reject(error));
      this.#waiting.push(waiter);
    });
  }

  /** `where` is a part of the data, or a predicate on it. */
  expectFrame(type, where = {}) {
    return this.#take((f) => f.type === type && fits(f.data, where), `${type} ${short(where) ?? 'as asked'}`);
  }

  /** The answer to that id, be it an ack or an error. */
  answerTo(id) {
    return this.#take((f) => (f.type === 'ack' || f.type === 'error') && f.id === id, `answer to ${id}`);
  }

  /** The answer to that id, which must be an ack; answers its data. */
  async expectAck(id) {
    return ackIn(await this.answerTo(id));
  }

  /** The answer to that id (null for frames without one), which must be an error; answers its data. */
  async expectError(id, code) {
    const frame = await this.answerTo(id);
    assert.equal(frame.type, 'error', `${id} was not refused: ${short(frame.data)}`);
    if (code) assert.equal(frame.data.code, code, short(frame.data));
    return frame.data;
  }

  /** No such frame came before the answer to a ping sent now. */
  async expectNoFrame(type, where = {}) {
    await this.ping();
    const found = this.inbox.find((f) => f.type === type && fits(f.data, where));
    assert.equal(found, undefined, `came but should not: ${short(found)}`);
  }

  async expectClose(code) {
    const how = await withDeadline(this.#closing, `close ${code}`);
    assert.equal(how.code, code, `closed with ${how.code} "${how.reason}"`);
    return how;
  }

  /** The rooms' replay_end with more = false: from here everything is live. */
  untilLive(roomId) {
    return this.expectFrame('replay_end', { room_id: roomId, more: false });
  }

  /** Durable event frames of a room in the order of arrival. */
  durable(roomId) {
    return this.frames.filter((f) => isDurable(f) && f.data.room_id === roomId);
  }

  // --- What goes out ---

  /** Sends a command that fits asyncapi.yaml; answers its id. */
  send(type, data = {}, { id = `f${(this.#nextId += 1)}`, described = true } = {}) {
    const frame = { type, ...(id !== null && { id }), data };
    if (described) assert.deepEqual(commandComplaints(frame), [], `the test sends ${short(frame)}`);
    if (id !== null) this.#commands.set(id, frame);
    if (type === 'resume') this.order.resuming(id, data.rooms);
    this.socket.send(JSON.stringify(frame));
    return id;
  }

  /** Sends text or bytes as they are. */
  sendRaw(payload, options = {}) {
    this.socket.send(payload, options);
  }

  /** Sends a frame that may break asyncapi.yaml, under an id that will be recognised. */
  sendOdd(frame) {
    if (typeof frame.id === 'string') this.#commands.set(frame.id, frame);
    this.socket.send(JSON.stringify(frame));
  }

  /** Sends a command that must be acknowledged; to a node that is not up to date again, under another id. */
  async ask(type, data, options) {
    if (options?.id) return this.expectAck(this.send(type, data, options));
    const attempt = () => this.answerTo(this.send(type, data, options));
    const refusalIn = (answer) => (answer.data.code === 'unavailable' ? answer.data.message : '');
    return ackIn(await untilUpToDate(attempt, refusalIn));
  }
  async refused(type, data, code, options = { described: false }) {
    return this.expectError(this.send(type, data, options), code);
  }
  say(roomId, content, fields = {}) {
    return this.ask('send_message', { room_id: roomId, content, ...fields });
  }
  ping() {
    return this.ask('ping', {});
  }
  resume(rooms) {
    return this.ask('resume', { rooms });
  }

  async close(code = 1000) {
    this.#closesItself = true;
    if (!this.closed) this.socket.close(code);
    return withDeadline(this.#closing, 'the close that was asked for');
  }
  /** The connection breaks, as when a phone loses its network. */
  async cut() {
    this.socket.terminate();
    return this.#closing;
  }
}

function withDeadline(promise, what) {
  let late;
  const tooLate = new Promise(
    (_, reject) => (late = setTimeout(() => reject(new Error(`it never came: ${what}`)), deadlineMs)),
  );
  return Promise.race([promise, tooLate]).finally(() => clearTimeout(late));
}
