// Names of files that are paths, headers or tricks of the eye: what is stored leads nowhere else and shows as it is.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newAccount } from '../support/client.mjs';
import { fetchFile, form, formType, places, someText, startWithFiles, stopWithFiles, upload } from '../support/files.mjs';

let node, ada;
before(async () => {
  node = await startWithFiles(places[0]);
  ada = await newAccount(node, 'ada');
});
after(() => stopWithFiles(node));

const trick = (name) => encodeURIComponent(name);
const names = [
  ['..', trick('..')], ['.', '.'], ['a path up', trick('../../../../etc/passwd')], ['a path', trick('/etc/passwd')],
  ['an escaped path', '..%2f..%2fetc%2fpasswd'], ['a twice escaped path', '..%252f..%252fetc'], ["Windows' path", trick('..\\..\\boot.ini')],
  ['a drive', trick('C:\\boot.ini')], ['NUL', 'a%00.png'], ['line breaks', trick('a\r\nSet-Cookie: x=1\r\n\r\n.png')], ['quotes', trick('a"; filename="b.exe')],
  ['a backslash', trick('a\\"b.txt')], ['4 kB', 'n'.repeat(4096)], ['4 kB of UTF-8', trick('名'.repeat(1365))], ['controls', '%01%1b%7f%c2%85.txt'],
  ['letters turned round', trick('photo\u202egnp.exe')], ['isolates', trick('\u2066a\u2069.txt')], ['broken UTF-8', 'a%ff%c3.txt'],
  ['a surrogate', '%ed%a0%80'], ['overlong', '..%c0%af'], ['blanks', '%20%20'], ['nothing', ''], ['broken escapes', '%zz%2'], ['a dot at its end', trick('a.txt.')],
  ['a question', trick('a?b#c&d=e.txt')], ['percents', trick('100%.txt')], ['a plus', trick('a+b c.txt')],
]; // prettier-ignore
const unsafe = /[/\\\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffd]/;

async function storedSafely(answer, bytes, what) {
  assert.ok([201, 400].includes(answer.status), `${what}: ${answer.text}`);
  if (answer.status === 400) return;
  const url = answer.body.file_url;
  const [, name] = /^\/api\/v1\/files\/[0-9a-f-]{36}\/([^/?#]+)$/.exec(url) ?? assert.fail(`${what}: ${url}`);
  const decoded = decodeURIComponent(name);
  assert.doesNotMatch(decoded, unsafe, `${what}: ${url}`);
  assert.ok(!['', '.', '..'].includes(decoded.trim()), `${what}: ${url}`);
  assert.ok(Buffer.byteLength(decoded) <= 255, `${what}: a name of ${Buffer.byteLength(decoded)} bytes`);
  const found = await fetchFile(ada, url);
  assert.equal(found.status, 200, `${what}: ${url}`);
  assert.ok(found.bytes.equals(bytes));
  assert.equal(found.headers['set-cookie'], undefined);
  const disposition = /^(inline|attachment); filename="(?:[^"\\\u0000-\u001f]|\\["\\])*"; filename\*=UTF-8''([\w%.!#$&+^`|~-]+)$/;
  const [, , starred] = disposition.exec(found.headers['content-disposition']) ?? assert.fail(`${what}: ${found.headers['content-disposition']}`);
  assert.equal(decodeURIComponent(starred), decoded);
}
for (const [what, query] of names) {
  test(`a name of ${what} leads nowhere else`, async () => {
    const bytes = someText();
    await storedSafely(await ada.answerOf('POST', `/files?name=${query}`, { body: bytes }), bytes, 'in the query');
    if (/%0d%0a/i.test(query)) return; // It would end the header there.
    const raw = Buffer.from(query.replace(/%([0-9a-f]{2})/gi, (_, h) => String.fromCharCode(parseInt(h, 16))), 'latin1');
    const parts = [`Content-Disposition: form-data; name="file"; filename="`, raw, '"\r\n'].map((p) => Buffer.from(p));
    const body = form([{ head: Buffer.concat(parts), bytes }]);
    await storedSafely(await ada.answerOf('POST', '/files', { body, headers: formType }), bytes, 'in a form');
  });
}

test('a name in any script is kept', async () => {
  for (const name of ['Ünïcode 🦊 名前 بَيَان.png', 'a b+c.txt', "it's (1) [2].tar.gz", 'x'.repeat(100), '👩‍👩‍👧.png']) {
    for (const way of ['as a body', 'as a form']) {
      const { file_url: url } = await upload(ada, someText(), { name, way });
      assert.equal(decodeURIComponent(url.split('/').at(-1)), name, way);
    }
  }
});
