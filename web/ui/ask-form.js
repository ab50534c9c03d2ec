/** @file Asks for something with a few fields before it is done; `ask` is for what needs no more than a yes. */

import { makeDialog, showDialog } from './dialog.js';
import { h } from './dom.js';

/** What the server takes of a reason, comment or note. */
const MAX_SENTENCE = 512;

let made = 0;

/**
 * @typedef {{element: HTMLElement, input: HTMLElement, read: () => unknown}} AskField
 */

/** One of several. @param {[string, string][]} options value and text @returns {AskField} */
export function choiceField(label, options) {
  const input = h('select', {}, ...options.map(([value, text]) => h('option', { value }, text)));
  return { ...labelled(label, input), read: () => input.value };
}

/** A sentence or two that may be left out: null then. @returns {AskField} */
export function sentenceField(label) {
  const input = h('textarea', { rows: 2, maxlength: MAX_SENTENCE, dir: 'auto' });
  return { ...labelled(label, input), read: () => input.value.trim() || null };
}

/** @returns {AskField} */
export function checkField(label) {
  const input = h('input', { type: 'checkbox' });
  return { input, element: h('label.check', {}, input, label), read: () => input.checked };
}

function labelled(label, input) {
  made += 1;
  input.id = `ask-field-${made}`;
  return { input, element: h('div.field', {}, h('label', { for: input.id }, label), input) };
}

/**
 * @param {object} question
 * @param {string} question.title
 * @param {string} question.text what follows from it
 * @param {Object<string, AskField>} question.fields
 * @param {string} question.action
 * @param {boolean} [question.danger]
 * @returns {Promise<?object>} what was entered, by the names of the fields; null if it is not to be
 */
export function askForm({ title, text, fields, action, danger = false }) {
  return new Promise((resolve) => {
    let answer = null;
    const all = Object.entries(fields);
    const submit = (event) => {
      event.preventDefault();
      answer = Object.fromEntries(all.map(([name, { read }]) => [name, read()]));
      dialog.close();
    };
    const dialog = makeDialog(
      title,
      h('p', {}, text),
      h(
        'form',
        { onsubmit: submit },
        ...all.map(([, { element }]) => element),
        h(
          'div.dialog-actions',
          {},
          h('button.quiet', { type: 'button', onclick: () => dialog.close() }, 'Cancel'),
          h(`button.primary${danger ? '.danger' : ''}`, { type: 'submit' }, action),
        ),
      ),
    );
    dialog.addEventListener('close', () => resolve(answer));
    showDialog(dialog);
    all[0][1].input.focus();
  });
}
