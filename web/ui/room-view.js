/** @file An open room: its head, the timeline, who is typing, the composer, and the panel of people. */

import { roomAvatar } from './avatar.js';
import { Composer } from './composer.js';
import { batched, h, iconButton } from './dom.js';
import { dropZone } from './drop-zone.js';
import { listNames, personName, presenceText, roomName } from './format.js';
import { BlockedNotice } from './blocked-notice.js';
import { PeoplePanel } from './people-panel.js';
import { Timeline } from './timeline.js';

export class RoomView {
  #model;
  #room;
  #ended = new AbortController();

  /**
   * @param {import('./model.js').ChatModel} model
   * @param {import('./room-state.js').RoomState} room
   * @param {{actions: import('./person-actions.js').PersonActions, onBack: () => void, onSearch: () => void}}
   *   options
   */
  constructor(model, room, { actions, onBack, onSearch }) {
    this.#model = model;
    this.#room = room;
    this.composer = new Composer(model, room, {
      onEditLast: () => this.timeline.editLast(),
      onBarred: () => this.name.focus({ preventScroll: true }),
    });
    this.timeline = new Timeline(model, room, {
      onReply: (message) => this.composer.replyTo(message),
      onEdited: () => this.focus(),
    });
    this.people = new PeoplePanel(model, room, { actions, onClose: () => this.#togglePeople(false) });
    this.blocked = new BlockedNotice(model, room, actions);
    this.peopleButton = iconButton('people', 'People in this room', () => this.#togglePeople(), {
      'aria-expanded': 'false',
    });
    this.avatar = h('span');
    this.name = h('h2', { dir: 'auto', tabindex: '-1' });
    this.line = h('p.presence-line');
    this.typing = h('p.typing-line', { 'aria-live': 'polite' });
    this.element = h(
      'section.room-view',
      { 'aria-label': 'Conversation' },
      h(
        'header.room-head',
        {},
        iconButton('back', 'Back to the rooms', onBack, { class: 'icon-button back' }),
        this.avatar,
        h('div.room-title', {}, this.name, this.line),
        iconButton('search', 'Search in this room', onSearch),
        this.peopleButton,
      ),
      h(
        'div.room-body',
        {},
        h(
          'div.conversation',
          {},
          this.timeline.element,
          this.typing,
          this.composer.element,
          this.blocked.element,
        ),
        this.people.element,
      ),
    );

    const hint = dropZone(this.element, {
      isOpen: () => this.composer.isOpen,
      onFiles: (files) => this.composer.attach(files),
      onProblem: (text) => this.composer.complain(text),
      signal: this.#ended.signal,
    });
    this.element.append(hint);

    const draw = batched(() => this.#draw());
    const options = { signal: this.#ended.signal };
    model.addEventListener('people', draw, options);
    model.addEventListener('rooms', draw, options);
    model.addEventListener('friends', draw, options);
    document.addEventListener('visibilitychange', () => this.timeline.markRead(), options);
    window.addEventListener('focus', () => this.timeline.markRead(), options);
    this.element.addEventListener('keydown', (event) => this.#onKey(event));
    this.#draw();
  }

  destroy() {
    this.#ended.abort();
    this.timeline.destroy();
    this.people.destroy();
    this.composer.destroy();
  }

  /** A phone's keyboard should not jump up by itself, and whoever looks for a message wants to read. */
  focus() {
    if (this.#room.aim) this.timeline.showAim();
    else if (matchMedia('(hover: hover) and (min-width: 760px)').matches && this.composer.isOpen)
      this.composer.focus();
    else this.name.focus({ preventScroll: true });
  }

  #draw() {
    const room = this.#room;
    const blocked = this.blocked.draw();
    if (blocked && this.composer.element.contains(document.activeElement)) this.name.focus();
    this.composer.element.hidden = blocked;
    this.name.textContent = roomName(room);
    this.avatar.replaceChildren(roomAvatar(room, room.peer && this.#model.presence.get(room.peer.user_id)));
    this.line.textContent = room.is_group
      ? this.#groupLine()
      : presenceText(this.#model.presence.get(room.peer?.user_id));
    const names = [...room.typing.keys()].map((userId) => personName(this.#model.user(userId)));
    this.typing.classList.toggle('shown', names.length > 0);
    this.typing.replaceChildren(
      ...(names.length > 0
        ? [
            h('span.typing-dots', { 'aria-hidden': 'true' }, h('i'), h('i'), h('i')),
            `${listNames(names)} ${names.length > 1 ? 'are' : 'is'} typing…`,
          ]
        : []),
    );
  }

  #groupLine() {
    const { members } = this.#room;
    if (!members) return '';
    const { me, presence } = this.#model;
    const online = [...members.keys()].filter(
      (id) => id === me.user_id || presence.get(id)?.is_online,
    ).length;
    return `${members.size} ${members.size === 1 ? 'member' : 'members'}, ${online} online`;
  }

  #togglePeople(open = !this.element.classList.contains('people-open')) {
    this.element.classList.toggle('people-open', open);
    this.peopleButton.setAttribute('aria-expanded', String(open));
    this.people.setOpen(open);
    if (!open) this.peopleButton.focus();
  }

  #onKey(event) {
    if (event.key === 'Escape' && this.element.classList.contains('people-open')) this.#togglePeople(false);
  }
}
