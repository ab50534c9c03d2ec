/** @file The audit trail, for admins: who did what to whom, the newest first. */

import { auditParts } from './audit-text.js';
import { batched, h } from './dom.js';
import { dateTime, errorText, roomName } from './format.js';
import { KeyedList } from './keyed-list.js';
import { PagedList } from './paged-list.js';
import { reporter } from './reporter.js';

const PAGE = 50;

export class AuditPanel {
  #model;
  #entries;

  /** @param {import('./model.js').ChatModel} model */
  constructor(model) {
    this.#model = model;
    this.#entries = new PagedList((query) => model.rest.audit({ limit: PAGE, ...query }));
    this.#entries.addEventListener(
      'change',
      batched(() => this.#draw()),
    );
    this.report = reporter();
    this.status = h('p.count', { role: 'status' });
    this.list = h('ol.audit', { 'aria-label': 'Audit trail' });
    this.rows = new KeyedList(this.list);
    this.moreButton = h('button.quiet', { type: 'button', onclick: () => this.#entries.more() }, 'Show more');
    this.element = h('div.audit-panel', {}, this.report.element, this.status, this.list, this.moreButton);
  }

  load() {
    return this.#entries.load();
  }

  #draw() {
    const { items, state, error, hasMore } = this.#entries;
    this.rows.draw(items.map((entry) => this.#row(entry)));
    this.moreButton.hidden = !hasMore && state !== 'failed';
    this.moreButton.textContent = state === 'failed' ? 'Try again' : 'Show more';
    this.report.say(state === 'failed' ? errorText(error) : '', true);
    if (items.length > 0) this.status.textContent = '';
    else if (state === 'ready') this.status.textContent = 'Nothing has happened yet.';
    else if (state === 'loading') this.status.textContent = 'Fetching the audit trail…';
    this.#model.noteRefusal(error);
  }

  #row(entry) {
    const parts = auditParts(entry, (roomId) => {
      const room = this.#model.rooms.get(roomId);
      return room ? roomName(room) : null;
    });
    const { who, deed, whom, where, detail } = parts;
    return {
      key: entry.audit_id,
      shows: parts,
      make: () =>
        h(
          'li',
          { 'data-action': entry.action },
          h(
            'p',
            {},
            h('strong', { dir: 'auto' }, who),
            ` ${deed} `,
            whom && h('strong', { dir: 'auto' }, whom),
            where && ` ${where}`,
          ),
          detail && h('small.detail', { dir: 'auto' }, detail),
          h('time', { datetime: entry.at }, dateTime(entry.at)),
        ),
    };
  }
}
