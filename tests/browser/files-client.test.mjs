// The client's half of files: uploads that tell how far they are, and addresses that are asked for once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ParleyClient, ParleyError, ParleyRest } from '../../web/parley-client.js';
import { SignedFiles } from '../../web/parley/signed-files.js';

/** Stands for the browser's; the test says what happens to it. */
class FakeRequest extends EventTarget {
  static made = [];
  upload = new EventTarget();
  headers = {};
  status = 0;
  statusText = '';
  responseText = '';
  answerHeaders = {};

  constructor() {
    super();
    FakeRequest.made.push(this);
  }
  open(method, url) {
    Object.assign(this, { method, url });
  }
  setRequestHeader(name, value) {
    this.headers[name] = value;
  }
  send(form) {
    this.form = form;
  }
  abort() {
    this.dispatchEvent(new Event('abort'));
  }
  getResponseHeader(name) {
    return this.answerHeaders[name] ?? null;
  }
  progress(loaded, total) {
    this.upload.dispatchEvent(Object.assign(new Event('progress'), { loaded, total }));
  }
  answer(status, body, answerHeaders = {}) {
    const responseText = typeof body === 'string' ? body : JSON.stringify(body);
    Object.assign(this, { status, responseText, answerHeaders });
    this.dispatchEvent(new Event('load'));
  }
}

const file = () => new File(['hello'], 'greeting.txt');

function setUp() {
  FakeRequest.made = [];
  return new ParleyRest({ url: 'http://parley.test/', token: 'T', XMLHttpRequest: FakeRequest });
}

test('an upload is a form with the token, tells how far it is, and gives the answer', async () => {
  const rest = setUp();
  const steps = [];
  const stored = rest.uploadFile(file(), { onProgress: (step) => steps.push(step) });
  const [request] = FakeRequest.made;
  assert.deepEqual([request.method, request.url], ['POST', 'http://parley.test/api/v1/files']);
  assert.equal(request.headers.Authorization, 'Bearer T');
  const sent = request.form.get('file');
  assert.deepEqual([sent.name, await sent.text()], ['greeting.txt', 'hello']);
  assert.ok(request.timeout >= 60_000, 'a long file may take its time');
  request.progress(3, 5);
  request.progress(5, 5);
  assert.deepEqual(steps, [
    { loaded: 3, total: 5 },
    { loaded: 5, total: 5 },
  ]);
  request.answer(201, { file_url: '/f', size: 5, content_type: 'text/plain' });
  assert.deepEqual(await stored, { file_url: '/f', size: 5, content_type: 'text/plain' });
});

test('what goes wrong with an upload is an error with a code, as with any other call', async () => {
  const rest = setUp();
  const upload = (happens) => {
    const stored = rest.uploadFile(file());
    happens(FakeRequest.made.at(-1));
    return stored;
  };
  const tooLarge = { code: 'too_large', title: 'Too large', detail: 'file: at most 10 bytes' };
  await assert.rejects(
    upload((request) => request.answer(413, tooLarge)),
    (error) => {
      assert.ok(error instanceof ParleyError);
      assert.deepEqual(
        [error.code, error.status, error.message],
        ['too_large', 413, 'file: at most 10 bytes'],
      );
      return true;
    },
  );
  await assert.rejects(
    upload((request) => request.answer(503, { code: 'busy', title: 'Busy' }, { 'Retry-After': '3' })),
    { code: 'busy', retryAfterMs: 3_000, retryable: true },
  );
  await assert.rejects(
    upload((request) => request.answer(502, '<html>')),
    { code: 'internal', status: 502 },
  );
  await assert.rejects(
    upload((request) => request.answer(200, '<html>')),
    { code: 'offline' },
  );
  await assert.rejects(
    upload((request) => request.dispatchEvent(new Event('error'))),
    { code: 'offline' },
  );
  await assert.rejects(
    upload((request) => request.dispatchEvent(new Event('timeout'))),
    { code: 'timeout' },
  );
});

test('an upload can be given up, before it began too', async () => {
  const rest = setUp();
  const giveUp = new AbortController();
  const stored = rest.uploadFile(file(), { signal: giveUp.signal });
  giveUp.abort();
  await assert.rejects(stored, { code: 'discarded' });
  await assert.rejects(rest.uploadFile(file(), { signal: giveUp.signal }), { code: 'discarded' });
  assert.equal(FakeRequest.made.length, 1, 'nothing went out');
});

test('without XMLHttpRequest a file goes by fetch, and can be given up as well', async () => {
  const requests = [];
  const rest = new ParleyRest({
    url: 'http://parley.test',
    XMLHttpRequest: null,
    fetch: async (url, request) => {
      requests.push({ url, ...request });
      if (requests.length === 1) return new Response('{"file_url": "/f"}', { status: 201 });
      return new Promise((_, reject) =>
        request.signal.addEventListener('abort', () => reject(request.signal.reason)),
      );
    },
  });
  assert.equal((await rest.uploadFile(new Blob(['x']), { name: 'a.txt' })).file_url, '/f');
  assert.equal(requests[0].body.get('file').name, 'a.txt');
  const giveUp = new AbortController();
  const stored = rest.uploadFile(file(), { signal: giveUp.signal });
  giveUp.abort();
  await assert.rejects(stored, { code: 'discarded' });
});

/** Addresses whose time and server are the test's. */
function signing() {
  const asked = [];
  const clock = { now: 0 };
  const files = new SignedFiles(
    (fileUrl) => new Promise((resolve, reject) => asked.push({ fileUrl, resolve, reject })),
    () => clock.now,
  );
  const answer = (url, goodForMs) =>
    asked.at(-1).resolve({ url, expires_at: new Date(clock.now + goodForMs).toISOString() });
  return { files, asked, clock, answer };
}

test('a file is signed once for all who ask at a time, and until shortly before its end', async () => {
  const { files, asked, clock, answer } = signing();
  assert.equal(files.known('/f'), null);
  const both = Promise.all([files.get('/f'), files.get('/f')]);
  answer('/f?1', 600_000);
  assert.deepEqual(await both, ['/f?1', '/f?1']);
  clock.now = 500_000;
  assert.equal(await files.get('/f'), '/f?1');
  assert.equal(files.known('/f'), '/f?1');
  assert.equal(asked.length, 1);
  clock.now = 590_000;
  assert.equal(files.known('/f'), null, 'too near to its end');
  const again = files.get('/f');
  answer('/f?2', 600_000);
  assert.equal(await again, '/f?2');
});

test('an address that proved to be bad is asked for anew, and a refusal is not kept', async () => {
  const { files, asked, answer } = signing();
  const first = files.get('/f');
  answer('/f?1', 600_000);
  await first;
  const anew = files.get('/f', { anew: true });
  assert.equal(asked.length, 2);
  asked.at(-1).reject(new ParleyError('not_found', 'file: there is no such file.'));
  await assert.rejects(anew, { code: 'not_found' });
  const later = files.get('/f');
  answer('/f?3', 600_000);
  assert.equal(await later, '/f?3');
});

test('a client gives whole addresses of its server', async () => {
  const bodies = [];
  const client = new ParleyClient({
    url: 'http://parley.test',
    token: 'T',
    WebSocket: class {},
    fetch: async (url, { body }) => {
      bodies.push([url, body]);
      return Response.json({
        url: '/api/v1/files/1/a.png?signature=s',
        expires_at: '2999-01-01T00:00:00.000Z',
      });
    },
  });
  const address = 'http://parley.test/api/v1/files/1/a.png?signature=s';
  assert.equal(await client.signFile('/api/v1/files/1/a.png'), address);
  assert.equal(client.signedFile('/api/v1/files/1/a.png'), address);
  assert.deepEqual(bodies, [
    ['http://parley.test/api/v1/files/sign', '{"file_url":"/api/v1/files/1/a.png"}'],
  ]);
});
