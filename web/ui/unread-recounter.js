/** @file Only the server can count what is unread beyond what came as events; here it is asked to. */

const MAX_TRIES = 3;

export class UnreadRecounter {
  #rest;
  #changed;
  /** Rooms that are being counted. @type {Set<string>} */
  #counting = new Set();

  /** @param {import('../parley-client.js').ParleyRest} rest @param {() => void} changed */
  constructor(rest, changed) {
    this.#rest = rest;
    this.#changed = changed;
  }

  /** @param {import('./room-state.js').RoomState} room */
  async recount(room) {
    const { room_id: roomId } = room;
    if (this.#counting.has(roomId)) return;
    this.#counting.add(roomId);
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const now = await this.#rest.room(roomId).catch(() => null);
      if (!now) break;
      if (now.last_seq < room.last_seq) continue; // something came meanwhile that is not in this count
      room.update(now);
      break;
    }
    room.unreadUnsure = false; // the next marker or `ready` brings the count as well
    this.#counting.delete(roomId);
    this.#changed();
  }
}
