/** @file For whoever moderates a group: its slow mode, and who is muted or banned, with a way to lift it. */

import { makeDialog, showDialog } from './dialog.js';
import { h } from './dom.js';
import { durationText, errorText, roomName } from './format.js';
import { reporter } from './reporter.js';
import { RestrictionList } from './restriction-list.js';

const SLOW_MODES = [0, 5, 10, 30, 60, 300, 900, 3_600, 21_600];

export class ModerationDialog {
  #model;
  #room;
  #ended = new AbortController();

  /**
   * @param {import('./model.js').ChatModel} model
   * @param {Pick<import('./room-state.js').RoomState, 'room_id' | 'name' | 'is_group' | 'restraints'>} room which one
   *   need not be in
   */
  constructor(model, room) {
    this.#model = model;
    this.#room = room;
    this.report = reporter();
    this.slowMode = h('select', { id: 'slow-mode' });
    this.submit = h('button.quiet', { type: 'submit' }, 'Set');
    const options = { model, room, say: (text, isProblem) => this.report.say(text, isProblem) };
    this.mutes = new RestrictionList('mutes', options);
    this.bans = new RestrictionList('bans', options);
    this.dialog = makeDialog(
      `Moderate ${roomName(room)}`,
      h(
        'form.slow-mode',
        { onsubmit: (event) => this.#setSlowMode(event) },
        h(
          'div.field',
          {},
          h('label', { for: 'slow-mode' }, 'Slow mode: one message in'),
          h('div.slow-mode-line', {}, this.slowMode, this.submit),
          h('small', {}, 'It does not hold for you, moderators and admins.'),
        ),
      ),
      h('div.restrictions', {}, this.report.element, this.mutes.element, this.bans.element),
    );
    this.dialog.classList.add('tall');
    this.dialog.addEventListener('close', () => this.#end());
    model.addEventListener('rooms', () => this.#showSlowMode(), { signal: this.#ended.signal });
    const mine = (load) => (event) => event.room_id === room.room_id && load();
    this.stops = [
      model.client.on(
        'member_muted',
        mine(() => this.mutes.load()),
      ),
      model.client.on(
        'member_left',
        mine(() => this.bans.load()),
      ),
    ];
    this.#fillSlowMode();
  }

  show() {
    showDialog(this.dialog);
    this.slowMode.focus();
    this.mutes.load();
    this.bans.load();
  }

  #end() {
    this.#ended.abort();
    for (const stop of this.stops) stop();
    this.bans.destroy();
    this.mutes.destroy();
  }

  // --- slow mode

  #fillSlowMode() {
    const now = this.#room.restraints.slow_mode_seconds;
    const all = [...new Set([...SLOW_MODES, now ?? 0])].sort((a, b) => a - b);
    const option = (seconds) =>
      h('option', { value: seconds }, seconds === 0 ? 'Off' : durationText(seconds));
    // Of a room that one is not in nobody says what it is.
    const asItIs = now === null ? [h('option', { value: '' }, 'Leave it as it is')] : [];
    this.slowMode.replaceChildren(...asItIs, ...all.map(option));
    this.slowMode.value = now ?? '';
    this.shown = now;
  }

  /** Somebody else may have set it; what is chosen and not set yet stays. */
  #showSlowMode() {
    if (this.shown === this.#room.restraints.slow_mode_seconds) return;
    this.#fillSlowMode();
  }

  async #setSlowMode(event) {
    event.preventDefault();
    if (this.slowMode.value === '') return;
    const seconds = Number(this.slowMode.value);
    const { room_id: roomId, restraints } = this.#room;
    try {
      const { slow_mode_seconds: now } = await this.#model.rest.setSlowMode(roomId, seconds);
      if (!this.#model.rooms.has(roomId)) {
        restraints.slow_mode_seconds = now; // no event will tell
        this.#fillSlowMode();
      }
      this.report.say(seconds > 0 ? `Slow mode is set to ${durationText(seconds)}.` : 'Slow mode is off.');
    } catch (error) {
      await this.#model.noteRefusal(error);
      this.report.say(errorText(error), true);
    }
  }
}
