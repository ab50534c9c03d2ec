/** @file Tells above the composer that one is muted or has to wait for slow mode, as long as it is so. */

import { batched, h } from './dom.js';
import { durationText, untilText } from './format.js';
import { mayModerate } from './roles.js';

/** Timers cannot wait as long as the longest mute. */
const LOOK_AGAIN_MS = 60_000;

export class WriteLimits {
  /** Whether one may not write at all. */
  isMuted = false;
  /** How long one has to wait before the next message. */
  waitMs = 0;

  #model;
  #room;
  #onChange;
  #ended = new AbortController();
  #timer = null;

  /**
   * @param {import('./model.js').ChatModel} model
   * @param {import('./room-state.js').RoomState} room
   * @param {{onChange: () => void}} options `isMuted` or `waitMs` is another one
   */
  constructor(model, room, { onChange }) {
    this.#model = model;
    this.#room = room;
    this.#onChange = onChange;
    this.text = h('span', { role: 'status' });
    // Outside of what is read out: nobody wants to hear every second.
    this.countdown = h('span.countdown', { 'aria-hidden': 'true' });
    this.element = h('p.write-limits', {}, this.text, ' ', this.countdown);
    const draw = batched(() => this.draw());
    for (const type of ['rooms', 'people', 'timeline'])
      model.addEventListener(type, draw, { signal: this.#ended.signal });
  }

  destroy() {
    this.#ended.abort();
    clearTimeout(this.#timer);
  }

  /** In words how long it still takes. */
  get waitText() {
    return `You can write again in ${durationText(Math.ceil(this.waitMs / 1000))}.`;
  }

  draw() {
    if (this.#ended.signal.aborted) return;
    clearTimeout(this.#timer);
    const { restraints } = this.#room;
    const now = this.#model.clock.now();
    const muteMs = restraints.muteMs(now);
    const isSlow = restraints.slow_mode_seconds > 0 && !mayModerate(this.#model.me, this.#room);
    this.isMuted = muteMs > 0;
    this.waitMs = isSlow ? restraints.slowModeMs(now) : 0;
    this.#say(this.#limit(isSlow));
    this.countdown.textContent = this.waitMs > 0 && !this.isMuted ? this.waitText : '';
    this.#onChange();
    const nextMs = this.waitMs > 0 ? this.waitMs % 1000 || 1000 : muteMs;
    if (nextMs > 0) this.#timer = setTimeout(() => this.draw(), Math.min(nextMs, LOOK_AGAIN_MS) + 1);
  }

  #limit(isSlow) {
    const { muted_until: until, slow_mode_seconds: seconds } = this.#room.restraints;
    if (this.isMuted) return `You are muted in this room until ${untilText(until)}.`;
    return isSlow ? `Slow mode: one message in ${durationText(seconds)}.` : '';
  }

  #say(text) {
    if (this.text.textContent !== text) this.text.textContent = text;
  }
}
