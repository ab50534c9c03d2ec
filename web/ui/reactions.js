/** @file What a message's reactions are after an event. No document. */

/**
 * Reactions are sets of people, so that an event which history already shows changes nothing.
 * @param {import('../parley/rest.js').ReactionCount[]} reactions
 * @param {{emoji: string, user_id: string, action: 'add' | 'remove'}} event
 * @returns {import('../parley/rest.js').ReactionCount[]}
 */
export function withReaction(reactions, { emoji, user_id: userId, action }) {
  const former = reactions.find((reaction) => reaction.emoji === emoji);
  const { count, user_ids: userIds } = former ?? { count: 0, user_ids: [] };
  const had = userIds.includes(userId);
  if (action === 'remove') {
    // Of many only the first are named.
    if (!had && count <= userIds.length) return reactions;
    return placed(reactions, { emoji, count: count - 1, user_ids: userIds.filter((id) => id !== userId) });
  }
  if (had) return reactions;
  return placed(reactions, { emoji, count: count + 1, user_ids: [...userIds, userId] });
}

function placed(reactions, reaction) {
  if (reaction.count <= 0) return reactions.filter(({ emoji }) => emoji !== reaction.emoji);
  const isThere = reactions.some(({ emoji }) => emoji === reaction.emoji);
  if (!isThere) return [...reactions, reaction];
  return reactions.map((each) => (each.emoji === reaction.emoji ? reaction : each));
}
