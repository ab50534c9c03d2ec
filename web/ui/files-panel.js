/** @file One's own files, what they take of the quota, and how to delete them. */

import { ask } from './dialog.js';
import { batched, h, icon, iconButton } from './dom.js';
import { kindOfName, sizeText } from './file-kind.js';
import { dateOf, errorText } from './format.js';
import { KeyedList } from './keyed-list.js';
import { PagedList } from './paged-list.js';
import { reporter } from './reporter.js';
import { linkFile } from './signed-source.js';

const PAGE = 50;

export class FilesPanel {
  #rest;
  #files;
  /** @type {?{used_bytes: number, quota_bytes: number}} */
  #usage = null;
  #asks = 0;
  /** Which ask told `#usage`: of two answers the one that was asked for later counts. */
  #told = 0;
  /** Whether the report tells that the list did not come. */
  #failed = false;

  /** @param {import('./model.js').ChatModel} model */
  constructor(model) {
    this.#rest = model.rest;
    this.#files = new PagedList((query) => this.#fetch({ limit: PAGE, ...query }));
    this.#files.addEventListener(
      'change',
      batched(() => this.#draw()),
    );
    this.report = reporter();
    this.usage = h('p.usage', { role: 'status', tabindex: '-1' });
    this.empty = h('p.empty');
    this.list = h('ul.files', { 'aria-label': 'Your files' });
    this.rows = new KeyedList(this.list);
    this.moreButton = h('button.quiet', { type: 'button', onclick: () => this.#files.more() }, 'Show more');
    this.element = h(
      'div.files-panel',
      {},
      h('div.files-head', {}, this.report.element, this.usage),
      this.empty,
      this.list,
      this.moreButton,
    );
  }

  load() {
    this.report.say('');
    return this.#files.load();
  }

  async #fetch(query) {
    this.#asks += 1;
    const asked = this.#asks;
    const page = await this.#rest.files(query);
    if (asked > this.#told) {
      this.#told = asked;
      this.#usage = page;
    }
    return page;
  }

  #draw() {
    const { items, state, error, hasMore } = this.#files;
    const hadFocus = this.list.contains(document.activeElement);
    this.rows.draw(items.map((file) => this.#row(file)));
    this.moreButton.hidden = !hasMore && state !== 'failed';
    this.moreButton.textContent = state === 'failed' ? 'Try again' : 'Show more';
    this.#drawUsage();
    this.empty.textContent = items.length > 0 ? '' : this.#emptyText(state, hasMore);
    if (hadFocus && items.length === 0) this.usage.focus();
    if (state === 'failed') this.report.say(errorText(error), true);
    else if (this.#failed) this.report.say('');
    this.#failed = state === 'failed';
  }

  #emptyText(state, hasMore) {
    if (state === 'loading' || hasMore) return 'Fetching the list…';
    return state === 'ready' ? 'You have no files.' : '';
  }

  #drawUsage() {
    const text = this.#usage ? usageText(this.#usage) : '';
    if (this.usage.textContent !== text) this.usage.textContent = text; // it is read aloud
  }

  #row(file) {
    const { file_url: fileUrl, name, size, created_at: at } = file;
    const about = `${sizeText(size)} · ${dateOf(at)}`;
    return {
      key: fileUrl,
      shows: [name, about],
      make: () =>
        h(
          'li',
          { 'data-file': fileUrl },
          icon(kindOfName(name) === 'picture' ? 'picture' : 'file'),
          h('span.person', {}, this.#link(file), h('small', {}, about)),
          iconButton('trash', `Delete ${name}`, () => this.#delete(file), { 'data-control': 'delete' }),
        ),
    };
  }

  #link({ file_url: fileUrl, name }) {
    const link = h(
      'a',
      { target: '_blank', rel: 'noopener noreferrer', title: name, 'data-control': 'show' },
      h('strong', { dir: 'auto' }, name),
    );
    linkFile(link, fileUrl, { onFail: (error) => this.report.say(errorText(error), true) });
    return link;
  }

  async #delete({ file_url: fileUrl, name }) {
    const sure = await ask({
      title: 'Delete this file?',
      text: 'It goes from all messages that have it.',
      action: 'Delete',
      danger: true,
    });
    if (!sure) return;
    try {
      await this.#rest.deleteFile(fileUrl);
    } catch (error) {
      if (error.code !== 'not_found') {
        this.report.say(errorText(error), true);
        return;
      }
    }
    this.#files.drop((file) => file.file_url === fileUrl);
    this.report.say(`${name} is deleted.`);
    await this.#fetch({ limit: 1 }).catch(() => {}); // the next page will tell
    this.#drawUsage();
  }
}

/** `12 MB of 1.1 GB used`. @param {{used_bytes: number, quota_bytes: number}} usage */
function usageText({ used_bytes: used, quota_bytes: quota }) {
  return quota > 0 ? `${sizeText(used)} of ${sizeText(quota)} used` : `${sizeText(used)} used`;
}
