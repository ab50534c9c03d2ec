/** @file What stands in a timeline, from top to bottom, and which of it belongs together. No document. */

import { dayKey, dayLabel } from './format.js';

/** Messages of one person within this time stand together. */
const GROUP_WITHIN_MS = 5 * 60_000;

/**
 * Days, the line "new", and the room's lines, those on their way last.
 * @param {import('./room-state.js').RoomState} room
 * @param {string} me one's user_id
 * @returns {{key: string, day?: string, isNew?: boolean, line?: object, place?:
 *   import('./message-rows.js').Place}[]} one of `day`, `isNew` and `line` each
 */
export function placedLines(room, me) {
  const placed = [];
  // Those on their way come after the newest, which may not be here.
  const onTheirWay = room.newer.hasMore ? [] : [...room.outgoing.values()];
  const outgoing = onTheirWay.map((entry) => ({ ...entry, user_id: me, entry }));
  const all = [...room.lines, ...outgoing];
  const newestSeen = room.lines.findLast((line) => room.isSeen(line));
  let former = null;
  let day = null;
  let newShown = false;
  for (const [index, line] of all.entries()) {
    // A note may not know its time; then it is of the day of what stands before it.
    const lineDay = line.created_at ? dayKey(line.created_at) : day;
    if (lineDay !== day) {
      day = lineDay;
      placed.push({ key: `day ${day}`, day: dayLabel(line.created_at) });
      former = null;
    }
    if (!newShown && isNew(line, room, me)) {
      newShown = true;
      placed.push({ key: 'new', isNew: true });
      former = null;
    }
    const together = follows(former, line);
    const last = !follows(line, all[index + 1]);
    const seen = room.isSeen(line);
    placed.push({ key: keyOf(line), line, place: { together, last, seen, newestSeen: line === newestSeen } });
    former = line;
  }
  return placed;
}

function keyOf(line) {
  if (line.note) return `note ${line.seq}`;
  return line.entry ? `out ${line.entry.client_msg_id}` : line.message_id;
}

function isNew(line, { newAfterSeq }, me) {
  return newAfterSeq !== null && line.seq > newAfterSeq && !line.note && line.user_id !== me;
}

/** Whether `line` belongs to the same block as the one before it. */
function follows(former, line) {
  return Boolean(
    former &&
    line &&
    !former.note &&
    !line.note &&
    former.user_id === line.user_id &&
    dayKey(former.created_at) === dayKey(line.created_at) &&
    new Date(line.created_at) - new Date(former.created_at) < GROUP_WITHIN_MS,
  );
}
