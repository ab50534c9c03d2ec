/**
 * @file Searching messages: the field above the list of rooms, and what was found, in the place of that list
 * while something is looked for.
 */

import { h, icon, iconButton } from './dom.js';
import { errorText, roomName } from './format.js';
import { KeyedList } from './keyed-list.js';
import { countText, MAX_SEARCH_LENGTH, MessageSearch, opensSearch } from './message-search.js';
import { hitRow, senderName } from './search-rows.js';

/** The next page is fetched before the user gets to the end. */
const MORE_MARGIN_PX = 400;
const FIELD =
  'input:not([type="checkbox"], [type="radio"], [type="file"]), select, textarea, [contenteditable]';
const OVER_THE_PAGE = 'dialog[open], :popover-open';
const IS_APPLE = /Mac|iPhone|iPad/.test(navigator.platform);

export class SearchPanel {
  #model;
  #options;
  #search;
  #rows;
  /** The hit that Enter opens. @type {?string} */
  #activeId = null;
  /** Which question is answered by what stands there. */
  #answered = 0;
  /** What had the focus before. @type {?Element} */
  #returnTo = null;
  #stops;

  /**
   * @param {import('./model.js').ChatModel} model
   * @param {object} options
   * @param {AbortSignal} options.signal ends the shortcut
   * @param {() => void} options.onOpen the field is about to get the focus
   * @param {(isSearching: boolean) => void} options.onSearching whether results stand there, when that changes
   * @param {(hit: import('../parley/rest.js').SearchHit) => void} options.onPick
   * @param {() => void} options.onClose
   * @param {() => void} options.onFocusBack what had the focus is gone
   */
  constructor(model, options) {
    this.#model = model;
    this.#options = options;
    this.#search = new MessageSearch((q, query) => model.client.searchMessages(q, query));
    this.#make();
    this.#rows = new KeyedList(this.list);
    this.#search.addEventListener('change', () => this.#draw());
    model.on('rooms', () => this.#onRooms());
    this.#stops = [
      model.client.on('message_edited', (event) => this.#search.edited(event)),
      model.client.on('message_deleted', (event) => this.#search.deleted(event)),
    ];
    document.addEventListener('keydown', (event) => this.#onShortcut(event), { signal: options.signal });
    this.#onRooms();
    this.#draw();
  }

  #make() {
    this.field = h('input', {
      type: 'text',
      role: 'combobox',
      placeholder: 'Search messages',
      'aria-label': 'Search messages',
      'aria-autocomplete': 'list',
      'aria-controls': 'search-hits',
      'aria-keyshortcuts': 'Control+K Meta+K /',
      autocomplete: 'off',
      enterkeyhint: 'search',
      inputmode: 'search',
      maxlength: MAX_SEARCH_LENGTH,
      spellcheck: 'false',
      oninput: () => this.#ask(),
      onkeydown: (event) => this.#onKey(event),
    });
    this.hint = h('kbd.search-key', { 'aria-hidden': 'true' }, IS_APPLE ? '⌘ K' : 'Ctrl K');
    this.here = h('input', { type: 'checkbox', role: 'switch', onchange: () => this.#ask() });
    // A press on it must not take the focus from the field: then it would be gone before the click.
    this.options = h(
      'label.check.search-here',
      { hidden: true, onmousedown: (event) => event.preventDefault() },
      this.here,
      h('span', {}, 'This room only'),
    );
    this.count = h('p.search-count', { role: 'status' });
    this.problem = h('p.problem', { role: 'alert' });
    this.wait = h('p.empty');
    this.list = h('ul.hits', { id: 'search-hits', role: 'listbox', 'aria-label': 'Messages found' });
    this.more = h('button.link', { type: 'button', onclick: () => this.#search.more() }, 'More messages');
    this.retry = h('button.link', { type: 'button', onclick: () => this.#search.more() }, 'Try again');
    this.found = h(
      'div.search-found',
      { hidden: true, onscroll: () => this.#onScroll() },
      this.wait,
      this.list,
      h('div.search-end', {}, this.problem, this.retry, this.more),
    );
    const close = iconButton('close', 'Close the search', () => this.close(), {
      class: 'icon-button search-close',
    });
    this.element = h(
      'div.message-search',
      {
        role: 'search',
        'aria-label': 'Messages',
        onkeydown: (event) => this.#onEscape(event),
        onfocusin: ({ relatedTarget }) => this.#onFocus(relatedTarget),
      },
      h('div.filter', {}, icon('search'), this.field, this.hint, close),
      this.options,
      this.count,
      this.found,
    );
  }

  /** @param {boolean} [here] whether in the open room only; else as it was */
  open(here = this.here.checked) {
    const { activeElement } = document;
    this.#options.onOpen(); // which may hide what has the focus
    this.here.checked = here && !this.options.hidden;
    this.field.focus();
    this.field.select();
    this.#onFocus(activeElement);
    this.#ask();
  }

  /** Ends the search, and gives the focus back. */
  close() {
    this.field.value = '';
    this.here.checked = false;
    this.#search.clear();
    this.#options.onClose();
    const back = this.#returnTo;
    this.#returnTo = null;
    if (back?.isConnected && back !== document.body && back.checkVisibility()) back.focus();
    else this.#options.onFocusBack();
    if (this.element.contains(document.activeElement)) document.activeElement.blur();
  }

  destroy() {
    for (const stop of this.#stops) stop();
    this.#search.close();
  }

  #ask() {
    this.#search.ask(this.field.value, this.here.checked ? this.#model.openRoom.room_id : null);
  }

  #onFocus(from) {
    if (from && !this.element.contains(from)) this.#returnTo = from;
  }

  /** The rooms that one is in, and the open one, may be others. */
  #onRooms() {
    this.options.hidden = this.#model.openRoom === null;
    if (this.options.hidden) this.here.checked = false;
    this.#ask();
    if (this.#search.q !== '') this.#draw();
  }

  // --- keys

  #onShortcut(event) {
    const isTyping = document.activeElement?.matches(FIELD) ?? false;
    if (event.defaultPrevented || !opensSearch(event, isTyping)) return;
    if (document.querySelector(OVER_THE_PAGE)) return;
    event.preventDefault();
    this.open();
  }

  #onEscape(event) {
    if (event.key !== 'Escape' || event.isComposing) return;
    event.preventDefault();
    this.close();
  }

  #onKey(event) {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      this.#move(step);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      const hit = this.#hits().find((each) => each.message_id === this.#activeId);
      if (hit) this.#pick(hit);
      else this.#search.now();
    }
  }

  /** To the next hit, or from the first one back to the field alone. */
  #move(step) {
    const hits = this.#hits();
    const now = hits.findIndex((hit) => hit.message_id === this.#activeId);
    const next = Math.min(now + step, hits.length - 1);
    if (step > 0 && next >= hits.length - 2 && this.#search.hasMore) this.#search.more();
    this.#activeId = hits[Math.max(next, -1)]?.message_id ?? null;
    this.#showActive();
    this.list.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }

  #pick(hit) {
    this.#activeId = hit.message_id;
    this.#showActive();
    this.#options.onPick(hit);
  }

  // --- drawing

  /** Of a room that one has left meanwhile nothing is shown. */
  #hits() {
    return this.#search.hits.filter((hit) => this.#model.rooms.has(hit.room_id));
  }

  #draw() {
    const search = this.#search;
    const isSearching = search.q !== '';
    const hits = this.#hits();
    if (this.found.hidden === isSearching) this.#options.onSearching(isSearching);
    this.found.hidden = !isSearching;
    this.element.classList.toggle('active', isSearching);
    const isNew = search.state === 'ready' && this.#answered !== search.question;
    if (isNew) {
      this.#answered = search.question;
      this.#activeId = null;
    }
    this.#rows.draw(hits.map((hit) => this.#row(hit)));
    if (isNew) this.found.scrollTop = 0;
    const count = isSearching ? countText(search, hits.length) : '';
    if (this.count.textContent !== count) this.count.textContent = count;
    this.wait.textContent = search.state === 'loading' && hits.length === 0 ? 'Searching…' : '';
    this.list.setAttribute('aria-busy', String(search.state === 'loading'));
    this.problem.textContent = search.error ? errorText(search.error) : '';
    this.#show(this.retry, search.error !== null);
    this.#show(this.more, search.hasMore && search.error === null);
    this.field.setAttribute('aria-expanded', String(hits.length > 0));
    if (!hits.some((hit) => hit.message_id === this.#activeId)) this.#activeId = null;
    this.#showActive();
  }

  #row(hit) {
    const room = this.#model.rooms.get(hit.room_id);
    const sender = senderName(hit, this.#model);
    return {
      key: hit.message_id,
      shows: [roomName(room), room.peer?.img_url, sender, hit.snippet],
      make: () => hitRow(hit, { id: `hit-${hit.message_id}`, room, sender, onPick: () => this.#pick(hit) }),
    };
  }

  /** A button that goes leaves the focus to the field. */
  #show(button, isShown) {
    if (!isShown && button === document.activeElement) this.field.focus();
    button.hidden = !isShown;
  }

  #showActive() {
    for (const row of this.list.children)
      row.setAttribute('aria-selected', String(row.dataset.hit === this.#activeId));
    if (this.#activeId) this.field.setAttribute('aria-activedescendant', `hit-${this.#activeId}`);
    else this.field.removeAttribute('aria-activedescendant');
  }

  #onScroll() {
    const { scrollTop, scrollHeight, clientHeight } = this.found;
    const isNear = scrollHeight - scrollTop - clientHeight < MORE_MARGIN_PX;
    if (isNear && this.#search.state === 'ready') this.#search.more();
  }
}
