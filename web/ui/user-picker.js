/** @file Finds people by name, and picks one or several of them. */

import { personAvatar } from './avatar.js';
import { h, icon } from './dom.js';
import { errorText, personName } from './format.js';

const SEARCH_AFTER_MS = 200;

export class UserPicker {
  #model;
  #exclude;
  #multiple;
  #suggestFriends;
  #onChange;
  #timer = null;
  #search = 0;
  /** @type {Map<string, object>} */
  picked = new Map();

  /**
   * @param {import('./model.js').ChatModel} model
   * @param {object} options
   * @param {boolean} options.multiple without it a new choice replaces the former
   * @param {Set<string>} options.exclude
   * @param {boolean} [options.suggestFriends] whether friends are offered before anything is typed
   * @param {(picked: Map<string, object>) => void} options.onChange
   */
  constructor(model, { multiple, exclude, suggestFriends = false, onChange }) {
    this.#model = model;
    this.#multiple = multiple;
    this.#exclude = exclude;
    this.#suggestFriends = suggestFriends;
    this.#onChange = onChange;
    this.chosen = h('div.chosen');
    this.input = h('input', {
      type: 'search',
      placeholder: 'Search by name',
      'aria-label': 'Search people by name',
      autocomplete: 'off',
      oninput: () => this.#searchSoon(),
      onkeydown: (event) => this.#onKey(event),
    });
    this.results = h('ul.results');
    this.hint = h('p.empty', { role: 'status' });
    this.element = h(
      'div.user-picker',
      {},
      this.chosen,
      h('div.filter', {}, icon('search'), this.input),
      this.results,
      this.hint,
    );
    this.#suggest();
  }

  /** What stands there before anything is typed. */
  #suggest() {
    const { friends } = this.#model;
    const userIds = this.#suggestFriends ? friends.all('friend') : [];
    const people = userIds
      .filter((userId) => !this.#exclude.has(userId))
      .map((userId) => this.#model.user(userId));
    people.sort((a, b) => personName(a).localeCompare(personName(b)));
    this.#show(
      people,
      people.length > 0 ? 'Your friends. For others type a part of a name.' : 'Type a part of a name.',
    );
  }

  #searchSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#find(this.input.value.trim()), SEARCH_AFTER_MS);
  }

  /** Enter must not send the form around it, which asks for a choice first. */
  #onKey(event) {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    this.results.querySelector('button')?.click();
  }

  async #find(q) {
    this.#search += 1;
    const search = this.#search;
    if (q === '') {
      this.#suggest();
      return;
    }
    try {
      const { items } = await this.#model.rest.searchUsers(q, { limit: 20 });
      if (search !== this.#search) return; // a later search has begun
      const people = items.filter((profile) => !this.#exclude.has(profile.user_id));
      this.#show(people, people.length === 0 ? 'Nobody of that name.' : '');
    } catch (error) {
      this.#show([], errorText(error));
    }
  }

  #show(people, hint) {
    this.hint.textContent = hint;
    this.results.replaceChildren(
      ...people.map((profile) => {
        const button = h(
          'button.person-row',
          {
            type: 'button',
            'aria-pressed': String(this.picked.has(profile.user_id)),
            onclick: () => this.#toggle(profile),
          },
          personAvatar(profile),
          h(
            'span.person',
            {},
            h('strong', { dir: 'auto' }, personName(profile)),
            h('small', {}, `@${profile.username}`),
          ),
          icon('check'),
        );
        button.dataset.user = profile.user_id;
        return h('li', {}, button);
      }),
    );
  }

  #toggle(profile) {
    const had = this.picked.delete(profile.user_id);
    if (!this.#multiple) this.picked.clear();
    if (!had) this.picked.set(profile.user_id, profile);
    this.#model.learn(profile);
    for (const button of this.results.querySelectorAll('button')) {
      button.setAttribute('aria-pressed', String(this.picked.has(button.dataset.user)));
    }
    this.chosen.replaceChildren(
      ...[...this.picked.values()].map((each) =>
        h(
          'button.chosen-person',
          { type: 'button', 'aria-label': `Remove ${personName(each)}`, onclick: () => this.#toggle(each) },
          personName(each),
          icon('close'),
        ),
      ),
    );
    this.#onChange(this.picked);
  }
}
