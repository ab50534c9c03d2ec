// Files on real pages: pictures and others go from one person to another, with progress, and can be given up.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import {
  assertFits,
  launchBrowser,
  makeSession,
  messageOf,
  openRoom,
  openSignedIn,
  say,
} from '../support/browser.mjs';
import { ParleyRest } from '../../web/parley-client.js';
import { startParleyd, until } from '../support/parleyd.mjs';
import { png } from '../support/picture.mjs';

const FILE_BYTES = 3_000_000;
const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

let node;
let browser;
let people = 0;

before(async () => {
  node = await startParleyd({ set: { 'log.level': 'warn', 'limits.file_bytes': FILE_BYTES } });
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await node?.stop();
});

/** Two people in a group, which both have open. */
async function annaAndBen(t, { bens: bensOptions = {} } = {}) {
  people += 1;
  const room = `Darkroom ${people}`;
  const annas = await makeSession(node.url, `anna.${people}`, `Anna Lind ${people}`);
  const bens = await makeSession(node.url, `ben.${people}`, `Ben Okafor ${people}`);
  const rest = new ParleyRest({ url: node.url, token: annas.token });
  const bensRest = new ParleyRest({ url: node.url, token: bens.token });
  const { room_id: roomId } = await rest.createGroup(room, [bens.user.user_id]);
  const anna = await openSignedIn(t, browser, node.url, annas);
  const ben = await openSignedIn(t, browser, node.url, bens, bensOptions);
  for (const page of [anna, ben]) await openRoom(page, room);
  return { anna, ben, rest, bensRest, annas, bens, room, roomId };
}

const picture = (name = 'harbour.png') => ({ name, mimeType: 'image/png', buffer: png(60, 40) });
const bytes = (name, size) => ({
  name,
  mimeType: 'application/octet-stream',
  // No two alike, so that nothing on the way can make it short.
  buffer: Buffer.from(Array.from({ length: size }, (_, index) => (index * 7919) % 251)),
});

const choose = (page, files) => page.locator('.composer input[type="file"]').setInputFiles(files);
const send = (page) => page.getByRole('button', { name: 'Send', exact: true }).click();
const upload = (page, name) => page.locator('.upload', { hasText: name });

/** One session for each page: another one cannot make faster what the first has slowed. */
const slowing = new WeakMap();

/** A line to the server as slow as a bad phone's, for what is under way as well. */
async function slow(page, bytesPerSecond) {
  if (!slowing.has(page)) slowing.set(page, await page.context().newCDPSession(page));
  const session = slowing.get(page);
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: bytesPerSecond,
  });
}

/** Waits until a picture has come, not only its frame. */
async function loaded(image) {
  await image.waitFor();
  await until(
    () => image.evaluate(({ complete, naturalWidth }) => complete && naturalWidth > 0),
    'the picture',
  );
}

test('a picture goes with its text, is uploaded with progress, and is seen by the other', async (t) => {
  const { anna, ben, roomId, bensRest } = await annaAndBen(t);
  await choose(anna, picture());
  await upload(anna, 'harbour.png').getByText('Ready to be sent').waitFor();
  assert.equal(await ben.locator('.message-file').count(), 0, 'nothing is sent before the user says so');
  await say(anna, 'Look at this');
  const image = messageOf(ben, 'Look at this').locator('.own-picture img');
  await loaded(image);
  assert.deepEqual(
    await image.evaluate(({ naturalWidth, naturalHeight, alt }) => [naturalWidth, naturalHeight, alt]),
    [60, 40, 'harbour.png'],
  );
  await loaded(messageOf(anna, 'Look at this').locator('.own-picture img'));
  assert.equal(await anna.locator('.upload').count(), 0);
  const { items } = await bensRest.messages(roomId);
  const [{ content, file_url }] = items;
  assert.equal(content, 'Look at this');
  assert.match(file_url, /^\/api\/v1\/files\/[0-9a-f-]{36}\/harbour\.png$/);

  const tab = ben.context().waitForEvent('page');
  await image.click();
  const full = await tab;
  await full.waitForLoadState();
  assert.match(full.url(), /harbour\.png\?.*signature=/);
  assert.equal(await full.locator('img').evaluate(({ naturalWidth }) => naturalWidth), 60);
  assert.deepEqual([anna.complaints, ben.complaints], [[], []]);
});

test('several files go one after another, say how far they are, and wait if sent early', async (t) => {
  const { anna, ben } = await annaAndBen(t);
  await slow(anna, 20_000); // it must not be over before all of it was seen
  await choose(anna, [bytes('first.bin', 600_000), bytes('second.bin', 300_000)]);
  const bar = anna.getByRole('progressbar', { name: 'Upload of first.bin' });
  await upload(anna, 'second.bin').getByText('Waits').waitFor();
  await anna.getByText('600 KB').waitFor();
  await say(anna, 'Both of them');
  await upload(anna, 'first.bin').getByText('Uploading, then it is sent').waitFor();
  assert.equal(await anna.getByLabel('Write a message').inputValue(), '');
  await until(async () => {
    const [value] = await bar.evaluateAll((bars) => bars.map((each) => each.value));
    return value > 0 && value < 100;
  }, 'it moves');
  await slow(anna, 2_000_000);
  await messageOf(ben, 'Both of them').getByText('first.bin').waitFor();
  await ben.locator('.message-file', { hasText: 'second.bin' }).waitFor();
  assert.deepEqual(await ben.locator('.message-file .file-name').allTextContents(), [
    'first.bin',
    'second.bin',
  ]);
  assert.deepEqual([anna.complaints, ben.complaints], [[], []]);
});

test('an upload is given up: nothing arrives, and the text comes back', async (t) => {
  const { anna, roomId, rest } = await annaAndBen(t);
  await slow(anna, 20_000);
  await choose(anna, bytes('long.bin', 900_000));
  await say(anna, 'Never mind');
  await anna.getByRole('button', { name: 'Cancel the upload of long.bin' }).click();
  await upload(anna, 'long.bin').waitFor({ state: 'detached' });
  assert.equal(await anna.getByLabel('Write a message').inputValue(), 'Never mind');
  assert.equal(await anna.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Attach files');
  // The next one does not wait for what was given up.
  await slow(anna, -1);
  await choose(anna, picture('instead.png'));
  await upload(anna, 'instead.png').getByText('Ready to be sent').waitFor();
  await anna.getByRole('button', { name: 'Remove instead.png' }).click();
  await upload(anna, 'instead.png').waitFor({ state: 'detached' });
  await send(anna);
  await messageOf(anna, 'Never mind').waitFor();
  const { items } = await rest.messages(roomId);
  assert.deepEqual(
    items.map(({ content, file_url }) => [content, file_url]),
    [['Never mind', null]],
  );
  assert.deepEqual(anna.complaints, []);
});

test('a file that is too large is refused in the words of the server, the next one at once', async (t) => {
  const { anna } = await annaAndBen(t);
  const uploads = [];
  anna.on('request', (request) => request.url().endsWith('/api/v1/files') && uploads.push(request));
  await choose(anna, bytes('huge.bin', FILE_BYTES + 200_000));
  const words = `At most ${FILE_BYTES} bytes.`;
  await upload(anna, 'huge.bin').getByText(words).waitFor();
  await anna
    .locator('[aria-live]', { hasText: `huge.bin was not uploaded. ${words}` })
    .waitFor({ state: 'attached' });
  assert.equal(await anna.getByRole('button', { name: 'Send', exact: true }).isDisabled(), true);
  await choose(anna, bytes('huge too.bin', FILE_BYTES + 1));
  await upload(anna, 'huge too.bin').getByText(words).waitFor();
  assert.equal(uploads.length, 1);
});

test('an upload that broke off goes on by a press on "try again"', async (t) => {
  const { anna, ben } = await annaAndBen(t);
  const refuse = (route) => route.abort();
  await anna.route('**/api/v1/files', refuse);
  await choose(anna, picture());
  await upload(anna, 'harbour.png').getByText('The upload broke off.').waitFor();
  await anna.unroute('**/api/v1/files', refuse);
  await anna.getByRole('button', { name: 'Try again to upload harbour.png' }).click();
  await upload(anna, 'harbour.png').getByText('Ready to be sent').waitFor();
  await send(anna);
  await loaded(ben.locator('.own-picture img'));
});

test('an upload goes on while another room is open', async (t) => {
  const { anna, ben, rest, room } = await annaAndBen(t);
  await rest.createGroup(`Elsewhere ${people}`);
  await slow(anna, 20_000); // it must not be over before one is back
  await choose(anna, bytes('long.bin', 400_000));
  await say(anna, 'While I am away');
  await openRoom(anna, `Elsewhere ${people}`);
  assert.equal(await anna.locator('.upload').count(), 0);
  await openRoom(anna, room);
  await upload(anna, 'long.bin').waitFor();
  await openRoom(anna, `Elsewhere ${people}`);
  await slow(anna, 2_000_000);
  await messageOf(ben, 'While I am away').getByText('long.bin').waitFor();
});

test('another file is downloaded as it was, under its name', async (t) => {
  const { anna, ben } = await annaAndBen(t);
  const text = 'Grüße an alle\n';
  await choose(anna, { name: 'Grüße & more.txt', mimeType: 'text/plain', buffer: Buffer.from(text) });
  await upload(anna, 'Grüße & more.txt').getByText('Ready to be sent').waitFor();
  await anna.getByLabel('Write a message').press('Enter');
  const download = ben.waitForEvent('download');
  await ben.getByRole('link', { name: 'Download Grüße & more.txt' }).click();
  const got = await download;
  assert.equal(got.suggestedFilename(), 'Grüße & more.txt');
  assert.equal(await readFile(await got.path(), 'utf8'), text);
  await ben.locator('.room', { hasText: 'Grüße & more.txt' }).waitFor();
  assert.deepEqual([anna.complaints, ben.complaints], [[], []]);
});

/** Drops or pastes what the test says, as the browser would. */
function bring(locator, type, { name, text, html }) {
  return locator.evaluate(
    (element, [kind, file, words, markup]) => {
      const data = new DataTransfer();
      const content = Uint8Array.from(atob(file.base64), (char) => char.charCodeAt(0));
      data.items.add(new File([content], file.name, { type: 'image/png' }));
      if (words) data.setData('text/plain', words);
      if (markup) data.setData('text/html', markup);
      const init = { bubbles: true, cancelable: true, composed: true };
      const event =
        kind === 'paste'
          ? new ClipboardEvent(kind, { ...init, clipboardData: data })
          : new DragEvent(kind, { ...init, dataTransfer: data });
      return element.dispatchEvent(event);
    },
    [type, { name, base64: png(20, 20).toString('base64') }, text, html],
  );
}

test('pictures are dropped onto a room and pasted', async (t) => {
  const { anna, ben } = await annaAndBen(t);
  const hint = anna.getByText('Drop files here to send them');
  await bring(anna.locator('.scroller'), 'dragenter', { name: 'dropped.png' });
  await hint.waitFor();
  assert.equal(await bring(anna.locator('.scroller'), 'dragover', { name: 'dropped.png' }), false);
  await bring(anna.locator('.scroller'), 'drop', { name: 'dropped.png' });
  await hint.waitFor({ state: 'hidden' });
  await upload(anna, 'dropped.png').getByText('Ready to be sent').waitFor();

  const input = anna.getByLabel('Write a message');
  assert.equal(await bring(input, 'paste', { name: 'pasted.png', html: '<img src="x">' }), false);
  await upload(anna, 'pasted.png').getByText('Ready to be sent').waitFor();
  const office = { name: 'cells.png', text: '1 2 3', html: '<table>' };
  assert.equal(await bring(input, 'paste', office), true, 'text with a picture of it stays text');
  // Beside the room nothing is dropped, and the page is not left either.
  assert.equal(await bring(anna.locator('.sidebar'), 'drop', { name: 'beside.png' }), false);
  assert.equal(await anna.locator('.upload').count(), 2);

  await send(anna);
  await ben.locator('.own-picture').nth(1).waitFor();
  const images = await ben.locator('.own-picture img').all();
  assert.equal(images.length, 2);
  for (const image of images) await loaded(image);
  assert.deepEqual([anna.complaints, ben.complaints], [[], []]);
});

test('a deleted message shows nothing of its picture, and its address is good no more', async (t) => {
  const { anna, ben } = await annaAndBen(t);
  await choose(anna, picture('mistake.png'));
  await say(anna, 'Oh no');
  const image = messageOf(ben, 'Oh no').locator('.own-picture img');
  await loaded(image);
  const address = await image.getAttribute('src');
  const row = messageOf(anna, 'Oh no');
  await row.hover();
  await row.getByRole('button', { name: 'Delete' }).click();
  await anna.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  for (const page of [anna, ben]) {
    await page.locator('.bubble.deleted').getByText('This message was deleted.').waitFor();
    assert.equal(await page.locator('.message-file, .own-picture').count(), 0);
    assert.ok(!(await page.locator('.timeline').innerHTML()).includes('mistake.png'));
  }
  assert.equal((await fetch(address)).status, 404);
});

test('a picture whose address has ended is signed anew; what is no picture becomes a row', async (t) => {
  const { anna, ben, room } = await annaAndBen(t);
  await choose(anna, picture('lasting.png'));
  await say(anna, 'lasting');
  await choose(anna, { name: 'liar.png', mimeType: 'image/png', buffer: Buffer.from('not a picture') });
  await say(anna, 'lying');
  await messageOf(ben, 'lying').getByRole('link', { name: 'Download liar.png' }).waitFor();
  await loaded(messageOf(ben, 'lasting').locator('.own-picture img')); // else it is asked for here as well
  const signed = [];
  ben.on('request', (request) => request.url().endsWith('/files/sign') && signed.push(request.postData()));
  let refused = 0;
  await ben.route('**/lasting.png?*', (route) => {
    refused += 1;
    return refused === 1 ? route.fulfill({ status: 404 }) : route.continue();
  });
  await ben.reload();
  await openRoom(ben, room);
  await loaded(messageOf(ben, 'lasting').locator('.own-picture img'));
  assert.equal(refused, 2);
  assert.equal(signed.filter((body) => body.includes('lasting.png')).length, 2);
});

test('a room that is opened again shows its pictures without a question', async (t) => {
  const { anna, ben, rest, room } = await annaAndBen(t);
  await rest.createGroup(`Elsewhere ${people}`, [(await rest.searchUsers(`ben.${people}`)).items[0].user_id]);
  await choose(anna, picture());
  await say(anna, 'Look');
  await loaded(messageOf(ben, 'Look').locator('.own-picture img'));
  const signed = [];
  ben.on('request', (request) => request.url().endsWith('/files/sign') && signed.push(request.postData()));
  await openRoom(ben, `Elsewhere ${people}`);
  await openRoom(ben, room);
  await loaded(messageOf(ben, 'Look').locator('.own-picture img'));
  assert.deepEqual(signed, []);
});

test('a row that changes keeps its picture, and many of one file ask for one address', async (t) => {
  const { anna, ben, rest, bensRest, roomId } = await annaAndBen(t);
  const { file_url } = await rest.uploadFile(new Blob([png(30, 30)]), { name: 'same.png' });
  const signed = [];
  ben.on('request', (request) => request.url().endsWith('/files/sign') && signed.push(request.postData()));
  for (const content of ['one', 'two', 'three']) await rest.postMessage(roomId, { content, file_url });
  for (const content of ['one', 'two', 'three'])
    await loaded(messageOf(ben, content).locator('.own-picture img'));
  assert.equal(signed.length, 1);
  await ben
    .locator('.own-picture img')
    .first()
    .evaluate((image) => (image.dataset.kept = 'yes'));
  const { items } = await bensRest.messages(roomId);
  const { message_id: messageId } = items.find(({ content }) => content === 'one');
  await rest.call('PUT', `messages/${messageId}/reactions/${encodeURIComponent('🎉')}`);
  await messageOf(ben, 'one').locator('.chip').waitFor();
  assert.equal(await messageOf(ben, 'one').locator('img[data-kept]').count(), 1);
  assert.deepEqual(anna.complaints, []);
});

test('pictures out of sight are not asked for before one scrolls to them', async (t) => {
  const { anna, ben, rest, room, roomId } = await annaAndBen(t);
  await ben.getByRole('heading', { name: room }).waitFor();
  for (let number = 1; number <= 40; number += 1) {
    const { file_url } = await rest.uploadFile(new Blob([png(30, 30)]), { name: `${number}.png` });
    await rest.postMessage(roomId, { content: `number ${number}.`, file_url });
  }
  const signed = [];
  ben.on('request', (request) => request.url().endsWith('/files/sign') && signed.push(request.postData()));
  await ben.reload();
  await openRoom(ben, room);
  await loaded(messageOf(ben, 'number 40.').locator('.own-picture img'));
  const first = messageOf(ben, 'number 1.').locator('.own-picture img');
  await first.waitFor({ state: 'attached' });
  assert.ok(signed.length < 30, `${signed.length} of 40`);
  const { top: before } = await first.evaluate((image) => image.getBoundingClientRect());
  assert.ok(before < -2_000, 'its place is kept for it');
  await first.scrollIntoViewIfNeeded();
  await loaded(first);
  assert.deepEqual([anna.complaints, ben.complaints], [[], []]);
});

test('a sound has controls, and its address bears no token', async (t) => {
  const { anna, ben } = await annaAndBen(t);
  // 0.1 s of silence, 8-bit mono.
  const samples = Buffer.alloc(800, 128);
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8000, 24);
  head.writeUInt32LE(8000, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples.length, 40);
  await choose(anna, { name: 'hush.wav', mimeType: 'audio/wav', buffer: Buffer.concat([head, samples]) });
  await say(anna, 'Listen');
  const audio = messageOf(ben, 'Listen').locator('audio[controls]');
  await audio.waitFor();
  await until(
    () => audio.evaluate((element) => element.readyState >= 1 && element.duration > 0.05),
    'the sound',
  );
  const token = await ben.evaluate(() => JSON.parse(sessionStorage.getItem('parley.session')).token);
  assert.ok(!(await audio.getAttribute('src')).includes(token));
  assert.deepEqual([anna.complaints, ben.complaints], [[], []]);
});

test('a profile picture is uploaded, small, and seen by a friend', async (t) => {
  const { anna, ben, rest, bensRest, bens, room } = await annaAndBen(t);
  await rest.askFriend(bens.user.user_id);
  await bensRest.askFriend((await rest.me()).user_id);
  await anna.getByRole('button', { name: 'your account' }).click();
  const dialog = anna.getByRole('dialog', { name: 'Your account' });
  await dialog.getByRole('button', { name: 'Upload a picture' }).waitFor();
  await dialog.locator('input[type="file"]').setInputFiles({
    name: 'me.png',
    mimeType: 'image/png',
    buffer: png(1200, 600, [20, 90, 160]),
  });
  await dialog.getByRole('status').getByText('Your picture is changed.').waitFor();
  await loaded(dialog.locator('.avatar.large img'));
  await loaded(anna.locator('.self .avatar img'));
  const { img_url } = await rest.me();
  assert.match(img_url, /^\/api\/v1\/files\//);

  await ben.reload();
  await openRoom(ben, room);
  await ben.getByRole('button', { name: 'Friends', exact: false }).first().click();
  const face = ben
    .getByRole('dialog')
    .locator('li', { hasText: `Anna Lind ${people}` })
    .locator('.avatar img');
  await until(
    () => face.evaluate(({ complete, naturalWidth }) => complete && naturalWidth === 512),
    'the small picture',
  );

  await dialog.locator('input[type="file"]').setInputFiles({
    name: 'me.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from('nobody'),
  });
  await dialog.locator('.upload').getByText('That is not a picture that this browser can show.').waitFor();
  assert.equal((await rest.me()).img_url, img_url);
  assert.deepEqual([anna.complaints, ben.complaints], [[], []]);
});

test('on a phone files and uploads fit', async (t) => {
  const { anna, ben } = await annaAndBen(t, { bens: phone });
  const name = `${'a very long name '.repeat(8)}.bin`;
  await choose(anna, [picture(), bytes(name, 100), { ...picture('wide.png'), buffer: png(900, 20) }]);
  await upload(anna, 'wide.png').getByText('Ready to be sent').waitFor();
  await send(anna);
  await ben.locator('.message-file').nth(2).waitFor();
  for (const image of await ben.locator('.own-picture img').all()) await loaded(image);
  await assertFits(ben, 'the messages');
  await choose(ben, [bytes(name, 100), bytes('huge.bin', FILE_BYTES + 20_000)]);
  await upload(ben, 'huge.bin').getByText('At most').waitFor();
  await assertFits(ben, 'the uploads');
  await choose(ben, [picture('shown.png')]);
  await loaded(upload(ben, 'shown.png').locator('.upload-preview img'));
});
