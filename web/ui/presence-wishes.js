/** @file Whose presence the page wants to know, told to the server when it has settled. No document. */

/** What often comes many at once is answered once; the server takes 5 `watch_presence` frames a second. */
const SETTLE_MS = 250;

export class PresenceWishes {
  #model;
  #timer = null;

  /** @param {import('./model.js').ChatModel} model */
  constructor(model) {
    this.#model = model;
  }

  close() {
    clearTimeout(this.#timer);
  }

  tellSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell(), SETTLE_MS);
  }

  /**
   * The private rooms' peers and the open room's members, as far as one may watch so many. Friends are watched
   * in any case; to name them brings how it stands with them now.
   */
  #tell() {
    const { rooms, openRoom, friends, me, client } = this.#model;
    const peers = [...rooms.values()].map((room) => room.peer?.user_id).filter(Boolean);
    const members = openRoom?.members ? [...openRoom.members.keys()] : [];
    const others = [...peers, ...members, ...friends.all('friend')];
    client.watchPresence(others.filter((userId) => userId !== me.user_id));
  }
}
