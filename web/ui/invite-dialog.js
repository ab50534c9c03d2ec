/** @file Invites people into a group. */

import { makeDialog, showDialog } from './dialog.js';
import { h } from './dom.js';
import { errorText, roomName } from './format.js';
import { UserPicker } from './user-picker.js';

export class InviteDialog {
  #model;
  #room;

  /** @param {import('./model.js').ChatModel} model @param {import('./room-state.js').RoomState} room */
  constructor(model, room) {
    this.#model = model;
    this.#room = room;
    this.picker = new UserPicker(model, {
      multiple: true,
      exclude: new Set(room.members?.keys() ?? []),
      suggestFriends: true,
      onChange: (picked) => {
        this.submit.disabled = picked.size === 0;
      },
    });
    this.problem = h('p.problem', { role: 'alert' });
    this.submit = h('button.primary', { type: 'submit', disabled: true }, 'Invite');
    this.dialog = makeDialog(
      `Invite to ${roomName(room)}`,
      h(
        'form',
        { onsubmit: (event) => this.#submit(event) },
        this.picker.element,
        this.problem,
        h('div.dialog-actions', {}, this.submit),
      ),
    );
  }

  show() {
    showDialog(this.dialog);
    this.picker.input.focus();
  }

  async #submit(event) {
    event.preventDefault();
    this.submit.disabled = true;
    try {
      await this.#model.rest.invite(this.#room.room_id, [...this.picker.picked.keys()]);
      this.dialog.close();
    } catch (error) {
      this.submit.disabled = false;
      this.problem.textContent = errorText(error);
    }
  }
}
