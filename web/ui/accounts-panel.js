/** @file All accounts, for admins and moderators: found, filtered, and changed after a question. */

import { FLAG_NAMES, ROLE_NAMES, actionsFor, refusalText } from './account-rules.js';
import { personAvatar } from './avatar.js';
import { ask } from './dialog.js';
import { batched, h, icon, iconButton } from './dom.js';
import { dateOf, errorText, personName } from './format.js';
import { KeyedList } from './keyed-list.js';
import { openMenu } from './menu.js';
import { PagedList } from './paged-list.js';
import { reporter } from './reporter.js';
import { isAdmin } from './roles.js';

const SEARCH_AFTER_MS = 200;
const PAGE = 50;

export class AccountsPanel {
  #model;
  #accounts;
  #timer = null;
  /** Whether the report tells that the list did not come. */
  #failed = false;

  /** @param {import('./model.js').ChatModel} model */
  constructor(model) {
    this.#model = model;
    this.#accounts = new PagedList((query) => model.rest.accounts({ limit: PAGE, ...query }));
    this.#accounts.addEventListener(
      'change',
      batched(() => this.#draw()),
    );
    this.search = h('input', {
      type: 'search',
      placeholder: 'Search by name',
      'aria-label': 'Search accounts by name',
      autocomplete: 'off',
      oninput: () => this.#loadSoon(),
    });
    this.flag = this.#select('State', 'Every state', FLAG_NAMES);
    this.role = this.#select('Role', 'Every role', ROLE_NAMES);
    this.report = reporter();
    this.count = h('p.count', { role: 'status' });
    this.body = h('tbody', { role: 'rowgroup' });
    this.rows = new KeyedList(this.body);
    this.moreButton = h(
      'button.quiet',
      { type: 'button', onclick: () => this.#accounts.more() },
      'Show more',
    );
    this.element = h(
      'div.accounts',
      {},
      h(
        'div.account-filters',
        { role: 'search' },
        h('div.filter', {}, icon('search'), this.search),
        this.flag,
        this.role,
      ),
      this.report.element,
      this.count,
      h('table.account-table', { role: 'table', 'aria-label': 'Accounts' }, this.#head(), this.body),
      this.moreButton,
    );
    this.#draw();
  }

  destroy() {
    clearTimeout(this.#timer);
  }

  load() {
    clearTimeout(this.#timer);
    const q = this.search.value.trim();
    return this.#accounts.load({
      q: q || null,
      flagDelete: this.flag.value || null,
      role: this.role.value || null,
    });
  }

  #loadSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.load(), SEARCH_AFTER_MS);
  }

  #select(label, all, names) {
    const option = ([value, text]) => h('option', { value }, text);
    return h(
      'select',
      { 'aria-label': label, onchange: () => this.load() },
      ...[['', all], ...Object.entries(names)].map(option),
    );
  }

  #head() {
    const cell = (text) => h('th', { role: 'columnheader', scope: 'col' }, text);
    const titles = ['Person', ...(isAdmin(this.#model.me) ? ['Contact'] : []), 'Role', 'State', 'Since'];
    return h(
      'thead',
      { role: 'rowgroup' },
      h('tr', { role: 'row' }, ...titles.map(cell), cell(h('span.hidden-text', {}, 'Actions'))),
    );
  }

  // --- drawing

  #draw() {
    const { items, state, error, hasMore } = this.#accounts;
    this.rows.draw(items.map((account) => this.#row(account)));
    this.count.textContent = this.#countText();
    this.body.parentElement.hidden = items.length === 0;
    this.body.parentElement.setAttribute('aria-busy', String(state === 'loading'));
    this.moreButton.hidden = !hasMore && state !== 'failed';
    this.moreButton.textContent = state === 'failed' ? 'Try again' : 'Show more';
    if (state === 'failed') this.#fail(error);
    else if (this.#failed) this.report.say('');
    this.#failed = state === 'failed';
  }

  #countText() {
    const { items, state, hasMore } = this.#accounts;
    if (state === 'none' || (state === 'loading' && items.length === 0)) return 'Fetching the accounts…';
    if (state === 'failed') return '';
    if (items.length === 0) return 'No such account.';
    const noun = items.length === 1 && !hasMore ? 'account' : 'accounts';
    return `${items.length}${hasMore ? ' and more' : ''} ${noun}`;
  }

  #fail(error) {
    this.report.say(refusalText(error, errorText), true);
    this.#model.noteRefusal(error);
  }

  #row(account) {
    const { user_id: userId, role, flagDelete, email, phone } = account;
    const { me } = this.#model;
    const name = personName(account);
    const actions = actionsFor(me, account);
    const cell = (label, ...content) => h('td', { role: 'cell', 'data-label': label }, ...content);
    const label = `What to do about ${name}`;
    return {
      key: userId,
      shows: [account, me.role],
      make: () =>
        h(
          `tr.${flagDelete}`,
          { role: 'row', 'data-user': userId },
          h(
            'td.account-person',
            { role: 'cell' },
            personAvatar(account),
            h(
              'span.person',
              {},
              h('strong', { dir: 'auto' }, name, userId === me.user_id && h('small', {}, ' (you)')),
              h('small', {}, `@${account.username}`),
            ),
          ),
          isAdmin(me) && cell('Contact', h('span', {}, email ?? ''), h('span', {}, phone ?? '')),
          cell('Role', h(`span.tag.role-${role}`, {}, ROLE_NAMES[role] ?? role)),
          cell('State', h(`span.state.${flagDelete}`, {}, FLAG_NAMES[flagDelete] ?? flagDelete)),
          cell('Since', dateOf(account.created_at)),
          h(
            'td.account-menu',
            { role: 'cell' },
            actions.length > 0 &&
              iconButton(
                'more',
                label,
                (event) => this.#openMenu(event.currentTarget, label, account, actions),
                {
                  id: `account-menu-${userId}`,
                  'aria-haspopup': 'menu',
                  'data-control': 'menu',
                },
              ),
          ),
        ),
    };
  }

  // --- changing an account

  #openMenu(button, label, account, actions) {
    openMenu(
      button,
      label,
      actions.map((action) => ({ ...action, run: () => this.#change(account, action) })),
    );
  }

  async #change(account, { question, meaning, text, danger, changes, done }) {
    this.report.say('');
    const sure = await ask({ title: question, text: meaning, action: text, danger });
    if (!sure) return;
    try {
      const changed = await this.#model.rest.changeAccount(account.user_id, changes);
      // It stays in the list, even if the filter would not find it any more: a mistake is undone here.
      this.#accounts.replace((each) => each.user_id === account.user_id, changed);
      this.report.say(done);
      if (account.user_id === this.#model.me.user_id) this.#model.setMe({ role: changed.role });
    } catch (error) {
      this.#fail(error);
    }
  }
}
