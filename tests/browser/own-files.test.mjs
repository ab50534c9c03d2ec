// One's own files on the page: what they take of the quota, and how one is deleted for everybody.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  assertFits,
  launchBrowser,
  makeSession,
  messageOf,
  openRoom,
  openSignedIn,
} from '../support/browser.mjs';
import { ParleyRest } from '../../web/parley-client.js';
import { startParleyd, until } from '../support/parleyd.mjs';
import { png } from '../support/picture.mjs';

const QUOTA_BYTES = 1_000_000;
const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

let node;
let browser;
let people = 0;

before(async () => {
  node = await startParleyd({ set: { 'log.level': 'warn', 'limits.file_quota_bytes': QUOTA_BYTES } });
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await node?.stop();
});

/** Two people in a group. Pages are opened by the tests. */
async function annaAndBen() {
  people += 1;
  const room = `Darkroom ${people}`;
  const annas = await makeSession(node.url, `anna.${people}`, `Anna Lind ${people}`);
  const bens = await makeSession(node.url, `ben.${people}`, `Ben Okafor ${people}`);
  const rest = new ParleyRest({ url: node.url, token: annas.token });
  const { room_id: roomId } = await rest.createGroup(room, [bens.user.user_id]);
  const open = async (t, session, options) => {
    const page = await openSignedIn(t, browser, node.url, session, options);
    if (!options) await openRoom(page, room);
    return page;
  };
  /** Without a page. */
  const store = async (name, bytes) => (await rest.uploadFile(new Blob([bytes]), { name })).file_url;
  return { room, roomId, annas, bens, rest, open, store };
}

const picture = (name) => ({ name, mimeType: 'image/png', buffer: png(60, 40) });
const text = (name, size) => ({ name, mimeType: 'text/plain', buffer: Buffer.alloc(size, 'x') });
const choose = (page, files) => page.locator('.composer input[type="file"]').setInputFiles(files);
const upload = (page, name) => page.locator('.upload', { hasText: name });

async function openFiles(page) {
  await page.getByRole('button', { name: 'your account' }).click();
  const dialog = page.getByRole('dialog', { name: 'Your account' });
  await dialog.getByRole('tab', { name: 'Files' }).click();
  return dialog;
}

/** Presses the button of a file, and says yes. */
async function remove(page, dialog, name) {
  await dialog.getByRole('button', { name: `Delete ${name}` }).click();
  const question = page.getByRole('dialog', { name: 'Delete this file?' });
  await question.getByText('It goes from all messages that have it.').waitFor();
  await question.getByRole('button', { name: 'Delete', exact: true }).click();
}

const shown = (image) =>
  until(
    () => image.evaluate(({ complete, naturalWidth }) => complete && naturalWidth > 0),
    'the picture',
  );
/** What has the focus, by its name. */
const focused = (page) =>
  page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent);

test('a file that was sent is deleted: the sum falls, and nobody can see it any more', async (t) => {
  const { room, annas, bens, rest, open } = await annaAndBen();
  const [anna, ben] = [await open(t, annas), await open(t, bens)];
  await choose(anna, [picture('harbour.png'), text('notes.txt', 300_000)]);
  await upload(anna, 'notes.txt').getByText('Ready to be sent').waitFor();
  await anna.getByLabel('Write a message').fill('Look at this');
  await anna.getByLabel('Write a message').press('Enter');
  const image = messageOf(ben, 'Look at this').locator('.own-picture img');
  await image.waitFor();
  await shown(image);
  await ben.locator('.message-file', { hasText: 'notes.txt' }).waitFor();

  const dialog = await openFiles(anna);
  const rows = dialog.locator('.files li');
  await rows.nth(1).waitFor();
  assert.deepEqual(await rows.locator('strong').allTextContents(), ['notes.txt', 'harbour.png']);
  await rows.first().getByText('300 KB · ').waitFor();
  const pictureBytes = picture('').buffer.length;
  assert.equal((await rest.files()).used_bytes, 300_000 + pictureBytes);
  await dialog.getByText('300 KB of 1.0 MB used').waitFor();
  const tab = anna.context().waitForEvent('page');
  await rows.nth(1).getByRole('link', { name: 'harbour.png' }).click();
  const opened = await tab;
  await opened.waitForURL(/harbour\.png\?.*signature=/);
  await opened.close();

  await dialog.getByRole('button', { name: 'Delete notes.txt' }).click();
  await anna.getByRole('dialog', { name: 'Delete this file?' }).getByRole('button', { name: 'Cancel' }).click();
  assert.equal(await rows.count(), 2, 'it asks first');
  await remove(anna, dialog, 'notes.txt');
  await rows.nth(1).waitFor({ state: 'detached' });
  await dialog.getByText('notes.txt is deleted.').waitFor();
  await dialog.getByText(`${pictureBytes} bytes of 1.0 MB used`).waitFor();
  assert.equal(await focused(anna), 'Delete harbour.png');
  assert.deepEqual([anna.complaints, ben.complaints], [[], []]);

  await remove(anna, dialog, 'harbour.png');
  await dialog.getByText('You have no files.').waitFor();
  await dialog.getByText('0 bytes of 1.0 MB used').waitFor();
  assert.equal(await focused(anna), '0 bytes of 1.0 MB used');
  assert.deepEqual((await rest.files()).items, []);

  await ben.reload();
  await openRoom(ben, room);
  const row = messageOf(ben, 'Look at this').locator('.file-row');
  await row.getByText('harbour.png').click();
  await row.getByText('This file is no longer there.').waitFor();
  assert.equal(await messageOf(ben, 'Look at this').locator('img').count(), 0);
});

test('a long list comes page by page, and on a phone it fits', async (t) => {
  const { annas, open, store } = await annaAndBen();
  const long = `${'a very long name '.repeat(8)}.txt`;
  for (let i = 1; i <= 51; i += 1) await store(`${i}.txt`, 'x');
  await store(long, 'x');
  const page = await open(t, annas, phone);
  const dialog = await openFiles(page);
  const rows = dialog.locator('.files li');
  await rows.nth(49).waitFor();
  await assertFits(page, 'the files');
  assert.equal(await rows.count(), 50);
  await dialog.getByRole('button', { name: 'Show more' }).click();
  await rows.nth(51).waitFor();
  await dialog.getByRole('button', { name: 'Show more' }).waitFor({ state: 'hidden' });
  await remove(page, dialog, '1.txt');
  await rows.nth(51).waitFor({ state: 'detached' });
  assert.equal(await rows.count(), 51);
  assert.equal(await focused(page), 'Delete 2.txt');
  await assertFits(page, 'the end of the files');
  assert.deepEqual(page.complaints, []);
});

test('a file that is gone already goes from the list, and a refusal is said', async (t) => {
  const { annas, open, rest, store } = await annaAndBen();
  const gone = await store('gone.txt', 'x');
  await store('kept.txt', 'y');
  const page = await open(t, annas);
  const dialog = await openFiles(page);
  await dialog.locator('.files li').nth(1).waitFor();
  await rest.deleteFile(gone);
  await remove(page, dialog, 'gone.txt');
  await dialog.getByText('gone.txt is deleted.').waitFor();
  await page.route('**/api/v1/files/**', (route) => route.abort());
  await remove(page, dialog, 'kept.txt');
  await dialog.getByRole('alert').getByText('The server cannot be reached.').waitFor();
  assert.deepEqual(await dialog.locator('.files strong').allTextContents(), ['kept.txt']);
});

test('where the quota is used up, an upload says where to delete files', async (t) => {
  const { annas, open, store } = await annaAndBen();
  await store('large.bin', 'x'.repeat(QUOTA_BYTES - 10_000));
  const page = await open(t, annas);
  await choose(page, [text('late.txt', 20_000)]);
  await upload(page, 'late.txt').getByText('You can delete some: your account, Files.').waitFor();
  const dialog = await openFiles(page);
  await dialog.getByText('990 KB of 1.0 MB used').waitFor();
  await remove(page, dialog, 'large.bin');
  await dialog.getByText('0 bytes of 1.0 MB used').waitFor();
  await page.keyboard.press('Escape');
  await upload(page, 'late.txt').getByRole('button', { name: 'Try again' }).click();
  await upload(page, 'late.txt').getByText('Ready to be sent').waitFor();
});
