// What the page does with bad lines, small windows and changes under the user's hands; one person a test, the
// others speak by REST.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  launchBrowser,
  makeSession,
  messageOf,
  openPage,
  openRoom,
  openSignedIn,
  password,
  say,
  Wire,
} from '../support/browser.mjs';
import { ParleyRest } from '../../web/parley-client.js';
import { pause, startParleyd, until } from '../support/parleyd.mjs';

let node;
let browser;
let people = 0;

before(async () => {
  node = await startParleyd({ set: { 'log.level': 'warn', 'limits.send_burst': 0 } });
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await node?.stop();
});

/**
 * Anna's page behind a wire, and what Ben can do; both are in one group.
 * @param {string[]} [texts] what Ben said before
 */
async function annaHears(t, { texts = [], ...options } = {}) {
  people += 1;
  const name = `Quiet corner ${people}`;
  const wire = await Wire.to(node.port);
  t.after(() => wire.close());
  const annas = await makeSession(node.url, `anna.${people}`, 'Anna Lind');
  const bens = await makeSession(node.url, `ben.${people}`, 'Ben Okafor');
  const ben = new ParleyRest({ url: node.url, token: bens.token });
  const { room_id: roomId } = await ben.createGroup(name, [annas.user.user_id]);
  const send = (content) => ben.postMessage(roomId, { content });
  for (const text of texts) await send(text);
  const anna = await openSignedIn(t, browser, wire.url, annas, options);
  return { anna, annas, ben, roomId, send, wire, name };
}

test('a row that changes keeps the focus and the open menu', async (t) => {
  const { anna, ben, roomId, send, name } = await annaHears(t, { texts: ['Look at this'] });
  await openRoom(anna, name);
  const row = messageOf(anna, 'Look at this');
  await row.hover();
  await row.getByRole('button', { name: 'React' }).click();
  await anna.keyboard.press('ArrowRight');
  const { items } = await ben.messages(roomId);
  const [{ message_id: messageId }] = items;
  await ben.call('PUT', `messages/${messageId}/reactions/${encodeURIComponent('🎉')}`);
  await row.locator('.chip').waitFor();
  assert.equal(await anna.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Heart');
  await anna.keyboard.press('Enter');
  await row.locator('.chip').nth(1).waitFor();
  assert.equal(await anna.evaluate(() => document.activeElement.getAttribute('aria-label')), 'React');

  const chip = row.locator('.chip').first();
  await chip.focus();
  await chip.press('Enter');
  await row.locator('.chip', { hasText: '2' }).waitFor();
  assert.equal(await anna.evaluate(() => document.activeElement.dataset.control), 'chip 🎉');
  await send('and at this');
  await messageOf(anna, 'and at this').waitFor();
  assert.equal(await anna.evaluate(() => document.activeElement.dataset.control), 'chip 🎉');
  assert.deepEqual(anna.complaints, []);
});

test('on a phone the menu of reactions is whole, and nothing lies over it', async (t) => {
  const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
  const texts = ['Hi', 'A longer one, so that the button stands far to the right', 'W'.repeat(120), 'Bye'];
  const { anna, name } = await annaHears(t, { texts, ...phone });
  await openRoom(anna, name);
  await say(anna, 'mine');
  await messageOf(anna, 'mine').waitFor();
  for (const text of [...texts, 'mine']) {
    await messageOf(anna, text.slice(0, 20)).getByRole('button', { name: 'React' }).tap();
    const covered = await anna.locator('.picker').evaluate((menu) => {
      const frame = menu.closest('.scroller').getBoundingClientRect();
      return [...menu.children].filter((item) => {
        const { left, right, top, bottom } = item.getBoundingClientRect();
        const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
        return left < frame.left || right > frame.right || !(hit && item.contains(hit));
      }).length;
    });
    assert.equal(covered, 0, text);
    await anna.keyboard.press('Escape');
  }
});

test('signing out does not wait for the network, and leaves nothing for the next person', async (t) => {
  const { anna, wire, name } = await annaHears(t);
  await openRoom(anna, name);
  await anna.getByLabel('Write a message').fill('a secret that was never sent');
  // Not even refused: the request to log out hangs, and is given up after 30 s.
  await anna.route('**/auth/logout', () => {});
  await anna.getByRole('button', { name: 'Sign out' }).click();
  await anna.getByRole('heading', { name: 'Welcome back' }).waitFor({ timeout: 15_000 });
  assert.equal(await anna.evaluate(() => sessionStorage.getItem('parley.session')), null);
  await anna.getByLabel('Username').fill(`ben.${people}`);
  await anna.getByLabel('Password').fill(password);
  await anna.getByRole('button', { name: 'Sign in' }).click();
  await openRoom(anna, name);
  assert.equal(await anna.getByLabel('Write a message').inputValue(), '');
  wire.cut();
  await anna.locator('.banner.shown').waitFor();
  await anna.getByRole('button', { name: 'Sign out' }).click();
  await anna.getByRole('heading', { name: 'Welcome back' }).waitFor({ timeout: 15_000 });
  assert.deepEqual(anna.complaints, []);
});

test('messages that cannot be fetched are asked for again, older ones only now and then', async (t) => {
  const texts = Array.from({ length: 60 }, (_, index) => `line ${index + 1}`);
  const { anna, name } = await annaHears(t, { texts });
  let refused = 0;
  const refuse = (route) => {
    refused += 1;
    return route.abort();
  };
  await anna.route('**/messages?limit=50', refuse);
  await openRoom(anna, name);
  await anna.getByText('The messages could not be fetched.').waitFor();
  await anna.unroute('**/messages?limit=50', refuse);
  await messageOf(anna, 'line 60').waitFor();

  refused = 0;
  await anna.route('**/messages?*before_seq=*', refuse);
  await anna.locator('.scroller').evaluate((element) => {
    element.scrollTop = 0;
  });
  await anna.getByText('Older messages could not be fetched.').waitFor();
  await pause(1_000);
  assert.ok(refused <= 2, `${refused} requests`);
  await anna.unroute('**/messages?*before_seq=*', refuse);
  await until(async () => {
    const retry = anna.getByRole('button', { name: 'Try again' });
    await retry.click({ timeout: 500 }).catch(() => {}); // it goes while they come
    return anna.locator('.message .body').getByText('line 1', { exact: true }).isVisible();
  }, 'the oldest message');
  assert.deepEqual(anna.complaints, []);
});

test('who has an account now but could not be signed in only needs to sign in', async (t) => {
  const page = await openPage(t, browser, node.url);
  const refuse = (route) => route.abort();
  await page.route('**/auth/login', refuse);
  await page.getByRole('button', { name: 'Create an account' }).click();
  await page.getByLabel('Username').fill('carla');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByText('Your account was created. The server cannot be reached.').waitFor();
  await page.unroute('**/auth/login', refuse);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('.self-name [data-state="online"]').waitFor();
  assert.deepEqual(page.complaints, []);
});

test('a dialog closes by a press beside it, not by one on its scrollbar', async (t) => {
  const { anna } = await annaHears(t);
  await anna.getByRole('button', { name: 'New conversation' }).first().click();
  const dialog = anna.getByRole('dialog');
  const { x, y, width, height } = await dialog.boundingBox();
  // By hand: this browser hides its scrollbars. The dialog is the target of a press on its own.
  await dialog.dispatchEvent('pointerdown', { clientX: x + width - 4, clientY: y + height / 2 });
  assert.equal(await dialog.count(), 1);
  await anna.mouse.click(x - 20, y + height / 2);
  await dialog.waitFor({ state: 'detached' });
});

test('the focus stays on its room while the list changes its order', async (t) => {
  const { anna, ben, annas, send, name } = await annaHears(t, { texts: ['first'] });
  const other = await ben.createGroup('Another corner', [annas.user.user_id]);
  await ben.postMessage(other.room_id, { content: 'second' });
  const room = anna.locator('.room', { hasText: name });
  await anna.locator('.rooms li').first().getByText('Another corner').waitFor();
  await room.focus();
  await send('third');
  await anna.locator('.rooms li').first().getByText(name).waitFor();
  assert.equal(await room.evaluate((element) => element === document.activeElement), true);
});
