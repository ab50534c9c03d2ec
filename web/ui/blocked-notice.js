/** @file Stands in the place of the composer where one blocks the other of a private room. */

import { h } from './dom.js';
import { personName } from './format.js';
import { reporter } from './reporter.js';

export class BlockedNotice {
  #model;
  #peer;

  /**
   * @param {import('./model.js').ChatModel} model
   * @param {import('./room-state.js').RoomState} room
   * @param {import('./person-actions.js').PersonActions} actions
   */
  constructor(model, room, actions) {
    this.#model = model;
    this.#peer = room.peer;
    this.report = reporter();
    const say = (text, isProblem) => this.report.say(text, isProblem);
    this.element = h(
      'div.blocked-notice',
      { hidden: true },
      h('p', {}, `You block ${personName(room.peer)}. Neither of you can write here.`),
      h('button.quiet', { type: 'button', onclick: () => actions.unblock(this.#peer, say) }, 'Unblock'),
      this.report.element,
    );
  }

  /** @returns {boolean} whether it shows */
  draw() {
    const blocked = this.#peer && this.#model.friends.standing(this.#peer.user_id) === 'blocked';
    this.element.hidden = !blocked;
    return Boolean(blocked);
  }
}
