/** @file Files that are dragged onto a room or pasted there. */

import { h, icon } from './dom.js';

/** Text may be dragged as well, which is none of our business. */
const bringsFiles = (event) => event.dataTransfer?.types.includes('Files') ?? false;

/**
 * @param {HTMLElement} element where to drop
 * @param {{isOpen: () => boolean, onFiles: (files: File[]) => void, onProblem: (text: string) => void,
 *   signal: AbortSignal}} options `isOpen`: whether files can be sent now
 * @returns {HTMLElement} what to show meanwhile, to be put into the element
 */
export function dropZone(element, { isOpen, onFiles, onProblem, signal }) {
  const hint = h(
    'div.drop-hint',
    { hidden: true },
    icon('attach'),
    h('p', {}, 'Drop files here to send them'),
  );
  const show = (shown) => (hint.hidden = !shown);
  const options = { signal };
  element.addEventListener('dragenter', (event) => bringsFiles(event) && show(isOpen()), options);
  element.addEventListener(
    'dragleave',
    (event) => element.contains(event.relatedTarget) || show(false),
    options,
  );
  // Anywhere else the browser would leave the page to show the file.
  window.addEventListener(
    'dragover',
    (event) => {
      if (!bringsFiles(event)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = isOpen() && element.contains(event.target) ? 'copy' : 'none';
    },
    options,
  );
  window.addEventListener(
    'drop',
    (event) => {
      show(false);
      if (!bringsFiles(event)) return;
      event.preventDefault();
      if (!isOpen() || !element.contains(event.target)) return;
      const { files, hasFolder } = filesOf(event.dataTransfer);
      if (files.length > 0) onFiles(files);
      if (hasFolder) onProblem('Folders cannot be sent, only files.');
    },
    options,
  );
  element.addEventListener(
    'paste',
    (event) => {
      const files = pastedFiles(event);
      if (files.length === 0 || !isOpen() || event.target.closest('.message-editor')) return;
      event.preventDefault();
      onFiles(files);
    },
    options,
  );
  return hint;
}

function filesOf({ items, files }) {
  const entries = [...items].filter((item) => item.kind === 'file').map((item) => item.webkitGetAsEntry?.());
  const isFolder = (index) => entries[index]?.isDirectory ?? false;
  return {
    files: [...files].filter((file, index) => !isFolder(index)),
    hasFolder: entries.some((entry) => entry?.isDirectory),
  };
}

/** Office programs put a picture of a text beside the text; then the text is meant. */
function pastedFiles({ clipboardData }) {
  const types = clipboardData?.types ?? [];
  const isText = types.includes('text/plain') && types.includes('text/html');
  return isText ? [] : [...(clipboardData?.files ?? [])];
}
