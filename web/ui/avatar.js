/** @file A person's or room's round picture: the initials on a colour of their own, or their image. */

import { h, icon } from './dom.js';
import { isOwnFile } from './file-kind.js';
import { personName, roomName } from './format.js';
import { showFile } from './signed-source.js';

const HUES = 8;

function hueOf(id) {
  let sum = 0;
  for (const char of id) sum = (sum * 31 + char.codePointAt(0)) % 4093;
  return sum % HUES;
}

function initials(name) {
  const words = name
    .trim()
    .split(/[\s._-]+/)
    .filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : words;
  return letters.map((word) => Array.from(word)[0]?.toUpperCase() ?? '').join('') || '?';
}

function picture(id, name, imageUrl, extraClass) {
  const element = h(`span.avatar.hue-${hueOf(id)}${extraClass}`, { 'aria-hidden': 'true' }, initials(name));
  if (/^https:\/\//.test(imageUrl ?? '')) {
    const image = h('img', { src: imageUrl, alt: '', referrerpolicy: 'no-referrer', loading: 'lazy' });
    image.addEventListener('error', () => image.remove());
    element.append(image);
  } else if (isOwnFile(imageUrl)) {
    const image = h('img', { alt: '' });
    element.append(image);
    showFile(image, imageUrl, { onFail: () => image.remove() });
  }
  return element;
}

/**
 * @param {{user_id: string}} profile
 * @param {?{is_online: boolean}} [presence] shown as a dot if given
 * @param {string} [size] `small` or `large`
 */
export function personAvatar(profile, presence = null, size = '') {
  const element = picture(profile.user_id, personName(profile), profile.img_url, size && `.${size}`);
  if (presence) element.append(h(`i.dot${presence.is_online ? '.on' : ''}`));
  return element;
}

export function roomAvatar(room, presence = null) {
  if (!room.is_group && room.peer) return personAvatar(room.peer, presence);
  const element = h(`span.avatar.group.hue-${hueOf(room.room_id)}`, { 'aria-hidden': 'true' });
  const first = Array.from(roomName(room).trim())[0];
  element.append(first ? first.toUpperCase() : icon('people'));
  return element;
}
