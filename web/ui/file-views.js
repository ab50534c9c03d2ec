/**
 * @file The files of one timeline: a row that is drawn anew keeps its file as it is, so that a video plays on
 * and a picture does not flicker.
 */

import { fileView } from './file-view.js';

export class FileViews {
  /** @type {Map<string, {fileUrl: string, element: HTMLElement}>} */
  #views = new Map();
  #wanted = new Set();

  /**
   * @param {object} line a message, or one on its way
   * @returns {?HTMLElement} a place that holds the file, null if there is none
   */
  of(line) {
    if (!line.file_url) return null;
    // The same before and after it was stored.
    const key = line.client_msg_id ? `${line.user_id} ${line.client_msg_id}` : line.message_id;
    this.#wanted.add(key);
    let view = this.#views.get(key);
    if (view?.fileUrl !== line.file_url) {
      // The view may put a row in its own place, so the timeline holds what is around it.
      const element = document.createElement('div');
      element.className = 'message-file';
      element.append(fileView(line.file_url));
      view = { fileUrl: line.file_url, element };
      this.#views.set(key, view);
    }
    return view.element;
  }

  /** Forgets what was not asked for since the last time. */
  sweep() {
    for (const key of this.#views.keys()) if (!this.#wanted.has(key)) this.#views.delete(key);
    this.#wanted.clear();
  }
}
