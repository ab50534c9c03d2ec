/** @file The first page: sign in, or make an account. */

import { h } from './dom.js';
import { errorText } from './format.js';

const TEXTS = {
  login: { title: 'Welcome back', submit: 'Sign in', other: 'New here?', otherAction: 'Create an account' },
  register: {
    title: 'Create your account',
    submit: 'Create account',
    other: 'Been here before?',
    otherAction: 'Sign in',
  },
};

export class AuthView {
  #rest;
  #onSignedIn;
  #mode = 'login';
  #fields;
  #busy = false;

  /**
   * @param {import('../parley-client.js').ParleyRest} rest
   * @param {{notice: string, onSignedIn: (session: object, staySignedIn: boolean) => void}} options
   */
  constructor(rest, { notice, onSignedIn }) {
    this.#rest = rest;
    this.#onSignedIn = onSignedIn;
    this.#build(notice);
    this.#setMode('login');
  }

  focus() {
    this.#fields.username.focus();
  }

  #build(notice) {
    const username = h('input', {
      id: 'username',
      name: 'username',
      required: true,
      minlength: 3,
      maxlength: 32,
      pattern: '[a-z0-9_.\\-]+',
      autocapitalize: 'none',
      spellcheck: 'false',
      autocomplete: 'username',
      title: 'Small letters, digits, dot, dash and underscore',
      oninput: () => this.#lowerCase(),
    });
    const displayName = h('input', {
      id: 'display-name',
      name: 'display_name',
      maxlength: 64,
      autocomplete: 'name',
    });
    const password = h('input', {
      id: 'password',
      name: 'password',
      type: 'password',
      required: true,
      maxlength: 128,
    });
    const stay = h('input', { id: 'stay', type: 'checkbox' });
    this.#fields = { username, displayName, password, stay };

    this.title = h('h1');
    this.message = h('p.form-message', { role: 'alert' }, notice);
    this.submit = h('button.primary', { type: 'submit' });
    this.other = h('span');
    this.otherAction = h('button.link', { type: 'button', onclick: () => this.#switch() });
    this.nameField = field('Name shown to others', displayName, 'Optional');
    this.passwordHint = h('small', {}, 'At least 8 characters');

    const form = h(
      'form.card',
      { onsubmit: (event) => this.#submit(event) },
      this.title,
      this.message,
      field('Username', username),
      this.nameField,
      h('div.field', {}, h('label', { for: 'password' }, 'Password'), password, this.passwordHint),
      h('label.check', { for: 'stay' }, stay, h('span', {}, 'Stay signed in on this device')),
      this.submit,
      h('p.switch', {}, this.other, ' ', this.otherAction),
    );
    this.element = h(
      'main.auth',
      {},
      h(
        'header.brand',
        {},
        h('img', { src: '/favicon.svg', alt: '', width: 56, height: 56 }),
        h('p.wordmark', {}, 'Parley'),
        h('p.tagline', {}, 'Conversations that arrive.'),
      ),
      form,
    );
  }

  #setMode(mode) {
    this.#mode = mode;
    const texts = TEXTS[mode];
    this.title.textContent = texts.title;
    this.submit.textContent = texts.submit;
    this.other.textContent = texts.other;
    this.otherAction.textContent = texts.otherAction;
    this.nameField.hidden = mode === 'login';
    this.passwordHint.hidden = mode === 'login';
    this.#fields.password.autocomplete = mode === 'login' ? 'current-password' : 'new-password';
    if (mode === 'register') this.#fields.password.minLength = 8;
    else this.#fields.password.removeAttribute('minlength');
  }

  #switch() {
    this.message.textContent = '';
    this.#setMode(this.#mode === 'login' ? 'register' : 'login');
    this.focus();
  }

  /** Usernames have no capitals; a phone's keyboard likes to begin with one. */
  #lowerCase() {
    const { username } = this.#fields;
    const lower = username.value.toLowerCase();
    if (lower !== username.value) username.value = lower;
  }

  async #submit(event) {
    event.preventDefault();
    if (this.#busy) return;
    this.#setBusy(true);
    this.message.textContent = '';
    const { username, displayName, password, stay } = this.#fields;
    let registered = false;
    try {
      if (this.#mode === 'register') {
        const display_name = displayName.value.trim() || undefined;
        await this.#rest.register({ username: username.value, password: password.value, display_name });
        registered = true;
      }
      const session = await this.#rest.login(username.value, password.value);
      this.#onSignedIn(session, stay.checked);
    } catch (error) {
      if (registered) this.#setMode('login'); // another try to register would find the name taken
      this.message.textContent = `${registered ? 'Your account was created. ' : ''}${this.#explain(error)}`;
      this.#setBusy(false);
      password.focus();
    }
  }

  #setBusy(busy) {
    this.#busy = busy;
    this.submit.setAttribute('aria-busy', String(busy));
  }

  #explain(error) {
    if (error.code === 'unauthenticated') return 'That username and password do not go together.';
    if (error.code === 'conflict') return 'That username is taken. Please choose another.';
    return errorText(error);
  }
}

function field(label, input, hint = '') {
  return h('div.field', {}, h('label', { for: input.id }, label), input, hint && h('small', {}, hint));
}
