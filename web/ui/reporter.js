/** @file A line that says how something went, read aloud too. */

import { h } from './dom.js';

/** @returns {{element: HTMLElement, say: (text: string, isProblem?: boolean) => void}} */
export function reporter() {
  // Of two live regions each is read in its own way: a problem at once, good news when it suits.
  const problem = h('p.problem', { role: 'alert' });
  const news = h('p.news', { role: 'status' });
  return {
    element: h('div.report', {}, problem, news),
    say(text, isProblem = false) {
      problem.textContent = isProblem ? text : '';
      news.textContent = isProblem ? '' : text;
    },
  };
}
