// The client's REST half: what it asks for, and what it makes of refusals and of silence.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ParleyError, ParleyRest } from '../../web/parley-client.js';

/** A REST client whose answers are given, and the requests that it made. */
function setUp(...answers) {
  const requests = [];
  const rest = new ParleyRest({
    url: 'http://parley.test/',
    fetch: async (url, request) => {
      requests.push({ url, ...request });
      const { status = 200, body, headers } = answers.shift();
      return new Response(body === undefined ? null : JSON.stringify(body), { status, headers });
    },
  });
  return { rest, requests };
}
/** What was asked for, a line each. */
const asked = (requests) =>
  requests.map(({ method, url, body }) =>
    [method, url.replace('http://parley.test/api/v1/', ''), body].filter(Boolean).join(' '),
  );

test('the token of a log-in goes with the calls that follow, until the log-out', async () => {
  const { rest, requests } = setUp(
    { body: { token: 'T', expires_at: 'then', user: { user_id: 'u' } } },
    { body: { user_id: 'u' } },
    { status: 204 },
  );
  await rest.login('anna', 'secret');
  await rest.me();
  await rest.logout();
  assert.deepEqual(JSON.parse(requests[0].body), { username: 'anna', password: 'secret' });
  assert.equal(requests[0].headers.Authorization, undefined);
  assert.equal(requests[1].headers.Authorization, 'Bearer T');
  assert.equal(requests[1].url, 'http://parley.test/api/v1/me');
  assert.equal(rest.token, null);
});

test('lists are followed to their end', async () => {
  const { rest, requests } = setUp(
    { body: { items: [1, 2], next_cursor: 'c/1' } },
    { body: { items: [3], next_cursor: null } },
  );
  assert.deepEqual(await rest.rooms(), [1, 2, 3]);
  assert.equal(requests[1].url, 'http://parley.test/api/v1/rooms?cursor=c%2F1');
});

test('a refusal becomes an error with code, status and the time to wait', async () => {
  const { rest } = setUp({
    status: 429,
    body: { code: 'rate_limited', title: 'Too many requests', detail: 'Wait.' },
    headers: { 'Retry-After': '2' },
  });
  await assert.rejects(rest.me(), (error) => {
    assert.ok(error instanceof ParleyError);
    const { code, status, retryAfterMs, message, retryable } = error;
    assert.deepEqual(
      { code, status, retryAfterMs, message, retryable },
      { code: 'rate_limited', status: 429, retryAfterMs: 2000, message: 'Wait.', retryable: true },
    );
    return true;
  });
});

test('an answer that is no JSON and a server that is away are errors with a code too', async () => {
  const proxy = new ParleyRest({
    url: 'http://x',
    fetch: async () => new Response('<html>', { status: 502 }),
  });
  await assert.rejects(proxy.me(), { code: 'internal', status: 502 });
  const away = new ParleyRest({
    url: 'http://x',
    fetch: async () => Promise.reject(new TypeError('refused')),
  });
  await assert.rejects(away.me(), { code: 'offline', status: null });
});

test('a message by REST carries its key as a header, and ids are escaped in paths', async () => {
  const { rest, requests } = setUp({ status: 201, body: { seq: 1 } });
  await rest.postMessage('a/b', { content: 'hi', client_msg_id: 'k' });
  assert.equal(requests[0].url, 'http://parley.test/api/v1/rooms/a%2Fb/messages');
  assert.equal(requests[0].headers['Idempotency-Key'], 'k');
  assert.deepEqual(JSON.parse(requests[0].body), { content: 'hi' });
});

test('what has no value is left out of a question, and what is cleared is null in a change', async () => {
  const { rest, requests } = setUp(
    { body: { items: [], next_cursor: null } },
    { body: { user_id: 'u' } },
    { status: 204 },
    { body: { user_id: 'u' } },
  );
  await rest.accounts({ q: 'an', role: null, flagDelete: 'active', cursor: undefined });
  await rest.updateMe({ phone: null });
  await rest.endLogIn('t/1');
  await rest.changeAccount('u', { role: 'moderator' });
  assert.equal(requests[0].url, 'http://parley.test/api/v1/admin/users?q=an&flagDelete=active');
  assert.deepEqual([requests[1].method, requests[1].body], ['PATCH', '{"phone":null}']);
  assert.deepEqual(
    [requests[2].method, requests[2].url],
    ['DELETE', 'http://parley.test/api/v1/me/tokens/t%2F1'],
  );
  assert.deepEqual(JSON.parse(requests[3].body), { role: 'moderator' });
});

test('a friendship that ends has no answer, one that stands has', async () => {
  const item = { user_id: 'u', status: 'accepted', by: 'u' };
  const { rest, requests } = setUp({ body: item }, { status: 204 }, { status: 204 });
  assert.deepEqual(await rest.answerFriend('u', 'accept'), item);
  assert.equal(await rest.answerFriend('u', 'unblock'), null);
  assert.equal(await rest.endFriend('u'), null);
  assert.deepEqual(
    requests.map(({ method, url }) => [method, url.replace('http://parley.test/api/v1/', '')]),
    [
      ['POST', 'friends/u/accept'],
      ['POST', 'friends/u/unblock'],
      ['DELETE', 'friends/u'],
    ],
  );
});

test('bans, mutes and slow mode are set and lifted in the words of the wire', async () => {
  const answers = Array.from({ length: 8 }, () => ({ body: {} }));
  const { rest, requests } = setUp(...answers);
  await rest.listBans('r', { limit: 50 });
  await rest.ban('r', 'u/1', { reason: 'spam', remove_messages: true });
  await rest.ban('r', 'u');
  await rest.liftBan('r', 'u');
  await rest.listMutes('r');
  await rest.mute('r', 'u', 600);
  await rest.unmute('r', 'u');
  await rest.setSlowMode('r', 30);
  assert.deepEqual(asked(requests), [
    'GET rooms/r/bans?limit=50',
    'PUT rooms/r/bans/u%2F1 {"reason":"spam","remove_messages":true}',
    'PUT rooms/r/bans/u {}',
    'DELETE rooms/r/bans/u',
    'GET rooms/r/mutes',
    'PUT rooms/r/mutes/u {"seconds":600,"reason":null}',
    'DELETE rooms/r/mutes/u',
    'PUT rooms/r/slow-mode {"seconds":30}',
  ]);
});

test('a message is reported, and reports are listed and decided', async () => {
  const { rest, requests } = setUp({ status: 201, body: {} }, { body: {} }, { body: {} }, { body: {} });
  await rest.reportMessage('m', 'spam', 'in five rooms');
  await rest.listReports();
  await rest.listReports({ status: 'decided', cursor: 'c' });
  await rest.decideReport('p', 'acted', 'banned');
  assert.deepEqual(asked(requests), [
    'POST messages/m/reports {"reason":"spam","comment":"in five rooms"}',
    'GET admin/reports',
    'GET admin/reports?status=decided&cursor=c',
    'PATCH admin/reports/p {"status":"acted","note":"banned"}',
  ]);
});

test("one's files are listed with what they take, and one is deleted by its address", async () => {
  const page = { items: [], next_cursor: null, used_bytes: 5, quota_bytes: 0 };
  const { rest, requests } = setUp({ body: page }, { body: page }, { status: 204 });
  assert.deepEqual(await rest.files(), page);
  await rest.files({ limit: 50, cursor: 'c/1' });
  assert.equal(await rest.deleteFile('/api/v1/files/f/what%3F%20now.txt'), null);
  assert.deepEqual(asked(requests), [
    'GET files',
    'GET files?limit=50&cursor=c%2F1',
    'DELETE files/f/what%3F%20now.txt',
  ]);
});

test('an answer that never comes, breaks off, or is not of Parley can be told from a refusal', async () => {
  const silent = new ParleyRest({
    url: 'http://x',
    timeoutMs: 1,
    fetch: (url, { signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  });
  // The timer of a signal does not keep Node awake.
  const awake = setTimeout(() => {}, 10_000);
  await assert.rejects(silent.me(), { code: 'timeout', retryable: true });
  clearTimeout(awake);
  for (const body of ['{"user_id": "u', '<html>']) {
    const broken = new ParleyRest({ url: 'http://x', fetch: async () => new Response(body) });
    await assert.rejects(broken.me(), (error) => error instanceof ParleyError && error.code === 'offline');
  }
});
