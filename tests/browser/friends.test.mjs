// Friends on the page: asking, answering, ending, blocking, and who sees it happen.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  launchBrowser,
  makeSession,
  messageOf,
  openRoom,
  openSignedIn,
  pickPerson,
  say,
  assertFits,
} from '../support/browser.mjs';
import { ParleyRest } from '../../web/parley-client.js';
import { startParleyd } from '../support/parleyd.mjs';

let node;
let browser;
let people = 0;

before(async () => {
  node = await startParleyd({ set: { 'log.level': 'warn' } });
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await node?.stop();
});

/** Somebody with an account and a REST client, and with a page if asked for. */
async function person(t, first, options = null) {
  people += 1;
  const name = `${first} ${people}`;
  const session = await makeSession(node.url, `${first.toLowerCase()}.${people}`, name);
  const rest = new ParleyRest({ url: node.url, token: session.token });
  const page = options && (await openSignedIn(t, browser, node.url, session, options));
  return { name, id: session.user.user_id, rest, page, session };
}

async function friendsOf(page) {
  await page.getByRole('button', { name: /^Friends/ }).click();
  return page.getByRole('dialog', { name: 'Friends' });
}

const rowIn = (dialog, standing, name) =>
  dialog.locator(`[data-standing="${standing}"] .friend-row`, { hasText: name });

/** By its name: whoever comes or goes meanwhile has the row drawn anew. */
const focusedIn = (page) => page.evaluate(() => document.activeElement.getAttribute('aria-label'));

const assertNoComplaints = (...pages) => pages.forEach((page) => assert.deepEqual(page.complaints, []));

test('one asks, the other sees it at once and accepts, and both see who is online', async (t) => {
  const anna = await person(t, 'Anna', {});
  const ben = await person(t, 'Ben', {});
  const hers = await friendsOf(anna.page);
  await hers.getByText('No friends yet.').waitFor();
  await hers.getByRole('button', { name: 'Add a friend' }).click();
  await pickPerson(hers, ben.name);
  await hers.getByRole('button', { name: 'Ask', exact: true }).click();
  await hers.getByRole('status').getByText(`${ben.name} was asked.`).waitFor();
  await rowIn(hers, 'outgoing', ben.name).waitFor();

  await ben.page.getByRole('button', { name: 'Friends, 1 request for you' }).waitFor();
  await ben.page
    .locator('[aria-live]', { hasText: `${anna.name} asks to be your friend.` })
    .waitFor({ state: 'attached' });
  const his = await friendsOf(ben.page);
  await rowIn(his, 'incoming', anna.name)
    .getByRole('button', { name: /^Accept/ })
    .click();
  await rowIn(his, 'friend', anna.name).getByText('Online').waitFor();
  await ben.page.locator('.icon-button > .badge').waitFor({ state: 'detached' });
  await rowIn(hers, 'friend', ben.name).getByText('Online').waitFor();

  await ben.page.context().close();
  await rowIn(hers, 'friend', ben.name).getByText('Last seen').waitFor({ timeout: 60_000 });
  assertNoComplaints(anna.page);
});

test('a request is declined or taken back, and a reload shows how it stands', async (t) => {
  const anna = await person(t, 'Anna', {});
  const [ben, carl] = [await person(t, 'Ben'), await person(t, 'Carl')];
  await ben.rest.askFriend(anna.id);
  await anna.rest.askFriend(carl.id);
  const dialog = await friendsOf(anna.page);
  await rowIn(dialog, 'incoming', ben.name).waitFor();
  await rowIn(dialog, 'outgoing', carl.name).waitFor();
  await anna.page.reload();
  const again = await friendsOf(anna.page);
  await rowIn(again, 'incoming', ben.name)
    .getByRole('button', { name: /^Decline/ })
    .click();
  await rowIn(again, 'incoming', ben.name).waitFor({ state: 'detached' });
  await rowIn(again, 'outgoing', carl.name)
    .getByRole('button', { name: /^Take back/ })
    .click();
  await again.getByText('No friends yet.').waitFor();
  assert.deepEqual([await ben.rest.friends(), await carl.rest.friends()], [[], []]);
  assertNoComplaints(anna.page);
});

test('who answers by the keyboard stays where the next answer is', async (t) => {
  const anna = await person(t, 'Anna', {});
  const [ben, carl] = [await person(t, 'Ben'), await person(t, 'Carl')];
  for (const other of [ben, carl]) await other.rest.askFriend(anna.id);
  await anna.page.getByRole('button', { name: 'Friends, 2 requests for you' }).waitFor();
  const dialog = await friendsOf(anna.page);
  await rowIn(dialog, 'incoming', ben.name)
    .getByRole('button', { name: /^Accept/ })
    .focus();
  await anna.page.keyboard.press('Enter');
  await rowIn(dialog, 'friend', ben.name).waitFor();
  assert.equal(await focusedIn(anna.page), `Accept the request of ${carl.name}`);
  await anna.page.keyboard.press('Enter');
  await rowIn(dialog, 'friend', carl.name).waitFor();
  assert.equal(await focusedIn(anna.page), `Write to ${carl.name}`, 'along with who moved');
});

test('a friend is one press from a conversation, and a friendship ends after a question', async (t) => {
  const anna = await person(t, 'Anna', {});
  const ben = await person(t, 'Ben');
  await anna.rest.askFriend(ben.id);
  await ben.rest.answerFriend(anna.id, 'accept');
  await (await friendsOf(anna.page)).getByRole('button', { name: `Write to ${ben.name}` }).click();
  await anna.page.getByRole('heading', { name: ben.name }).waitFor();
  assert.equal(await anna.page.getByRole('dialog').count(), 0);
  await say(anna.page, 'hello');
  await messageOf(anna.page, 'hello').waitFor();

  const dialog = await friendsOf(anna.page);
  const menu = dialog.getByRole('button', { name: `What to do about ${ben.name}` });
  await menu.focus();
  await menu.press('Enter');
  await anna.page.keyboard.press('Escape');
  assert.equal(await dialog.count(), 1, 'Escape closes the menu, not the dialog');
  assert.equal(await focusedIn(anna.page), `What to do about ${ben.name}`);
  await menu.press('Enter');
  await anna.page.keyboard.press('Enter');
  await anna.page.getByRole('dialog').getByRole('button', { name: 'End the friendship' }).click();
  await dialog.getByText(`${ben.name} and you are friends no more.`).waitFor();
  await dialog.getByText('No friends yet.').waitFor();
  assert.deepEqual(await ben.rest.friends(), []);
});

test('who is blocked is told plainly that no message goes through, and the block can be undone', async (t) => {
  const anna = await person(t, 'Anna', {});
  const ben = await person(t, 'Ben', {});
  await anna.rest.openPrivate(ben.id);
  await openRoom(anna.page, ben.name);
  await openRoom(ben.page, anna.name);
  await anna.page.getByRole('button', { name: 'People in this room' }).click();
  await anna.page.getByRole('button', { name: `What to do about ${ben.name}` }).click();
  await anna.page.getByRole('menuitem', { name: 'Block' }).click();
  await anna.page.getByRole('dialog').getByRole('button', { name: 'Block', exact: true }).click();
  await anna.page.getByText(`You block ${ben.name}.`).waitFor();
  await anna.page.getByLabel('Write a message').waitFor({ state: 'hidden' });
  await anna.page.locator('.people li', { hasText: ben.name }).getByText('Blocked').waitFor();

  await say(ben.page, 'can you hear me?');
  await ben.page
    .locator('.outgoing.failed')
    .getByText('Not sent. Nobody can write in this private room now.')
    .waitFor();
  const his = await friendsOf(ben.page);
  await his.getByRole('button', { name: 'Add a friend' }).click();
  await pickPerson(his, anna.name);
  await his.getByRole('button', { name: 'Ask', exact: true }).click();
  await his.getByRole('alert').getByText(`${anna.name} does not take requests from you.`).waitFor();
  await his.getByRole('button', { name: 'Close' }).click();

  const blocked = await friendsOf(anna.page);
  await rowIn(blocked, 'blocked', ben.name).waitFor();
  await blocked.getByRole('button', { name: 'Close' }).click();
  await anna.page.locator('.blocked-notice').getByRole('button', { name: 'Unblock' }).click();
  await anna.page.getByLabel('Write a message').waitFor();
  await ben.page.locator('.outgoing.failed').getByRole('button', { name: 'Try again' }).click();
  await messageOf(anna.page, 'can you hear me?').waitFor();
  assertNoComplaints(anna.page, ben.page);
});

test('somebody who blocks cannot be written to, and the dialog says so', async (t) => {
  const anna = await person(t, 'Anna');
  const ben = await person(t, 'Ben', {});
  await anna.rest.answerFriend(ben.id, 'block');
  await ben.page.getByRole('button', { name: 'New conversation' }).first().click();
  await pickPerson(ben.page.getByRole('dialog'), anna.name);
  await ben.page.getByRole('button', { name: 'Start the conversation' }).click();
  await ben.page.getByRole('alert').getByText(`${anna.name} does not take messages from you.`).waitFor();
});

test('one asks a member of a group from the list of its people', async (t) => {
  const anna = await person(t, 'Anna', {});
  const ben = await person(t, 'Ben', {}); // without a page he would soon be offline
  await ben.rest.createGroup(`Quiet corner ${people}`, [anna.id]);
  await openRoom(anna.page, `Quiet corner ${people}`);
  await anna.page.getByRole('button', { name: 'People in this room' }).click();
  const menu = anna.page.getByRole('button', { name: `What to do about ${ben.name}` });
  await menu.click();
  await anna.page.getByRole('menuitem', { name: 'Add as a friend' }).click();
  await anna.page.locator('.people li', { hasText: ben.name }).getByText('You asked to be friends').waitFor();
  assert.equal(await focusedIn(anna.page), `What to do about ${ben.name}`);
  await ben.rest.answerFriend(anna.id, 'accept');
  await anna.page.locator('.people li', { hasText: ben.name }).getByText('Friend · Online').waitFor();
});

test('names are text, whatever they look like', async (t) => {
  const anna = await person(t, 'Anna', {});
  const evil = '<img src=x onerror="document.title=1">';
  const session = await makeSession(node.url, `evil.${people}`, evil);
  await new ParleyRest({ url: node.url, token: session.token }).askFriend(anna.id);
  const dialog = await friendsOf(anna.page);
  await dialog.locator('.friend-row').getByText(evil).waitFor();
  assert.equal(await anna.page.locator('img[src="x"]').count(), 0);
  assertNoComplaints(anna.page);
});

test('on a phone all of it fits', async (t) => {
  const anna = await person(t, 'Anna', {
    viewport: { width: 360, height: 740 },
    hasTouch: true,
    isMobile: true,
  });
  const others = [];
  for (const name of ['Bartholomew Featherstonehaugh', 'Carl', 'Dora', 'Emil'])
    others.push(await person(t, name.replace(/ .*/, '')));
  const [asks, friend, asked, blocked] = others;
  await asks.rest.askFriend(anna.id);
  await friend.rest.askFriend(anna.id);
  await anna.rest.answerFriend(friend.id, 'accept');
  await anna.rest.askFriend(asked.id);
  await anna.rest.answerFriend(blocked.id, 'block');
  const dialog = await friendsOf(anna.page);
  for (const other of others) await dialog.locator('.friend-row', { hasText: other.name }).waitFor();
  await assertFits(anna.page, 'the friends');
  await dialog.getByRole('button', { name: `What to do about ${friend.name}` }).click();
  await assertFits(anna.page, 'the menu');
  await anna.page.keyboard.press('Escape');
  await dialog.getByRole('button', { name: 'Add a friend' }).click();
  await assertFits(anna.page, 'asking');
});
