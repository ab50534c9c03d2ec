/** @file Starts the page: the log-in if nobody is known here, else the chat. */

import { ParleyClient, ParleyRest } from './parley-client.js';
import { AuthView } from './ui/auth-view.js';
import { ChatView } from './ui/chat-view.js';
import { ChatModel } from './ui/model.js';
import { signFilesBy } from './ui/signed-source.js';
import { clearSession, loadPending, loadSession, saveSession, updateSession } from './ui/session.js';

/** Closed because of how this page speaks, not of who it is: signing in again would not help. */
const SPEAKS_BADLY = new Set([1002, 1003, 1007, 4400]);

/** Signing in again would not help either, but for another account. */
const LOCKED_OUT = 4403;

const root = document.getElementById('app');

function showAuth(notice = '') {
  document.title = 'Parley';
  const view = new AuthView(new ParleyRest({ url: location.origin }), {
    notice,
    onSignedIn: (session, staySignedIn) => {
      saveSession(session, staySignedIn);
      showChat(session);
    },
  });
  root.replaceChildren(view.element);
  view.focus();
}

function showChat({ token, user }) {
  const client = new ParleyClient({
    url: location.origin,
    token,
    pending: loadPending(user.user_id),
    replay: 'none', // history is read when a room is opened
  });
  signFilesBy(client);
  const model = new ChatModel(client, user);
  model.on('me', () => updateSession(token, model.me));
  const page = new AbortController();

  const leave = (notice) => {
    if (page.signal.aborted) return; // the connection ends when the token does, and both lead here
    page.abort();
    view.destroy();
    model.close();
    client.close();
    clearSession(token);
    history.replaceState(null, '', location.pathname);
    showAuth(notice);
  };
  const signOut = () => {
    // The token is forgotten here at once, and even if the server cannot be told.
    client.rest.logout().catch(() => {});
    leave('');
  };
  client.on('state', ({ state, reason, code }) => {
    const ends = state === 'closed' && !SPEAKS_BADLY.has(code);
    const locked = 'This account has been suspended or locked.';
    if (ends) leave(code === LOCKED_OUT ? locked : `${reason} Please sign in again.`);
  });

  const view = new ChatView(model, {
    signal: page.signal,
    onSignOut: signOut,
    onSignedOut: leave,
  });
  root.replaceChildren(view.element);

  const check = () => client.checkConnection();
  window.addEventListener('online', check, { signal: page.signal });
  window.addEventListener('offline', check, { signal: page.signal });
  window.addEventListener(
    'beforeunload',
    (event) => model.uploads.hasAny && event.preventDefault(), // then the browser asks
    { signal: page.signal },
  );
  document.addEventListener('visibilitychange', () => document.hidden || check(), { signal: page.signal });
  client.connect();
}

const session = loadSession();
if (session?.token) showChat(session);
else showAuth();
