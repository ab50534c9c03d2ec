/** @file Says over the timeline for a while how something went. */

import { reporter } from './reporter.js';

const SHOWN_MS = 8_000;

export class TimelineReport {
  #report = reporter();
  #timer = null;

  constructor() {
    this.element = this.#report.element;
    this.element.classList.add('timeline-report');
  }

  destroy() {
    clearTimeout(this.#timer);
  }

  /** @param {boolean} [isProblem] */
  say(text, isProblem = true) {
    this.#report.say(text, isProblem);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#report.say(''), SHOWN_MS);
  }
}
