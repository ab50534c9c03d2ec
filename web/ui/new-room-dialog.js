/** @file Starts a conversation: with one person, or as a named group. */

import { makeDialog, showDialog } from './dialog.js';
import { h } from './dom.js';
import { errorText } from './format.js';
import { writeRefusal } from './person-actions.js';
import { UserPicker } from './user-picker.js';

export class NewRoomDialog {
  #model;
  #onOpen;
  #isGroup = false;

  /** @param {import('./model.js').ChatModel} model @param {{onOpen: (roomId: string) => void}} options */
  constructor(model, { onOpen }) {
    this.#model = model;
    this.#onOpen = onOpen;
    this.name = h('input', {
      id: 'room-name',
      maxlength: 128,
      autocomplete: 'off',
      oninput: () => this.#check(),
    });
    this.nameField = h(
      'div.field',
      { hidden: true },
      h('label', { for: 'room-name' }, 'Name of the group'),
      this.name,
    );
    this.pickerPlace = h('div');
    this.problem = h('p.problem', { role: 'alert' });
    this.submit = h('button.primary', { type: 'submit' });
    this.dialog = makeDialog(
      'New conversation',
      h(
        'form',
        { onsubmit: (event) => this.#submit(event) },
        h(
          'div.tabs',
          { role: 'radiogroup', 'aria-label': 'Kind of conversation' },
          this.#tab('One person', false),
          this.#tab('Group', true),
        ),
        this.nameField,
        this.pickerPlace,
        this.problem,
        h('div.dialog-actions', {}, this.submit),
      ),
    );
    this.#setKind(false);
  }

  show() {
    showDialog(this.dialog);
    this.picker.input.focus();
  }

  #tab(text, isGroup) {
    const input = h('input', {
      type: 'radio',
      name: 'kind',
      checked: !isGroup,
      onchange: () => this.#setKind(isGroup),
    });
    return h('label.tab', {}, input, h('span', {}, text));
  }

  #setKind(isGroup) {
    this.#isGroup = isGroup;
    this.nameField.hidden = !isGroup;
    this.picker = new UserPicker(this.#model, {
      multiple: isGroup,
      exclude: new Set([this.#model.me.user_id]),
      suggestFriends: true,
      onChange: () => this.#check(),
    });
    this.pickerPlace.replaceChildren(this.picker.element);
    this.submit.textContent = isGroup ? 'Create the group' : 'Start the conversation';
    this.#check();
    if (isGroup) this.name.focus();
  }

  #check() {
    this.problem.textContent = '';
    this.submit.disabled = this.#isGroup ? this.name.value.trim() === '' : this.picker.picked.size !== 1;
  }

  async #submit(event) {
    event.preventDefault();
    if (this.submit.disabled) return;
    this.submit.disabled = true;
    const people = [...this.picker.picked.values()];
    const ids = people.map((profile) => profile.user_id);
    try {
      const { rest } = this.#model;
      const room = this.#isGroup
        ? await rest.createGroup(this.name.value.trim(), ids)
        : await rest.openPrivate(ids[0]);
      this.#model.adopt(room);
      this.dialog.close();
      this.#onOpen(room.room_id);
    } catch (error) {
      this.submit.disabled = false;
      this.problem.textContent = this.#isGroup ? errorText(error) : writeRefusal(error, people[0]);
    }
  }
}
