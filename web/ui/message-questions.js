/** @file What is asked before a message is deleted or reported, and how it went. */

import { ask } from './dialog.js';
import { askForm, choiceField, sentenceField } from './ask-form.js';
import { errorText, personName } from './format.js';
import { REPORT_REASONS } from './report-reasons.js';

export class MessageQuestions {
  #model;
  #room;
  #say;
  #announce;

  /**
   * @param {import('./model.js').ChatModel} model
   * @param {import('./room-state.js').RoomState} room
   * @param {object} options
   * @param {(text: string, isProblem?: boolean) => void} options.say for the eye as well
   * @param {(text: string) => void} options.announce what everybody sees by itself
   */
  constructor(model, room, { say, announce }) {
    this.#model = model;
    this.#room = room;
    this.#say = say;
    this.#announce = announce;
  }

  async delete(message) {
    const own = message.user_id === this.#model.me.user_id;
    const sure = await ask({
      title: 'Delete this message?',
      text: own
        ? 'It is deleted for everybody in the room, for good.'
        : `${this.#author(message)} wrote it. It is deleted for everybody, for good.`,
      action: 'Delete',
      danger: true,
    });
    if (!sure) return;
    try {
      await this.#model.deeds.delete(this.#room, message);
      this.#announce('The message was deleted.');
    } catch (error) {
      this.#say(`The message was not deleted. ${errorText(error)}`, true);
      this.#model.noteRefusal(error);
    }
  }

  async report(message) {
    const answer = await askForm({
      title: 'Report this message?',
      text: `${this.#author(message)} wrote it. The moderators get a copy; nobody else is told.`,
      fields: {
        reason: choiceField('What is wrong with it', Object.entries(REPORT_REASONS)),
        comment: sentenceField('What they should know (optional)'),
      },
      action: 'Report',
    });
    if (!answer) return;
    try {
      await this.#model.deeds.report(message, answer);
      this.#say('The message was reported to the moderators.', false);
    } catch (error) {
      const gone = error.code === 'not_found';
      const why = gone ? 'It is not there any more.' : errorText(error);
      this.#say(`The message was not reported. ${why}`, true);
    }
  }

  #author(message) {
    return personName(this.#model.user(message.user_id));
  }
}
