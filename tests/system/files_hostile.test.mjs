// Uploads that no honest client makes: each is refused or stored as it is, never something else, and leaves nothing.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { newAccount } from '../support/client.mjs';
import {
  beginUpload,
  boundary,
  expectBytes,
  form,
  formType,
  keptOf,
  places,
  someBytes,
  someText,
  startWithFiles,
  stopWithFiles,
  tryUpload,
  untilIdle,
  untilKept,
  upload,
  uploadHead,
  waysToUpload,
} from '../support/files.mjs';
import { metric } from '../support/metrics.mjs';
import { RawSocket } from '../support/raw_socket.mjs';
import { pause, until } from '../support/parleyd.mjs';

const limit = 300_000;
const MiB = 1 << 20;
const inForm = (length) => ({ ...formType, 'Content-Length': length });
const target = '/api/v1/files';

for (const place of places) {
  describe(`kept ${place.name}`, () => {
    let node, ada, kept;
    before(async () => {
      const set = { 'limits.file_bytes': limit, 'files.sweep_seconds': 1, 'files.upload_seconds': 2 };
      node = await startWithFiles(place, { ...set, 'limits.uploads_per_user': 10 });
      ada = await newAccount(node, 'ada');
      await upload(ada);
      kept = keptOf(node);
    });
    after(() => stopWithFiles(node));
    // Whatever was tried: the node lives, and nothing of it is kept.
    const nothingIsLeft = async () => {
      await untilIdle(node);
      await untilKept(node, kept);
    };

    test('an upload that is cut off in its middle leaves nothing', async () => {
      for (const headers of [{ 'Content-Length': 300_000 }, { 'Transfer-Encoding': 'chunked' }, inForm(299_000)]) {
        const bytes = someBytes(280_000);
        const raw = await beginUpload(node, ada, {
          headers,
          first: 'Transfer-Encoding' in headers ? '445c0\r\n' : headers['Content-Type'] ? form([{ filename: 'a', bytes }], { close: '' }).subarray(0, 1000) : '',
        });
        const before = await metric(node, 'file_bytes_received_total');
        raw.write(bytes);
        await until(async () => (await metric(node, 'file_bytes_received_total')) - before >= 250_000, 'the bytes');
        raw.destroy();
        await nothingIsLeft();
      }
    });

    test('an upload that stops, or drips, ends when its time is over, and leaves nothing', async () => {
      const stopped = await beginUpload(node, ada, { length: 200_000 });
      const dripping = await beginUpload(node, ada, { headers: { 'Transfer-Encoding': 'chunked' }, first: '1\r\nx\r\n' });
      const drip = setInterval(() => dripping.write('1\r\nx\r\n'), 50);
      try {
        for (const raw of [stopped, dripping]) {
          const answer = await raw.readHttp();
          if (answer) assert.equal(answer.status, 408, answer.body);
          await until(() => raw.over, 'the connection is over');
        }
      } finally {
        clearInterval(drip);
      }
      await nothingIsLeft();
    });

    test('an upload whose sender has logged out meanwhile is refused and leaves nothing', async () => {
      const eve = await newAccount(node, 'eve');
      const raw = await beginUpload(node, eve, { length: 2_000 });
      await eve.call('POST', '/auth/logout', { expect: 204 });
      raw.write('x'.repeat(1_000));
      assert.equal((await raw.readHttp()).status, 401);
      raw.destroy();
      await nothingIsLeft();
    });

    test('a node that is told to stop waits for no upload that was cut off', async () => {
      const short = await startWithFiles(place);
      const eve = await newAccount(short, 'eve');
      for (const headers of [{ 'Content-Length': 300_000 }, { 'Transfer-Encoding': 'chunked' }]) {
        const first = 'Content-Length' in headers ? 'x' : '1\r\nx\r\n';
        (await beginUpload(short, eve, { headers, first })).destroy();
        await untilIdle(short);
      }
      short.agent.destroy();
      try {
        // Waiting for its answer would take 5 s.
        assert.deepEqual(await short.endsWithin(4_500), { code: 0, signal: null });
      } finally {
        short.mayFail = true;
        await stopWithFiles(short);
      }
    });

    test('an upload in broken chunks leaves nothing', async () => {
      const ends = ['zz\r\nx', '-5\r\nx', 'ffffffffffffffffffff\r\nx', '5\r\nhelloXX5\r\nhello\r\n0\r\n\r\n', '\r\n\r\n', '5 \n\nhello'];
      for (const end of ends) {
        const raw = await RawSocket.open(node);
        raw.write(uploadHead(ada, { 'Transfer-Encoding': 'chunked' }), '3\r\nabc\r\n', end);
        const answer = await raw.readHttp();
        if (answer) assert.ok([400, 408].includes(answer.status), `${JSON.stringify(end)}: ${answer.body}`);
        raw.destroy();
      }
      await nothingIsLeft();
    });

    test('what is over the limit is refused and leaves nothing; what just fits is stored', async () => {
      for (const way of Object.keys(waysToUpload)) {
        const answer = await tryUpload(ada, someBytes(limit + 1), { way });
        assert.equal(answer.status, 413, `${way}: ${answer.text}`);
        await nothingIsLeft();
      }
      for (const way of Object.keys(waysToUpload)) {
        const bytes = someBytes(limit, 4);
        const { file_url: url } = await upload(ada, bytes, { way });
        await expectBytes(ada, url, bytes);
      }
      kept = keptOf(node);
    });

    test('a broken form leaves nothing', async () => {
      const bytes = someBytes(270_000);
      const whole = form([{ filename: 'a.bin', bytes }]);
      const broken = {
        'without its end': form([{ filename: 'a.bin', bytes }], { close: '' }),
        'with half of its end': form([{ filename: 'a.bin', bytes }], { close: `--${boundary}` }),
        'with a dash too few': form([{ filename: 'a.bin', bytes }], { close: `--${boundary}-\r\n` }),
        'under another boundary': form([{ filename: 'a.bin', bytes }], { mark: 'another' }),
        'of two files': form([{ filename: 'a', bytes }, { filename: 'b', bytes: 'b' }]),
        'without a file': form([{ name: 'picture', filename: 'a', bytes }]),
        'with nothing in it': form([]),
        'that is no form': bytes,
        'without headers': form([{ head: '', bytes }]),
        'whose file is empty': form([{ filename: 'a', bytes: '' }]),
      };
      for (const [what, body] of Object.entries(broken)) {
        const answer = await ada.answerOf('POST', '/files', { body, headers: formType });
        assert.equal(answer.status, 400, `a form ${what}: ${answer.text}`);
      }
      const types = ['multipart/form-data', 'multipart/form-data; boundary=', 'multipart/form-data; boundary=""', `multipart/form-data; boundary=${'b'.repeat(5000)}`];
      for (const type of types) {
        const answer = await ada.answerOf('POST', '/files', { body: whole, headers: { 'Content-Type': type } });
        assert.equal(answer.status, 400, `${type.slice(0, 60)}: ${answer.text}`);
      }
      await nothingIsLeft();
    });
  });
}

describe('on the wire', () => {
  let node, ada, other;
  before(async () => {
    node = await startWithFiles(places[0], { 'limits.file_bytes': limit, 'net.request_deadline_ms': 1500 });
    ada = await newAccount(node, 'ada');
    other = await (await newAccount(node, 'other')).connect();
  });
  after(() => stopWithFiles(node));
  // Whatever one client did, another one is served, and over the same connection as before.
  afterEach(() => other.ping());

  /** Sends these bytes on a connection of their own; the first answer. */
  const exchangeRaw = async (...parts) => {
    const raw = await RawSocket.open(node);
    raw.write(...parts);
    const answer = await raw.readHttp();
    return { raw, answer };
  };

  test('a form may be cut into packets at every byte', async () => {
    const bytes = Buffer.from(`\r\n--${boundary.slice(0, -1)}\r\n--\r\nend\r\n`);
    const body = form([{ name: 'caption', bytes: 'x' }, { filename: 'a.txt', type: 'text/plain', bytes }]);
    const raw = await RawSocket.open(node);
    const check = async (how) => {
      const answer = await raw.readHttp();
      assert.equal(answer?.status, 201, `${how}: ${answer?.body}`);
      await expectBytes(ada, JSON.parse(answer.body).file_url, bytes);
    };
    for (let at = 0; at <= body.length; at += 1) {
      raw.write(uploadHead(ada, inForm(body.length), target), body.subarray(0, at));
      await new Promise((resolve) => setImmediate(resolve));
      raw.write(body.subarray(at));
      await check(`cut at ${at}`);
    }
    for (const size of [1, 2, 3]) {
      raw.write(uploadHead(ada, inForm(body.length), target));
      await raw.writeChopped(body, size);
      await check(`in pieces of ${size}`);
    }
    raw.write(uploadHead(ada, { ...formType, 'Transfer-Encoding': 'chunked' }, target));
    for (const byte of body) raw.write('1\r\n', Buffer.from([byte]), '\r\n');
    raw.write('0\r\n\r\n');
    await check('in chunks of 1');
    raw.destroy();
  });

  test('content that looks like a boundary stays content', async () => {
    const lookalikes = [
      '\r\n', '\r', '--', '\r\n--', '\r\n\r\n', `--${boundary}`, `--${boundary}--`, `x--${boundary}--\r\n`,
      `\n--${boundary}--`, `\r--${boundary}`, `\r\r\n--${boundary.slice(0, -1)}`, `\r\n-${boundary}`, `\r\n--${boundary.slice(1)}`,
      `\r\n--${boundary.slice(0, 8)}\r\n--${boundary.slice(0, 12)}`, `\r\n--${boundary.toUpperCase()}--\r\n`, '\r\n'.repeat(5000), '\r'.repeat(5001),
      `\r\n--${boundary.slice(0, -1)}`.repeat(9000),
    ]; // prettier-ignore
    for (const text of lookalikes) {
      const bytes = Buffer.from(text);
      const { file_url: url } = await upload(ada, bytes, { way: 'as a form' });
      await expectBytes(ada, url, bytes);
    }
    // RFC 2046 lets a line that only begins like the boundary count as one: refused, or kept whole.
    for (const text of [`a\r\n--${boundary}x\r\nb`, `a\r\n--${boundary}\tx`, `a\r\n--${boundary}-x\r\nb`]) {
      const answer = await tryUpload(ada, Buffer.from(text), { way: 'as a form' });
      if (answer.status !== 400) await expectBytes(ada, answer.body.file_url, Buffer.from(text));
    }
  });

  test('what stands before and behind a form is no part of the file', async () => {
    const bytes = someText();
    const part = form([{ filename: 'a.txt', bytes }]);
    for (const body of [Buffer.concat([Buffer.from('a preamble\r\n'), part]), Buffer.concat([part, Buffer.from('an epilogue')])]) {
      const answer = await ada.answerOf('POST', '/files', { body, headers: formType });
      assert.ok([201, 400].includes(answer.status), answer.text);
      if (answer.status === 201) await expectBytes(ada, answer.body.file_url, bytes);
    }
  });

  test('long headers of a part, many headers and many parts are bounded', async () => {
    const disposition = 'Content-Disposition: form-data; name="file"; filename="a"\r\n';
    const bodies = {
      'a header of 250 kB': form([{ head: `${disposition}X-Long: ${'x'.repeat(250_000)}\r\n`, bytes: 'x' }]),
      'a header without an end': Buffer.from(`--${boundary}\r\n${'x'.repeat(250_000)}`),
      '10,000 headers': form([{ head: disposition + 'X: y\r\n'.repeat(10_000), bytes: 'x' }]),
      'a name of 200 kB': form([{ name: 'n'.repeat(200_000), bytes: 'x' }]),
    };
    for (const [what, body] of Object.entries(bodies)) {
      const { status, text } = await ada.answerOf('POST', '/files', { body, headers: formType });
      assert.ok([400, 413].includes(status), `${what}: ${text}`);
    }
    const many = form([...Array.from({ length: 2000 }, (_, i) => ({ name: `f${i}`, bytes: 'v' })), { filename: 'a', bytes: 'x' }]);
    const { status, text } = await ada.answerOf('POST', '/files', { body: many, headers: formType });
    assert.ok([201, 400, 413].includes(status), text);
  });

  test('a file that is too large by its own word is refused before it is sent', async () => {
    for (const length of [limit + 1, 1_099_511_627_776, '99999999999999999999999']) {
      for (const headers of [{}, { Expect: '100-continue' }]) {
        const { raw, answer } = await exchangeRaw(uploadHead(ada, { 'Content-Length': length, ...headers }));
        assert.ok([400, 413].includes(answer?.status), `${length}: ${answer?.status}`);
        if (length !== '99999999999999999999999') assert.equal(answer.status, 413);
        raw.destroy();
      }
    }
    const { raw, answer } = await exchangeRaw(uploadHead(ada, inForm(10 * MiB), target));
    assert.equal(answer?.status, 413);
    raw.destroy();
  });

  test('a file that grows too large in chunks is refused while it comes', async () => {
    const raw = await RawSocket.open(node);
    raw.write(uploadHead(ada, { 'Transfer-Encoding': 'chunked' }));
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), someBytes(65_536), Buffer.from('\r\n')]);
    const sending = setInterval(() => raw.write(chunk), 5);
    const answer = await raw.readHttp().finally(() => clearInterval(sending));
    assert.equal(answer?.status, 413);
    raw.destroy();
  });

  test('who sends everything before reading hears the refusal too', async () => {
    const bytes = someBytes(3 * MiB);
    for (const way of Object.keys(waysToUpload))
      assert.equal((await tryUpload(ada, bytes, { way })).status, 413, way);
    const stranger = await newAccount(node, 'stranger');
    stranger.token = 'nonsense';
    assert.equal((await tryUpload(stranger, bytes)).status, 401);
  });

  test('100-continue is said when the checks are passed, and not before', async () => {
    const wanted = { 'Content-Length': 5, Expect: '100-continue' };
    const { raw, answer } = await exchangeRaw(uploadHead(ada, wanted));
    assert.equal(answer?.status, 100);
    raw.write('hello');
    const stored = await raw.readHttp();
    assert.equal(stored?.status, 201);
    await expectBytes(ada, JSON.parse(stored.body).file_url, Buffer.from('hello'));
    raw.destroy();
    const refused = [
      [401, uploadHead({ token: 'nonsense' }, wanted)],
      [401, uploadHead(ada, { ...wanted, Authorization: undefined })],
      [413, uploadHead(ada, { ...wanted, 'Content-Length': limit + 1 })],
      [400, uploadHead(ada, { ...wanted, 'Content-Type': 'multipart/form-data' }, target)],
    ];
    for (const [status, head] of refused) {
      const { raw: socket, answer: first } = await exchangeRaw(head);
      assert.equal(first?.status, status, first?.body);
      socket.destroy();
    }
  });

  test('the body of a refused upload is never taken for a request', async () => {
    const smuggled = `GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    const heads = [
      [401, uploadHead({ token: 'nonsense' }, { 'Content-Length': smuggled.length })],
      [400, uploadHead(ada, { ...formType, 'Content-Length': smuggled.length }, target)],
      [400, uploadHead(ada, { 'Content-Type': 'multipart/form-data', 'Content-Length': smuggled.length }, target)],
    ];
    for (const [status, head] of heads) {
      const raw = await RawSocket.open(node);
      raw.write(head, smuggled);
      assert.equal((await raw.readHttp())?.status, status);
      raw.write(`GET /api/v1/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${ada.token}\r\n\r\n`);
      const next = await raw.readHttp();
      if (next) assert.equal(JSON.parse(next.body).user_id, ada.id, 'closed, or the next request is answered');
      raw.destroy();
    }
  });

  test('an upload that keeps coming may take longer than another request', async () => {
    const bytes = someBytes(290_000);
    const raw = await beginUpload(node, ada, { length: bytes.length, first: '' });
    for (let at = 0; at < bytes.length; at += 5000) {
      raw.write(bytes.subarray(at, at + 5000));
      await pause(40);
    }
    assert.equal((await raw.readHttp())?.status, 201);
    raw.destroy();
  });
});
