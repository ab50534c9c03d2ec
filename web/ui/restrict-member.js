/** @file Mutes somebody in a group, or bans them from it, after asking for how long and why. */

import { askForm, checkField, choiceField, sentenceField } from './ask-form.js';
import { personName } from './format.js';

const REASON = 'Reason, for other moderators (optional)';
const MUTE_TIMES = [
  ['600', '10 minutes'],
  ['3600', '1 hour'],
  ['86400', '1 day'],
  ['604800', '1 week'],
];

/**
 * @param {import('../parley-client.js').ParleyRest} rest
 * @param {string} roomId
 * @param {object} profile
 * @returns {Promise<?import('../parley/rest.js').Mute>} null if it was not to be
 */
export async function muteMember(rest, roomId, profile) {
  const name = personName(profile);
  const answer = await askForm({
    title: `Mute ${name}?`,
    text: `${name} can read on here, but neither write nor react until the time is over.`,
    fields: { seconds: choiceField('For how long', MUTE_TIMES), reason: sentenceField(REASON) },
    action: 'Mute',
    danger: true,
  });
  return answer && rest.mute(roomId, profile.user_id, Number(answer.seconds), answer.reason);
}

/** @returns {Promise<?import('../parley/rest.js').Ban>} null if it was not to be */
export async function banMember(rest, roomId, profile) {
  const name = personName(profile);
  const answer = await askForm({
    title: `Ban ${name}?`,
    text: `${name} is taken out of the room, and nobody can invite them until the ban is lifted.`,
    fields: {
      remove_messages: checkField('Delete all their messages here, for good'),
      reason: sentenceField(REASON),
    },
    action: 'Ban',
    danger: true,
  });
  return answer && rest.ban(roomId, profile.user_id, answer);
}
