/** @file Finds out who made a group and so may moderate it: the first event of its log tells. */

export class CreatorLoader {
  #rest;
  #changed;
  /** Groups that are being looked at. @type {Map<string, Promise<void>>} */
  #loading = new Map();

  /** @param {import('../parley-client.js').ParleyRest} rest @param {() => void} changed */
  constructor(rest, changed) {
    this.#rest = rest;
    this.#changed = changed;
  }

  /**
   * Unless it is known.
   * @param {import('./room-state.js').RoomState} room
   * @returns {Promise<void>} settles when it is known, or cannot be known now
   */
  async load(room) {
    const { room_id: roomId } = room;
    if (!room.is_group || room.created_by) return;
    if (!this.#loading.has(roomId)) this.#loading.set(roomId, this.#look(room));
    await this.#loading.get(roomId);
  }

  async #look(room) {
    try {
      const { items } = await this.#rest.events(room.room_id, { after_seq: 0, limit: 1 });
      const { type, data } = items[0] ?? {};
      if (type === 'member_joined' && data.reason === 'created') room.created_by = data.by;
      this.#changed();
    } catch {
      // It is asked again when the room is opened, or a menu in it, the next time.
    }
    this.#loading.delete(room.room_id);
  }
}
