/**
 * @file The signed-in page: rooms on the left, the open room beside them, people on demand; one at a time on
 * phones.
 */

import { AdminView } from './admin-view.js';
import { ConnectionBanner } from './connection-banner.js';
import { closeDialogs } from './dialog.js';
import { batched, h, iconButton } from './dom.js';
import { personName, roomName } from './format.js';
import { FriendsDialog } from './friends-dialog.js';
import { personAvatar } from './avatar.js';
import { NewRoomDialog } from './new-room-dialog.js';
import { PersonActions } from './person-actions.js';
import { ProfileDialog } from './profile-dialog.js';
import { isModerator } from './roles.js';
import { RoomList } from './room-list.js';
import { RoomView } from './room-view.js';
import { SearchPanel } from './search-panel.js';

const STATE_TEXTS = {
  connecting: 'Connecting…',
  online: 'Online',
  offline: 'Offline',
  reconnecting: 'Reconnecting…',
  closed: 'Signed out',
};
const ROOM_HASH = '#/room/';
const ADMIN_HASH = '#admin';

export class ChatView {
  #model;
  /** What fills the stage, if something does. @type {?(RoomView | AdminView)} */
  #view = null;
  /** Those who have asked to be friends and were named to the user. */
  #announced = new Set();
  #adminRole = null;
  #stops = [];

  /**
   * @param {import('./model.js').ChatModel} model
   * @param {{signal: AbortSignal, onSignOut: () => void, onSignedOut: (notice: string) => void}} options
   *   `onSignOut` ends the log-in of this page; `onSignedOut`: it has ended
   */
  constructor(model, { signal, onSignOut, onSignedOut }) {
    this.#model = model;
    this.actions = new PersonActions(model, { onOpen: (roomId) => this.#leaveDialogsTo(roomId) });
    this.list = new RoomList(model, { onOpen: (roomId) => this.openRoom(roomId) });
    this.search = this.#makeSearch(signal);
    this.main = h(
      'main.stage',
      {},
      welcome(() => this.#newRoom()),
    );
    this.self = h('button.self', {
      type: 'button',
      title: 'Your account',
      onclick: () => new ProfileDialog(model, { onSignOut, onSignedOut }).show(),
    });
    this.friendsButton = iconButton('friends', 'Friends', () =>
      new FriendsDialog(model, this.actions).show(),
    );
    this.adminButton = iconButton('shield', 'Administration', () => this.#openAdmin());
    this.announcer = h('div.hidden-text', { 'aria-live': 'polite' });
    this.newsText = h('span', { role: 'status', dir: 'auto' });
    this.news = h(
      'p.room-news',
      { hidden: true },
      this.newsText,
      iconButton('close', 'Close', () => this.#tell('')),
    );
    this.banner = new ConnectionBanner(model.client);
    this.element = h(
      'div.chat',
      {},
      this.banner.element,
      h(
        'aside.sidebar',
        { 'aria-label': 'Rooms' },
        h(
          'header.sidebar-head',
          {},
          this.self,
          this.adminButton,
          this.friendsButton,
          iconButton('compose', 'New conversation', () => this.#newRoom()),
          iconButton('sign-out', 'Sign out', () => onSignOut()),
        ),
        this.search.element,
        this.news,
        this.list.element,
      ),
      this.main,
      this.announcer,
    );
    this.#showSelf();
    this.#showRequests();

    this.#stops.push(model.client.on('state', () => this.#showSelf()));
    model.on('ready', () => this.#route());
    model.on('rooms', () => this.#showTitle());
    model.on('me', () => {
      this.#showSelf();
      this.#route(); // the role may be another one
    });
    model.on(
      'friends',
      batched(() => this.#showRequests()),
    );
    model.on('gone', ({ room, reason }) => {
      this.closeRoom();
      if (reason !== 'left') this.#tell(goneText(room, reason));
    });
    window.addEventListener('hashchange', () => this.#route(), { signal });
    // No frame tells of a new role.
    window.addEventListener('focus', () => model.refreshMe(), { signal });
  }

  /** Lets go of everything that outlives the element. */
  destroy() {
    for (const stop of this.#stops) stop();
    this.#setView(null);
    this.search.destroy();
    this.banner.destroy();
    closeDialogs();
    this.element.remove();
  }

  #leaveDialogsTo(roomId) {
    closeDialogs();
    this.openRoom(roomId);
  }

  #makeSearch(signal) {
    const isShown = (shown) => this.element.classList.toggle('searching', shown);
    return new SearchPanel(this.#model, {
      signal,
      onOpen: () => isShown(true),
      onClose: () => isShown(false),
      onSearching: (isSearching) => {
        this.list.element.hidden = isSearching;
      },
      onPick: (hit) => this.#openMessage(hit),
      onFocusBack: () => this.#view?.focus(),
    });
  }

  /** Opens the room at that message. */
  #openMessage(message) {
    if (!this.#model.aimAt(message)) return;
    this.openRoom(message.room_id);
    if (this.#model.openRoom?.room_id === message.room_id) this.#view.focus();
  }

  openRoom(roomId) {
    this.element.classList.remove('searching'); // in a small window it stands over the room
    const hash = ROOM_HASH + roomId;
    if (location.hash === hash) this.#route();
    else location.hash = hash;
  }

  closeRoom() {
    history.replaceState(null, '', location.pathname);
    this.#route();
  }

  /** Above the list of rooms, which is there on a phone too, until a room is opened. */
  #tell(text) {
    this.news.hidden = text === '';
    this.newsText.textContent = text;
  }

  #showSelf() {
    const { me, client } = this.#model;
    this.adminButton.hidden = !isModerator(me);
    this.self.replaceChildren(
      personAvatar(me, { is_online: client.state === 'online' }),
      h(
        'span.self-name',
        {},
        h('strong', {}, personName(me)),
        h('small', { 'data-state': client.state }, STATE_TEXTS[client.state]),
      ),
      h('span.hidden-text', {}, ', your account'),
    );
  }

  /** How many wait for an answer; whoever has asked just now is named. */
  #showRequests() {
    const waiting = this.#model.friends.all('incoming');
    // A frame does not say the name; who is not known yet is named once the profile has come.
    const asked = waiting.filter((userId) => !this.#announced.has(userId) && this.#model.users.has(userId));
    this.#announced = new Set(
      waiting.filter((userId) => this.#announced.has(userId) || asked.includes(userId)),
    );
    const count = waiting.length;
    const label =
      count === 0 ? 'Friends' : `Friends, ${count} ${count === 1 ? 'request' : 'requests'} for you`;
    this.friendsButton.setAttribute('aria-label', label);
    this.friendsButton.title = label;
    this.friendsButton.querySelector('.badge')?.remove();
    if (count > 0) this.friendsButton.append(h('span.badge', { 'aria-hidden': 'true' }, String(count)));
    if (asked.length > 0)
      this.announcer.textContent = asked
        .map((userId) => `${personName(this.#model.user(userId))} asks to be your friend.`)
        .join(' ');
  }

  #showTitle() {
    const unread = this.#model.totalUnread();
    const room = this.#model.openRoom;
    const where = room ? roomName(room) : this.#view instanceof AdminView && 'Administration';
    document.title = `${unread > 0 ? `(${unread}) ` : ''}${where ? `${where} · ` : ''}Parley`;
  }

  /** Shows what the address says. */
  #route() {
    if (!this.#model.ready) return;
    this.#showSelf();
    if (location.hash === ADMIN_HASH && isModerator(this.#model.me)) this.#showAdmin();
    else this.#showRoom();
  }

  #showAdmin() {
    this.element.classList.add('in-room');
    // The page for admins has more than the one for moderators.
    const { role } = this.#model.me;
    if (this.#view instanceof AdminView && this.#adminRole === role) return;
    this.#adminRole = role;
    this.#model.open(null);
    this.#setView(new AdminView(this.#model, { onBack: () => this.closeRoom() }));
  }

  #showRoom() {
    const roomId = location.hash.startsWith(ROOM_HASH) ? location.hash.slice(ROOM_HASH.length) : null;
    const room = this.#model.rooms.get(roomId) ?? null;
    this.element.classList.toggle('in-room', room !== null);
    if (room !== null && room === this.#model.openRoom) return;
    if (room === null && this.#view === null && this.#model.openRoom === null) return;
    this.#setView(null);
    this.#model.open(room?.room_id ?? null);
    if (!room) return;
    this.#tell('');
    const options = {
      actions: this.actions,
      onBack: () => this.closeRoom(),
      onSearch: () => this.search.open(true),
    };
    this.#setView(new RoomView(this.#model, room, options));
  }

  /** @param {?(RoomView | AdminView)} view null for the welcome */
  #setView(view) {
    this.#view?.destroy();
    this.#view = view;
    this.main.replaceChildren(view ? view.element : welcome(() => this.#newRoom()));
    this.adminButton.toggleAttribute('aria-current', view instanceof AdminView);
    this.#showTitle();
    view?.focus();
  }

  #openAdmin() {
    if (location.hash === ADMIN_HASH) this.#route();
    else location.hash = ADMIN_HASH;
  }

  #newRoom() {
    new NewRoomDialog(this.#model, { onOpen: (roomId) => this.openRoom(roomId) }).show();
  }
}

function goneText(room, reason) {
  const name = `“${roomName(room)}”`;
  return reason === 'removed' ? `You were removed from ${name}.` : `You are in ${name} no more.`;
}

function welcome(onNew) {
  return h(
    'div.welcome',
    {},
    h('img', { src: '/favicon.svg', alt: '', width: 72, height: 72 }),
    h('h2', {}, 'Pick up a conversation'),
    h('p', {}, 'Choose a room on the left, or start a new one.'),
    h('button.primary', { type: 'button', onclick: onNew }, 'New conversation'),
  );
}
