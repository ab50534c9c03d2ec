/** @file Tells how the connection is doing: quiet when well, plain when not. */

import { h, icon } from './dom.js';

/** A short break is not worth a word. */
const SHOW_AFTER_MS = 600;
const SAY_ONLINE_FOR_MS = 2_000;

export class ConnectionBanner {
  #client;
  #timer = null;
  #ticking = null;
  #wasShown = false;
  #stop;

  constructor(client) {
    this.#client = client;
    this.text = h('span', { role: 'status' });
    // Outside of what is read out: nobody wants to hear every second.
    this.countdown = h('span', { 'aria-hidden': 'true' });
    this.button = h('button.link', { type: 'button', onclick: () => client.checkConnection() }, 'Try now');
    this.element = h(
      'div.banner',
      { 'data-state': client.state },
      h('div.banner-line', {}, icon('offline'), h('span', {}, this.text, ' ', this.countdown), this.button),
    );
    this.#stop = client.on('state', (change) => this.#onState(change));
  }

  destroy() {
    this.#stop();
    this.#stopTimers();
  }

  #stopTimers() {
    clearTimeout(this.#timer);
    clearInterval(this.#ticking);
    this.countdown.textContent = '';
  }

  #onState({ state, retry_in_ms: retryInMs, reason }) {
    this.element.dataset.state = state;
    this.#stopTimers();
    if (state === 'online') {
      this.#say(this.#wasShown ? 'Connected again. Nothing was missed.' : '');
      this.#timer = setTimeout(() => this.#hide(), this.#wasShown ? SAY_ONLINE_FOR_MS : 0);
    } else if (state === 'offline') {
      this.#say(reason);
      this.#countDownTo(Date.now() + retryInMs);
      this.#showSoon();
    } else if (state === 'closed') {
      this.#say(`${reason} Please load the page again.`);
      this.#showSoon();
    } else {
      this.#say(state === 'connecting' ? 'Connecting…' : 'Reconnecting…');
      this.#showSoon();
    }
  }

  #countDownTo(time) {
    const say = () => {
      const seconds = Math.max(0, Math.ceil((time - Date.now()) / 1000));
      this.countdown.textContent = seconds > 1 ? `Trying again in ${seconds} s.` : 'Trying again.';
    };
    say();
    this.#ticking = setInterval(say, 1_000);
  }

  #showSoon() {
    if (this.#wasShown) return;
    this.#timer = setTimeout(() => {
      this.#wasShown = true;
      this.element.classList.add('shown');
    }, SHOW_AFTER_MS);
  }

  #hide() {
    this.#wasShown = false;
    this.element.classList.remove('shown');
  }

  #say(text) {
    if (this.text.textContent !== text) this.text.textContent = text;
    this.button.hidden = this.#client.state !== 'offline';
  }
}
