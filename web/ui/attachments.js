/** @file The files beside a message that is being written: chosen, dropped or pasted, and on their way. */

import { h, iconButton } from './dom.js';
import { isUnsent } from './upload-queue.js';
import { uploadNews, UploadRow } from './upload-row.js';

export class Attachments {
  #uploads;
  #roomId;
  #onChange;
  #onReturned;
  /** @type {Map<import('./upload-queue.js').Upload, UploadRow>} */
  #rows = new Map();
  #ended = new AbortController();

  /**
   * @param {import('./upload-queue.js').UploadQueue} uploads
   * @param {string} roomId
   * @param {{onChange: () => void, onReturned: (message: object) => void}} options `onReturned`: the file
   *   that a text was to go with is gone
   */
  constructor(uploads, roomId, { onChange, onReturned }) {
    this.#uploads = uploads;
    this.#roomId = roomId;
    this.#onChange = onChange;
    this.#onReturned = onReturned;
    this.input = h('input', {
      type: 'file',
      multiple: true,
      hidden: true,
      onchange: () => {
        this.add(this.input.files);
        this.input.value = ''; // the same file may be chosen again
      },
    });
    this.button = iconButton('attach', 'Attach files', () => this.input.click());
    this.list = h('ul.uploads', { 'aria-label': 'Files to be sent' });
    this.announcer = h('div.hidden-text', { 'aria-live': 'polite' });
    this.element = h('div', {}, this.input, this.list, this.announcer);

    const mine = (draw) => (event) => event.detail.room_id === roomId && draw(event.detail);
    const options = { signal: this.#ended.signal };
    uploads.addEventListener(
      'change',
      mine((upload) => this.#onUpload(upload)),
      options,
    );
    uploads.addEventListener(
      'progress',
      mine((upload) => this.#rows.get(upload)?.drawProgress()),
      options,
    );
    this.#draw();
  }

  destroy() {
    this.#ended.abort();
  }

  /** Whether the next press on "send" sends a file. */
  get hasUnsent() {
    return this.#uploads.of(this.#roomId).some(isUnsent);
  }

  /** @param {Iterable<File>} files */
  add(files) {
    this.#uploads.add(this.#roomId, files);
  }

  /** Sends them with what was written. @param {{content: ?string, reply_to: ?string}} message */
  sendAll(message) {
    return this.#uploads.sendAll(this.#roomId, message);
  }

  #onUpload(upload) {
    this.#draw();
    const isThere = this.#rows.has(upload);
    const news = isThere ? uploadNews(upload) : '';
    if (news) this.announcer.textContent = news;
    this.#onChange();
  }

  #draw() {
    const uploads = this.#uploads.of(this.#roomId);
    for (const [upload, row] of this.#rows) {
      if (uploads.includes(upload)) continue;
      row.element.remove();
      this.#rows.delete(upload);
    }
    uploads.forEach((upload, index) => {
      const row = this.#row(upload);
      row.draw();
      if (this.list.children[index] !== row.element)
        this.list.insertBefore(row.element, this.list.children[index] ?? null);
    });
    this.list.hidden = uploads.length === 0;
  }

  #row(upload) {
    const row =
      this.#rows.get(upload) ??
      new UploadRow(upload, {
        onRetry: () => this.#retry(upload),
        onRemove: () => this.#remove(upload),
      });
    this.#rows.set(upload, row);
    return row;
  }

  /** The button that was pressed goes; the one beside it stays. */
  #retry(upload) {
    this.#rows.get(upload).remove.focus();
    this.#uploads.retry(upload);
  }

  #remove(upload) {
    const { element } = this.#rows.get(upload);
    const next = element.nextElementSibling ?? element.previousElementSibling;
    const left = this.#uploads.remove(upload);
    this.announcer.textContent = `${upload.file.name} is not sent.`;
    if (left) this.#onReturned(left);
    (next?.querySelector('[data-control="remove"]') ?? this.button).focus();
  }
}
