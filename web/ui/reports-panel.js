/** @file What members have reported, for moderators and admins: what waits for a decision, and what is decided. */

import { batched, h } from './dom.js';
import { errorText } from './format.js';
import { KeyedList } from './keyed-list.js';
import { PagedList } from './paged-list.js';
import { ReportDeeds } from './report-deeds.js';
import { reportRow } from './report-row.js';
import { reporter } from './reporter.js';
import { Tabs } from './tabs.js';

const PAGE = 30;

export class ReportsPanel {
  /** @param {import('./model.js').ChatModel} model */
  constructor(model) {
    this.report = reporter();
    const say = (text, isProblem) => this.report.say(text, isProblem);
    this.open = new ReportList(model, { status: 'open', none: 'Nothing waits for a decision.', say });
    this.decided = new ReportList(model, { status: 'decided', none: 'Nothing was decided yet.', say });
    const page = (title, list) => ({
      title,
      panel: list.element,
      onShow: () => {
        say('');
        list.load();
      },
    });
    this.element = h(
      'div.reports-panel',
      {},
      this.report.element,
      new Tabs('Reports', [page('Open', this.open), page('Decided', this.decided)]).element,
    );
  }

  /** What is shown, anew. */
  load() {
    for (const list of [this.open, this.decided]) if (!list.element.hidden) list.load();
  }
}

class ReportList {
  #model;
  #none;
  #say;
  #reports;
  #deeds;
  /** Whether the report tells that the list did not come. */
  #failed = false;

  /** @param {{status: 'open' | 'decided', none: string, say: Function}} options */
  constructor(model, { status, none, say }) {
    this.#model = model;
    this.#none = none;
    this.#say = say;
    this.#reports = new PagedList((query) => model.rest.listReports({ status, limit: PAGE, ...query }));
    this.#reports.addEventListener(
      'change',
      batched(() => this.#draw()),
    );
    const isSame = (report) => (each) => each.message_id === report.message_id;
    const isSameText = (report) => (each) =>
      isSame(report)(each) && each.content === report.content && each.file_url === report.file_url;
    this.#deeds = new ReportDeeds(model, {
      say,
      onDeleted: (report) => this.#markDeleted(isSame(report)),
      onDecided: (report) => this.#reports.drop(isSameText(report)),
    });
    this.status = h('p.count', { role: 'status', tabindex: '-1' });
    this.list = h('ol.reports', { 'aria-label': status === 'open' ? 'Open reports' : 'Decided reports' });
    this.rows = new KeyedList(this.list);
    this.moreButton = h('button.quiet', { type: 'button', onclick: () => this.#reports.more() }, 'Show more');
    this.element = h('div.report-list', {}, this.status, this.list, this.moreButton);
  }

  load() {
    return this.#reports.load();
  }

  #markDeleted(isSame) {
    for (const report of this.#reports.items.filter(isSame))
      this.#reports.replace((each) => each === report, { ...report, is_deleted: true });
  }

  #draw() {
    const { items, state, error, hasMore } = this.#reports;
    const hadFocus = this.list.contains(document.activeElement);
    this.rows.draw(items.map((report) => this.#row(report)));
    this.moreButton.hidden = !hasMore && state !== 'failed';
    this.moreButton.textContent = state === 'failed' ? 'Try again' : 'Show more';
    this.status.textContent = this.#statusText(items, state, hasMore);
    if (hadFocus && items.length === 0) this.status.focus();
    if (state === 'failed') this.#say(errorText(error), true);
    else if (this.#failed) this.#say('');
    this.#failed = state === 'failed';
    this.#model.noteRefusal(error);
  }

  #statusText(items, state, hasMore) {
    const noun = items.length === 1 && !hasMore ? 'report' : 'reports';
    if (items.length > 0) return `${items.length}${hasMore ? ' and more' : ''} ${noun}`;
    return { ready: this.#none, loading: 'Fetching the reports…' }[state] ?? '';
  }

  #row(report) {
    const deeds = this.#deeds.of(report);
    return { key: report.report_id, shows: report, make: () => reportRow(report, deeds) };
  }
}
