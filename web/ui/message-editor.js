/** @file Changes the text of a message in its place: Enter saves, Escape leaves it as it was. */

import { h } from './dom.js';
import { errorText } from './format.js';
import { contentFault } from './message-content.js';

export class MessageEditor {
  #message;
  #onSave;
  #onEnd;
  #busy = false;

  /**
   * @param {object} message
   * @param {{onSave: (content: string) => Promise<void>, onEnd: () => void}} options `onEnd`: it was saved or
   *   left
   */
  constructor(message, { onSave, onEnd }) {
    this.#message = message;
    this.#onSave = onSave;
    this.#onEnd = onEnd;
    this.input = h('textarea', {
      rows: 1,
      'aria-label': 'Edit the message',
      dir: 'auto',
      value: message.content ?? '',
      'data-control': 'editor',
      oninput: () => this.#onInput(),
      onkeydown: (event) => this.#onKey(event),
    });
    this.problem = h('p.problem', { role: 'alert' });
    this.element = h(
      'form.message-editor',
      { onsubmit: (event) => this.#save(event) },
      this.input,
      this.problem,
      h(
        'div.editor-actions',
        {},
        h('small', {}, 'Enter saves, Escape cancels'),
        h('button.quiet.small', { type: 'button', onclick: () => this.#onEnd() }, 'Cancel'),
        h('button.primary.small', { type: 'submit' }, 'Save'),
      ),
    );
    this.#grow();
  }

  get messageId() {
    return this.#message.message_id;
  }

  focus() {
    this.input.focus({ preventScroll: true });
    this.input.setSelectionRange(this.input.value.length, this.input.value.length);
    this.element.scrollIntoView({ block: 'nearest' });
  }

  #onInput() {
    this.problem.textContent = '';
    this.#grow();
  }

  /** For browsers that do not let the field follow its content by themselves. */
  #grow() {
    this.input.rows = Math.min(8, this.input.value.split('\n').length);
  }

  #onKey(event) {
    if (event.isComposing) return;
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation(); // the panel of people would close as well
      this.#onEnd();
    }
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      this.element.requestSubmit();
    }
  }

  async #save(event) {
    event.preventDefault();
    if (this.#busy) return;
    const content = this.input.value.trim();
    if (content === (this.#message.content ?? '')) {
      this.#onEnd();
      return;
    }
    this.problem.textContent =
      content === '' ? 'Write something, or delete the message.' : contentFault(content);
    if (this.problem.textContent) return;
    this.#setBusy(true);
    try {
      await this.#onSave(content);
      this.#onEnd();
    } catch (error) {
      this.problem.textContent = errorText(error);
      this.#setBusy(false);
    }
  }

  #setBusy(busy) {
    this.#busy = busy;
    this.element.setAttribute('aria-busy', String(busy));
  }
}
