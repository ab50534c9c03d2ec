// What a file is by its address, and how uploads wait, go on, fail and end in their rooms; the network is the
// test's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ParleyError } from '../../web/parley-client.js';
import { fileName, fileSummary, isOwnFile, kindOfName, sizeText } from '../../web/ui/file-kind.js';
import { messageSummary } from '../../web/ui/format.js';
import { UploadQueue } from '../../web/ui/upload-queue.js';

const address = (name) => `/api/v1/files/0190a1b2-0000-7000-8000-00000000abcd/${name}`;
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('only addresses of this server are its files, whatever others look like', () => {
  assert.ok(isOwnFile(address('a.png')));
  for (const url of [
    null,
    '',
    'https://parley.invalid' + address('a.png'),
    '//evil.invalid' + address('a.png'),
    address('../../me'),
    address(''),
    address('a.png?user=1'),
    '/api/v1/files/sign/a.png',
    'javascript:alert(1)',
  ])
    assert.ok(!isOwnFile(url), String(url));
});

test('a name tells the kind, and stands in lists where there are no words', () => {
  assert.equal(fileName(address('Gr%C3%BC%C3%9Fe%20%26.txt')), 'Grüße &.txt');
  assert.equal(fileName(address('100%.txt')), '100%.txt', 'what cannot be decoded stays');
  const kinds = ['a.PNG', 'b.jpeg', 'c.mp4', 'd.mp3', 'e.pdf', 'png', 'f.svg', 'g.html'].map(kindOfName);
  assert.deepEqual(kinds, ['picture', 'picture', 'video', 'audio', 'file', 'file', 'file', 'file']);
  assert.equal(fileSummary('https://parley.invalid/cat'), 'Picture');
  assert.equal(fileSummary(address('notes.pdf')), 'notes.pdf');
  const message = { content: null, file_url: address('a.mp4') };
  assert.equal(messageSummary(message), 'Video');
  assert.equal(messageSummary({ ...message, content: 'Look' }), 'Look');
  assert.equal(messageSummary({ ...message, deleted_at: 'now' }), 'Message deleted');
});

test('sizes are short, and never four digits', () => {
  const sizes = [0, 1, 999, 1_000, 1_449, 9_949, 9_950, 999_499, 999_500, 16_777_216, 2e12].map(sizeText);
  assert.deepEqual(sizes, [
    '0 bytes',
    '1 byte',
    '999 bytes',
    '1.0 KB',
    '1.4 KB',
    '9.9 KB',
    '10 KB',
    '999 KB',
    '1.0 MB',
    '17 MB',
    '2000 GB',
  ]);
});

/** A queue whose uploads the test ends, and what was sent. */
function setUp() {
  const begun = [];
  const sent = [];
  const queue = new UploadQueue({
    upload: (file, { onProgress, signal }) =>
      new Promise((resolve, reject) => {
        begun.push({ name: file.name, onProgress, signal, resolve, reject });
        signal.addEventListener('abort', () => reject(new ParleyError('discarded', 'given up')));
      }),
    send: (roomId, message) => sent.push([roomId, message]),
  });
  const finish = async () => {
    const { name, resolve } = begun.at(-1);
    resolve({ file_url: `/${name}` });
    await settled();
  };
  const fail = async (code = 'offline', message = 'away') => {
    begun.at(-1).reject(new ParleyError(code, message));
    await settled();
  };
  const states = (roomId = 'r') => queue.of(roomId).map(({ file, status }) => `${file.name} ${status}`);
  return { queue, begun, sent, finish, fail, states };
}

const files = (...names) => names.map((name) => ({ name, size: 10 }));
const words = (content, replyTo = null) => ({ content, reply_to: replyTo });

test('files go one after another, over all rooms, and wait for the word to be sent', async () => {
  const { queue, begun, sent, finish, states } = setUp();
  queue.add('r', files('a', 'b'));
  queue.add('s', files('c'));
  assert.deepEqual(states(), ['a uploading', 'b waiting']);
  await finish();
  await finish();
  assert.deepEqual(
    begun.map(({ name }) => name),
    ['a', 'b', 'c'],
  );
  assert.deepEqual(states(), ['a uploaded', 'b uploaded']);
  assert.deepEqual(sent, []);
  assert.equal(queue.sendAll('r', words('Both', 'm1')), true);
  assert.deepEqual(sent, [
    ['r', { content: 'Both', reply_to: 'm1', file_url: '/a' }],
    ['r', { content: null, reply_to: null, file_url: '/b' }],
  ]);
  assert.deepEqual(states(), []);
  assert.deepEqual(states('s'), ['c uploading']);
  assert.equal(queue.sendAll('r', words('alone')), false, 'the text is not taken where no file is');
});

test('what was sent early goes off once it is uploaded; later files wait for another word', async () => {
  const { queue, sent, finish, states } = setUp();
  queue.add('r', files('a'));
  queue.sendAll('r', words('Soon'));
  queue.add('r', files('b'));
  await finish();
  await finish();
  assert.deepEqual(sent, [['r', { content: 'Soon', reply_to: null, file_url: '/a' }]]);
  assert.deepEqual(states(), ['b uploaded']);
});

test('progress is told, of the one that goes on', () => {
  const { queue, begun } = setUp();
  const told = [];
  queue.addEventListener('progress', ({ detail }) => told.push([detail.file.name, detail.done]));
  queue.add('r', files('a', 'b'));
  begun[0].onProgress({ loaded: 25, total: 100 });
  assert.deepEqual(told, [['a', 0.25]]);
});

test('a failed upload holds up nobody, is not sent by another message, and can be tried again', async () => {
  const { queue, sent, finish, fail, states } = setUp();
  queue.add('r', files('a', 'b'));
  await fail();
  await finish();
  assert.deepEqual(states(), ['a failed', 'b uploaded']);
  queue.sendAll('r', words('Only b'));
  assert.deepEqual(
    sent.map(([, { file_url }]) => file_url),
    ['/b'],
  );
  const [upload] = queue.of('r');
  assert.equal(upload.error.code, 'offline');
  queue.retry(upload);
  await finish();
  assert.deepEqual(states(), ['a uploaded']);
  queue.sendAll('r', words(null));
  assert.deepEqual(sent.at(-1), ['r', { content: null, reply_to: null, file_url: '/a' }]);
});

test('a text that was sent with a failed upload goes with it once it has worked', async () => {
  const { queue, sent, finish, fail } = setUp();
  queue.add('r', files('a'));
  queue.sendAll('r', words('Here it is'));
  await fail();
  queue.retry(queue.of('r')[0]);
  await finish();
  assert.deepEqual(sent, [['r', { content: 'Here it is', reply_to: null, file_url: '/a' }]]);
});

test('to give up ends the request, lets the next one go, and loses no text', async () => {
  const { queue, begun, sent, finish, states } = setUp();
  queue.add('r', files('a', 'b', 'c'));
  queue.sendAll('r', words('Three'));
  queue.add('r', files('d'));
  queue.sendAll('r', words('And one'));
  const [a, b, c, d] = queue.of('r');
  assert.equal(queue.remove(a), null, 'the next file takes the text');
  assert.equal(begun[0].signal.aborted, true);
  await settled();
  assert.deepEqual(states(), ['b uploading', 'c waiting', 'd waiting']);
  queue.remove(b);
  assert.deepEqual(queue.remove(c), words('Three'), 'the last one has a text of its own');
  await settled();
  await finish();
  assert.deepEqual(sent, [['r', { content: 'And one', reply_to: null, file_url: '/d' }]]);
  assert.equal(queue.remove(d), null, 'it is sent already');
});

test('a size that was refused is not sent again, a smaller one is', async () => {
  const { queue, begun, fail } = setUp();
  const sized = (size) => [{ name: `${size}`, size }];
  queue.add('r', sized(500));
  await fail('too_large', 'file: at most 100 bytes');
  queue.add('r', sized(101));
  queue.add('r', sized(100));
  assert.deepEqual(
    queue.of('r').map(({ status, error }) => [status, error?.message ?? null]),
    [
      ['failed', 'file: at most 100 bytes'],
      ['failed', 'file: at most 100 bytes'],
      ['uploading', null],
    ],
  );
  assert.equal(begun.length, 2);
});

test('a full store says nothing about sizes', async () => {
  const { queue, begun, fail } = setUp();
  queue.add('r', [{ name: 'a', size: 500 }]);
  await fail(
    'too_large',
    'file: all your files together have at most 1000 bytes; delete old ones. Those ' +
      'that no message has, and uploads that broke off, go by themselves after a while.',
  );
  queue.add('r', [{ name: 'b', size: 2_000 }]);
  assert.equal(begun.length, 2);
});

test('a room that is gone, and a page that is left, take their uploads along', async () => {
  const { queue, begun, sent, finish, states } = setUp();
  queue.add('r', files('a'));
  queue.sendAll('r', words('Too late'));
  queue.add('s', files('b', 'c'));
  queue.forgetRoom('r');
  await settled();
  assert.equal(begun[0].signal.aborted, true);
  assert.deepEqual([states('r'), states('s')], [[], ['b uploading', 'c waiting']]);
  queue.sendAll('s', words('Too late as well'));
  queue.close();
  assert.equal(begun[1].signal.aborted, true);
  await settled();
  assert.equal(begun.length, 2, 'the next one does not begin');
  assert.deepEqual(sent, []);
});
