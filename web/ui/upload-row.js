/** @file One upload as it is seen: what it is, how far it is, how to end it or to try again. */

import { h, icon, iconButton } from './dom.js';
import { kindOfName, sizeText } from './file-kind.js';
import { errorText } from './format.js';

/** @typedef {import('./upload-queue.js').Upload} Upload */

/** How the server says that there is no room for another file: by their bytes, or by their number. */
const FULL = /^file: (?:all your files together|at most \d+ files)/;

export class UploadRow {
  #afterwards;

  /**
   * @param {Upload} upload
   * @param {{onRetry: () => void, onRemove: () => void, afterwards?: string}} options `afterwards`: what will
   *   be done with it without another word from the user
   */
  constructor(upload, { onRetry, onRemove, afterwards = 'then it is sent' }) {
    const { name, size } = upload.file;
    this.upload = upload;
    this.#afterwards = afterwards;
    this.progress = h('progress', { max: 100, 'aria-label': `Upload of ${name}` });
    this.state = h('small');
    this.problem = h('small.problem');
    this.retry = h(
      'button.link',
      { type: 'button', 'data-control': 'retry', onclick: onRetry },
      'Try again',
      h('span.hidden-text', {}, ` to upload ${name}`),
    );
    this.remove = iconButton('close', '', onRemove, { 'data-control': 'remove' });
    this.preview = h('span.upload-preview', { 'aria-hidden': 'true' }, icon('file'));
    this.element = h(
      'li.upload',
      {},
      this.preview,
      h(
        'span.upload-text',
        {},
        h('span.upload-name', { dir: 'auto', title: name }, name),
        h('small', {}, sizeText(size)),
        this.state,
        this.problem,
        this.progress,
      ),
      this.retry,
      this.remove,
    );
    this.#showPreview();
    this.draw();
  }

  draw() {
    const { status, message, error, file } = this.upload;
    this.element.dataset.status = status;
    this.progress.hidden = status !== 'uploading';
    this.retry.hidden = status !== 'failed';
    this.problem.textContent = status === 'failed' ? problemText(error) : '';
    const state = stateText(status, message && this.#afterwards);
    this.state.textContent = state && ` · ${state}`;
    const goesOn = status === 'waiting' || status === 'uploading';
    const label = `${goesOn ? 'Cancel the upload of' : 'Remove'} ${file.name}`;
    this.remove.setAttribute('aria-label', label);
    this.remove.title = label;
    this.drawProgress();
  }

  /** Called often: nothing but the bar changes. */
  drawProgress() {
    this.progress.value = Math.round(this.upload.done * 100);
  }

  /** The picture itself, from this device; the browser keeps it as long as its address stands. */
  #showPreview() {
    const { file } = this.upload;
    if (kindOfName(file.name) !== 'picture') return;
    const address = URL.createObjectURL(file);
    const image = h('img', { src: address, alt: '' });
    const forget = () => URL.revokeObjectURL(address);
    image.addEventListener('load', forget);
    image.addEventListener('error', () => {
      forget();
      this.preview.replaceChildren(icon('file'));
    });
    this.preview.replaceChildren(image);
  }
}

/** @param {?string} afterwards */
function stateText(status, afterwards) {
  if (status === 'uploaded') return 'Ready to be sent';
  const text = { waiting: 'Waits', uploading: 'Uploading' }[status] ?? '';
  return text && afterwards ? `${text}, ${afterwards}` : text;
}

/** Of a file far too large a browser may only see that the server hung up. */
function problemText(error) {
  if (error.code === 'offline') return 'The upload broke off. Please try again, or with a smaller file.';
  if (FULL.test(error.message))
    return 'There is no room for more of your files. You can delete some: your account, Files.';
  return errorText(error);
}

/** What to read aloud. @param {Upload} upload @returns {string} */
export function uploadNews({ status, file, error }) {
  if (status === 'uploading') return `Uploading ${file.name}.`;
  if (status === 'uploaded') return `${file.name} is uploaded.`;
  return status === 'failed' ? `${file.name} was not uploaded. ${problemText(error)}` : '';
}
