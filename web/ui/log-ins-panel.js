/** @file Where one is logged in, and how to end it there. */

import { ask } from './dialog.js';
import { deviceName } from './device-name.js';
import { h, icon } from './dom.js';
import { dateOf, dateTime, errorText } from './format.js';
import { KeyedList } from './keyed-list.js';
import { reporter } from './reporter.js';

export class LogInsPanel {
  #rest;
  #onSignOut;
  #onSignedOut;
  /** @type {?import('../parley/rest.js').LogIn[]} */
  #logIns = null;

  /**
   * @param {import('./model.js').ChatModel} model
   * @param {{onSignOut: () => void, onSignedOut: (notice: string) => void}} options `onSignOut` ends the log-in
   *   of this page; `onSignedOut`: it has ended
   */
  constructor(model, { onSignOut, onSignedOut }) {
    this.#rest = model.rest;
    this.#onSignOut = onSignOut;
    this.#onSignedOut = onSignedOut;
    this.report = reporter();
    this.rows = h('ul.log-ins');
    this.list = new KeyedList(this.rows);
    this.empty = h('p.empty', {}, 'Fetching the list…');
    this.element = h(
      'div.log-ins-panel',
      {},
      this.report.element,
      this.empty,
      this.rows,
      h(
        'div.dialog-actions',
        {},
        h(
          'button.quiet.danger',
          { type: 'button', onclick: () => this.#endAll() },
          icon('sign-out'),
          'Log out everywhere',
        ),
      ),
    );
  }

  async load() {
    try {
      this.#logIns = await this.#rest.logIns();
    } catch (error) {
      this.report.say(errorText(error), true);
    }
    this.empty.textContent = '';
    this.#draw();
  }

  #draw() {
    // The one that the user sees here comes first.
    const logIns = [...(this.#logIns ?? [])].sort((a, b) => b.is_current - a.is_current);
    this.list.draw(logIns.map((logIn) => this.#row(logIn)));
  }

  #row(logIn) {
    const { token_id: tokenId, is_current: isCurrent } = logIn;
    const name = deviceName(logIn.user_agent);
    const used = logIn.last_used_at ? `Last used ${dateTime(logIn.last_used_at)}` : 'Not used yet';
    const since = `Since ${dateOf(logIn.created_at)}`;
    return {
      key: tokenId,
      shows: [name, used, since, isCurrent],
      make: () =>
        h(
          'li',
          { 'data-token': tokenId },
          icon('device'),
          h(
            'span.person',
            { title: logIn.user_agent },
            h('span.log-in-name', {}, h('strong', {}, name), isCurrent && h('span.tag', {}, 'This device')),
            h('small', {}, since),
            h('small', {}, isCurrent ? 'In use here' : used),
          ),
          h(
            'button.quiet.small',
            {
              type: 'button',
              'aria-label': `Log out ${isCurrent ? 'here' : `${name}, ${since.toLowerCase()}`}`,
              'data-control': 'end',
              onclick: () => (isCurrent ? this.#endHere() : this.#end(tokenId, name)),
            },
            'Log out',
          ),
        ),
    };
  }

  async #endHere() {
    const sure = await ask({
      title: 'Log out here?',
      text: 'You will need your password to come back.',
      action: 'Log out',
    });
    if (sure) this.#onSignOut();
  }

  async #end(tokenId, name) {
    try {
      await this.#rest.endLogIn(tokenId);
    } catch (error) {
      if (error.code !== 'not_found') {
        this.report.say(errorText(error), true);
        return;
      }
    }
    this.#logIns = this.#logIns.filter((each) => each.token_id !== tokenId);
    this.#draw();
    this.report.say(`${name} is logged out.`);
  }

  async #endAll() {
    const sure = await ask({
      title: 'Log out everywhere?',
      text: 'Every device is logged out, this one as well. You will need your password to come back.',
      action: 'Log out everywhere',
      danger: true,
    });
    if (!sure) return;
    try {
      await this.#rest.logoutAll();
    } catch (error) {
      this.report.say(errorText(error), true);
      return;
    }
    this.#onSignedOut('You are logged out everywhere.');
  }
}
