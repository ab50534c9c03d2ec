/** @file Chooses and uploads one's own picture, with progress. */

import { h } from './dom.js';
import { smallPicture } from './small-picture.js';
import { UploadQueue } from './upload-queue.js';
import { uploadNews, UploadRow } from './upload-row.js';

/** The queue keeps uploads by room; here is but one place. */
const PLACE = 'profile';

export class PictureUpload {
  #uploads;
  #row = null;

  /**
   * @param {import('./model.js').ChatModel} model
   * @param {{onUploaded: (fileUrl: string) => void}} options
   */
  constructor(model, { onUploaded }) {
    this.#uploads = new UploadQueue({
      upload: async (file, options) => model.client.uploadFile(await smallPicture(file), options),
      send: (place, { file_url }) => onUploaded(file_url),
    });
    this.#uploads.addEventListener('change', ({ detail }) => this.#draw(detail));
    this.#uploads.addEventListener('progress', () => this.#row?.drawProgress());
    this.input = h('input', {
      type: 'file',
      accept: 'image/*',
      hidden: true,
      onchange: () => {
        this.#begin([...this.input.files]);
        this.input.value = ''; // the same file may be chosen again
      },
    });
    this.button = h(
      'button.quiet.small',
      { type: 'button', onclick: () => this.input.click() },
      'Upload a picture',
    );
    this.list = h('ul.uploads', { hidden: true });
    this.announcer = h('div.hidden-text', { 'aria-live': 'polite' });
    this.element = h('div.picture-upload', {}, this.input, this.list, this.announcer);
  }

  /** What is under way is given up. */
  close() {
    this.#uploads.close();
  }

  /** The last one chosen counts. */
  #begin(files) {
    if (files.length === 0) return;
    this.#uploads.forgetRoom(PLACE);
    this.#uploads.add(PLACE, files);
    this.#uploads.sendAll(PLACE, { content: null, reply_to: null });
  }

  #draw(upload) {
    const isThere = this.#uploads.of(PLACE).includes(upload);
    const hadFocus = this.list.contains(document.activeElement);
    if (isThere && !this.list.hidden && this.#row?.upload === upload) this.#row.draw();
    else this.#show(isThere ? upload : null);
    if (hadFocus && !this.list.contains(document.activeElement)) this.button.focus();
    if (isThere) this.announcer.textContent = uploadNews(upload);
  }

  #show(upload) {
    this.#row =
      upload &&
      new UploadRow(upload, {
        onRetry: () => this.#uploads.retry(upload),
        onRemove: () => this.#uploads.remove(upload),
        afterwards: 'then everybody sees it',
      });
    this.list.replaceChildren(...(this.#row ? [this.#row.element] : []));
    this.list.hidden = !this.#row;
  }
}
