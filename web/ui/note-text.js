/** @file What a timeline tells beside the messages: what happened to the room or its members. No document. */

import { durationText, personName, untilText } from './format.js';

/** How each durable event that is a note is told; `who` does it, to `whom`. */
const TEXTS = {
  room_renamed: ({ by, name }, { who }) => `${who(by)} named the room “${name}”`,
  member_joined: ({ by, user_id: userId }, { who, whom }) =>
    by && by !== userId ? `${who(by)} added ${whom(userId)}` : `${who(userId)} joined`,
  member_left: ({ by, user_id: userId, reason }, { who, whom }) =>
    reason === 'removed' ? `${who(by)} removed ${whom(userId)}` : `${who(userId)} left`,
  member_muted: ({ by, user_id: userId, until }, { who, whom }) =>
    until
      ? `${who(by)} muted ${whom(userId)} until ${untilText(until)}`
      : `${who(by)} unmuted ${whom(userId)}`,
  slow_mode_changed: ({ by, slow_mode_seconds: seconds }, { who }) =>
    seconds > 0 ? `${who(by)} set slow mode to ${durationText(seconds)}` : `${who(by)} ended slow mode`,
};

/** @param {string} type of a durable event */
export function isNote(type) {
  return Object.hasOwn(TEXTS, type);
}

/** @param {import('./room-state.js').Line} note @param {{me: object, user: Function}} model */
export function noteText(note, model) {
  const name = (userId, self) => (userId === model.me.user_id ? self : personName(model.user(userId)));
  return TEXTS[note.type](note, {
    who: (userId) => name(userId, 'You'),
    whom: (userId) => name(userId, 'you'),
  });
}
