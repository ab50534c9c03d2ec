/** @file What one may do with a message, and does: react, edit, delete, report. No document. */

import { isModerator } from './roles.js';

export class MessageDeeds {
  #model;

  /** @param {import('./model.js').ChatModel} model */
  constructor(model) {
    this.#model = model;
  }

  mayEdit(message) {
    return message.user_id === this.#model.me.user_id;
  }

  mayDelete(message) {
    return this.mayEdit(message) || isModerator(this.#model.me);
  }

  mayReport(message) {
    return !this.mayEdit(message);
  }

  /** Adds one's own reaction, or takes it back. */
  async react(room, message, emoji) {
    const { client, me } = this.#model;
    const { room_id: roomId } = room;
    const { user_ids: userIds, count } = message.reactions.find((each) => each.emoji === emoji) ?? {
      user_ids: [],
      count: 0,
    };
    if (userIds.includes(me.user_id)) {
      await client.react(roomId, message.message_id, emoji, 'remove');
      return;
    }
    const position = client.position(roomId);
    const { seq } = await client.react(roomId, message.message_id, emoji, 'add');
    // Of many only the first are named; the answer tells whether one's own was there already.
    if (count > userIds.length && seq <= position)
      await client.react(roomId, message.message_id, emoji, 'remove');
  }

  edit(room, message, content) {
    return this.#model.client.edit(room.room_id, message.message_id, content);
  }

  delete(room, message) {
    return this.#model.client.delete(room.room_id, message.message_id);
  }

  /** @param {{reason: string, comment: ?string}} what */
  report(message, { reason, comment }) {
    return this.#model.rest.reportMessage(message.message_id, reason, comment);
  }
}
