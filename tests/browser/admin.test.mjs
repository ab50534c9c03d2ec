// The page for admins and moderators: what each sees, what each may do, and what that does to others' pages.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  assertFits,
  createGroup,
  launchBrowser,
  makeSession,
  messageOf,
  openRoom,
  openSignedIn,
  password,
  say,
} from '../support/browser.mjs';
import { ParleyRest } from '../../web/parley-client.js';
import { startParleyd } from '../support/parleyd.mjs';

let node;
let browser;
let people = 0;
/** Sessions of an admin and a moderator. */
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

async function user(first = 'Ben') {
  people += 1;
  const username = `${first.toLowerCase()}.${people}`;
  const session = await makeSession(node.url, username, `${first} ${people}`);
  return { ...session, username, name: `${first} ${people}` };
}

/** The page of an admin or moderator, on #admin. */
async function administration(t, session, options = {}) {
  const page = await openSignedIn(t, browser, node.url, session, options);
  await page.getByRole('button', { name: 'Administration' }).click();
  await page.locator('.account-table tbody tr').first().waitFor();
  return page;
}

async function find(page, account) {
  await page.getByLabel('Search accounts by name').fill(account.username);
  const row = page.locator(`[data-user="${account.user.user_id}"]`);
  await page.getByRole('status').getByText('1 account', { exact: true }).waitFor();
  await row.waitFor();
  return row;
}

async function act(page, account, action) {
  await page.getByRole('button', { name: `What to do about ${account.name}` }).click();
  await page.getByRole('menuitem', { name: action }).click();
  await page.getByRole('dialog').getByRole('button', { name: action }).click();
}

async function offered(page, account) {
  await page.getByRole('button', { name: `What to do about ${account.name}` }).click();
  const texts = await page.getByRole('menuitem').allTextContents();
  await page.keyboard.press('Escape');
  return texts;
}

test('a user sees nothing of it, whatever the address says', async (t) => {
  const ben = await user();
  const page = await openSignedIn(t, browser, `${node.url}/#admin`, ben);
  await page.getByText('Pick up a conversation').waitFor();
  assert.equal(await page.locator('.admin-view').count(), 0);
  assert.equal(await page.getByRole('button', { name: 'Administration' }).count(), 0);
});

test('an admin suspends a user, whose page ends, and restores them', async (t) => {
  const ben = await user();
  const bens = await openSignedIn(t, browser, node.url, ben);
  const page = await administration(t, root);
  const row = await find(page, ben);
  await row.getByText('Active').waitFor();
  await page.getByRole('button', { name: `What to do about ${ben.name}` }).click();
  await page.getByRole('menuitem', { name: 'Suspend' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await row.getByText('Active').waitFor();
  await act(page, ben, 'Suspend');
  await page.getByRole('status').getByText(`${ben.name} is suspended.`).waitFor();
  await row.getByText('Suspended').waitFor();
  await bens.getByText('This account has been suspended or locked.').waitFor();
  await bens.getByLabel('Username').fill(ben.username);
  await bens.getByLabel('Password').fill(password);
  await bens.getByRole('button', { name: 'Sign in' }).click();
  await bens.getByText('That username and password do not go together.').waitFor();
  await assert.rejects(new ParleyRest({ url: node.url, token: ben.token }).me(), { code: 'unauthenticated' });

  // An answer that came after the next change would show the account as it was.
  await Promise.all([
    page.waitForResponse(/flagDelete=not_active/),
    page.getByLabel('State').selectOption('Suspended'),
  ]);
  await row.waitFor();
  await act(page, ben, 'Restore');
  await row.getByText('Active').waitFor();
  await page.getByLabel('State').selectOption('Locked');
  await page.getByText('No such account.').waitFor();
  assert.deepEqual(page.complaints, []);
});

test('roles are given and taken, accounts locked, and the trail tells of it', async (t) => {
  const ben = await user();
  const page = await administration(t, root);
  const row = await find(page, ben);
  await act(page, ben, 'Make a moderator');
  await row.getByText('Moderator').waitFor();
  await Promise.all([
    page.waitForResponse(/role=moderator/),
    page.getByLabel('Role').selectOption('Moderator'),
  ]);
  await row.waitFor();
  await act(page, ben, 'Make a user');
  await page.getByRole('status').getByText(`${ben.name} is a user now.`).waitFor();
  await act(page, ben, 'Lock');
  await row.getByText('Locked').waitFor();

  await page.getByRole('tab', { name: 'Audit trail' }).click();
  const trail = page.locator('.audit li', { hasText: ben.name });
  await trail.first().waitFor();
  const told = await trail.evaluateAll((rows) => rows.map((each) => each.querySelector('p').textContent));
  assert.deepEqual(told, [
    `Root locked the account of ${ben.name}`,
    `Root changed the role of ${ben.name}`,
    `Root changed the role of ${ben.name}`,
  ]);
  assert.deepEqual(page.complaints, []);
});

test('the last admin cannot be lost, and the page says why', async (t) => {
  const page = await administration(t, root);
  await find(page, { ...root, username: 'root' });
  await act(page, { name: 'Root' }, 'Make a user');
  await page.getByRole('alert').getByText('This is the last active admin.').waitFor();
  assert.equal((await new ParleyRest({ url: node.url, token: root.token }).me()).role, 'admin');
});

test('a moderator may suspend and restore users only, and sees no trail and no addresses', async (t) => {
  const ben = await user();
  await new ParleyRest({ url: node.url, token: ben.token }).updateMe({ email: 'ben@example.org' });
  const page = await administration(t, mod);
  const tabs = page.getByRole('tablist', { name: 'Administration' }).getByRole('tab');
  assert.deepEqual(await tabs.allTextContents(), ['Accounts', 'Reports']);
  assert.equal(await page.getByRole('columnheader', { name: 'Contact' }).count(), 0);
  await find(page, ben);
  assert.equal((await page.content()).includes('ben@example.org'), false);
  assert.deepEqual(await offered(page, ben), ['Suspend']);
  await act(page, ben, 'Suspend');
  await page.locator('.state.not_active').waitFor();
  assert.deepEqual(await offered(page, ben), ['Restore']);
  await act(page, ben, 'Restore');
  await page.locator('.state.active').waitFor();
  await find(page, { ...root, username: 'root' });
  assert.equal(await page.getByRole('button', { name: 'What to do about Root' }).count(), 0);
  assert.deepEqual(page.complaints, []);
});

test('who loses the role loses the page with it', async (t) => {
  const ben = await user();
  const admin = new ParleyRest({ url: node.url, token: root.token });
  await admin.changeAccount(ben.user.user_id, { role: 'moderator' });
  const page = await administration(t, ben);
  await admin.changeAccount(ben.user.user_id, { role: 'user' });
  await page.getByLabel('Search accounts by name').fill('root');
  await page.getByText('Pick up a conversation').waitFor();
  await page.getByRole('button', { name: 'Administration' }).waitFor({ state: 'hidden' });
});

test('who comes back to the page has the role that was given meanwhile', async (t) => {
  const ben = await user();
  const admin = new ParleyRest({ url: node.url, token: root.token });
  const page = await openSignedIn(t, browser, node.url, ben);
  await admin.changeAccount(ben.user.user_id, { role: 'moderator' });
  const button = page.getByRole('button', { name: 'Administration' });
  assert.equal(await button.count(), 0);
  await page.evaluate(() => window.dispatchEvent(new Event('focus')));
  await button.waitFor();
});

test('a moderator deletes what another wrote, for everybody', async (t) => {
  const ben = await user();
  const bens = await openSignedIn(t, browser, node.url, ben);
  const name = `Quiet corner ${people}`;
  await createGroup(bens, name, ['Mod']);
  await say(bens, 'something rude');
  const page = await openSignedIn(t, browser, node.url, mod);
  await openRoom(page, name);
  const row = messageOf(page, 'something rude');
  await row.hover();
  assert.equal(await row.getByRole('button', { name: 'Edit' }).count(), 0);
  await row.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByText(`${ben.name} wrote it.`).waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  for (const each of [page, bens]) await messageOf(each, 'This message was deleted.').waitFor();
});

test('a moderator removes a member of a group from the list of its people', async (t) => {
  const [ben, carl] = [await user(), await user('Carl')];
  const rest = new ParleyRest({ url: node.url, token: ben.token });
  const name = `Quiet corner ${people}`;
  await rest.createGroup(name, [mod.user.user_id, carl.user.user_id]);
  const carls = await openSignedIn(t, browser, node.url, carl);
  await openRoom(carls, name);
  const page = await openSignedIn(t, browser, node.url, mod);
  await openRoom(page, name);
  await page.getByRole('button', { name: 'People in this room' }).click();
  await page.getByRole('button', { name: `What to do about ${carl.name}` }).click();
  await page.getByRole('menuitem', { name: 'Remove from the room' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
  await page.locator('.people li', { hasText: carl.name }).waitFor({ state: 'detached' });
  await carls.getByText('Pick up a conversation').waitFor();
  await page.getByText(`You removed ${carl.name}`).waitFor();
});

test('who lost the role is offered no more of it once something was refused', async (t) => {
  const [ben, carl, once] = [await user(), await user('Carl'), await user('Once')];
  const admin = new ParleyRest({ url: node.url, token: root.token });
  await admin.changeAccount(once.user.user_id, { role: 'moderator' });
  const name = `Former corner ${people}`;
  const members = [once.user.user_id, carl.user.user_id];
  await new ParleyRest({ url: node.url, token: ben.token }).createGroup(name, members);
  const page = await openSignedIn(t, browser, node.url, once);
  await openRoom(page, name);
  await page.getByRole('button', { name: 'People in this room' }).click();
  const moderate = page.getByRole('button', { name: 'Moderate the room' });
  await moderate.waitFor();
  await admin.changeAccount(once.user.user_id, { role: 'user' });
  await page.getByRole('button', { name: `What to do about ${carl.name}` }).click();
  await page.getByRole('menuitem', { name: 'Remove from the room' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
  await moderate.waitFor({ state: 'hidden' });
  await page.getByRole('alert').getByText('only the room').waitFor();
});

test('many accounts come page by page, and a list that cannot be fetched can be asked for again', async (t) => {
  const rest = new ParleyRest({ url: node.url });
  for (let number = 1; number <= 55; number += 1)
    await rest.register({
      username: `zed.${String(number).padStart(2, '0')}`,
      password: 'correct horse battery',
    });
  const page = await administration(t, root);
  await page.getByLabel('Search accounts by name').fill('zed.');
  await page.locator('.account-table tbody tr').first().getByText('@zed.01').waitFor();
  await page.getByRole('status').getByText('50 and more accounts').waitFor();
  await page.getByRole('button', { name: 'Show more' }).click();
  await page.getByRole('status').getByText('55 accounts').waitFor();
  assert.equal(await page.locator('.account-table tbody tr').count(), 55);
  await page.route('**/admin/users?*', (route) => route.abort());
  await page.getByLabel('Search accounts by name').fill('zed.0');
  await page.getByRole('alert').getByText('The server cannot be reached.').waitFor();
  await page.unroute('**/admin/users?*');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('status').getByText('9 accounts').waitFor();
});

test('on a phone it fits, and one gets back to the rooms', async (t) => {
  const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
  const page = await administration(t, root, phone);
  await assertFits(page, 'the accounts');
  await page.getByRole('button', { name: 'What to do about Mod' }).click();
  await assertFits(page, 'the menu');
  await page.keyboard.press('Escape');
  await page.getByRole('tab', { name: 'Audit trail' }).click();
  await page.getByRole('tabpanel', { name: 'Audit trail' }).waitFor();
  await assertFits(page, 'the trail');
  await page.getByRole('button', { name: 'Back to the rooms' }).click();
  await page.getByRole('button', { name: 'Administration' }).waitFor();
});
