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
  #loading = false;
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
    this.list = h('ol.messages', { 'aria-label': 'Messages' });
    this.scroller = h(
      'div.scroller',
      {
        tabindex: '0',
        'aria-label': 'Messages, scroll up for older ones',
        role: 'region',
        onscroll: () => this.#onScroll(),
      },
      this.top,
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
    const rows = this.#wanted().map(({ key, shows, make }) => this.#row(key, shows, make));
    const kept = new Set(rows);
    for (const [key, row] of this.#rows) if (!kept.has(row)) this.#rows.delete(key);
    this.#place(rows.map((row) => row.element));
    this.#drawTop();
    if (this.#atEnd) this.#scrollToEnd();
    else if (firstBefore && firstBefore !== this.list.firstElementChild) {
      this.scroller.scrollTop = this.scroller.scrollHeight - fromEnd;
    }
    this.#onScroll();
    this.markRead();
  }

  #drawTop() {
    const { history, hasOlder, lines, outgoing } = this.#room;
    this.top.className = `timeline-top ${history}`;
    if (history === 'failed')
      this.top.textContent = 'The messages could not be fetched. They come when the connection is back.';
    else if (history !== 'ready') this.top.textContent = 'Fetching messages…';
    else if (hasOlder) this.top.textContent = this.#loading ? 'Fetching older messages…' : '';
    else if (lines.length + outgoing.size === 0) this.top.textContent = 'No messages yet. Say hello.';
    else this.top.textContent = 'This is where it began.';
  }

  #row(key, shows, make) {
    const text = JSON.stringify(shows);
    let row = this.#rows.get(key);
    if (row?.shows === text) return row;
    const element = make();
    if (row) row.element.replaceWith(element);
    row = { element, shows: text };
    this.#rows.set(key, row);
    return row;
  }

  #place(elements) {
    const kept = new Set(elements);
    for (const child of [...this.list.children]) if (!kept.has(child)) child.remove();
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
    const seenSeq = this.#seenSeq();
    let former = null;
    let newShown = false;
    for (const [index, line] of all.entries()) {
      if (!former || dayKey(former.created_at) !== dayKey(line.created_at)) {
        const label = dayLabel(line.created_at);
        rows.push({
          key: `day ${dayKey(line.created_at)}`,
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
      rows.push(
        this.#lineRow(line, { together, last, seen: line.seq !== undefined && line.seq === seenSeq }),
      );
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

  /** The newest of one's own messages that somebody else has read. */
  #seenSeq() {
    const readTo = Math.max(0, ...this.#room.readBy.values());
    const mine = (line) => !line.note && line.user_id === this.#model.me.user_id && line.seq <= readTo;
    return this.#room.lines.findLast(mine)?.seq ?? null;
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

  #onScroll() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < END_MARGIN_PX;
    this.toEnd.hidden = this.#atEnd;
    this.toEnd.classList.toggle('unread', this.#room.unread > 0);
    if (scrollTop < LOAD_MARGIN_PX) this.#loadOlder();
    this.markRead();
  }

  #scrollToEnd(behavior = 'instant') {
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior });
  }

  async #loadOlder() {
    if (this.#loading || this.#room.history !== 'ready' || !this.#room.hasOlder) return;
    this.#loading = true;
    this.#drawTop();
    await this.#model.loadOlder(this.#room);
    this.#loading = false;
    this.#drawTop();
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
