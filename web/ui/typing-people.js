/** @file Who types in which room. That they have stopped may never be said: it ends by itself. No document. */

const ENDS_AFTER_MS = 8_000;

export class TypingPeople {
  #changed;
  /** Rooms in which somebody types. @type {Set<import('./room-state.js').RoomState>} */
  #rooms = new Set();

  /** @param {(room: import('./room-state.js').RoomState) => void} changed */
  constructor(changed) {
    this.#changed = changed;
  }

  /** What a frame says. */
  tell(room, userId, isTyping) {
    this.end(room, userId);
    if (!isTyping) return;
    room.typing.set(
      userId,
      setTimeout(() => this.end(room, userId), ENDS_AFTER_MS),
    );
    this.#rooms.add(room);
    this.#changed(room);
  }

  end(room, userId) {
    if (!room.typing.has(userId)) return;
    clearTimeout(room.typing.get(userId));
    room.typing.delete(userId);
    if (room.typing.size === 0) this.#rooms.delete(room);
    this.#changed(room);
  }

  close() {
    for (const room of this.#rooms) for (const timer of room.typing.values()) clearTimeout(timer);
  }
}
