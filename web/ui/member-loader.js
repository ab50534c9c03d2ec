/** @file Fetches who is in a room, and again when somebody comes whom the page does not know. */

/** Who come many at once are read once. */
const SETTLE_MS = 250;

export class MemberLoader {
  #rest;
  #options;
  #closed = false;
  /** Rooms whose members are to be read anew, to the timer. @type {Map<object, number>} */
  #timers = new Map();

  /**
   * @param {import('../parley-client.js').ParleyRest} rest
   * @param {object} options
   * @param {(profile: object) => void} options.learn
   * @param {() => void} options.changed there are other members, or more is known of them
   */
  constructor(rest, options) {
    this.#rest = rest;
    this.#options = options;
  }

  close() {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  /** @param {import('./room-state.js').RoomState} room */
  async load(room) {
    const since = room.membersLoading();
    const members = await this.#rest.members(room.room_id).catch(() => null);
    members?.forEach((member) => this.#options.learn(member));
    room.setMembers(members && new Map(members.map((member) => [member.user_id, member])), since);
    // Without an answer they are shown as unknown; the next `ready` asks again.
    if (members && !this.#closed) this.#options.changed();
  }

  loadSoon(room) {
    if (this.#timers.has(room)) return;
    const load = () => {
      this.#timers.delete(room);
      this.load(room);
    };
    this.#timers.set(room, setTimeout(load, SETTLE_MS));
  }
}
