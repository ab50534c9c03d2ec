/** @file A field of a form with its label, a hint, and what is wrong with it. */

import { h } from './dom.js';

let made = 0;

export class FormField {
  /**
   * @param {string} label
   * @param {object} attributes of the input
   * @param {string} [hint]
   */
  constructor(label, attributes, hint = '') {
    made += 1;
    const id = `field-${made}`;
    this.problem = h('small.problem', { id: `${id}-problem`, role: 'alert' });
    this.input = h('input', {
      id,
      'aria-describedby': `${id}-problem${hint ? ` ${id}-hint` : ''}`,
      ...attributes,
    });
    this.input.addEventListener('input', () => this.complain(''));
    this.element = h(
      'div.field',
      {},
      h('label', { for: id }, label),
      this.input,
      this.problem,
      hint && h('small', { id: `${id}-hint` }, hint),
    );
  }

  /** Without blanks around it. */
  get value() {
    return this.input.value.trim();
  }

  set value(value) {
    this.input.value = value ?? '';
  }

  /** Says what is wrong, and brings the user there; an empty text takes it back. */
  complain(text) {
    this.problem.textContent = text;
    if (!text) {
      this.input.removeAttribute('aria-invalid');
      return;
    }
    this.input.setAttribute('aria-invalid', 'true');
    this.input.focus();
  }
}
