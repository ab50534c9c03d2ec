/** @file Tabs: one of several panels shows, chosen by its name or with the arrow keys. */

import { h } from './dom.js';

let made = 0;

export class Tabs {
  /** @type {{title: string, panel: HTMLElement, onShow?: () => void, tab: HTMLElement}[]} */
  #pages;

  /**
   * @param {string} label what all of it is about
   * @param {{title: string, panel: HTMLElement, onShow?: () => void}[]} pages `onShow` is called each time
   *   that the panel is chosen, but not for the first one at the beginning
   */
  constructor(label, pages) {
    made += 1;
    this.#pages = pages.map((page, index) => {
      const id = `tab-${made}-${index}`;
      const tab = h(
        'button.tab',
        { type: 'button', role: 'tab', id, 'aria-controls': `${id}-panel`, onclick: () => this.show(index) },
        page.title,
      );
      page.panel.id = `${id}-panel`;
      page.panel.setAttribute('role', 'tabpanel');
      page.panel.setAttribute('aria-labelledby', id);
      return { ...page, tab };
    });
    this.bar = h(
      'div.tabs',
      { role: 'tablist', 'aria-label': label, onkeydown: (event) => this.#onKey(event) },
      ...this.#pages.map(({ tab }) => tab),
    );
    this.element = h('div.tabbed', {}, this.bar, ...pages.map(({ panel }) => panel));
    this.#select(0);
  }

  show(index) {
    this.#select(index);
    this.#pages[index].onShow?.();
  }

  #select(chosen) {
    for (const [index, { tab, panel }] of this.#pages.entries()) {
      tab.setAttribute('aria-selected', String(index === chosen));
      tab.tabIndex = index === chosen ? 0 : -1;
      panel.hidden = index !== chosen;
    }
  }

  #onKey(event) {
    const count = this.#pages.length;
    const now = this.#pages.findIndex(({ tab }) => tab === document.activeElement);
    const next = {
      ArrowRight: (now + 1) % count,
      ArrowLeft: (now - 1 + count) % count,
      Home: 0,
      End: count - 1,
    }[event.key];
    if (next === undefined || now < 0) return;
    event.preventDefault();
    this.show(next);
    this.#pages[next].tab.focus();
  }
}
