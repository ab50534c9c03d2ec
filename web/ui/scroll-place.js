/** @file Keeps what one reads where it is, while rows come and go above and below it. */

/**
 * The topmost message in sight, and how far down it stands.
 * @param {HTMLElement} scroller
 * @param {HTMLElement} list whose children stand one below the other
 * @returns {?{messageId: string, top: number}} null if there is none
 */
export function placeOf(scroller, list) {
  const rows = list.children;
  const edge = scroller.getBoundingClientRect().top;
  let first = 0;
  let end = rows.length;
  while (first < end) {
    const middle = (first + end) >> 1;
    if (rows[middle].getBoundingClientRect().bottom > edge) end = middle;
    else first = middle + 1;
  }
  while (first < rows.length && !rows[first].dataset.message) first += 1;
  const row = rows[first];
  return row ? { messageId: row.dataset.message, top: row.getBoundingClientRect().top } : null;
}

/** Scrolls so that a row stands where it stood. @param {HTMLElement} row @param {{top: number}} place */
export function putBack(scroller, row, { top }) {
  const moved = row.getBoundingClientRect().top - top;
  if (Math.abs(moved) >= 1) scroller.scrollTop += moved;
}
