/** @file The rows of the timeline: messages, those still on their way, and notes. */

import { personAvatar } from './avatar.js';
import { h, icon, iconButton } from './dom.js';
import { fullTime, listNames, personName, serverSentence, timeOf } from './format.js';

const LINK = /(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]}'])/g;
const ONLY_EMOJI = /^(?:\p{Extended_Pictographic}|\p{Emoji_Component}|\s){1,12}$/u;

/**
 * @typedef {{together: boolean, last: boolean, seen: boolean, newestSeen: boolean}} Place `together`: follows
 *   one of the same person; `last`: nothing of the same person follows; `seen`: one's own, and somebody has
 *   read it; `newestSeen`: the last of these
 */

/**
 * A stored message.
 * @param {object} message
 * @param {Place} place
 * @param {object} about what is around it, and what one may do with it: `onEdit`, `onDelete` and
 *   `onReport` are null where one may not; `editor` stands in the place of the text while it is edited
 */
export function messageRow(
  message,
  place,
  {
    author,
    me,
    quote,
    file,
    reactors,
    isGroup,
    editor,
    onReact,
    onPick,
    onReply,
    onEdit,
    onDelete,
    onReport,
  },
) {
  const own = message.user_id === me.user_id;
  const deleted = Boolean(message.deleted_at) || (message.content === null && message.file_url === null);
  const edited = Boolean(message.edited_at) && !deleted;
  const name = personName(author);
  const action = (name, label, onclick, control) =>
    onclick && iconButton(name, label, onclick, { class: 'icon-button beside', 'data-control': control });
  const actions =
    !deleted &&
    !editor &&
    h(
      'div.actions',
      {},
      iconButton('smile', 'React', (event) => onPick(event.currentTarget), {
        'aria-haspopup': 'menu',
        'data-control': 'react',
      }),
      action('reply', 'Reply', onReply, 'reply'),
      action('edit', 'Edit', onEdit, 'edit'),
      action('trash', 'Delete', onDelete, 'delete'),
      action('flag', 'Report…', onReport, 'report'),
    );
  const bubble = h(
    `div.bubble${deleted ? '.deleted' : ''}${editor ? '.editing' : ''}`,
    {},
    quote && quoteBlock(quote),
    deleted ? h('p', {}, 'This message was deleted.') : (editor ?? body(message, file)),
  );
  return h(
    `li.message${own ? '.own' : ''}${place.together ? '.together' : ''}`,
    { 'data-message': message.message_id },
    !own && isGroup && h('span.message-avatar', {}, place.last ? personAvatar(author, null, 'small') : null),
    h(
      'div.message-main',
      {},
      !own && isGroup && !place.together && h('span.author', { dir: 'auto' }, name),
      (own || !isGroup || place.together) && h('span.hidden-text', {}, own ? 'You' : name),
      h('div.bubble-line', {}, bubble, actions),
      message.reactions.length > 0 && reactionChips(message.reactions, reactors, me, onReact),
      (place.last || edited || place.newestSeen) && foot(message, own, edited, place),
    ),
  );
}

/** One's own message that has no event yet. */
export function outgoingRow(entry, place, { quote, file, onRetry, onDiscard }) {
  const failed = entry.status === 'failed';
  const state = {
    queued: ['clock', 'Waiting to be sent'],
    sent: ['clock', 'Sending…'],
    stored: ['check', 'Sent'],
    failed: ['alert', `Not sent. ${entry.error ? serverSentence(entry.error) : ''}`],
  }[entry.status];
  return h(
    `li.message.own.outgoing.${entry.status}${place.together ? '.together' : ''}`,
    {},
    h(
      'div.message-main',
      {},
      h('span.hidden-text', {}, 'You'),
      h('div.bubble-line', {}, h('div.bubble', {}, quote && quoteBlock(quote), body(entry, file))),
      h(
        'p.foot',
        {},
        icon(state[0]),
        h('span', {}, state[1]),
        failed && footButton('Try again', 'retry', onRetry),
        failed && footButton('Discard', 'discard', onDiscard),
      ),
    ),
  );
}

function footButton(text, control, onclick) {
  return h('button.link', { type: 'button', 'data-control': control, onclick }, text);
}

/** @param {?string} createdAt */
export function noteRow(text, createdAt) {
  return h('li.note', { title: createdAt && fullTime(createdAt) }, text);
}

function foot(message, own, edited, { seen }) {
  return h(
    'p.foot',
    {},
    edited && h('span.edited', { title: `Edited ${fullTime(message.edited_at)}` }, 'edited'),
    h(
      'time',
      { datetime: message.created_at, title: fullTime(message.created_at) },
      timeOf(message.created_at),
    ),
    own && icon(seen ? 'seen' : 'check'),
    own && h('span.hidden-text', {}, seen ? 'Seen' : 'Sent'),
  );
}

/** @param {?HTMLElement} file what shows the message's file */
function body(message, file) {
  const parts = [];
  if (file) parts.push(file);
  if (message.content) {
    const large = ONLY_EMOJI.test(message.content) && /\p{Extended_Pictographic}/u.test(message.content);
    parts.push(h(`p${large ? '.large' : ''}`, { dir: 'auto' }, ...withLinks(message.content)));
  }
  return h('div.body', {}, ...parts);
}

function withLinks(text) {
  return text
    .split(LINK)
    .map((part, index) =>
      index % 2 === 0 ? part : h('a', { href: part, target: '_blank', rel: 'noopener noreferrer' }, part),
    );
}

function quoteBlock({ name, text }) {
  return h('blockquote.quote', { dir: 'auto' }, name && h('strong', {}, name), h('span', {}, text));
}

function reactionChips(reactions, reactors, me, onReact) {
  return h(
    'div.reactions',
    {},
    ...reactions.map(({ emoji, count, user_ids: userIds }, index) => {
      const mine = userIds.includes(me.user_id);
      const who = listNames(reactors[index]);
      return h(
        'button.chip',
        {
          type: 'button',
          'data-control': `chip ${emoji}`,
          'aria-pressed': String(mine),
          title: `${who}: ${emoji}`,
          'aria-label': `${emoji} ${count}, by ${who}. ${mine ? 'Take yours back' : 'Add yours'}`,
          onclick: () => onReact(emoji),
        },
        h('span', {}, emoji),
        h('b', {}, String(count)),
      );
    }),
  );
}
