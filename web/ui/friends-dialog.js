/** @file Friends: who they are and who is online, requests in both directions, and the people one blocks. */

import { personAvatar } from './avatar.js';
import { makeDialog, showDialog } from './dialog.js';
import { batched, h, icon, iconButton } from './dom.js';
import { personName, presenceText } from './format.js';
import { KeyedList } from './keyed-list.js';
import { openMenu } from './menu.js';
import { reporter } from './reporter.js';
import { UserPicker } from './user-picker.js';

/** In the order of how soon one wants to see them. */
const SECTIONS = [
  ['incoming', 'Requests for you'],
  ['friend', 'Friends'],
  ['outgoing', 'You asked'],
  ['blocked', 'Blocked'],
];

export class FriendsDialog {
  #model;
  #actions;
  #ended = new AbortController();

  /**
   * @param {import('./model.js').ChatModel} model
   * @param {import('./person-actions.js').PersonActions} actions
   */
  constructor(model, actions) {
    this.#model = model;
    this.#actions = actions;
    this.report = reporter();
    this.say = (text, isProblem) => this.report.say(text, isProblem);
    this.add = h(
      'button.quiet.add-friend',
      { type: 'button', 'aria-expanded': 'false', onclick: () => this.#toggleAsking() },
      icon('person-plus'),
      'Add a friend',
    );
    this.asking = h('form.asking', { hidden: true, onsubmit: (event) => this.#ask(event) });
    this.sections = SECTIONS.map(([standing, title]) => makeSection(standing, title));
    this.empty = h('div.empty');
    this.dialog = makeDialog(
      'Friends',
      h(
        'div.friends',
        {},
        this.add,
        this.asking,
        this.report.element,
        ...this.sections.map((section) => section.element),
        this.empty,
      ),
    );
    this.dialog.classList.add('tall');
    this.dialog.addEventListener('close', () => this.#ended.abort());
    const draw = batched(() => this.#draw());
    for (const type of ['friends', 'people'])
      model.addEventListener(type, draw, { signal: this.#ended.signal });
    this.#draw();
  }

  show() {
    if (this.#model.friends.failed) this.#model.friends.load();
    showDialog(this.dialog);
    (this.dialog.querySelector('.friend-row button') ?? this.add).focus();
  }

  // --- drawing

  #draw() {
    const { friends } = this.#model;
    const focused = document.activeElement?.closest('.friend-row')?.dataset.user;
    for (const { standing, element, count, list } of this.sections) {
      const people = this.#sorted(friends.all(standing));
      element.hidden = people.length === 0;
      count.textContent = String(people.length);
      list.draw(people.map((profile) => this.#row(profile, standing)));
    }
    const isEmpty = this.sections.every(({ element }) => element.hidden);
    this.empty.replaceChildren(...(isEmpty ? this.#emptyContent() : []));
    // Somebody who goes from one list to another takes the focus along.
    if (focused && !this.dialog.contains(document.activeElement))
      (this.dialog.querySelector(`[data-user="${focused}"] button`) ?? this.add).focus({
        preventScroll: true,
      });
  }

  #emptyContent() {
    const { ready, failed } = this.#model.friends;
    if (failed && !ready) return ['Your friends could not be fetched. ', this.#retryButton()];
    return [ready ? 'No friends yet. Ask somebody whom you know.' : 'Fetching your friends…'];
  }

  #retryButton() {
    return h('button.link', { type: 'button', onclick: () => this.#model.friends.load() }, 'Try again');
  }

  /** Those online first, then by name. */
  #sorted(userIds) {
    const online = ({ user_id: userId }) => Boolean(this.#model.presence.get(userId)?.is_online);
    const name = (profile) => personName(profile).toLocaleLowerCase();
    return userIds
      .map((userId) => this.#model.user(userId))
      .sort((a, b) => online(b) - online(a) || name(a).localeCompare(name(b)));
  }

  #row(profile, standing) {
    const name = personName(profile);
    const presence =
      standing === 'friend'
        ? (this.#model.presence.get(profile.user_id) ?? { is_online: false, last_seen: null })
        : null;
    const line = presence ? presenceText(presence) : profile.username && `@${profile.username}`;
    return {
      key: profile.user_id,
      shows: [name, profile.img_url, presence?.is_online, line],
      make: () =>
        h(
          'li.friend-row',
          { 'data-user': profile.user_id },
          personAvatar(profile, presence),
          h('span.person', {}, h('strong', { dir: 'auto' }, name), h('small', {}, line)),
          h('span.row-actions', {}, ...this.#buttons(profile, name, standing)),
        ),
    };
  }

  #buttons(profile, name, standing) {
    const { accept, decline, takeBack, unblock } = this.#actions;
    const button = (text, label, run, kind = 'quiet') =>
      h(
        `button.${kind}.small`,
        {
          type: 'button',
          'aria-label': `${text} ${label}`,
          'data-control': text,
          onclick: (event) => this.#once(event.currentTarget, () => run(profile, this.say)),
        },
        text,
      );
    if (standing === 'incoming')
      return [
        button('Decline', `the request of ${name}`, decline),
        button('Accept', `the request of ${name}`, accept, 'primary'),
      ];
    if (standing === 'outgoing') return [button('Take back', `the request to ${name}`, takeBack)];
    if (standing === 'blocked') return [button('Unblock', name, unblock)];
    return this.#friendButtons(profile, name);
  }

  #friendButtons(profile, name) {
    const label = `What to do about ${name}`;
    return [
      iconButton('compose', `Write to ${name}`, () => this.#write(profile), { 'data-control': 'write' }),
      iconButton(
        'more',
        label,
        (event) =>
          openMenu(
            event.currentTarget,
            label,
            this.#actions.menuFor(profile, { write: false, say: this.say }),
          ),
        { id: `friend-menu-${profile.user_id}`, 'aria-haspopup': 'menu', 'data-control': 'menu' },
      ),
    ];
  }

  /** The second of two quick presses would find nothing to accept or to take back. */
  async #once(button, run) {
    if (button.getAttribute('aria-busy') === 'true') return;
    button.setAttribute('aria-busy', 'true');
    await run();
    button.removeAttribute('aria-busy');
  }

  async #write(profile) {
    let problem = '';
    await this.#actions.write(profile, (text) => (problem = text));
    if (problem) this.say(problem, true);
    else this.dialog.close();
  }

  // --- asking somebody

  #toggleAsking(open = this.asking.hidden) {
    this.asking.hidden = !open;
    this.add.setAttribute('aria-expanded', String(open));
    if (!open) {
      this.asking.replaceChildren();
      return;
    }
    const { friends, me } = this.#model;
    this.submit = h('button.primary', { type: 'submit', disabled: true }, 'Ask');
    this.picker = new UserPicker(this.#model, {
      multiple: false,
      exclude: new Set([
        me.user_id,
        ...['friend', 'outgoing', 'blocked'].flatMap((each) => friends.all(each)),
      ]),
      onChange: (picked) => {
        this.submit.disabled = picked.size !== 1;
      },
    });
    this.asking.replaceChildren(
      this.picker.element,
      h(
        'div.dialog-actions',
        {},
        h('button.quiet', { type: 'button', onclick: () => this.#endAsking() }, 'Cancel'),
        this.submit,
      ),
    );
    this.say('');
    this.picker.input.focus();
  }

  #endAsking() {
    this.#toggleAsking(false);
    this.add.focus();
  }

  async #ask(event) {
    event.preventDefault();
    const [profile] = this.picker.picked.values();
    if (!profile || this.submit.disabled) return;
    this.submit.disabled = true;
    await this.#actions.ask(profile, this.say);
    this.#endAsking();
  }
}

function makeSection(standing, title) {
  const list = h('ul');
  const count = h('span.count');
  return {
    standing,
    count,
    list: new KeyedList(list),
    element: h(
      'section',
      { 'aria-label': title, 'data-standing': standing },
      h('h3', {}, title, ' ', count),
      list,
    ),
  };
}
