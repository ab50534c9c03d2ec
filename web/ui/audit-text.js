/** @file Says in a sentence what an entry of the audit trail tells. */

import { FLAG_NAMES, ROLE_NAMES } from './account-rules.js';
import { durationText, personName, withLocalTimes } from './format.js';

/** What was done, between who did it and to whom. `%` stands for the room. */
const DEEDS = {
  role_changed: ['changed the role of', ''],
  user_suspended: ['suspended', ''],
  user_locked: ['locked the account of', ''],
  user_restored: ['restored the account of', ''],
  user_created: ['made the account of', ''],
  tokens_ended: ['ended the log-ins of', ''],
  password_changed: ['changed the password of', ''],
  message_deleted: ['deleted a message of', 'in %'],
  member_removed: ['removed', 'from %'],
  room_renamed: ['renamed', '%'],
  member_banned: ['banned', 'from %'],
  ban_lifted: ['lifted the ban of', 'from %'],
  member_muted: ['muted', 'in %'],
  mute_lifted: ['unmuted', 'in %'],
  slow_mode_changed: ['changed the slow mode of', '%'],
  report_decided: ['decided a report of what was written by', 'in %'],
};

/**
 * @param {import('../parley/rest.js').AuditEntry} entry
 * @param {(roomId: string) => ?string} roomNameOf null if one is not in that room
 * @returns {{who: string, deed: string, whom: string, where: string, detail: string}}
 */
export function auditParts({ actor, action, user, room_id: roomId, detail }, roomNameOf) {
  const [deed, where] = DEEDS[action] ?? [`did “${action.replaceAll('_', ' ')}” to`, ''];
  const name = roomId && roomNameOf(roomId);
  const room = name ? `“${name}”` : roomId ? `room ${roomId}` : 'a room';
  return {
    who: actor ? personName(actor) : 'The operator',
    deed,
    whom: user ? personName(user) : '',
    where: where.replace('%', () => room),
    detail: detailText(action, detail ?? ''),
  };
}

const DECISIONS = { dismissed: 'Dismissed', acted: 'Something was done about it' };

/** The wire tells a change as `active -> not_active`, a time as ISO 8601, and slow mode as `300 s`. */
function detailText(action, detail) {
  if (action === 'report_decided' && Object.hasOwn(DECISIONS, detail)) return DECISIONS[detail];
  const slow = action === 'slow_mode_changed' && detail.match(/^(\d+) s$/);
  if (slow) return slow[1] === '0' ? 'Off' : durationText(Number(slow[1]));
  const change = detail.match(/^(\w+) -> (\w+)$/);
  const names = { ...FLAG_NAMES, ...ROLE_NAMES };
  const name = (value) => (Object.hasOwn(names, value) ? names[value] : value);
  return change ? `${name(change[1])} → ${name(change[2])}` : withLocalTimes(detail);
}
