/** @file The small menu of emojis that opens beside a message; without a mouse, of all one can do with it. */

import { h, icon } from './dom.js';

/** The menu keeps so far from the edges of the timeline. */
const EDGE_PX = 8;
const EMOJIS = [
  ['👍', 'Thumbs up'],
  ['❤️', 'Heart'],
  ['😂', 'Laughing'],
  ['😮', 'Surprised'],
  ['😢', 'Sad'],
  ['🎉', 'Party'],
];

export class ReactionPicker {
  #menu = null;
  #button = null;
  #closing = null;

  /**
   * @param {HTMLElement} button what it opens beside
   * @param {(emoji: string) => void} onPick
   * @param {{text: string, icon: string, run: () => void}[]} actions offered here where there is no room for
   *   buttons of their own
   */
  open(button, onPick, actions) {
    const again = this.#button === button;
    this.close();
    if (again) return;
    this.#button = button;
    this.#closing = new AbortController();
    const item = (name, content, run, className = null) =>
      h(
        'button',
        {
          type: 'button',
          role: 'menuitem',
          class: className,
          'aria-label': name,
          title: name,
          onclick: () => {
            this.#closeToButton();
            run();
          },
        },
        content,
      );
    this.#menu = h(
      'div.picker',
      { role: 'menu', 'aria-label': 'Reactions', onkeydown: (event) => this.#onKey(event) },
      ...EMOJIS.map(([emoji, name]) => item(name, emoji, () => onPick(emoji))),
      ...actions.map(({ text, icon: name, run }) => item(text, h('span', {}, icon(name), text), run, 'deed')),
    );
    this.#attach();
    this.#menu.firstElementChild.focus({ preventScroll: true });
    const outside = (event) => {
      if (!this.#menu.contains(event.target) && !this.#button.contains(event.target)) this.close();
    };
    document.addEventListener('pointerdown', outside, { signal: this.#closing.signal });
  }

  close() {
    this.#closing?.abort();
    this.#button?.parentElement?.classList.remove('picking');
    this.#menu?.remove();
    this.#menu = null;
    this.#button = null;
  }

  /** The row beside which it may be open is drawn anew, or goes. @param {?HTMLElement} drawn */
  follow(row, drawn) {
    if (!this.#button || !row.contains(this.#button)) return;
    this.#button = drawn?.querySelector('[data-control="react"]') ?? null;
    if (this.#button) this.#attach({ measure: false });
    else this.close();
  }

  #closeToButton() {
    const button = this.#button;
    this.close();
    button.focus({ preventScroll: true });
  }

  #attach({ measure = true } = {}) {
    this.#button.parentElement.classList.add('picking');
    this.#button.parentElement.append(this.#menu);
    if (measure) this.#stayInside();
  }

  /** Opens where there is room: upwards or downwards, and as far to the side as its width asks for. */
  #stayInside() {
    const frame = this.#button.closest('.scroller').getBoundingClientRect();
    const at = this.#button.getBoundingClientRect();
    this.#menu.classList.toggle('below', at.top - frame.top < this.#menu.offsetHeight + 2 * EDGE_PX);
    const rightmost = frame.right - EDGE_PX - this.#menu.offsetWidth;
    const left = Math.max(frame.left + EDGE_PX, Math.min(at.left, rightmost));
    this.#menu.style.left = `${left - this.#button.parentElement.getBoundingClientRect().left}px`;
  }

  #onKey(event) {
    const items = [...this.#menu.children].filter((item) => item.offsetParent !== null);
    const index = items.indexOf(document.activeElement);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step) {
      items[(index + step + items.length) % items.length].focus();
      event.preventDefault();
    } else if (event.key === 'Escape' || event.key === 'Tab') {
      this.#closeToButton();
      event.stopPropagation();
    }
  }
}
