/**
 * @file Keeps the log-in: for this tab, so that two tabs can be two people, or for this browser if asked to.
 */

const KEY = 'parley.session';
const PENDING_KEY = 'parley.pending.';

/** Storage can be refused by the browser; then nothing is kept. */
function attempt(action, fallback = null) {
  try {
    return action();
  } catch {
    return fallback;
  }
}

function read(storage, key) {
  return attempt(() => JSON.parse(storage.getItem(key)));
}

/** @returns {?{token: string, user: object}} */
export function loadSession() {
  return attempt(() => read(sessionStorage, KEY) ?? read(localStorage, KEY));
}

export function saveSession(session, staySignedIn) {
  const text = JSON.stringify(session);
  attempt(() => sessionStorage.setItem(KEY, text));
  if (staySignedIn) attempt(() => localStorage.setItem(KEY, text));
}

/** Keeps who one is now, so that the next start of the page does not show who one was. */
export function updateSession(token, user) {
  for (const storage of [() => sessionStorage, () => localStorage]) {
    attempt(() => {
      const session = read(storage(), KEY);
      if (session?.token === token) storage().setItem(KEY, JSON.stringify({ ...session, user }));
    });
  }
}

/** Forgets this tab's log-in, and the browser's one if it is the same. */
export function clearSession(token) {
  attempt(() => sessionStorage.removeItem(KEY));
  attempt(() => {
    if (read(localStorage, KEY)?.token === token) localStorage.removeItem(KEY);
  });
}

/** Messages that were not acknowledged when the page went away. */
export function loadPending(userId) {
  return attempt(() => read(sessionStorage, PENDING_KEY + userId)) ?? [];
}

export function savePending(userId, pending) {
  attempt(() => sessionStorage.setItem(PENDING_KEY + userId, JSON.stringify(pending)));
}
