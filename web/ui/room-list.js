/** @file The list of rooms: the latest first, with unread counts, the last message, and who is there. */

import { roomAvatar } from './avatar.js';
import { batched, h, icon } from './dom.js';
import { briefTime, messageSummary, personName, roomName } from './format.js';

export class RoomList {
  #model;
  #onOpen;
  /** Rows by room_id, with what they show. @type {Map<string, {element: HTMLElement, shows: string}>} */
  #rows = new Map();

  /** @param {import('./model.js').ChatModel} model */
  constructor(model, { onOpen }) {
    this.#model = model;
    this.#onOpen = onOpen;
    this.filter = h('input', {
      type: 'search',
      placeholder: 'Find a room',
      'aria-label': 'Find a room',
      oninput: () => this.#draw(),
    });
    this.rooms = h('ul.rooms');
    this.empty = h('p.empty');
    this.element = h(
      'nav.room-list',
      { 'aria-label': 'Your rooms' },
      h('div.filter', {}, icon('search'), this.filter),
      this.rooms,
      this.empty,
    );
    model.on(
      'rooms',
      batched(() => this.#draw()),
    );
    this.#draw();
  }

  #draw() {
    const wanted = this.filter.value.trim().toLowerCase();
    const rooms = this.#model.sortedRooms().filter((room) => roomName(room).toLowerCase().includes(wanted));
    const elements = rooms.map((room) => this.#row(room));
    const gone = new Set(this.#rows.keys());
    for (const room of this.#model.rooms.values()) gone.delete(room.room_id);
    for (const roomId of gone) this.#rows.delete(roomId);
    this.#place(elements);
    this.empty.textContent = this.#emptyText(rooms.length, wanted);
  }

  /** Moves only what is out of place; the focus stays on its room. */
  #place(elements) {
    const focused = this.rooms.contains(document.activeElement) ? document.activeElement : null;
    elements.forEach((element, index) => {
      if (this.rooms.children[index] !== element)
        this.rooms.insertBefore(element, this.rooms.children[index] ?? null);
    });
    while (this.rooms.children.length > elements.length) this.rooms.lastChild.remove();
    if (focused?.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
  }

  #emptyText(count, wanted) {
    if (count > 0) return '';
    if (!this.#model.ready) return 'Fetching your rooms…';
    return wanted ? 'No room of that name.' : 'No rooms yet. Start a conversation with the button above.';
  }

  #row(room) {
    const row = this.#rows.get(room.room_id);
    const shows = this.#summary(room);
    const key = JSON.stringify(shows);
    if (row?.key === key) return row.element;
    const element =
      row?.element ??
      h(
        'li',
        {},
        h('button.room', {
          type: 'button',
          'data-room': room.room_id,
          onclick: () => this.#onOpen(room.room_id),
        }),
      );
    this.#fill(element.firstChild, room, shows);
    this.#rows.set(room.room_id, { element, key });
    return element;
  }

  /** All that a row shows. */
  #summary(room) {
    const { me, presence } = this.#model;
    const typing = [...room.typing.keys()].map((userId) => personName(this.#model.user(userId)));
    const { preview } = room;
    let line = preview ? messageSummary(preview) : '';
    if (preview && preview.user_id === me.user_id) line = `You: ${line}`;
    else if (preview && room.is_group) line = `${personName(this.#model.user(preview.user_id))}: ${line}`;
    return {
      name: roomName(room),
      line: typing.length > 0 ? `${room.is_group ? typing[0] : ''} is typing…`.trim() : line,
      typing: typing.length > 0,
      time: preview ? briefTime(preview.created_at) : '',
      unread: room.unread,
      open: room === this.#model.openRoom,
      online: room.peer ? (presence.get(room.peer.user_id)?.is_online ?? null) : null,
    };
  }

  #fill(button, room, { name, line, typing, time, unread, open, online }) {
    button.toggleAttribute('data-unread', unread > 0);
    if (open) button.setAttribute('aria-current', 'true');
    else button.removeAttribute('aria-current');
    const badge =
      unread > 0 &&
      h(
        'span.badge',
        {},
        h('span', { 'aria-hidden': 'true' }, unread >= 1000 ? '999+' : String(unread)),
        h('span.hidden-text', {}, `${unread} unread`),
      );
    button.replaceChildren(
      roomAvatar(room, online === null ? null : { is_online: online }),
      h(
        'span.room-text',
        {},
        h('span.room-top', {}, h('strong', { dir: 'auto' }, name), h('time', {}, time)),
        h(
          'span.room-bottom',
          {},
          h(`span.room-line${typing ? '.typing' : ''}`, { dir: 'auto' }, line),
          badge,
        ),
      ),
    );
  }
}
