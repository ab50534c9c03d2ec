/**
 * @file The scrolling list of messages: keeps its place while things change, loads older ones, marks what was
 * seen.
 */

import { batched, h, icon } from './dom.js';
import { dayKey, dayLabel, messageSummary, personName } from './format.js';
import { messageRow, noteRow, outgoingRow } from './message-rows.js';
import { ReactionPicker } from './reaction-picker.js';

/** Messages of one person within this time stand together. */
const GROUP_WITHIN_MS = 5 * 60_000;
/** So near to the end counts as being at the end. */
const END_MARGIN_PX = 80;
/** Older messages are fetched before the user gets to the top. */
const LOAD_MARGIN_PX = 600;

export class Timeline {
  #model;
  #room;
  #onReply;
  #ended = new AbortController();
  /** Drawn rows by key. @type {Map<string, {element: HTMLElement, shows: string}>} */
  #rows = new Map();
  #atEnd = true;
  #picker;
  #sizes;

  /**
   * @param {import('./model.js').ChatModel} model
   * @param {import('./room-state.js').RoomState} room
   * @param {{onReply: (message: object) => void}} options
   */
  constructor(model, room, { onReply }) {
    this.#model = model;
    this.#room = room;
    this.#onReply = onReply;
    this.#picker = new ReactionPicker();
    this.top = h('p.timeline-top', { role: 'status' });
    this.retry = h(
      'button.link.timeline-retry',
      { type: 'button', hidden: true, onclick: () => this.#retry() },
      'Try again',
    );
    this.list = h('ol.messages', { 'aria-label': 'Messages' });
    this.scroller = h(
      'div.scroller',
      {
        tabindex: '0',
        'aria-label': 'Messages, scroll up for older ones',
        role: 'region',
        onscroll: () => this.#onScroll({ asked: true }),
      },
      this.top,
      this.retry,
      this.list,
    );
    this.toEnd = h(
      'button.to-end',
      {
        type: 'button',
        'aria-label': 'Go to the newest message',
        hidden: true,
        onclick: () => this.#scrollToEnd('smooth'),
      },
      icon('down'),
    );
    this.announcer = h('div.hidden-text', { 'aria-live': 'polite' });
    this.element = h('div.timeline', {}, this.scroller, this.toEnd, this.announcer);

    const options = { signal: this.#ended.signal };
    model.addEventListener(
      'timeline',
      batched(() => this.#draw()),
      options,
    );
    model.addEventListener('announce', (event) => this.#announce(event.detail), options);
    // Pictures that arrive and windows that change must not push the newest message out of sight.
    this.#sizes = new ResizeObserver(() => this.#atEnd && this.#scrollToEnd());
    this.#sizes.observe(this.list);
    this.#sizes.observe(this.scroller);
    this.#draw();
  }

  destroy() {
    this.#ended.abort();
    this.#sizes.disconnect();
    this.#picker.close();
  }

  /** Says that the newest message was seen, if it was. */
  markRead() {
    const seen = this.#room.history === 'ready' && this.#atEnd && !document.hidden && document.hasFocus();
    if (seen && this.#room === this.#model.openRoom) this.#model.markRead(this.#room);
  }

  // --- drawing

  #draw() {
    if (this.#ended.signal.aborted) return;
    const fromEnd = this.scroller.scrollHeight - this.scroller.scrollTop;
    const firstBefore = this.list.firstElementChild;
    const focus = this.#focus();
    const rows = this.#wanted().map(({ key, shows, make }) => this.#row(key, shows, make));
    const kept = new Set(rows);
    for (const [key, row] of this.#rows) if (!kept.has(row)) this.#rows.delete(key);
    this.#place(rows.map((row) => row.element));
    if (focus && document.activeElement !== focus.element) this.#refocus(focus);
    this.#drawTop();
    if (this.#atEnd) this.#scrollToEnd();
    else if (firstBefore && firstBefore !== this.list.firstElementChild) {
      this.scroller.scrollTop = this.scroller.scrollHeight - fromEnd;
    }
    this.#onScroll();
    this.markRead();
  }

  #drawTop() {
    const { history, older } = this.#room;
    const text = this.#topText();
    if (this.top.textContent !== text) this.top.textContent = text;
    this.top.className = `timeline-top ${history}`;
    this.retry.hidden = history !== 'failed' && older !== 'failed';
  }

  #topText() {
    const { history, older, hasOlder, lines, outgoing } = this.#room;
    if (history === 'failed') return 'The messages could not be fetched.';
    if (history !== 'ready') return 'Fetching messages…';
    if (older === 'failed') return 'Older messages could not be fetched.';
    if (hasOlder) return older === 'loading' ? 'Fetching older messages…' : '';
    if (lines.length + outgoing.size === 0) return 'No messages yet. Say hello.';
    return 'This is where it began.';
  }

  /** What has the focus, and in which row it is. @returns {?{element: HTMLElement, key: ?string}} */
  #focus() {
    const element = document.activeElement;
    if (!this.list.contains(element)) return null;
    const found = [...this.#rows].find(([, row]) => row.element.contains(element));
    return { element, key: found?.[0] ?? null };
  }

  /** A row that was drawn anew has the same controls, or some of them; else the list takes the focus. */
  #refocus({ element, key }) {
    if (element.isConnected) {
      element.focus({ preventScroll: true });
      return;
    }
    const controls = [...(this.#rows.get(key)?.element.querySelectorAll('[data-control]') ?? [])];
    const control = controls.find((each) => each.dataset.control === element.dataset.control) ?? controls[0];
    (control ?? this.scroller).focus({ preventScroll: true });
  }

  #row(key, shows, make) {
    const text = JSON.stringify(shows);
    let row = this.#rows.get(key);
    if (row?.shows === text) return row;
    const element = make();
    if (row) {
      this.#picker.follow(row.element, element);
      row.element.replaceWith(element);
    }
    row = { element, shows: text };
    this.#rows.set(key, row);
    return row;
  }

  #place(elements) {
    const kept = new Set(elements);
    for (const child of [...this.list.children]) {
      if (kept.has(child)) continue;
      this.#picker.follow(child, null);
      child.remove();
    }
    elements.forEach((element, index) => {
      if (this.list.children[index] !== element)
        this.list.insertBefore(element, this.list.children[index] ?? null);
    });
  }

  /** All rows in order: how to know them again, what they show, how to make them. */
  #wanted() {
    const room = this.#room;
    const rows = [];
    const outgoing = [...room.outgoing.values()];
    const all = [
      ...room.lines,
      ...outgoing.map((entry) => ({ ...entry, user_id: this.#model.me.user_id, entry })),
    ];
    const newestSeen = room.lines.findLast((line) => room.isSeen(line));
    let former = null;
    let day = null;
    let newShown = false;
    for (const [index, line] of all.entries()) {
      // A note may not know its time; then it is of the day of what stands before it.
      const lineDay = line.created_at ? dayKey(line.created_at) : day;
      if (lineDay !== day) {
        day = lineDay;
        const label = dayLabel(line.created_at);
        rows.push({
          key: `day ${day}`,
          shows: label,
          make: () => h('li.day', {}, h('span', {}, label)),
        });
        former = null;
      }
      if (!newShown && this.#isNew(line)) {
        newShown = true;
        former = null;
        rows.push({ key: 'new', shows: '', make: () => h('li.new-line', {}, h('span', {}, 'New')) });
      }
      const together = follows(former, line);
      const last = !follows(line, all[index + 1]);
      const seen = room.isSeen(line);
      rows.push(this.#lineRow(line, { together, last, seen, newestSeen: line === newestSeen }));
      former = line;
    }
    return rows;
  }

  #isNew(line) {
    const { newAfterSeq } = this.#room;
    return (
      newAfterSeq !== null && line.seq > newAfterSeq && !line.note && line.user_id !== this.#model.me.user_id
    );
  }

  #lineRow(line, place) {
    const model = this.#model;
    if (line.note) {
      const text = noteText(line, model);
      return { key: `note ${line.seq}`, shows: text, make: () => noteRow(text, line.created_at) };
    }
    if (line.entry) {
      const { entry } = line;
      const shows = [entry.status, entry.error?.message, place];
      return {
        key: `out ${entry.client_msg_id}`,
        shows,
        make: () =>
          outgoingRow(entry, place, {
            quote: this.#quote(entry.reply_to),
            onRetry: () => model.client.retrySend(entry),
            onDiscard: () => model.discard(this.#room, entry),
          }),
      };
    }
    const author = model.user(line.user_id);
    const quote = this.#quote(line.reply_to);
    const reactors = line.reactions.map((each) =>
      each.user_ids.slice(0, 20).map((id) => (id === model.me.user_id ? 'You' : personName(model.user(id)))),
    );
    return {
      key: line.message_id,
      shows: [line.rev, place, personName(author), author.img_url, quote, reactors],
      make: () =>
        messageRow(line, place, {
          author,
          quote,
          reactors,
          me: model.me,
          isGroup: this.#room.is_group,
          onReact: (emoji) => this.#react(line, emoji),
          onPick: (button) =>
            this.#picker.open(
              button,
              (emoji) => this.#react(line, emoji),
              () => this.#onReply(line),
            ),
          onReply: () => this.#onReply(line),
        }),
    };
  }

  #quote(messageId) {
    if (!messageId) return null;
    const message = this.#room.messages.get(messageId);
    if (!message) return { name: '', text: 'An earlier message' };
    return { name: personName(this.#model.user(message.user_id)), text: messageSummary(message) };
  }

  async #react(message, emoji) {
    try {
      await this.#model.react(this.#room, message, emoji);
    } catch (error) {
      this.announcer.textContent = `The reaction was not stored: ${error.message}`;
    }
  }

  #announce(message) {
    const name = personName(this.#model.user(message.user_id));
    this.announcer.textContent = `${name}: ${messageSummary(message)}`;
  }

  // --- scrolling

  /** @param {{asked?: boolean}} [options] whether the user may have caused it */
  #onScroll({ asked = false } = {}) {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < END_MARGIN_PX;
    this.toEnd.hidden = this.#atEnd;
    this.toEnd.classList.toggle('unread', this.#room.unread > 0);
    if (scrollTop < LOAD_MARGIN_PX) this.#model.loadOlder(this.#room, { asked });
    else if (this.#atEnd) this.#model.trim(this.#room);
    this.markRead();
  }

  #scrollToEnd(behavior = 'instant') {
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior });
  }

  #retry() {
    if (this.#room.history === 'failed') this.#model.loadHistory(this.#room);
    else this.#model.loadOlder(this.#room, { asked: true });
    this.scroller.focus({ preventScroll: true });
  }
}

/** Whether `line` belongs to the same block as the one before it. */
function follows(former, line) {
  return Boolean(
    former &&
    line &&
    !former.note &&
    !line.note &&
    former.user_id === line.user_id &&
    dayKey(former.created_at) === dayKey(line.created_at) &&
    new Date(line.created_at) - new Date(former.created_at) < GROUP_WITHIN_MS,
  );
}

function noteText(note, model) {
  const name = (id) => (id === model.me.user_id ? 'You' : personName(model.user(id)));
  if (note.type === 'room_renamed') return `${name(note.by)} named the room “${note.name}”`;
  if (note.type === 'member_joined') {
    return note.by && note.by !== note.user_id
      ? `${name(note.by)} added ${name(note.user_id)}`
      : `${name(note.user_id)} joined`;
  }
  return note.reason === 'removed'
    ? `${name(note.by)} removed ${name(note.user_id)}`
    : `${name(note.user_id)} left`;
}
