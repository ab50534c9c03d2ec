// Reports: a member tells the moderators of a message, and what these see, do and decide on their page.
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
import { startParleyd } from '../support/parleyd.mjs';
import { png } from '../support/picture.mjs';

const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

let node;
let browser;
let people = 0;
/** Sessions of an admin and a moderator, neither of whom is in the rooms. */
let root;
let mod;

before(async () => {
  node = await startParleyd({ set: { 'log.level': 'warn', 'limits.login_rate_per_minute': 0 } });
  root = await makeSession(node.url, 'root', 'Root');
  mod = await makeSession(node.url, 'mod', 'Mod');
  await node.operate(['user', 'role', 'root', 'admin']);
  await node.operate(['user', 'role', 'mod', 'moderator']);
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await node?.stop();
});

const as = ({ token }) => new ParleyRest({ url: node.url, token });

async function person(first) {
  people += 1;
  const name = `${first} ${people}`;
  const session = await makeSession(node.url, `${first.toLowerCase()}.${people}`, name);
  return { session, rest: as(session), id: session.user.user_id, name };
}

/** Ada and Ben in a group of Ada's, and what Ben said there. */
async function benSays(content, more = {}) {
  const [ada, ben] = [await person('Ada'), await person('Ben')];
  const name = `Harbour ${people}`;
  const { room_id: roomId } = await ada.rest.createGroup(name, [ben.id]);
  const { message_id: messageId } = await ben.rest.postMessage(roomId, { content, ...more });
  return { ada, ben, name, roomId, messageId };
}

/** Nothing of the other tests waits any more. */
async function emptyQueue() {
  const rest = as(mod);
  for (;;) {
    const [report] = (await rest.listReports()).items;
    if (!report) return;
    await rest.decideReport(report.report_id, 'dismissed');
  }
}

/** The queue on the page of a moderator or admin. */
async function queue(t, session, options = {}) {
  const page = await openSignedIn(t, browser, node.url, session, options);
  await page.getByRole('button', { name: 'Administration' }).click();
  await page.getByRole('tab', { name: 'Reports' }).click();
  await page
    .locator('.report-list:visible .count')
    .filter({ hasText: /^\d.* reports?$|^Nothing/ })
    .waitFor();
  return page;
}

const rowAbout = (page, { name }) => page.locator('.report-row:visible', { hasText: `reported ${name}` });

/** Presses a button of a report and the one of its question. */
async function act(page, row, deed, answer = deed) {
  await row.getByRole('button', { name: deed }).click();
  await page.getByRole('dialog').getByRole('button', { name: answer, exact: true }).click();
}

test("another's message is reported with a reason and a comment, and one's own is not", async (t) => {
  await emptyQueue();
  const { ada, ben, name, roomId } = await benSays('buy my watches');
  await ada.rest.postMessage(roomId, { content: 'no thanks' });
  const page = await openSignedIn(t, browser, node.url, ada.session);
  await openRoom(page, name);
  const own = messageOf(page, 'no thanks');
  await own.hover();
  await own.getByRole('button', { name: 'Delete' }).waitFor();
  assert.equal(await own.getByRole('button', { name: 'Report' }).count(), 0);
  const row = messageOf(page, 'buy my watches');
  await row.hover();
  await row.getByRole('button', { name: 'Report' }).click();
  const dialog = page.getByRole('dialog', { name: 'Report this message?' });
  await dialog.getByText(`${ben.name} wrote it.`).waitFor();
  await page.keyboard.press('Escape');
  await row.hover();
  await row.getByRole('button', { name: 'Report' }).click();
  await dialog.getByLabel('What is wrong with it').selectOption('Insults or threats');
  await dialog.getByLabel('What they should know').fill('In five rooms');
  await dialog.getByRole('button', { name: 'Report', exact: true }).click();
  await page.getByRole('status').getByText('The message was reported to the moderators.').waitFor();
  const { items } = await as(mod).listReports();
  assert.deepEqual(
    items.map(({ reason, comment, content, reporter }) => [reason, comment, content, reporter.user_id]),
    [['abuse', 'In five rooms', 'buy my watches', ada.id]],
  );
  assert.deepEqual(page.complaints, []);
});

test('on a phone a message is reported from its menu, and all of it fits', async (t) => {
  const { ada, name } = await benSays('buy my watches');
  const page = await openSignedIn(t, browser, node.url, ada.session, phone);
  await openRoom(page, name);
  await messageOf(page, 'buy my watches').getByRole('button', { name: 'React' }).tap();
  await assertFits(page, 'the menu');
  await page.getByRole('menuitem', { name: 'Report' }).tap();
  await assertFits(page, 'the question');
  await page.getByRole('dialog').getByRole('button', { name: 'Report', exact: true }).tap();
  await page.getByRole('status').getByText('The message was reported to the moderators.').waitFor();
  await assertFits(page, 'the answer');
});

test('a message that went meanwhile cannot be reported, and the page says why', async (t) => {
  const { ada, ben, name, messageId } = await benSays('buy my watches');
  const page = await openSignedIn(t, browser, node.url, ada.session);
  await openRoom(page, name);
  const row = messageOf(page, 'buy my watches');
  await row.hover();
  await row.getByRole('button', { name: 'Report' }).click();
  await ben.rest.call('DELETE', `messages/${messageId}`);
  await messageOf(page, 'This message was deleted.').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Report', exact: true }).click();
  await page
    .getByRole('alert')
    .getByText('The message was not reported. It is not there any more.')
    .waitFor();
});

test('a moderator sees who reported whom and why, with the text as it stood, and deletes the message', async (t) => {
  await emptyQueue();
  const evil = '<img src=x onerror="document.title=\'owned\'"> buy this';
  const { ada, ben, name, roomId, messageId } = await benSays(evil);
  await ada.rest.reportMessage(messageId, 'spam', 'look at <b>that</b>');
  await ben.rest.call('PATCH', `messages/${messageId}`, { body: { content: 'all is well' } });
  const page = await queue(t, mod);
  await page.getByRole('status').getByText('1 report', { exact: true }).waitFor();
  const row = rowAbout(page, ben);
  assert.equal(await row.locator('header p').textContent(), `${ada.name} reported ${ben.name} in “${name}”`);
  assert.equal(await row.locator('.tag').textContent(), 'Spam');
  assert.equal(await row.locator('.reported > p').textContent(), evil);
  await row.getByText('look at <b>that</b>').waitFor();
  assert.equal(await row.locator('img, b').count(), 0);
  assert.ok(!(await page.title()).includes('owned'));

  const adas = await openSignedIn(t, browser, node.url, ada.session);
  await openRoom(adas, name);
  await row.getByRole('button', { name: 'Delete the message' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await act(page, row, 'Delete the message', 'Delete');
  await messageOf(adas, 'This message was deleted.').waitFor();
  await row.getByText('The message has been deleted.').waitFor();
  assert.equal(await row.getByRole('button', { name: 'Delete the message' }).count(), 0);
  assert.equal(await row.locator('.reported > p').textContent(), evil, 'the copy stays while it is open');
  assert.equal((await ada.rest.messages(roomId)).items[0].content, null);
  assert.deepEqual(page.complaints, []);
});

test('a moderator who is in no room with it opens a reported picture, while the report is open', async (t) => {
  await emptyQueue();
  const [ada, ben] = [await person('Ada'), await person('Ben')];
  const { room_id: roomId } = await ada.rest.createGroup(`Harbour ${people}`, [ben.id]);
  const { file_url } = await ben.rest.uploadFile(new Blob([png(60, 40)]), { name: 'harbour.png' });
  const { message_id } = await ben.rest.postMessage(roomId, { file_url });
  await ada.rest.reportMessage(message_id, 'illegal');
  const page = await queue(t, mod);
  const picture = rowAbout(page, ben).locator('.own-picture img:not([data-loading])');
  await picture.waitFor();
  assert.ok((await picture.evaluate((image) => image.naturalWidth)) > 0);
  const src = await picture.getAttribute('src');
  assert.match(src, /signature=/);
  assert.equal((await fetch(src)).status, 200);
  await act(page, rowAbout(page, ben), 'Dismiss');
  await page.getByText('Nothing waits for a decision.').waitFor();
  assert.equal((await fetch(src)).status, 404);
  assert.deepEqual(page.complaints, []);
});

test('from the queue the sender is banned from the room, and suspended', async (t) => {
  await emptyQueue();
  const { ada, ben, roomId, messageId, name } = await benSays('buy my watches');
  await ada.rest.reportMessage(messageId, 'spam');
  const bens = await openSignedIn(t, browser, node.url, ben.session);
  await openRoom(bens, name);
  const page = await queue(t, mod);
  const row = rowAbout(page, ben);
  await row.getByRole('button', { name: 'Ban from the room' }).click();
  const dialog = page.getByRole('dialog', { name: `Ban ${ben.name}?` });
  await dialog.getByLabel('Delete all their messages here').check();
  await dialog.getByRole('button', { name: 'Ban', exact: true }).click();
  await page.getByRole('status').getByText(`${ben.name} is banned from “${name}”.`).waitFor();
  await bens.getByText('Pick up a conversation').waitFor();
  assert.equal((await ada.rest.listBans(roomId)).items[0].user.user_id, ben.id);
  await act(page, row, 'Suspend the sender', 'Suspend');
  await page.getByRole('status').getByText(`${ben.name} is suspended.`).waitFor();
  await bens.getByText('This account has been suspended or locked.').waitFor();
  assert.deepEqual(page.complaints, []);
});

test('from the queue a room is moderated that one is not in', async (t) => {
  await emptyQueue();
  const { ada, ben, roomId, messageId, name } = await benSays('buy my watches');
  const carl = await person('Carl');
  await ada.rest.ban(roomId, carl.id);
  await ada.rest.reportMessage(messageId, 'spam');
  const page = await queue(t, mod);
  const row = rowAbout(page, ben);
  await act(page, row, 'Mute in the room', 'Mute');
  await page.getByRole('status').getByText(`${ben.name} is muted in “${name}” until`).waitFor();
  await row.getByRole('button', { name: 'Moderate the room' }).click();
  const dialog = page.getByRole('dialog', { name: `Moderate ${name}` });
  await dialog.getByRole('button', { name: `Unmute: ${ben.name}` }).click();
  await dialog.getByText('Nobody is muted.').waitFor();
  await dialog.getByRole('button', { name: `Lift the ban: ${carl.name}` }).click();
  await dialog.getByText('Nobody is banned.').waitFor();
  const slowMode = dialog.getByLabel('Slow mode');
  assert.equal(await slowMode.locator('option:checked').textContent(), 'Leave it as it is');
  const asked = [];
  page.on('request', (request) => request.method() === 'PUT' && asked.push(request.url()));
  await dialog.getByRole('button', { name: 'Set' }).click();
  await slowMode.selectOption('30');
  await dialog.getByRole('button', { name: 'Set' }).click();
  await dialog.getByRole('status').getByText('Slow mode is set to').waitFor();
  assert.equal(asked.length, 1, 'nothing was asked for while nothing was chosen');
  assert.equal(await slowMode.inputValue(), '30');
  const [room] = await ada.rest.rooms();
  assert.equal(room.slow_mode_seconds, 30);
  assert.deepEqual((await ada.rest.listMutes(roomId)).items, []);
  assert.deepEqual((await ada.rest.listBans(roomId)).items, []);
  assert.deepEqual(page.complaints, []);
});

test('a decision leaves the reports of what the message was edited to', async (t) => {
  await emptyQueue();
  const { ada, ben, roomId, messageId } = await benSays('good morning');
  const carl = await person('Carl');
  await ada.rest.invite(roomId, [carl.id]);
  await ada.rest.reportMessage(messageId, 'other');
  await ben.rest.call('PATCH', `messages/${messageId}`, { body: { content: 'a threat' } });
  await ada.rest.reportMessage(messageId, 'abuse');
  await carl.rest.reportMessage(messageId, 'abuse');
  const page = await queue(t, mod);
  await page.getByRole('status').getByText('3 reports').waitFor();
  await act(page, page.locator('.report-row:visible', { hasText: 'good morning' }), 'Dismiss');
  await page.getByRole('status').getByText('2 reports').waitFor();
  await act(page, page.locator('.report-row:visible', { hasText: 'a threat' }).first(), 'Done');
  await page.getByText('Nothing waits for a decision.').waitFor();
  assert.deepEqual(page.complaints, []);
});

test('what one may not do is said, and in a private room there is no ban', async (t) => {
  await emptyQueue();
  const ada = await person('Ada');
  const { room_id: roomId } = await as(root).openPrivate(ada.id);
  const { message_id } = await as(root).postMessage(roomId, { content: 'an order' });
  await ada.rest.reportMessage(message_id, 'other');
  const page = await queue(t, mod);
  const row = rowAbout(page, { name: 'Root' });
  assert.match(await row.locator('header p').textContent(), /in a private room$/);
  assert.equal(await row.getByRole('button', { name: /the room/ }).count(), 0);
  await act(page, row, 'Suspend the sender', 'Suspend');
  await page.getByRole('alert').getByText('You may not do this.').waitFor();
  const roots = await queue(t, root);
  await roots.getByText('Nothing waits for a decision.').waitFor(); // it is his own message
});

test('a decision with a note closes all reports of the text, and stands on the second tab', async (t) => {
  await emptyQueue();
  const { ada, ben, roomId, messageId } = await benSays('buy my watches');
  const carl = await person('Carl');
  await ada.rest.invite(roomId, [carl.id]);
  const other = await ben.rest.postMessage(roomId, { content: 'and my clocks' });
  await ada.rest.reportMessage(messageId, 'spam');
  await carl.rest.reportMessage(messageId, 'other');
  await carl.rest.reportMessage(other.message_id, 'spam');
  const page = await queue(t, root);
  await page.getByRole('status').getByText('3 reports').waitFor();
  const first = page.locator('.report-row:visible', { hasText: ada.name });
  await first.getByRole('button', { name: 'Done' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Note').fill('Warned by mail');
  await dialog.getByRole('button', { name: 'Done', exact: true }).press('Enter');
  await page.getByRole('status').getByText('The report was closed.').waitFor();
  await page.getByRole('status').getByText('1 report', { exact: true }).waitFor();
  await page.locator('.report-row:visible .reported', { hasText: 'and my clocks' }).waitFor();
  assert.equal(
    await page.evaluate(() => document.activeElement.closest('.report-row') !== null),
    true,
    'the keyboard goes on with the next one',
  );
  await act(page, page.locator('.report-row:visible'), 'Dismiss');
  await page.getByText('Nothing waits for a decision.').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.className), 'count');

  await page.getByRole('tab', { name: 'Decided' }).click();
  const decided = page.locator('.report-row:visible');
  await decided.nth(2).waitFor();
  const [dismissed, ...done] = await decided.locator('.decision').allTextContents();
  assert.match(dismissed, /^Dismissed by Root, /);
  for (const text of done.slice(0, 2)) assert.match(text, /^Done by Root, .*Note: Warned by mail$/);
  assert.equal(await decided.locator('button, .reported').count(), 0);
  assert.equal((await page.content()).includes('buy my watches'), false, 'no copy of the text is left');

  await page.getByRole('tab', { name: 'Audit trail' }).click();
  await page
    .locator('.audit li', { hasText: `decided a report of what was written by ${ben.name}` })
    .first()
    .waitFor();
  assert.deepEqual(page.complaints, []);
});

test('a report that somebody else has decided meanwhile goes, and the page says so', async (t) => {
  await emptyQueue();
  const { ada, ben, messageId } = await benSays('buy my watches');
  const { report_id: reportId } = await ada.rest.reportMessage(messageId, 'spam');
  const page = await queue(t, mod);
  await as(root).decideReport(reportId, 'acted');
  await act(page, rowAbout(page, ben), 'Dismiss');
  await page.getByRole('alert').getByText('Somebody else has decided it meanwhile.').waitFor();
  await page.getByText('Nothing waits for a decision.').waitFor();
});

test('many reports come page by page, the oldest first, and a list that does not come is asked for again', async (t) => {
  await emptyQueue();
  const { ada, ben, roomId } = await benSays('number 0');
  for (let number = 1; number <= 33; number += 1) {
    const { message_id } = await ben.rest.postMessage(roomId, { content: `number ${number}` });
    await ada.rest.reportMessage(message_id, 'spam');
  }
  const page = await queue(t, mod);
  await page.getByRole('status').getByText('30 and more reports').waitFor();
  assert.equal(await page.locator('.reported > p').first().textContent(), 'number 1');
  await page.route('**/admin/reports?*', (route) => route.abort());
  await page.locator('.report-list').getByRole('button', { name: 'Show more' }).click();
  await page.getByRole('alert').getByText('The server cannot be reached.').waitFor();
  await page.unroute('**/admin/reports?*');
  await page.locator('.report-list').getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('status').getByText('33 reports').waitFor();
  assert.equal(await page.locator('.reported > p').last().textContent(), 'number 33');
});

test('who loses the role loses the queue with it', async (t) => {
  const ben = await person('Ben');
  await as(root).changeAccount(ben.id, { role: 'moderator' });
  const page = await queue(t, ben.session);
  await as(root).changeAccount(ben.id, { role: 'user' });
  await page.getByRole('tab', { name: 'Decided' }).click();
  await page.getByText('Pick up a conversation').waitFor();
});

test('on a phone the queue fits', async (t) => {
  await emptyQueue();
  const { ada, messageId } = await benSays('W'.repeat(400));
  await ada.rest.reportMessage(messageId, 'abuse', 'M'.repeat(300));
  const page = await queue(t, root, phone);
  await page.locator('.report-row:visible').waitFor();
  await assertFits(page, 'the queue');
  await act(page, page.locator('.report-row:visible'), 'Done');
  await page.getByRole('tab', { name: 'Decided' }).click();
  await page.locator('.report-row:visible').first().waitFor();
  await assertFits(page, 'what is decided');
});
