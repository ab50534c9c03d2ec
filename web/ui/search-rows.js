/** @file A message that was found, as a row: where, who, when, and the passage with its hits marked. */

import { roomAvatar } from './avatar.js';
import { h } from './dom.js';
import { briefTime, dateOf, fullTime, personName, roomName } from './format.js';

/**
 * @param {import('../parley/rest.js').SearchHit} hit
 * @param {{id: string, room: object, sender: string, onPick: () => void}} about
 */
export function hitRow(hit, { id, room, sender, onPick }) {
  return h(
    'li.hit',
    // The field keeps the focus, and says which option is the active one.
    {
      id,
      role: 'option',
      'aria-selected': 'false',
      'data-hit': hit.message_id,
      onmousedown: (event) => event.preventDefault(),
      onclick: onPick,
    },
    roomAvatar(room),
    h(
      'div.hit-text',
      {},
      h(
        'p.hit-top',
        {},
        h('strong', { dir: 'auto' }, roomName(room)),
        h('time', { datetime: hit.created_at, title: fullTime(hit.created_at) }, hitTime(hit.created_at)),
      ),
      h('p.hit-sender', { dir: 'auto' }, sender),
      h('p.hit-passage', { dir: 'auto' }, ...passage(hit.snippet)),
    ),
  );
}

/** Of one's own "You". @param {{users: Map<string, object>, me: object}} model */
export function senderName({ user_id: userId, display_name }, { users, me }) {
  return userId === me.user_id ? 'You' : personName(users.get(userId) ?? { display_name });
}

/** Pieces of text, those that were looked for in `mark`. */
function passage(snippet) {
  return snippet.map(({ text, is_hit: isHit }) => (isHit ? h('mark', {}, text) : text));
}

/** Of another year only the date says which. */
function hitTime(iso) {
  return new Date(iso).getFullYear() === new Date().getFullYear() ? briefTime(iso) : dateOf(iso);
}
