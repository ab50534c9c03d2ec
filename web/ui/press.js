/** @file Whether a pointer is down: what is pressed must stay, or its click is lost. */

/** Who holds a pointer down for longer is not about to click, and what happens is to be seen. */
const CLICK_MS = 3000;

/** Settles when the pointer is up, or was down for too long for a click. @type {?Promise<void>} */
let press = null;

document.addEventListener('pointerdown', begin, { capture: true });

function begin() {
  const mine = new Promise((resolve) => {
    const over = new AbortController();
    const end = () => {
      over.abort();
      clearTimeout(timer);
      if (press === mine) press = null;
      resolve();
    };
    const timer = setTimeout(end, CLICK_MS);
    for (const type of ['pointerup', 'pointercancel'])
      document.addEventListener(type, end, { capture: true, signal: over.signal });
  });
  press = mine;
}

/** @returns {?Promise<void>} null: nothing is pressed; else it settles when the press is over */
export function underPress() {
  return press;
}
