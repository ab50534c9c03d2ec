/**
 * @file The scrolling list of messages: keeps its place while things change, loads what is before and after,
 * marks what was seen.
 */

import { batched, h, icon } from './dom.js';
import { FileViews } from './file-views.js';
import { errorText, messageSummary, personName } from './format.js';
import { MessageEditor } from './message-editor.js';
import { MessageQuestions } from './message-questions.js';
import { noteText } from './note-text.js';
import { messageRow, noteRow, outgoingRow } from './message-rows.js';
import { ReactionPicker } from './reaction-picker.js';
import { placeOf, putBack } from './scroll-place.js';
import { TimelineAim } from './timeline-aim.js';
import { bottomText, TimelineEnd, topText } from './timeline-ends.js';
import { placedLines } from './timeline-lines.js';
import { TimelineReport } from './timeline-report.js';

/** So near to the end counts as being at the end. */
const END_MARGIN_PX = 80;
/** Older and newer messages are fetched before the user gets there. */
const LOAD_MARGIN_PX = 600;

export class Timeline {
  #model;
  #room;
  #onReply;
  #onEdited;
  /** The message that is being edited, in its row. @type {?MessageEditor} */
  #editor = null;
  #ended = new AbortController();
  /** Drawn rows by key. @type {Map<string, {element: HTMLElement, shows: string}>} */
  #rows = new Map();
  #files = new FileViews();
  #atEnd = true;
  /** Which of the room's timelines is drawn: a new one begins at its end. */
  #generation;
  #aim;
  #picker;
  #sizes;
  #questions;

  /**
   * @param {import('./model.js').ChatModel} model
   * @param {import('./room-state.js').RoomState} room
   * @param {{onReply: (message: object) => void, onEdited: () => void}} options `onEdited`: an edit that was
   *   begun by `editLast` is over
   */
  constructor(model, room, { onReply, onEdited }) {
    this.#model = model;
    this.#room = room;
    this.#onReply = onReply;
    this.#onEdited = onEdited;
    this.#picker = new ReactionPicker();
    this.top = new TimelineEnd('top', () => this.#retry());
    this.bottom = new TimelineEnd('bottom', () => this.#retryNewer());
    this.list = h('ol.messages', { 'aria-label': 'Messages' });
    this.scroller = h(
      'div.scroller',
      {
        tabindex: '0',
        'aria-label': 'Messages, scroll up for older ones',
        role: 'region',
        onscroll: () => this.#onScroll({ asked: true }),
      },
      ...this.top.elements,
      this.list,
      ...this.bottom.elements,
    );
    this.#generation = room.generation;
    this.#aim = new TimelineAim(this.scroller, (messageId) => this.#rows.get(messageId)?.element);
    this.toEnd = h(
      'button.to-end',
      {
        type: 'button',
        'aria-label': 'Go to the newest message',
        hidden: true,
        onclick: () => this.#goToEnd(),
      },
      icon('down'),
    );
    this.announcer = h('div.hidden-text', { 'aria-live': 'polite' });
    this.report = new TimelineReport();
    this.#questions = new MessageQuestions(model, room, {
      say: (text, isProblem) => this.report.say(text, isProblem),
      announce: (text) => (this.announcer.textContent = text),
    });
    this.element = h('div.timeline', {}, this.scroller, this.toEnd, this.report.element, this.announcer);

    const options = { signal: this.#ended.signal };
    model.addEventListener(
      'timeline',
      batched(() => this.#draw()),
      options,
    );
    model.addEventListener('announce', (event) => this.#announce(event.detail), options);
    // Pictures that arrive and windows that change must not push the newest message out of sight.
    this.#sizes = new ResizeObserver(() => this.#aim.hold() || (this.#atEnd && this.#scrollToEnd()));
    this.#sizes.observe(this.list);
    this.#sizes.observe(this.scroller);
    this.#draw();
  }

  destroy() {
    this.#ended.abort();
    this.#sizes.disconnect();
    this.#picker.close();
    this.#aim.destroy();
    this.report.destroy();
  }

  /** Puts the focus here, and shows what the room is aimed at, now or once it has come. */
  showAim() {
    this.#focusSelf();
    this.#draw();
  }

  #focusSelf() {
    this.scroller.focus({ preventScroll: true });
  }

  /** Says that the newest message was seen, if it was. */
  markRead() {
    const seen = this.#room.history === 'ready' && this.#atEnd && !document.hidden && document.hasFocus();
    if (seen && this.#room === this.#model.openRoom) this.#model.markRead(this.#room);
  }

  // --- editing and deleting

  /** Begins to edit one's newest message. @returns {boolean} whether there is one */
  editLast() {
    if (this.#room.isAway) return false;
    const mine = this.#room.lines.findLast(
      (line) => !line.note && this.#model.deeds.mayEdit(line) && line.content,
    );
    if (mine) this.#edit(mine, this.#onEdited);
    return Boolean(mine);
  }

  #edit(message, onEnded = null) {
    const editor = new MessageEditor(message, {
      onSave: (content) => this.#model.deeds.edit(this.#room, message, content),
      onEnd: () => {
        if (this.#editor !== editor) return;
        const hadFocus = editor.element.contains(document.activeElement);
        this.#editor = null;
        this.#draw();
        if (!hadFocus) return;
        if (onEnded) onEnded();
        else this.#focusRow(message.message_id, 'edit');
      },
    });
    this.#editor = editor;
    this.#draw();
    editor.focus();
  }

  /** Somebody else may delete what is being edited, or it may have gone out of the timeline. */
  #checkEditor() {
    const message = this.#editor && this.#room.messages.get(this.#editor.messageId);
    if (!this.#editor || (message && !message.deleted_at)) return;
    this.#editor = null;
    this.announcer.textContent = 'The message that you were editing is gone.';
  }

  #focusRow(messageId, control) {
    const row = this.#rows.get(messageId)?.element;
    const shown = [...(row?.querySelectorAll('[data-control]') ?? [])].filter((each) => each.offsetParent);
    (shown.find((each) => each.dataset.control === control) ?? shown[0] ?? this.scroller).focus({
      preventScroll: true,
    });
  }

  // --- drawing

  #draw() {
    if (this.#ended.signal.aborted) return;
    this.#checkEditor();
    const isNew = this.#generation !== this.#room.generation;
    if (isNew) this.#atEnd = true;
    this.#generation = this.#room.generation;
    const place = isNew ? null : placeOf(this.scroller, this.list);
    const focus = this.#focus();
    const rows = this.#wanted().map(({ key, shows, make }) => this.#row(key, shows, make));
    const kept = new Set(rows);
    for (const [key, row] of this.#rows) if (!kept.has(row)) this.#rows.delete(key);
    this.#place(rows.map((row) => row.element));
    this.#files.sweep();
    if (focus && document.activeElement !== focus.element) this.#refocus(focus);
    this.#drawEnds();
    this.#aim.mark();
    const row = this.#rows.get(place?.messageId)?.element;
    if (!this.#takeAim()) {
      if (this.#atEnd) this.#scrollToEnd();
      else if (row) putBack(this.scroller, row, place);
    }
    this.#onScroll();
    this.markRead();
  }

  /** Shows what the room is aimed at, once it is there. @returns {boolean} whether it is shown */
  #takeAim() {
    const { aim, history, messages } = this.#room;
    if (!aim || history !== 'ready' || !this.scroller.isConnected) return false;
    this.#room.aim = null;
    const shown = this.#aim.show(aim.message_id);
    if (shown) this.#announce(messages.get(aim.message_id));
    else this.report.say('That message is not there any more.');
    return shown;
  }

  #drawEnds() {
    const { history, older, newer } = this.#room;
    this.top.draw(topText(this.#room), history === 'failed' || older.state === 'failed');
    this.top.line.className = `timeline-top ${history}`;
    this.bottom.draw(bottomText(this.#room), newer.state === 'failed');
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
    this.#focusRow(key, element.dataset.control);
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
    return placedLines(this.#room, this.#model.me.user_id).map(({ key, day, isNew, line, place }) => {
      if (day) return { key, shows: day, make: () => h('li.day', {}, h('span', {}, day)) };
      if (isNew) return { key, shows: '', make: () => h('li.new-line', {}, h('span', {}, 'New')) };
      return this.#lineRow(key, line, place);
    });
  }

  #lineRow(key, line, place) {
    const model = this.#model;
    if (line.note) {
      const text = noteText(line, model);
      return { key, shows: text, make: () => noteRow(text, line.created_at) };
    }
    if (line.entry) {
      const { entry } = line;
      const shows = [entry.status, entry.error?.message, place];
      const file = this.#files.of(line);
      return {
        key,
        shows,
        make: () =>
          outgoingRow(entry, place, {
            file,
            quote: this.#quote(entry.reply_to),
            onRetry: () => model.client.retrySend(entry),
            onDiscard: () => model.discard(this.#room, entry),
          }),
      };
    }
    const author = model.user(line.user_id);
    const editor = this.#editor?.messageId === line.message_id ? this.#editor.element : null;
    const { deeds } = model;
    const [mayEdit, mayDelete, mayReport] = [
      deeds.mayEdit(line),
      deeds.mayDelete(line),
      deeds.mayReport(line),
    ];
    const quote = this.#quote(line.reply_to);
    const file = this.#files.of(line);
    const reactors = line.reactions.map((each) =>
      each.user_ids.slice(0, 20).map((id) => (id === model.me.user_id ? 'You' : personName(model.user(id)))),
    );
    return {
      key,
      shows: [
        [line.rev, place, personName(author), author.img_url, quote, reactors],
        [editor !== null, mayEdit, mayDelete],
      ],
      make: () =>
        messageRow(line, place, {
          author,
          editor,
          file,
          quote,
          reactors,
          me: model.me,
          isGroup: this.#room.is_group,
          onReact: (emoji) => this.#react(line, emoji),
          onPick: (button) =>
            this.#picker.open(button, (emoji) => this.#react(line, emoji), [
              { text: 'Reply', icon: 'reply', run: () => this.#onReply(line) },
              ...(mayEdit ? [{ text: 'Edit', icon: 'edit', run: () => this.#edit(line) }] : []),
              ...(mayDelete
                ? [{ text: 'Delete', icon: 'trash', run: () => this.#questions.delete(line) }]
                : []),
              ...(mayReport
                ? [{ text: 'Report…', icon: 'flag', run: () => this.#questions.report(line) }]
                : []),
            ]),
          onReply: () => this.#onReply(line),
          onEdit: mayEdit ? () => this.#edit(line) : null,
          onDelete: mayDelete ? () => this.#questions.delete(line) : null,
          onReport: mayReport ? () => this.#questions.report(line) : null,
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
      await this.#model.deeds.react(this.#room, message, emoji);
    } catch (error) {
      this.report.say(`The reaction was not stored. ${errorText(error)}`);
    }
  }

  #announce(message) {
    const name = personName(this.#model.user(message.user_id));
    this.announcer.textContent = `${name}: ${messageSummary(message)}`;
  }

  // --- scrolling

  /** @param {{asked?: boolean}} [options] whether the user may have caused it */
  #onScroll({ asked = false } = {}) {
    const room = this.#room;
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const toEnd = scrollHeight - scrollTop - clientHeight;
    this.#atEnd = toEnd < END_MARGIN_PX && !room.newer.hasMore;
    this.toEnd.hidden = this.#atEnd;
    this.toEnd.classList.toggle('unread', room.unread > 0);
    if (toEnd < LOAD_MARGIN_PX && room.newer.hasMore) this.#model.loadNewer(room, { asked });
    if (scrollTop < LOAD_MARGIN_PX) this.#model.loadOlder(room, { asked });
    else if (this.#atEnd) this.#model.trim(room);
    this.markRead();
  }

  #scrollToEnd(behavior = 'instant') {
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior });
  }

  #goToEnd() {
    if (this.#room.isAway) this.#model.showNewest(this.#room);
    else this.#scrollToEnd('smooth');
  }

  #retry() {
    if (this.#room.history === 'failed') this.#model.loadHistory(this.#room);
    else this.#model.loadOlder(this.#room, { asked: true });
    this.#focusSelf();
  }

  #retryNewer() {
    this.#model.loadNewer(this.#room, { asked: true });
    this.#focusSelf();
  }
}
