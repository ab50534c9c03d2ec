/** @file Why a message is reported, in words. No document. */

export const REPORT_REASONS = Object.freeze({
  spam: 'Spam',
  abuse: 'Insults or threats',
  illegal: 'Something illegal',
  other: 'Something else',
});
