/** @file One report in the queue of the moderators: who, about whom, why, and what the message said. */

import { h } from './dom.js';
import { fileView } from './file-view.js';
import { dateTime, personName } from './format.js';
import { REPORT_REASONS } from './report-reasons.js';

const DECISIONS = { dismissed: 'Dismissed', acted: 'Done' };

/**
 * @typedef {{text: string, danger: boolean, run: () => void}} ReportDeed
 */

/**
 * @param {import('../parley/rest.js').Report} report
 * @param {ReportDeed[]} deeds what one may do about it
 */
export function reportRow(report, deeds) {
  const { report_id: id, reporter, sender, comment, reason, created_at: at } = report;
  const name = (profile) => h('strong', { dir: 'auto' }, personName(profile));
  return h(
    'li.report-row',
    { 'data-report': id },
    h(
      'header',
      {},
      h('p', {}, name(reporter), ' reported ', name(sender), ` in ${placeOf(report)}`),
      h('span.tag', {}, REPORT_REASONS[reason] ?? reason),
      h('time', { datetime: at }, dateTime(at)),
    ),
    comment && h('p.comment', { dir: 'auto' }, h('span.hidden-text', {}, 'Comment: '), comment),
    report.status === 'open' ? messageAsItStood(report) : decision(report),
    report.is_deleted && h('p.gone', {}, 'The message has been deleted.'),
    deeds.length > 0 &&
      h(
        'div.report-deeds',
        { role: 'group', 'aria-label': `What to do about ${personName(sender)}` },
        ...deeds.map(({ text, danger, run }) =>
          h(
            `button.quiet.small${danger ? '.danger' : ''}`,
            { type: 'button', 'data-control': text, onclick: run },
            text,
          ),
        ),
      ),
  );
}

function placeOf({ room_name: roomName }) {
  return roomName ? `“${roomName}”` : 'a private room';
}

function messageAsItStood({ content, file_url: fileUrl }) {
  return h(
    'blockquote.reported',
    {},
    h('span.hidden-text', {}, 'The message: '),
    fileUrl && fileView(fileUrl),
    content && h('p', { dir: 'auto' }, content),
  );
}

function decision({ status, decided_by: by, decided_at: at, note }) {
  return h(
    'div.decision',
    {},
    h('p', {}, `${DECISIONS[status] ?? status} by ${by ? personName(by) : 'somebody'}, ${dateTime(at)}`),
    note && h('p.comment', { dir: 'auto' }, h('span.hidden-text', {}, 'Note: '), note),
  );
}
