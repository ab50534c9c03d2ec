// One's own account on the page: the profile, the password, and where one is logged in.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  assertFits,
  launchBrowser,
  makeSession,
  openRoom,
  openSignedIn,
  password,
} from '../support/browser.mjs';
import { ParleyRest } from '../../web/parley-client.js';
import { startParleyd, until } from '../support/parleyd.mjs';

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

/** Anna's page, with her account open in it. */
async function annasAccount(t, options = {}) {
  people += 1;
  const username = `anna.${people}`;
  const session = await makeSession(node.url, username, 'Anna Lind');
  const rest = new ParleyRest({ url: node.url, token: session.token });
  const page = await openSignedIn(t, browser, node.url, session, options);
  const dialog = await openAccount(page);
  return { page, rest, session, username, dialog };
}

async function openAccount(page) {
  await page.getByRole('button', { name: 'your account' }).click();
  return page.getByRole('dialog', { name: 'Your account' });
}

const logIn = (username, secret = password) => new ParleyRest({ url: node.url }).login(username, secret);

test('a profile is changed, shown at once, and stored', async (t) => {
  const { page, dialog, rest } = await annasAccount(t);
  await dialog.getByLabel('Name shown to others').fill('Anna Lindqvist');
  await dialog.getByLabel('Email').fill('anna@example.org');
  await dialog.getByLabel('Phone').fill('+46 8 123 456');
  await dialog.getByLabel('Address of your picture').fill('https://parley.invalid/anna.png');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByRole('status').getByText('Saved.').waitFor();
  await page.locator('.self-name').getByText('Anna Lindqvist').waitFor();
  const { display_name, email, phone, img_url } = await rest.me();
  assert.deepEqual(
    { display_name, email, phone, img_url },
    {
      display_name: 'Anna Lindqvist',
      email: 'anna@example.org',
      phone: '+46 8 123 456',
      img_url: 'https://parley.invalid/anna.png',
    },
  );
  const kept = await page.evaluate(() => JSON.parse(sessionStorage.getItem('parley.session')).user);
  assert.equal(kept.display_name, 'Anna Lindqvist', 'the next start shows the new name at once');
  await page.reload();
  const again = await openAccount(page);
  await until(async () => (await again.getByLabel('Phone').inputValue()) === '+46 8 123 456', 'the phone');
  for (const label of ['Name shown to others', 'Email', 'Phone', 'Address of your picture'])
    await again.getByLabel(label).fill('');
  await again.getByRole('button', { name: 'Save' }).click();
  await again.getByRole('status').getByText('Saved.').waitFor();
  const cleared = await rest.me();
  assert.deepEqual([cleared.email, cleared.phone, cleared.img_url], [null, null, null]);
  await page.locator('.self-name').getByText(`anna.${people}`).waitFor();
  assert.deepEqual(page.complaints, []);
});

test('what the server refuses is said beside its field', async (t) => {
  const { page, dialog, rest } = await annasAccount(t);
  await until(
    async () => (await dialog.getByLabel('Name shown to others').inputValue()) !== '',
    'the profile',
  );
  await dialog.getByLabel('Phone').fill('call me');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.locator('.field', { hasText: 'Phone' }).getByRole('alert').filter({ hasText: /\w/ }).waitFor();
  assert.equal(await dialog.getByLabel('Phone').getAttribute('aria-invalid'), 'true');
  assert.equal(await dialog.getByLabel('Phone').evaluate((input) => input === document.activeElement), true);
  await dialog.getByLabel('Phone').fill('');
  assert.equal(await dialog.getByLabel('Phone').getAttribute('aria-invalid'), null);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByRole('status').getByText('Nothing has changed.').waitFor();
  assert.equal((await rest.me()).phone, null);
  await page.keyboard.press('Escape');
  assert.equal(
    await page.evaluate(() => document.activeElement.className),
    'self',
    'the focus is back where it came from',
  );
});

test('a password is changed: this page stays, the others end, and the old one opens nothing', async (t) => {
  const { page, dialog, session, username } = await annasAccount(t);
  const other = await openSignedIn(t, browser, node.url, await logIn(username));
  await dialog.getByRole('tab', { name: 'Password' }).click();
  await dialog.getByLabel('Current password').fill('not the password');
  await dialog.getByLabel('New password').fill('short');
  await dialog.getByRole('button', { name: 'Change the password' }).click();
  await dialog.getByText('That is too short.').waitFor();
  await dialog.getByLabel('New password').fill('another horse battery');
  await dialog.getByRole('button', { name: 'Change the password' }).click();
  await dialog.getByText('That is not your current password.').waitFor();
  await dialog.getByLabel('Current password').fill(password);
  await dialog.getByRole('button', { name: 'Change the password' }).click();
  await dialog.getByRole('status').getByText('Your password is changed.').waitFor();
  await other.getByRole('heading', { name: 'Welcome back' }).waitFor();
  await other.getByText('Please sign in again.').waitFor();
  assert.equal((await new ParleyRest({ url: node.url, token: session.token }).me()).username, username);
  await assert.rejects(logIn(username), { code: 'unauthenticated' });
  await logIn(username, 'another horse battery');
  assert.equal(await page.locator('.self-name [data-state="online"]').count(), 1);
  assert.deepEqual(page.complaints, []);
});

test('too many wrong passwords are answered with how long to wait', async (t) => {
  const { dialog } = await annasAccount(t);
  await dialog.getByRole('tab', { name: 'Password' }).click();
  await dialog.getByLabel('New password').fill('another horse battery');
  const tooMany = dialog.getByRole('alert').getByText(/Too many tries\. Please wait \d+ seconds/);
  await until(async () => {
    await dialog.getByLabel('Current password').fill('not the password');
    await dialog.getByRole('button', { name: 'Change the password' }).click();
    await dialog.getByRole('button', { name: 'Change the password', disabled: false }).waitFor();
    return tooMany.isVisible();
  }, 'the end of the patience');
});

test('log-ins are listed, and each can be ended', async (t) => {
  const { page, dialog, username } = await annasAccount(t);
  const session = await logIn(username);
  const other = await openSignedIn(t, browser, node.url, session);
  await dialog.getByRole('tab', { name: 'Log-ins' }).click();
  const rows = dialog.locator('.log-ins li');
  await rows.nth(1).waitFor();
  await rows.first().getByText('This device').waitFor();
  assert.equal(await rows.getByText('This device').count(), 1);
  await rows
    .nth(1)
    .getByRole('button', { name: /^Log out/ })
    .click();
  await rows.nth(1).waitFor({ state: 'detached' });
  await dialog.getByRole('status').getByText('is logged out.').waitFor();
  await other.getByRole('heading', { name: 'Welcome back' }).waitFor();
  await assert.rejects(new ParleyRest({ url: node.url, token: session.token }).me(), {
    code: 'unauthenticated',
  });

  await rows.first().getByRole('button', { name: 'Log out here' }).click();
  await page.getByRole('dialog', { name: 'Log out here?' }).getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('heading', { name: 'Welcome back' }).waitFor();
  assert.equal(await page.getByRole('dialog').count(), 0);
  assert.deepEqual(page.complaints, []);
});

test('one can log out everywhere at once', async (t) => {
  const { page, dialog, session, username } = await annasAccount(t);
  const sessions = [session, await logIn(username), await logIn(username)];
  const other = await openSignedIn(t, browser, node.url, sessions[1]);
  await dialog.getByRole('tab', { name: 'Log-ins' }).click();
  await dialog.getByRole('button', { name: 'Log out everywhere' }).click();
  const question = page.getByRole('dialog', { name: 'Log out everywhere?' });
  await question.getByRole('button', { name: 'Log out everywhere' }).click();
  for (const each of [page, other]) await each.getByRole('heading', { name: 'Welcome back' }).waitFor();
  for (const { token } of sessions)
    await assert.rejects(new ParleyRest({ url: node.url, token }).me(), { code: 'unauthenticated' });
});

test('the tabs go by the arrow keys, and on a phone all of them fit', async (t) => {
  const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
  const { page, dialog } = await annasAccount(t, phone);
  await assertFits(page, 'the profile');
  await dialog.getByRole('tab', { name: 'Profile' }).focus();
  await page.keyboard.press('ArrowRight');
  await dialog.getByLabel('New password').waitFor();
  await assertFits(page, 'the password');
  await page.keyboard.press('ArrowRight');
  await dialog.locator('.log-ins li').waitFor();
  await assertFits(page, 'the log-ins');
  await page.keyboard.press('ArrowRight');
  await dialog.getByText('You have no files.').waitFor();
  await assertFits(page, 'the files');
  await page.keyboard.press('ArrowLeft');
  assert.equal(await dialog.getByRole('tab', { name: 'Log-ins' }).getAttribute('aria-selected'), 'true');
});

test('others see a new name and picture in what is said and in the list of people', async (t) => {
  const { page, dialog, rest } = await annasAccount(t);
  const ben = await makeSession(node.url, `ben.${people}`, 'Ben Okafor');
  await rest.createGroup(`Quiet corner ${people}`, [ben.user.user_id]);
  await dialog.getByLabel('Name shown to others').fill('<b>Anna</b>');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByRole('status').getByText('Saved.').waitFor();
  await page.keyboard.press('Escape');
  const bens = await openSignedIn(t, browser, node.url, ben);
  await openRoom(bens, `Quiet corner ${people}`);
  await bens.getByRole('button', { name: 'People in this room' }).click();
  await bens.locator('.people li', { hasText: '<b>Anna</b>' }).waitFor();
  assert.equal(await bens.locator('.people b').count(), 0);
});
