/** @file A menu of words that opens at a button. */

import { h, icon } from './dom.js';

const GAP_PX = 4;
const EDGE_PX = 8;
/** A press on the button of an open menu closes it, and its click must not open it again. */
const SAME_PRESS_MS = 400;

let lastPress = { button: null, at: 0 };

/**
 * @typedef {{text: string, icon: string, run: () => void, danger?: boolean}} MenuItem
 */

/**
 * Opens a menu at a button, which bears `aria-haspopup`.
 * @param {HTMLElement} button its id finds it again if it is drawn anew meanwhile
 * @param {string} label
 * @param {MenuItem[]} items
 */
export function openMenu(button, label, items) {
  if (lastPress.button === button && performance.now() - lastPress.at < SAME_PRESS_MS) return;
  const backToButton = () =>
    (button.isConnected ? button : document.getElementById(button.id))?.focus({ preventScroll: true });
  const menu = h(
    'div.menu',
    { role: 'menu', 'aria-label': label, popover: 'auto', onkeydown: onKey },
    ...items.map((item) =>
      h(
        `button${item.danger ? '.danger' : ''}`,
        {
          type: 'button',
          role: 'menuitem',
          onclick: () => {
            menu.hidePopover();
            backToButton();
            item.run();
          },
        },
        icon(item.icon),
        item.text,
      ),
    ),
  );
  menu.addEventListener('toggle', ({ newState }) => {
    if (newState !== 'closed') return;
    button.setAttribute('aria-expanded', 'false');
    closing.abort();
    menu.remove();
  });
  // A dialog makes everything outside of it inert.
  (button.closest('dialog') ?? document.body).append(menu);
  const closing = new AbortController();
  const onPress = ({ target }) => {
    if (button.contains(target)) lastPress = { button, at: performance.now() };
  };
  document.addEventListener('pointerdown', onPress, { capture: true, signal: closing.signal });
  menu.showPopover();
  button.setAttribute('aria-expanded', 'true');
  place(menu, button);
  menu.firstElementChild.focus({ preventScroll: true });

  function onKey(event) {
    const all = [...menu.children];
    const index = all.indexOf(document.activeElement);
    const next = {
      ArrowDown: (index + 1) % all.length,
      ArrowUp: (index - 1 + all.length) % all.length,
      Home: 0,
      End: all.length - 1,
    }[event.key];
    if (next !== undefined) {
      all[next].focus();
      event.preventDefault();
    } else if (event.key === 'Escape' || event.key === 'Tab') {
      menu.hidePopover();
      backToButton();
      event.preventDefault();
      event.stopPropagation(); // what stands around the button has an Escape of its own
    }
  }
}

/** Below the button and in line with its end, or wherever it is whole. */
function place(menu, button) {
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = at.bottom + GAP_PX;
  const fitsBelow = below + height <= innerHeight - EDGE_PX;
  menu.style.top = `${fitsBelow ? below : Math.max(EDGE_PX, at.top - GAP_PX - height)}px`;
  menu.style.left = `${Math.max(EDGE_PX, Math.min(at.right - width, innerWidth - EDGE_PX - width))}px`;
}
