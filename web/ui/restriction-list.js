/** @file Who is muted in a group, or banned from it, page by page; each can be lifted. */

import { personAvatar } from './avatar.js';
import { batched, h } from './dom.js';
import { dateOf, errorText, personName, untilText } from './format.js';
import { KeyedList } from './keyed-list.js';
import { PagedList } from './paged-list.js';

const PAGE = 50;
/** Messages of a banned person are deleted bit by bit: how often to look whether that is over. */
const LOOK_AGAIN_MS = 3_000;

/** What differs between the two lists. */
const KINDS = {
  mutes: {
    title: 'Muted',
    none: 'Nobody is muted.',
    lift: 'Unmute',
    lifted: (name) => `${name} may write again.`,
    fetch: (rest, roomId, query) => rest.listMutes(roomId, query),
    end: (rest, roomId, userId) => rest.unmute(roomId, userId),
    state: ({ until }) => `Until ${untilText(until)}`,
  },
  bans: {
    title: 'Banned',
    none: 'Nobody is banned.',
    lift: 'Lift the ban',
    lifted: (name) => `${name} may be invited again.`,
    fetch: (rest, roomId, query) => rest.listBans(roomId, query),
    end: (rest, roomId, userId) => rest.liftBan(roomId, userId),
    state: ({ created_at: at, removing_messages: removing }) =>
      `Since ${dateOf(at)}${removing ? ', their messages are being deleted' : ''}`,
  },
};

export class RestrictionList {
  #kind;
  #model;
  #room;
  #say;
  #items;
  #timer = null;
  #ended = false;

  /**
   * @param {'mutes' | 'bans'} kind
   * @param {{model: import('./model.js').ChatModel, room: import('./room-state.js').RoomState, say: Function}}
   *   options
   */
  constructor(kind, { model, room, say }) {
    this.#kind = KINDS[kind];
    this.#model = model;
    this.#room = room;
    this.#say = say;
    this.#items = new PagedList((query) =>
      this.#kind.fetch(model.rest, room.room_id, { limit: PAGE, ...query }),
    );
    this.#items.addEventListener(
      'change',
      batched(() => this.#draw()),
    );
    this.heading = h('h3', { id: `restricted-${kind}`, tabindex: '-1' }, this.#kind.title);
    this.list = h('ul', { 'aria-labelledby': `restricted-${kind}` });
    this.rows = new KeyedList(this.list);
    this.status = h('p.count', { role: 'status' });
    this.moreButton = h('button.quiet', { type: 'button', onclick: () => this.#items.more() }, 'Show more');
    this.element = h('section', {}, this.heading, this.status, this.list, this.moreButton);
  }

  destroy() {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  /** Also anew: what was shown stays as long as it was. */
  load() {
    return this.#items.reload();
  }

  #draw() {
    if (this.#ended) return;
    const { items, state, error, hasMore } = this.#items;
    const hadFocus = this.list.contains(document.activeElement);
    this.rows.draw(items.map((item) => this.#row(item)));
    if (hadFocus && items.length === 0) this.heading.focus();
    this.moreButton.hidden = !hasMore && state !== 'failed';
    this.moreButton.textContent = state === 'failed' ? 'Try again' : 'Show more';
    this.status.textContent = '';
    if (state === 'failed') this.status.textContent = errorText(error);
    else if (items.length === 0) this.status.textContent = state === 'ready' ? this.#kind.none : 'Fetching…';
    clearTimeout(this.#timer);
    if (items.some((item) => item.removing_messages))
      this.#timer = setTimeout(() => this.load(), LOOK_AGAIN_MS);
  }

  #row(item) {
    const { user, by, reason } = item;
    const name = personName(user);
    const who = by === this.#model.me.user_id ? 'you' : personName(this.#model.user(by));
    const lines = [`${this.#kind.state(item)}, by ${who}`, reason].filter(Boolean);
    return {
      key: user.user_id,
      shows: [name, user.img_url, lines],
      make: () =>
        h(
          'li',
          { 'data-user': user.user_id },
          personAvatar(user),
          h(
            'span.person',
            {},
            h('strong', { dir: 'auto' }, name),
            ...lines.map((line) => h('small', { dir: 'auto' }, line)),
          ),
          h(
            'button.quiet.small',
            {
              type: 'button',
              'aria-label': `${this.#kind.lift}: ${name}`,
              'data-control': 'lift',
              onclick: () => this.#lift(user),
            },
            this.#kind.lift,
          ),
        ),
    };
  }

  async #lift(user) {
    const { end, lifted } = this.#kind;
    try {
      await end(this.#model.rest, this.#room.room_id, user.user_id);
    } catch (error) {
      if (error.code !== 'not_found') {
        this.#say(errorText(error), true);
        return;
      }
    }
    this.#items.drop((item) => item.user.user_id === user.user_id);
    this.#say(lifted(personName(user)));
  }
}
