/** @file Dialogs: the browser's own, which keeps the focus inside and closes on Escape. */

import { h, iconButton } from './dom.js';

/** A question may stand over another dialog, so that one name would not be enough. */
let made = 0;

/** Makes a dialog that is gone once it is closed. */
export function makeDialog(title, ...content) {
  made += 1;
  const id = `dialog-title-${made}`;
  const heading = h('h2', { id }, title);
  const dialog = h(
    'dialog.dialog',
    { 'aria-labelledby': id },
    h(
      'header',
      {},
      heading,
      iconButton('close', 'Close', () => dialog.close()),
    ),
    ...content,
  );
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('pointerdown', (event) => {
    if (event.target === dialog && isOutside(dialog, event)) dialog.close(); // the backdrop
  });
  return dialog;
}

/** The focus goes back to where it was; what has an id is found again if it was drawn anew meanwhile. */
export function showDialog(dialog) {
  const before = document.activeElement;
  document.body.append(dialog);
  dialog.showModal();
  dialog.addEventListener('close', () => {
    if (before?.id && !before.isConnected) document.getElementById(before.id)?.focus({ preventScroll: true });
  });
}

/** The dialog is the target of what happens on its backdrop, and of what happens on its scrollbar. */
function isOutside(dialog, { clientX, clientY }) {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  return clientX < left || clientX > right || clientY < top || clientY > bottom;
}

/** Closes what is open, as when the page behind it goes. */
export function closeDialogs() {
  for (const dialog of document.querySelectorAll('dialog[open]')) dialog.close();
}

/** Asks a question. @returns {Promise<boolean>} */
export function ask({ title, text, action, danger = false }) {
  return new Promise((resolve) => {
    let sure = false;
    const yes = h(
      `button.primary${danger ? '.danger' : ''}`,
      {
        type: 'button',
        onclick: () => {
          sure = true;
          dialog.close();
        },
      },
      action,
    );
    const no = h('button.quiet', { type: 'button', onclick: () => dialog.close() }, 'Cancel');
    const dialog = makeDialog(title, h('p', {}, text), h('div.dialog-actions', {}, no, yes));
    dialog.addEventListener('close', () => resolve(sure));
    showDialog(dialog);
    no.focus();
  });
}
