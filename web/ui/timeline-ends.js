/** @file The two ends of the timeline: what is fetched there or could not be, and the button to try again. */

import { h } from './dom.js';

export class TimelineEnd {
  /** @param {'top' | 'bottom'} where @param {() => void} onRetry */
  constructor(where, onRetry) {
    this.line = h(`p.timeline-${where}`, { role: 'status' });
    this.retry = h(
      'button.link.timeline-retry',
      { type: 'button', hidden: true, onclick: onRetry },
      'Try again',
    );
  }

  get elements() {
    return [this.line, this.retry];
  }

  draw(text, mayRetry) {
    if (this.line.textContent !== text) this.line.textContent = text;
    this.retry.hidden = !mayRetry;
  }
}

/** @param {import('./room-state.js').RoomState} room */
export function topText({ history, older, lines, outgoing }) {
  if (history === 'failed') return 'The messages could not be fetched.';
  if (history !== 'ready') return 'Fetching messages…';
  if (older.state === 'failed') return 'Older messages could not be fetched.';
  if (older.hasMore) return older.state === 'loading' ? 'Fetching older messages…' : '';
  if (lines.length + outgoing.size === 0) return 'No messages yet. Say hello.';
  return 'This is where it began.';
}

/** @param {import('./room-state.js').RoomState} room */
export function bottomText({ newer }) {
  if (newer.state === 'failed') return 'Newer messages could not be fetched.';
  return newer.hasMore && newer.state === 'loading' ? 'Fetching newer messages…' : '';
}
