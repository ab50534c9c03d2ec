// Files go up and come back as they were, in each place where they may be kept, with headers that keep pages safe.
import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { answerOf, call, newAccount } from '../support/client.mjs';
import {
  blockBytes,
  bytesOf,
  expectBytes,
  fetchFile,
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
  waysToUpload,
} from '../support/files.mjs';
import { metric } from '../support/metrics.mjs';

const MiB = 1 << 20;

for (const place of places) {
  describe(`kept ${place.name}`, () => {
    let node, ada;
    before(async () => {
      node = await startWithFiles(place);
      ada = await newAccount(node, 'ada');
    });
    after(() => stopWithFiles(node));

    for (const way of Object.keys(waysToUpload)) {
      test(`files of all sizes come back as they were sent, ${way}`, async () => {
        for (const size of [1, 2, blockBytes - 1, blockBytes, blockBytes + 1, 5 * MiB]) {
          const bytes = someBytes(size, size);
          const { file_url: url } = await upload(ada, bytes, { way, name: `${size}.bin` });
          assert.match(url, new RegExp(`/${size}\\.bin$`));
          const answer = await fetchFile(ada, url);
          assert.equal(answer.status, 200);
          assert.equal(Number(answer.headers['content-length']), size);
          assert.ok(answer.bytes.equals(bytes), `${size} bytes came back as ${answer.bytes.length} others`);
        }
      });
    }

    test('the bytes are where the configuration says', async () => {
      const before = keptOf(node);
      await upload(ada, someBytes(3 * blockBytes + 1));
      const { rows, blocks, files } = keptOf(node);
      assert.equal(rows - before.rows, 1);
      const [inDatabase, inFolder] = node.filesFolder ? [0, 1] : [4, 0];
      assert.deepEqual([blocks - before.blocks, files - before.files], [inDatabase, inFolder]);
    });

    test('a range that crosses blocks is cut out of the file', async () => {
      const size = 3 * blockBytes + 77;
      const bytes = someBytes(size, 3);
      const { file_url: url } = await upload(ada, bytes);
      const ranges = [
        ['bytes=0-0', 0, 1],
        [`bytes=${blockBytes - 1}-${blockBytes}`, blockBytes - 1, blockBytes + 1],
        [`bytes=${blockBytes}-${2 * blockBytes - 1}`, blockBytes, 2 * blockBytes],
        [`bytes=100-${3 * blockBytes + 5}`, 100, 3 * blockBytes + 6],
        [`bytes=${3 * blockBytes}-`, 3 * blockBytes, size],
        [`bytes=${size - 1}-999999999999`, size - 1, size],
        ['bytes=-1', size - 1, size],
        [`bytes=-${blockBytes + 100}`, size - blockBytes - 100, size],
        [`bytes=-${size + 1}`, 0, size],
      ];
      for (const [range, begin, end] of ranges) {
        const answer = await fetchFile(ada, url, { headers: { Range: range } });
        assert.equal(answer.status, 206, range);
        assert.equal(answer.headers['content-range'], `bytes ${begin}-${end - 1}/${size}`);
        assert.equal(Number(answer.headers['content-length']), end - begin);
        assert.ok(answer.bytes.equals(bytes.subarray(begin, end)), range);
      }
    });

    test('an empty file is refused, and the node lives', async () => {
      const kept = keptOf(node);
      for (const way of Object.keys(waysToUpload)) {
        assert.equal((await tryUpload(ada, Buffer.alloc(0), { way })).status, 400, way);
        assert.equal(await node.status('/readyz'), 200, `after an empty file ${way}`);
      }
      await untilKept(node, kept);
    });
  });
}

describe('a file', () => {
  let node, ada;
  before(async () => {
    node = await startWithFiles(places[0]);
    ada = await newAccount(node, 'ada');
  });
  after(() => stopWithFiles(node));

  const text = (s) => Buffer.from(s);
  const html = text('<!DOCTYPE html><html><script>alert(document.cookie)</script></html>');
  const svg = text('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
  const plain = 'text/plain; charset=utf-8';
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );
  const hex = (s, rest = 64) => Buffer.concat([Buffer.from(s.replaceAll(' ', ''), 'hex'), Buffer.alloc(rest)]);
  const types = [
    ['a PNG', png, 'image/png', 'inline'],
    ['a JPEG', hex('ffd8ffe0 0010 4a464946 00 0101 00 0001 0001 0000'), 'image/jpeg', 'inline'],
    ['a GIF', Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64'), 'image/gif', 'inline'],
    ['a WebP', hex('52494646 24000000 57454250 56503820 18000000 30010 09d012a'.replace(' 30010 0', ' 300100')), 'image/webp', 'inline'],
    ['an MP4', hex('00000020 66747970 69736f6d 00000200 69736f6d69736f3261766331 6d703431'), 'video/mp4', 'inline'],
    ['a WebM', hex('1a45dfa3 9f 4286 81 01 42f7 81 01 42f2 81 04 42f3 81 08 4282 84 7765626d 4287 81 04'), 'video/webm', 'inline'],
    ['a PDF', text('%PDF-1.7\n%\u00e2\u00e3\n1 0 obj\n<<>>\nendobj\n'), 'application/pdf', 'attachment'],
    ['a ZIP', hex('504b0304 1400 0000 0800 0000 0000'), 'application/zip', 'attachment'],
    ['text', text('Ada, Bob and 🦊 met in Zürich\n'), plain, 'inline'],
    ['one letter', text('x'), plain, 'inline'],
    ['HTML', html, plain, 'inline'],
    ['SVG', svg, plain, 'inline'],
    ['SVG behind an XML line', Buffer.concat([text('<?xml version="1.0"?>\n'), svg]), plain, 'inline'],
    ['HTML behind blanks', Buffer.concat([text('\n\n   \t'), html]), plain, 'inline'],
    ['a script', text('#!/bin/sh\nrm -rf /\n'), plain, 'inline'],
    ['JSON', text('{"a":1}'), plain, 'inline'],
    ['bytes without a meaning', Buffer.from([1, 2, 3, 0xff, 0xfe, 0, 9]), 'application/octet-stream', 'attachment'],
    ['text with NUL', text('hello\0world'), 'application/octet-stream', 'attachment'],
    ['broken UTF-8', Buffer.from([0x68, 0x69, 0xc3, 0x28, 0x0a]), 'application/octet-stream', 'attachment'],
    ['half a PNG mark', png.subarray(0, 4), 'application/octet-stream', 'attachment'],
    ['a program', hex('7f454c46 02010100'), 'application/octet-stream', 'attachment'],
  ];
  const lies = [
    ['page.html', 'text/html'],
    ['picture.png', 'image/png'],
    ['picture.svg', 'image/svg+xml'],
    ['program.exe', 'application/x-msdownload'],
  ];
  for (const [what, bytes, type, disposition] of types) {
    test(`that is ${what} is ${type}, whatever its name and its header say`, async () => {
      for (const [name, declared] of lies) {
        const body = form([{ filename: name, type: declared, bytes }]);
        const asForm = await ada.call('POST', '/files', { body, headers: formType, expect: 201 });
        const headers = { 'Content-Type': declared };
        const asBody = await ada.call('POST', `/files?name=${name}`, { body: bytes, headers, expect: 201 });
        for (const { file_url: url, content_type: told } of [asForm, asBody]) {
          assert.equal(told, type);
          const answer = await fetchFile(ada, url);
          assert.equal(answer.headers['content-type'], type);
          assert.ok(answer.headers['content-disposition'].startsWith(`${disposition};`), JSON.stringify(answer.headers));
          assert.equal(answer.headers['x-content-type-options'], 'nosniff');
          assert.match(answer.headers['content-security-policy'], /(^|; ?)sandbox *(;|$)/, 'a sandbox that allows nothing');
          assert.match(answer.headers['content-security-policy'], /default-src 'none'/);
          assert.match(answer.headers['cache-control'], /^private\b/);
          assert.ok(answer.bytes.equals(bytes));
        }
      }
    });
  }

  test('of text is text wherever a block or a look at its beginning cuts a letter in two', async () => {
    for (const at of [256, 512, 1024, 1445, 2048, 4096, 8192, 16_384, 65_536, blockBytes])
      for (const back of [1, 2, 3]) {
        const bytes = text(`${'a'.repeat(at - back)}🦊 and more`);
        assert.equal((await upload(ada, bytes)).content_type, plain, `cut at ${at} after ${back} bytes of four`);
      }
  });

  test('answers HEAD as GET, without a body', async () => {
    const { file_url: url } = await upload(ada, someBytes(5000));
    const [get, head] = [await fetchFile(ada, url), await fetchFile(ada, url, { method: 'HEAD' })];
    assert.equal(head.status, 200);
    const without = ({ date, ...others }) => others;
    assert.deepEqual(without(head.headers), without(get.headers));
    const part = await fetchFile(ada, url, { method: 'HEAD', headers: { Range: 'bytes=5-9' } });
    assert.deepEqual([part.status, part.headers['content-length']], [200, '5000'], 'ranges are of GET alone');
    assert.equal((await fetchFile(ada, `${url}x`, { method: 'HEAD' })).status, 404);
  });

  test('is told apart by its ETag: 304 for who has it, and If-Range', async () => {
    const bytes = someBytes(1000, 8);
    const { file_url: url } = await upload(ada, bytes);
    const { file_url: other } = await upload(ada, someBytes(1000, 9));
    const { etag } = (await fetchFile(ada, url)).headers;
    const { etag: otherTag } = (await fetchFile(ada, other)).headers;
    assert.match(etag, /^"[^"]+"$/);
    assert.notEqual(etag, otherTag);
    for (const value of [etag, `W/${etag}`, `"x", ${etag}`, `${otherTag},${etag}`, '*']) {
      const answer = await fetchFile(ada, url, { headers: { 'If-None-Match': value } });
      assert.equal(answer.status, 304, value);
      assert.equal(answer.headers.etag, etag);
    }
    for (const value of [otherTag, '"x"', etag.slice(1, -1)])
      assert.equal((await fetchFile(ada, url, { headers: { 'If-None-Match': value } })).status, 200, value);
    const Range = 'bytes=10-19';
    const both = await fetchFile(ada, url, { headers: { Range, 'If-None-Match': etag } });
    assert.equal(both.status, 304, 'If-None-Match comes before Range');
    const same = await fetchFile(ada, url, { headers: { Range, 'If-Range': etag } });
    assert.equal(same.status, 206);
    assert.ok(same.bytes.equals(bytes.subarray(10, 20)));
    for (const value of [otherTag, `W/${etag}`, 'Fri, 27 Nov 2020 08:00:00 GMT']) {
      const changed = await fetchFile(ada, url, { headers: { Range, 'If-Range': value } });
      assert.equal(changed.status, 200, value);
      assert.ok(changed.bytes.equals(bytes));
    }
  });

  test('has no range beyond its end, and comes whole for several ranges or none that is known', async () => {
    const bytes = someBytes(1000, 8);
    const { file_url: url } = await upload(ada, bytes);
    for (const range of ['bytes=1000-', 'bytes=1000-1001', 'bytes=99999999999999-', 'bytes=-0']) {
      const answer = await fetchFile(ada, url, { headers: { Range: range } });
      assert.equal(answer.status, 416, range);
      assert.equal(answer.headers['content-range'], 'bytes */1000');
    }
    const whole = ['bytes=0-1,5-9', 'bytes=0-0,-1', 'lines=1-2', 'bytes=9-2', 'bytes=x-', 'bytes=-', 'bytes=1', 'bytes', ''];
    for (const range of whole) {
      const answer = await fetchFile(ada, url, { headers: { Range: range } });
      assert.equal(answer.status, 200, range);
      assert.ok(answer.bytes.equals(bytes));
    }
  });

  test('may have other fields beside it in its form', async () => {
    const bytes = someText();
    const parts = [
      { name: 'caption', bytes: 'a picture' },
      { filename: 'a.txt', bytes },
      { name: 'tags', bytes: 'one,two' },
    ];
    const body = form(parts);
    const { file_url: url, size } = await ada.call('POST', '/files', { body, headers: formType, expect: 201 });
    assert.equal(size, bytes.length);
    await expectBytes(ada, url, bytes);
  });

  test('leaves its connection fit for the next request, and for the next file', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set();
    for (const way of Object.keys(waysToUpload)) {
      const bytes = someBytes(blockBytes + 5, 5);
      const { target, ...options } = waysToUpload[way](bytes, 'again.bin');
      const { file_url: url } = await ada.call('POST', target, { ...options, agent, expect: 201 });
      const answer = await fetchFile(ada, url, { agent });
      assert.ok(answer.bytes.equals(bytes));
      await ada.call('GET', '/me', { agent });
      for (const socket of [...Object.values(agent.freeSockets), ...Object.values(agent.sockets)].flat())
        ports.add(socket.localPort);
    }
    agent.destroy();
    assert.equal(ports.size, 1);
  });

  test('is counted', async () => {
    const before = await metric(node, 'files_stored_total');
    await upload(ada);
    await upload(ada, someText(), { way: 'as a form' });
    await tryUpload(ada, form([]), { way: 'as a form' });
    assert.equal((await metric(node, 'files_stored_total')) - before, 3, 'a body may hold a form');
    await ada.call('POST', '/files', { body: form([]), headers: formType, expect: 400 });
    assert.equal((await metric(node, 'files_stored_total')) - before, 3);
    await untilIdle(node);
  });

  test('has no other methods', async () => {
    const { file_url: url } = await upload(ada);
    for (const method of ['POST', 'PUT', 'PATCH'])
      assert.equal((await fetchFile(ada, url, { method })).status, 405, method);
    assert.equal((await ada.answerOf('DELETE', '/files')).status, 405);
    await bytesOf(ada, url);
  });

  test('needs a token to go up and to come back', async () => {
    const { file_url: url } = await upload(ada);
    const kept = keptOf(node);
    for (const token of [undefined, 'nonsense']) {
      const body = someText();
      assert.equal((await answerOf(node, 'POST', '/api/v1/files?name=a', { body, token })).status, 401);
      assert.equal((await answerOf(node, 'GET', url, { token })).status, 401);
    }
    assert.deepEqual(keptOf(node), kept);
    const again = await ada.again();
    await call(node, 'GET', url, { token: again.token });
    await again.call('POST', '/auth/logout', { expect: 204 });
    await call(node, 'GET', url, { token: again.token, expect: 401 });
    await again.call('POST', '/files?name=a', { body: 'text', expect: 401 });
  });
});
