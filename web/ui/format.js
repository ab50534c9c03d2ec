/** @file Words for times, people and rooms, in the reader's language of dates. */

import { fileSummary } from './file-kind.js';

const timeFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const dayYearFormat = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });
const shortDayFormat = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const dateFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const dateTimeFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const fullFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });

const DAY_MS = 86_400_000;
/** How the server begins what it says of one field. */
const FIELD = /^([a-z][a-zA-Z_]*): /;
/** How it writes a time. */
const TIME = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

function startOfDay(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** How many midnights lie between then and now. */
function daysAgo(date) {
  return Math.round((startOfDay(new Date()) - startOfDay(date)) / DAY_MS);
}

export function dayKey(iso) {
  return String(startOfDay(new Date(iso)));
}

export function timeOf(iso) {
  return timeFormat.format(new Date(iso));
}

export function fullTime(iso) {
  return fullFormat.format(new Date(iso));
}

/** `Today`, `Yesterday`, `Monday, 3 May`, `3 May 2024`. */
export function dayLabel(iso) {
  const date = new Date(iso);
  const days = daysAgo(date);
  if (days <= 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return date.getFullYear() === new Date().getFullYear()
    ? dayFormat.format(date)
    : dayYearFormat.format(date);
}

/** The shortest that tells when, for lists. */
export function briefTime(iso) {
  const date = new Date(iso);
  const days = daysAgo(date);
  if (days <= 0) return timeFormat.format(date);
  if (days === 1) return 'Yesterday';
  return shortDayFormat.format(date);
}

export function dateOf(iso) {
  return dateFormat.format(new Date(iso));
}

/** When something was, for lists of days long gone as well. */
export function dateTime(iso) {
  return dateTimeFormat.format(new Date(iso));
}

/** When something ends: `10:40`, or with the day if that is another one. */
export function untilText(iso) {
  return daysAgo(new Date(iso)) === 0 ? timeOf(iso) : dateTime(iso);
}

/** `30 s`, `5 min`, `1 h 30 min`. */
export function durationText(seconds) {
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'min'],
    [seconds % 60, 's'],
  ];
  const told = parts.filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}`);
  return told.join(' ') || '0 s';
}

/** @param {?{is_online: boolean, last_seen: ?string}} presence */
export function presenceText(presence) {
  if (!presence) return '';
  if (presence.is_online) return 'Online';
  if (!presence.last_seen) return 'Offline';
  const minutes = Math.floor((Date.now() - new Date(presence.last_seen)) / 60_000);
  if (minutes < 1) return 'Last seen just now';
  if (minutes < 60) return `Last seen ${minutes} min ago`;
  const days = daysAgo(new Date(presence.last_seen));
  if (days <= 0) return `Last seen at ${timeOf(presence.last_seen)}`;
  return `Last seen ${days === 1 ? 'yesterday' : shortDayFormat.format(new Date(presence.last_seen))}`;
}

export function personName(profile) {
  return profile?.display_name || profile?.username || 'Someone';
}

export function roomName(room) {
  return room.is_group ? room.name || 'Group' : personName(room.peer);
}

/** `Anna`, `Anna and Ben`, `Anna, Ben and 2 others`. */
export function listNames(names) {
  if (names.length <= 1) return names[0] ?? '';
  if (names.length <= 3) return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  return `${names.slice(0, 2).join(', ')} and ${names.length - 2} others`;
}

/** One line that stands for a message in lists and quotes. */
export function messageSummary(message) {
  if (message.deleted_at || (message.content === null && message.file_url === null)) return 'Message deleted';
  return message.content || fileSummary(message.file_url);
}

/** What to tell a person about an error. */
export function errorText(error) {
  if (error.code === 'offline') return 'The server cannot be reached. Please try again.';
  if (error.code === 'rate_limited') return 'Too many tries. Please wait a moment.';
  if (error.code === 'internal') return 'Something went wrong on the server.';
  return serverSentence(error);
}

/** What the server says of it, with times as they are here. */
export function serverSentence(error) {
  return sentence(withLocalTimes(error.message.replace(FIELD, '')));
}

/** What the server writes as `2026-11-22T09:30:00.123Z`, as it is told here. */
export function withLocalTimes(text) {
  return text.replace(TIME, untilText);
}

/** The field of the wire that a refusal names, such as `display_name`. @returns {?string} */
export function errorField(error) {
  return error.message.match(FIELD)?.[1] ?? null;
}

function sentence(text) {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}
