/**
 * @file Where one writes: text that grows, files, a picture by its address, a reply; says that one is typing.
 */

import { Attachments } from './attachments.js';
import { h, icon, iconButton } from './dom.js';
import { messageSummary, personName } from './format.js';
import { contentFault } from './message-content.js';
import { WriteLimits } from './write-limits.js';

export class Composer {
  #model;
  #room;
  #onEditLast;
  #onBarred;
  /** Whether the problem is that slow mode wants one to wait. */
  #saidToWait = false;
  /** @type {{text: string, pictureUrl: ?string, reply: ?object}} */
  #draft;

  /**
   * @param {import('./model.js').ChatModel} model
   * @param {import('./room-state.js').RoomState} room
   * @param {{onEditLast: () => boolean, onBarred: () => void}} options `onEditLast` begins to edit one's last
   *   message, if there is one; `onBarred`: one may not write any more, and had the focus here
   */
  constructor(model, room, { onEditLast, onBarred }) {
    this.#model = model;
    this.#room = room;
    this.#onEditLast = onEditLast;
    this.#onBarred = onBarred;
    this.#draft = model.drafts.get(room.room_id) ?? { text: '', pictureUrl: null, reply: null };
    this.input = h('textarea', {
      rows: 1,
      placeholder: 'Write a message',
      'aria-label': 'Write a message',
      dir: 'auto',
      enterkeyhint: 'send',
      value: this.#draft.text,
      oninput: () => this.#onInput(),
      onkeydown: (event) => this.#onKey(event),
    });
    this.extras = h('div.extras');
    this.problem = h('p.problem', { role: 'alert' });
    this.pictureButton = iconButton(
      'picture',
      'Add a picture by its address',
      () => this.#togglePictureField(),
      { 'aria-expanded': 'false' },
    );
    this.attachments = new Attachments(model.uploads, room.room_id, {
      onChange: () => this.#show(),
      onReturned: (message) => this.#takeBack(message),
    });
    this.sendButton = h('button.send', { type: 'submit', 'aria-label': 'Send', title: 'Send' }, icon('send'));
    this.pictureField = this.#makePictureField();
    this.limits = new WriteLimits(model, room, { onChange: () => this.#heedLimits() });
    this.element = h(
      'form.composer',
      { onsubmit: (event) => this.#submit(event) },
      this.limits.element,
      this.problem,
      this.extras,
      this.attachments.element,
      this.pictureField,
      h('div.composer-line', {}, this.attachments.button, this.pictureButton, this.input, this.sendButton),
    );
    this.#show();
    this.limits.draw();
  }

  destroy() {
    const { client, drafts, rooms } = this.#model;
    const { room_id: roomId } = this.#room;
    const begun = this.#draft.text || this.#draft.pictureUrl || this.#draft.reply;
    if (begun && rooms.has(roomId)) drafts.set(roomId, this.#draft);
    else drafts.delete(roomId);
    client.typing(roomId, false);
    this.attachments.destroy();
    this.limits.destroy();
  }

  focus() {
    this.input.focus();
  }

  /** @param {File[]} files dropped or pasted */
  attach(files) {
    this.complain('');
    this.attachments.add(files);
    this.focus();
  }

  /** Says what is wrong; an empty text takes it back. */
  complain(text) {
    this.problem.textContent = text;
    this.#saidToWait = false;
  }

  replyTo(message) {
    this.#draft.reply = message;
    this.#show();
    this.focus();
  }

  #show() {
    const { pictureUrl, reply } = this.#draft;
    this.extras.replaceChildren(
      ...[
        reply &&
          extra(
            'reply',
            `Reply to ${personName(this.#model.user(reply.user_id))}: ${messageSummary(reply)}`,
            'Do not reply',
            () => this.replyTo(null),
          ),
        pictureUrl && extra('picture', pictureUrl, 'Remove the picture', () => this.#setPicture(null)),
      ].filter(Boolean),
    );
    this.#checkSend();
    this.#grow();
  }

  /** Whether one may write at all. */
  get isOpen() {
    return !this.element.hidden && !this.limits.isMuted;
  }

  /** While one is muted nothing can be written; in slow mode one writes while one waits. */
  #heedLimits() {
    const { isMuted, waitMs } = this.limits;
    const hadFocus = this.element.contains(document.activeElement);
    for (const control of [this.input, this.attachments.button, this.pictureButton, this.urlInput])
      control.disabled = isMuted;
    if (isMuted) this.pictureField.hidden = true;
    if (isMuted && hadFocus) this.#onBarred();
    if (waitMs === 0 && this.#saidToWait) this.complain('');
    this.#checkSend();
  }

  #checkSend() {
    this.sendButton.disabled = !this.#hasSomething() || this.limits.isMuted || this.limits.waitMs > 0;
  }

  #hasSomething() {
    return this.input.value.trim() !== '' || Boolean(this.#draft.pictureUrl) || this.attachments.hasUnsent;
  }

  #grow() {
    // `field-sizing: content` does it where browsers know it; `rows` is the way that needs no style
    // attribute.
    const lines = this.input.value.split('\n').length;
    this.input.rows = Math.min(6, lines);
  }

  #onInput() {
    this.#draft.text = this.input.value;
    this.complain('');
    this.#model.client.typing(this.#room.room_id, this.input.value !== '');
    this.#show();
  }

  /**
   * Enter sends, Shift and Enter makes a new line; not while a word is still being composed. Where nothing is
   * written, the arrow upwards goes to one's last message.
   */
  #onKey(event) {
    if (event.key === 'ArrowUp' && this.input.value === '' && this.#onEditLast()) event.preventDefault();
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.element.requestSubmit();
  }

  #submit(event) {
    event.preventDefault();
    const content = this.input.value.trim();
    if (!this.#hasSomething() || this.limits.isMuted) return;
    const { waitMs, waitText } = this.limits;
    this.complain(contentFault(content) || (waitMs > 0 ? waitText : ''));
    this.#saidToWait = waitMs > 0;
    if (this.problem.textContent) return;
    this.#send(content);
    this.#draft = { text: '', pictureUrl: null, reply: null };
    this.input.value = '';
    this.#model.client.typing(this.#room.room_id, false);
    this.#show();
    this.focus();
  }

  /** The text goes with the picture or the first file, if there is one. */
  #send(content) {
    const { pictureUrl, reply } = this.#draft;
    let message = { content: content || null, reply_to: reply?.message_id ?? null };
    if (pictureUrl) {
      this.#model.client.send(this.#room.room_id, { ...message, file_url: pictureUrl });
      message = { content: null, reply_to: null };
    }
    const sent = this.attachments.sendAll(message) || pictureUrl;
    if (!sent) this.#model.client.send(this.#room.room_id, message);
  }

  /** Stands before what was written since then. */
  #takeBack({ content, reply_to: replyTo }) {
    this.#draft.reply ??= this.#room.messages.get(replyTo) ?? null;
    this.input.value = [content, this.input.value].filter(Boolean).join('\n');
    this.#onInput();
  }

  // --- a picture by its address

  #makePictureField() {
    this.urlInput = h('input', {
      type: 'url',
      placeholder: 'https://…',
      'aria-label': 'Address of a picture',
      onkeydown: (event) => this.#onUrlKey(event),
    });
    return h(
      'div.picture-field',
      { hidden: true },
      this.urlInput,
      h('button.quiet', { type: 'button', onclick: () => this.#addPicture() }, 'Add'),
    );
  }

  #togglePictureField(open = this.pictureField.hidden) {
    this.pictureField.hidden = !open;
    this.pictureButton.setAttribute('aria-expanded', String(open));
    if (open) this.urlInput.focus();
    else this.focus();
  }

  #onUrlKey(event) {
    if (event.key === 'Escape') this.#togglePictureField(false);
    if (event.key !== 'Enter') return;
    event.preventDefault();
    this.#addPicture();
  }

  #addPicture() {
    const url = URL.canParse(this.urlInput.value) ? new URL(this.urlInput.value) : null;
    if (url?.protocol !== 'https:') {
      this.complain('A picture needs an address that begins with https://');
      return;
    }
    this.urlInput.value = '';
    this.complain('');
    this.#setPicture(url.href);
    this.#togglePictureField(false);
  }

  #setPicture(url) {
    this.#draft.pictureUrl = url;
    this.#show();
  }
}

function extra(iconName, text, removeLabel, onRemove) {
  return h(
    'div.extra',
    {},
    icon(iconName),
    h('span', { dir: 'auto' }, text),
    iconButton('close', removeLabel, onRemove),
  );
}
