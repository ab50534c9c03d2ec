/** @file Changes one's password. */

import { h } from './dom.js';
import { FormField } from './form-field.js';
import { errorText } from './format.js';
import { reporter } from './reporter.js';

const MIN_LENGTH = 8;

export class PasswordForm {
  #model;

  /** @param {import('./model.js').ChatModel} model */
  constructor(model) {
    this.#model = model;
    const password = { type: 'password', maxlength: 128 };
    this.current = new FormField('Current password', { ...password, autocomplete: 'current-password' });
    this.wanted = new FormField(
      'New password',
      { ...password, autocomplete: 'new-password' },
      'At least 8 characters',
    );
    this.report = reporter();
    this.submit = h('button.primary', { type: 'submit' }, 'Change the password');
    this.element = h(
      'form',
      { novalidate: true, onsubmit: (event) => this.#change(event) },
      h('p', {}, 'Your other log-ins end when the password changes; this one stays.'),
      // So that whoever keeps passwords for the user knows whose it is.
      h('input', { type: 'text', autocomplete: 'username', value: model.me.username, hidden: true }),
      this.current.element,
      this.wanted.element,
      h(
        'label.check',
        {},
        h('input', { type: 'checkbox', onchange: (event) => this.#reveal(event.target.checked) }),
        h('span', {}, 'Show the passwords'),
      ),
      this.report.element,
      h('div.dialog-actions', {}, this.submit),
    );
  }

  #reveal(shown) {
    for (const { input } of [this.current, this.wanted]) input.type = shown ? 'text' : 'password';
  }

  async #change(event) {
    event.preventDefault();
    if (this.submit.disabled) return;
    // As they are: blanks around a password belong to it.
    const [current, wanted] = [this.current.input.value, this.wanted.input.value];
    this.report.say('');
    if (current === '') return this.current.complain('Please fill this in.');
    if (Array.from(wanted).length < MIN_LENGTH) return this.wanted.complain('That is too short.');
    this.submit.disabled = true;
    try {
      await this.#model.rest.changePassword(current, wanted);
      for (const field of [this.current, this.wanted]) field.value = '';
      this.report.say('Your password is changed. Your other log-ins have ended.');
    } catch (error) {
      this.#explain(error);
    }
    this.submit.disabled = false;
  }

  #explain(error) {
    if (error.code === 'forbidden') this.current.complain('That is not your current password.');
    else if (error.code === 'bad_request') this.wanted.complain(errorText(error));
    else if (error.code === 'rate_limited' && error.retryAfterMs)
      this.report.say(`Too many tries. Please wait ${Math.ceil(error.retryAfterMs / 1000)} seconds.`, true);
    else this.report.say(errorText(error), true);
  }
}
