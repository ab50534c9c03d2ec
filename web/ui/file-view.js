/** @file How a message shows its file: a picture, a video or sound in its place, anything else as a row. */

import { h, icon } from './dom.js';
import { fileName, isOwnFile, kindOfName } from './file-kind.js';
import { errorText } from './format.js';
import { linkFile, showFile } from './signed-source.js';

/** @param {string} fileUrl @returns {HTMLElement} */
export function fileView(fileUrl) {
  return isOwnFile(fileUrl) ? ownFile(fileUrl) : pictureElsewhere(fileUrl);
}

/** By its name at first. What proves to be something else becomes a row. */
function ownFile(fileUrl) {
  const name = fileName(fileUrl);
  const makers = { picture: ownPicture, video: ownMedia, audio: ownMedia };
  const make = makers[kindOfName(name)];
  if (!make) return fileRow(fileUrl, name);
  const element = make(fileUrl, name, () => element.replaceWith(fileRow(fileUrl, name)));
  return element;
}

function ownPicture(fileUrl, name, onFail) {
  const image = h('img', { alt: name, 'data-loading': true });
  const link = h(
    'a.picture.own-picture',
    { target: '_blank', rel: 'noopener noreferrer', 'data-control': 'file', title: name },
    image,
  );
  image.addEventListener('load', () => {
    image.removeAttribute('data-loading');
    link.href = image.src; // for menus and middle buttons, which are no clicks
  });
  // Without a connection it stays a picture.
  linkFile(link, fileUrl, { onFail: (error) => error.retryable || onFail() });
  showFile(image, fileUrl, { onFail });
  return link;
}

function ownMedia(fileUrl, name, onFail) {
  const kind = kindOfName(name);
  const media = h(kind, { controls: true, preload: 'metadata', 'aria-label': name, 'data-control': 'file' });
  if (kind === 'video') media.setAttribute('playsinline', '');
  const element = h(`div.media.${kind}`, {}, media, fileRow(fileUrl, name));
  showFile(media, fileUrl, { onFail });
  return element;
}

/** Downloads it, and says below if that is not possible. */
function fileRow(fileUrl, name) {
  const problem = h('small.problem', { role: 'alert' });
  const link = h(
    'a.file-link',
    { download: name, 'data-control': 'file', title: `Download ${name}` },
    icon('file'),
    h('span.hidden-text', {}, 'Download '),
    h('span.file-name', { dir: 'auto' }, name),
    icon('download'),
  );
  link.addEventListener('click', () => (problem.textContent = ''));
  linkFile(link, fileUrl, { onFail: (error) => (problem.textContent = reason(error)) });
  return h('div.file-row', {}, link, problem);
}

function reason(error) {
  return error.code === 'not_found' ? 'This file is no longer there.' : errorText(error);
}

/** Only https addresses become pictures or links; anything else stays text. */
function pictureElsewhere(url) {
  if (!/^https:\/\//i.test(url)) return h('p', {}, url);
  const link = h('a.picture', { href: url, target: '_blank', rel: 'noopener noreferrer' });
  const image = h('img', { src: url, alt: 'Picture', loading: 'lazy', referrerpolicy: 'no-referrer' });
  image.addEventListener('error', () => {
    link.classList.add('broken');
    link.replaceChildren(icon('picture'), url);
  });
  link.append(image);
  return link;
}
