/** @file The page for admins and moderators: accounts, reports, and for admins the audit trail. */

import { AccountsPanel } from './accounts-panel.js';
import { AuditPanel } from './audit-panel.js';
import { h, iconButton } from './dom.js';
import { ReportsPanel } from './reports-panel.js';
import { isAdmin } from './roles.js';
import { Tabs } from './tabs.js';

export class AdminView {
  /** @param {import('./model.js').ChatModel} model @param {{onBack: () => void}} options */
  constructor(model, { onBack }) {
    this.accounts = new AccountsPanel(model);
    this.heading = h('h2', { tabindex: '-1' }, 'Administration');
    this.element = h(
      'section.admin-view',
      { 'aria-label': 'Administration' },
      h(
        'header.room-head',
        {},
        iconButton('back', 'Back to the rooms', onBack, { class: 'icon-button back' }),
        h('div.room-title', {}, this.heading, h('p.presence-line', {}, purpose(model.me))),
      ),
      h('div.admin-body', {}, this.#tabs(model)),
    );
    this.accounts.load();
  }

  destroy() {
    this.accounts.destroy();
  }

  focus() {
    this.heading.focus({ preventScroll: true });
  }

  #tabs(model) {
    const page = (title, panel) => ({ title, panel: panel.element, onShow: () => panel.load() });
    return new Tabs('Administration', [
      { title: 'Accounts', panel: this.accounts.element },
      page('Reports', new ReportsPanel(model)),
      ...(isAdmin(model.me) ? [page('Audit trail', new AuditPanel(model))] : []),
    ]).element;
  }
}

function purpose(me) {
  return isAdmin(me)
    ? 'Roles, suspensions, reports and the audit trail'
    : 'Suspend users for a time, and decide reports';
}
