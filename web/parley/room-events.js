/**
 * @file The durable events of all rooms: each is given out once and in order, what is missing is asked for.
 */

import { RoomCursor } from './room-cursor.js';

const ROOMS_PER_RESUME = 500;
const RESUME_RETRY_MS = 1_000;

export class RoomEvents {
  #options;
  /** Whether positions are known, so that the next connection resumes instead of asking for the unread. */
  #resumable;
  #wasReady = false;
  /** @type {Map<string, RoomCursor>} */
  #cursors = new Map();

  /**
   * @param {object} options
   * @param {boolean} options.readsHistory whether the application reads what came before the first `ready` by
   *   REST
   * @param {Object<string, number>} options.positions the last seq that the application has of each room
   * @param {(data: object, more: {onAck: (ack: object) => void}) => Promise<object>} options.resume sends a
   *   `resume` frame
   * @param {(roomId: string) => Promise<object>} options.readRoom asks for a room by REST
   * @param {(type: string, data: object) => void} options.deliver takes the next event of a room
   * @param {(roomId: string, position: number) => void} options.reset events up to position cannot be had
   */
  constructor(options) {
    this.#options = options;
    this.#resumable = options.readsHistory;
    for (const [roomId, position] of Object.entries(options.positions)) {
      this.#cursors.set(roomId, new RoomCursor(position, 'live'));
      this.#resumable = true;
    }
  }

  /** Whether the next connection shall not bring the unread, since a resume will. */
  get resumable() {
    return this.#resumable;
  }

  has(roomId) {
    return this.#cursors.has(roomId);
  }

  /** The last seq up to which the application was given everything of a room. */
  position(roomId) {
    return this.#cursors.get(roomId)?.position ?? null;
  }

  positions() {
    return Object.fromEntries([...this.#cursors].map(([roomId, cursor]) => [roomId, cursor.position]));
  }

  // --- which rooms there are

  /**
   * Sets up the cursors for the rooms of a `ready`; says which lack events, and which must be read anew
   * because the server's log is not the one that we know.
   * @returns {{behind: string[], anew: string[]}}
   */
  takeReady(rooms) {
    const former = this.#cursors;
    const { readsHistory } = this.#options;
    const behind = [];
    const anew = [];
    this.#cursors = new Map();
    for (const { room_id: roomId, last_seq: lastSeq, last_read_seq: lastReadSeq } of rooms) {
      const known = former.get(roomId);
      const cursor = known ?? new RoomCursor(readsHistory ? lastSeq : lastReadSeq, 'live');
      if (!known && readsHistory && this.#wasReady) anew.push(roomId);
      this.#cursors.set(roomId, cursor);
      cursor.mode = this.#resumable ? 'live' : 'replaying';
      if (!this.#resumable) continue;
      if (cursor.position < lastSeq) behind.push(roomId);
      if (cursor.position > lastSeq) {
        cursor.jumpTo(lastSeq);
        anew.push(roomId);
      }
    }
    this.#resumable = true;
    this.#wasReady = true;
    return { behind, anew };
  }

  add({ room_id: roomId, last_seq: lastSeq }) {
    if (!this.#cursors.has(roomId)) this.#cursors.set(roomId, new RoomCursor(lastSeq, 'live'));
  }

  remove(roomId) {
    this.#cursors.delete(roomId);
  }

  // --- events

  /**
   * Passes a durable event on if it is the next of its room, and asks for what is missing if it is not.
   * @param {import('./room-cursor.js').DurableFrame} frame
   * @param {boolean} own made from the ack of one's own frame
   */
  offer(frame, own) {
    const roomId = frame.data.room_id;
    const cursor = this.#cursors.get(roomId);
    if (!cursor) return;
    const { deliver, gap } = cursor.offer(frame, own);
    if (gap) this.resume([roomId]);
    for (const { type, data } of deliver) this.#options.deliver(type, data);
  }

  /** A `replay_end`. */
  replayEnded({ room_id: roomId, seq, more }) {
    const outcome = this.#cursors.get(roomId)?.replayEnded(seq, more) ?? 'ignore';
    if (outcome === 'jumped') this.#options.reset(roomId, seq);
    if (outcome === 'resume' || (outcome === 'jumped' && more)) this.resume([roomId]);
  }

  // --- asking for what is missing

  /** Asks for everything after the position of each room. */
  resume(roomIds) {
    const rooms = roomIds.filter((roomId) => this.#cursors.has(roomId));
    for (let start = 0; start < rooms.length; start += ROOMS_PER_RESUME) {
      const begun = rooms.slice(start, start + ROOMS_PER_RESUME).map((roomId) => {
        const cursor = this.#cursors.get(roomId);
        return { roomId, cursor, resume: cursor.beginResume() };
      });
      const positions = Object.fromEntries(begun.map(({ roomId, cursor }) => [roomId, cursor.position]));
      const onAck = () => begun.forEach(({ cursor, resume }) => cursor.resumeAcknowledged(resume));
      this.#options
        .resume({ rooms: positions }, { onAck })
        .catch((error) => this.#onResumeRefused(begun, error));
    }
  }

  #onResumeRefused(begun, error) {
    const due = begun.filter(({ cursor, resume }) => cursor.isResuming(resume)).map(({ roomId }) => roomId);
    if (error.code === 'offline' || due.length === 0) return; // the next `ready` resumes
    if (error.retryable || error.code === 'internal') {
      setTimeout(() => this.resume(due), error.retryAfterMs ?? RESUME_RETRY_MS);
    } else if (due.length > 1) {
      for (const roomId of due) this.resume([roomId]); // one room must not hold up the others
    } else if (error.code === 'bad_request') {
      this.#resetFromServer(due[0]);
    } else {
      this.#cursors.delete(due[0]);
    }
  }

  /** The server's log of a room ends before our position: take up its end as ours. */
  async #resetFromServer(roomId) {
    const room = await this.#options.readRoom(roomId).catch(() => null);
    const cursor = this.#cursors.get(roomId);
    if (room && cursor) {
      cursor.jumpTo(room.last_seq);
      this.#options.reset(roomId, room.last_seq);
    }
    setTimeout(() => this.resume([roomId]), room ? 0 : RESUME_RETRY_MS);
  }
}
