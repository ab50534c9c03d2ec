/** @file Who is in the room, who of them is online, and the ways in and out. */

import { personAvatar } from './avatar.js';
import { ask } from './dialog.js';
import { batched, h, icon, iconButton } from './dom.js';
import { errorText, personName, presenceText } from './format.js';
import { InviteDialog } from './invite-dialog.js';

export class PeoplePanel {
  #model;
  #room;
  #ended = new AbortController();
  #open = false;

  /**
   * @param {import('./model.js').ChatModel} model
   * @param {import('./room-state.js').RoomState} room
   * @param {{onClose: () => void}} options
   */
  constructor(model, room, { onClose }) {
    this.#model = model;
    this.#room = room;
    this.heading = h('h3', { tabindex: '-1' }, 'People');
    this.list = h('ul.people');
    this.message = h('p.problem', { role: 'alert' });
    const groupActions =
      room.is_group &&
      h(
        'div.people-actions',
        {},
        h(
          'button.quiet',
          { type: 'button', onclick: () => new InviteDialog(model, room).show() },
          icon('person-plus'),
          'Invite people',
        ),
        h(
          'button.quiet.danger',
          { type: 'button', onclick: () => this.#leave() },
          icon('leave'),
          'Leave the room',
        ),
      );
    this.element = h(
      'aside.people-panel',
      { 'aria-label': 'People', hidden: true },
      h('header', {}, this.heading, iconButton('close', 'Close', onClose)),
      this.list,
      this.message,
      groupActions,
    );
    model.addEventListener(
      'people',
      batched(() => this.#draw()),
      { signal: this.#ended.signal },
    );
  }

  destroy() {
    this.#ended.abort();
  }

  setOpen(open) {
    this.#open = open;
    this.element.hidden = !open;
    if (!open) return;
    this.#draw();
    this.heading.focus();
  }

  #draw() {
    if (!this.#open) return;
    const { members } = this.#room;
    if (!members) {
      this.list.replaceChildren(h('li.empty', {}, 'Fetching the members…'));
      return;
    }
    this.heading.textContent = `People · ${members.size}`;
    this.list.replaceChildren(
      ...this.#sorted().map(({ profile, presence, isMe }) =>
        h(
          'li',
          {},
          personAvatar(profile, presence),
          h(
            'span.person',
            {},
            h('strong', { dir: 'auto' }, personName(profile), isMe && h('small', {}, ' (you)')),
            h('small', {}, presenceText(presence)),
          ),
        ),
      ),
    );
  }

  /** Those online first, then by name. */
  #sorted() {
    const { me, presence } = this.#model;
    const people = [...this.#room.members.keys()].map((userId) => ({
      profile: this.#model.user(userId),
      isMe: userId === me.user_id,
      presence:
        userId === me.user_id
          ? { is_online: this.#model.client.state === 'online', last_seen: null }
          : (presence.get(userId) ?? { is_online: false, last_seen: null }),
    }));
    const name = ({ profile }) => personName(profile).toLocaleLowerCase();
    return people.sort(
      (a, b) => b.presence.is_online - a.presence.is_online || name(a).localeCompare(name(b)),
    );
  }

  async #leave() {
    const sure = await ask({
      title: 'Leave this room?',
      text: 'You will no longer see it, until somebody invites you again.',
      action: 'Leave',
      danger: true,
    });
    if (!sure) return;
    try {
      await this.#model.leave(this.#room);
    } catch (error) {
      this.message.textContent = errorText(error);
    }
  }
}
