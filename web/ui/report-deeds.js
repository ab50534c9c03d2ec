/** @file What moderators do about a report: delete, mute, ban, suspend, decide, and moderate its room. */

import { refusalText, suspension } from './account-rules.js';
import { ask } from './dialog.js';
import { askForm, sentenceField } from './ask-form.js';
import { errorText, personName, untilText } from './format.js';
import { ModerationDialog } from './moderation-dialog.js';
import { Restraints } from './restraints.js';
import { banMember, muteMember } from './restrict-member.js';

const NOTE = 'Note, for other moderators (optional)';
const DECIDED = 'All open reports of this text are decided with it, and its copies go.';

export class ReportDeeds {
  #model;
  #options;

  /**
   * @param {import('./model.js').ChatModel} model
   * @param {object} options
   * @param {(text: string, isProblem?: boolean) => void} options.say
   * @param {(report: object) => void} options.onDeleted the message is gone
   * @param {(report: object) => void} options.onDecided the report, and all others of the same text
   */
  constructor(model, options) {
    this.#model = model;
    this.#options = options;
  }

  /** @param {import('../parley/rest.js').Report} report @returns {import('./report-row.js').ReportDeed[]} */
  of(report) {
    if (report.status !== 'open') return [];
    const deed = (text, run, danger = true) => ({ text, danger, run: () => this.#try(report, run) });
    return [
      !report.is_deleted && deed('Delete the message', this.#delete),
      report.room_name !== null && deed('Mute in the room', this.#mute),
      report.room_name !== null && deed('Ban from the room', this.#ban),
      report.room_name !== null && deed('Moderate the room', this.#moderate, false),
      deed('Suspend the sender', this.#suspend),
      deed('Dismiss', this.#dismiss, false),
      deed('Done', this.#finish, false),
    ].filter(Boolean);
  }

  async #try(report, run) {
    this.#options.say('');
    try {
      await run(report);
    } catch (error) {
      await this.#model.noteRefusal(error);
      this.#options.say(refusal(error), true);
    }
  }

  #delete = async (report) => {
    const sure = await ask({
      title: 'Delete this message?',
      text: `${personName(report.sender)} wrote it. It is deleted for everybody, for good.`,
      action: 'Delete',
      danger: true,
    });
    if (!sure) return;
    await this.#model.client.delete(report.room_id, report.message_id);
    this.#options.say('The message was deleted.');
    this.#options.onDeleted(report);
  };

  #mute = async ({ room_id: roomId, room_name: roomName, sender }) => {
    const mute = await muteMember(this.#model.rest, roomId, sender);
    if (!mute) return;
    this.#options.say(`${personName(sender)} is muted in “${roomName}” until ${untilText(mute.until)}.`);
  };

  #ban = async ({ room_id: roomId, room_name: roomName, sender }) => {
    const ban = await banMember(this.#model.rest, roomId, sender);
    if (ban) this.#options.say(`${personName(sender)} is banned from “${roomName}”.`);
  };

  /** Staff may moderate a room that they are not in, of which the page knows next to nothing. */
  #moderate = ({ room_id: roomId, room_name: name }) => {
    const stranger = { room_id: roomId, name, is_group: true, restraints: new Restraints() };
    new ModerationDialog(this.#model, this.#model.rooms.get(roomId) ?? stranger).show();
  };

  #suspend = async ({ sender }) => {
    const { question, meaning, text, changes, done } = suspension(personName(sender));
    if (!(await ask({ title: question, text: meaning, action: text, danger: true }))) return;
    await this.#model.rest.changeAccount(sender.user_id, changes);
    this.#options.say(done);
  };

  #dismiss = (report) =>
    this.#decide(report, 'dismissed', {
      title: 'Dismiss this report?',
      text: `Nothing is wrong with the message. ${DECIDED}`,
      action: 'Dismiss',
      done: 'The report was dismissed.',
    });

  #finish = (report) =>
    this.#decide(report, 'acted', {
      title: 'Done with this report?',
      text: `Something was done about the message. ${DECIDED}`,
      action: 'Done',
      done: 'The report was closed.',
    });

  async #decide(report, status, { title, text, action, done }) {
    const answer = await askForm({ title, text, action, fields: { note: sentenceField(NOTE) } });
    if (!answer) return;
    try {
      await this.#model.rest.decideReport(report.report_id, status, answer.note);
      this.#options.say(done);
    } catch (error) {
      if (error.code !== 'conflict') throw error;
      this.#options.say('Somebody else has decided it meanwhile.', true);
    }
    this.#options.onDecided(report);
  }
}

/** A conflict of an account is that of the last admin; `not_found` may be message, room or account. */
function refusal(error) {
  return error.code === 'not_found' ? 'It is not there any more.' : refusalText(error, errorText);
}
