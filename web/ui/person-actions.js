/** @file What one can do about another person, wherever people are shown: write, be friends, block. */

import { ask } from './dialog.js';
import { errorText, personName } from './format.js';

export class PersonActions {
  #model;
  #onOpen;

  /** @param {import('./model.js').ChatModel} model @param {{onOpen: (roomId: string) => void}} options */
  constructor(model, { onOpen }) {
    this.#model = model;
    this.#onOpen = onOpen;
  }

  /**
   * All that fits how one stands to the person.
   * @param {object} profile
   * @param {{write?: boolean, say: (text: string, isProblem?: boolean) => void}} options `write`: whether to
   *   offer a private room; `say` tells how it went
   * @returns {import('./menu.js').MenuItem[]}
   */
  menuFor(profile, { write = true, say }) {
    const name = personName(profile);
    const item = (text, icon, run, danger = false) => ({ text, icon, danger, run: () => run(profile, say) });
    const standing = this.#model.friends.standing(profile.user_id);
    const friendship = {
      none: [item('Add as a friend', 'person-plus', this.ask)],
      incoming: [
        item('Accept the request', 'check', this.accept),
        item('Decline the request', 'close', this.decline),
      ],
      outgoing: [item('Take back the request', 'close', this.takeBack)],
      friend: [item('End the friendship', 'person-minus', this.end, true)],
      blocked: [],
    }[standing];
    return [
      ...(write && standing !== 'blocked' ? [item(`Write to ${name}`, 'compose', this.write)] : []),
      ...friendship,
      standing === 'blocked'
        ? item('Unblock', 'check', this.unblock)
        : item('Block', 'block', this.block, true),
    ];
  }

  // Each takes the profile and `say`; they are handed about, so they keep their `this`.

  write = async (profile, say) => {
    try {
      const room = await this.#model.rest.openPrivate(profile.user_id);
      this.#model.adopt(room);
      this.#onOpen(room.room_id);
    } catch (error) {
      say(writeRefusal(error, profile), true);
    }
  };

  ask = (profile, say) => {
    const done = () =>
      this.#model.friends.standing(profile.user_id) === 'friend'
        ? `${personName(profile)} and you are friends now.`
        : `${personName(profile)} was asked.`;
    return this.#try(say, () => this.#model.friends.ask(profile.user_id), done, {
      forbidden: `${personName(profile)} does not take requests from you.`,
    });
  };

  accept = (profile, say) =>
    this.#try(
      say,
      () => this.#model.friends.accept(profile.user_id),
      () => `${personName(profile)} and you are friends now.`,
    );

  decline = (profile, say) =>
    this.#try(
      say,
      () => this.#model.friends.decline(profile.user_id),
      () => `The request of ${personName(profile)} was declined.`,
    );

  takeBack = (profile, say) =>
    this.#try(
      say,
      () => this.#model.friends.end(profile.user_id),
      () => 'The request was taken back.',
    );

  end = async (profile, say) => {
    const name = personName(profile);
    const sure = await ask({
      title: `End the friendship with ${name}?`,
      text: 'You can ask again later. Your conversation stays.',
      action: 'End the friendship',
      danger: true,
    });
    if (!sure) return;
    await this.#try(
      say,
      () => this.#model.friends.end(profile.user_id),
      () => `${name} and you are friends no more.`,
    );
  };

  block = async (profile, say) => {
    const name = personName(profile);
    const sure = await ask({
      title: `Block ${name}?`,
      text:
        `${name} can no longer write to you in private or ask to be your friend, and is not told. ` +
        'In groups you still see each other. You can unblock at any time.',
      action: 'Block',
      danger: true,
    });
    if (!sure) return;
    await this.#try(
      say,
      () => this.#model.friends.block(profile.user_id),
      () => `${name} is blocked.`,
    );
  };

  unblock = (profile, say) =>
    this.#try(
      say,
      () => this.#model.friends.unblock(profile.user_id),
      () => `${personName(profile)} is unblocked.`,
    );

  async #try(say, run, done, texts = {}) {
    try {
      await run();
      say(done());
    } catch (error) {
      const changed = error.code === 'not_found' ? 'This has changed meanwhile.' : null;
      say(texts[error.code] ?? changed ?? errorText(error), true);
    }
  }
}

/** Why a private room did not open. */
export function writeRefusal(error, profile) {
  return error.code === 'forbidden'
    ? `${personName(profile)} does not take messages from you.`
    : errorText(error);
}
