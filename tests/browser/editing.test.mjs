// Editing and deleting messages on the page: one's own, others' by a moderator, live and after a reload.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  assertFits,
  launchBrowser,
  makeSession,
  messageOf,
  openRoom,
  openSignedIn,
  say,
  Wire,
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

/** Anna and Ben with the same group open, in which Anna has said something. */
async function annaAndBen(t, { said = 'helo Ben', ...options } = {}) {
  people += 1;
  const name = `Quiet corner ${people}`;
  const wire = await Wire.to(node.port);
  t.after(() => wire.close());
  const annas = await makeSession(node.url, `anna.${people}`, 'Anna Lind');
  const bens = await makeSession(node.url, `ben.${people}`, 'Ben Okafor');
  const rest = new ParleyRest({ url: node.url, token: annas.token });
  const bensRest = new ParleyRest({ url: node.url, token: bens.token });
  const { room_id: roomId } = await rest.createGroup(name, [bens.user.user_id]);
  await rest.postMessage(roomId, { content: said });
  const anna = await openSignedIn(t, browser, wire.url, annas, options);
  const ben = await openSignedIn(t, browser, node.url, bens);
  for (const page of [anna, ben]) {
    await openRoom(page, name);
    await messageOf(page, said).waitFor();
  }
  return { anna, ben, rest, bensRest, roomId, wire, name };
}

const editor = (page) => page.getByLabel('Edit the message');

async function press(page, text, action) {
  const row = messageOf(page, text);
  await row.hover();
  await row.getByRole('button', { name: action }).click();
}

async function confirmDeletion(page) {
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
}

test('an edit is seen by the others at once, bears a mark, and outlives a reload', async (t) => {
  const { anna, ben } = await annaAndBen(t);
  await press(anna, 'helo Ben', 'Edit');
  assert.equal(await editor(anna).inputValue(), 'helo Ben');
  await editor(anna).fill('hello Ben');
  await editor(anna).press('Enter');
  for (const page of [anna, ben]) {
    await messageOf(page, 'hello Ben').locator('.edited').waitFor();
    assert.equal(await messageOf(page, 'helo Ben').count(), 0);
  }
  assert.equal(await editor(anna).count(), 0);
  assert.equal(
    await anna.evaluate(() => document.activeElement.dataset.control),
    'edit',
    'the focus is back',
  );
  for (const page of [anna, ben]) {
    await page.reload();
    await messageOf(page, 'hello Ben').locator('.edited').waitFor();
  }
  assert.equal(
    await messageOf(ben, 'hello Ben')
      .getByRole('button', { name: /Edit|Delete/ })
      .count(),
    0,
  );
  assert.deepEqual([...anna.complaints, ...ben.complaints], []);
});

test('Escape leaves a message as it was, and the arrow upwards goes to the last one', async (t) => {
  const { anna } = await annaAndBen(t);
  const write = anna.getByLabel('Write a message');
  await write.press('ArrowUp');
  await editor(anna).fill('something else');
  await editor(anna).press('Escape');
  await messageOf(anna, 'helo Ben').waitFor();
  assert.equal(await write.evaluate((element) => element === document.activeElement), true);
  assert.equal(await anna.locator('.edited').count(), 0);

  await write.press('ArrowUp');
  await editor(anna).fill('   ');
  await editor(anna).press('Enter');
  await anna.getByRole('alert').getByText('Write something, or delete the message.').waitFor();
  await editor(anna).fill('two');
  await editor(anna).press('Shift+Enter');
  await editor(anna).pressSequentially('lines');
  await anna.getByRole('button', { name: 'Save' }).click();
  await messageOf(anna, 'two').locator('.edited').waitFor();
  assert.equal(await anna.locator('.message .body').textContent(), 'two\nlines');
  await write.fill('begun');
  await write.press('ArrowUp');
  assert.equal(await editor(anna).count(), 0, 'the arrow moves in what one writes');
});

test('what is being written stays while others react, and ends when the message goes', async (t) => {
  const { anna, ben, rest, roomId } = await annaAndBen(t);
  await press(anna, 'helo Ben', 'Edit');
  await editor(anna).fill('hello my dear');
  await press(ben, 'helo Ben', 'React');
  await ben.getByRole('menuitem', { name: 'Heart' }).click();
  await anna.locator('.chip').waitFor();
  assert.equal(await editor(anna).inputValue(), 'hello my dear');
  assert.equal(await editor(anna).evaluate((element) => element === document.activeElement), true);
  const { items } = await rest.messages(roomId);
  await rest.call('DELETE', `messages/${items[0].message_id}`);
  await editor(anna).waitFor({ state: 'detached' });
  await anna.locator('.bubble.deleted').waitFor();
});

test('an edit that cannot be stored says so and keeps the text', async (t) => {
  const { anna, wire } = await annaAndBen(t);
  await press(anna, 'helo Ben', 'Edit');
  wire.cut();
  await anna.locator('.banner.shown').waitFor();
  await editor(anna).fill('hello Ben');
  await editor(anna).press('Enter');
  await anna.getByRole('alert').getByText('The server cannot be reached.').waitFor();
  wire.mend();
  await anna.locator('.self-name [data-state="online"]').waitFor({ timeout: 60_000 });
  await editor(anna).press('Enter');
  await messageOf(anna, 'hello Ben').locator('.edited').waitFor();
});

test('one deletes after a question, and the others see it at once and after a reload', async (t) => {
  const { anna, ben } = await annaAndBen(t);
  await say(ben, 'an answer');
  await messageOf(anna, 'an answer').waitFor();
  assert.equal(await messageOf(anna, 'an answer').getByRole('button', { name: 'Delete' }).count(), 0);
  await press(anna, 'helo Ben', 'Delete');
  await anna.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await messageOf(anna, 'helo Ben').waitFor();
  await press(anna, 'helo Ben', 'Delete');
  await confirmDeletion(anna);
  for (const page of [anna, ben]) await messageOf(page, 'This message was deleted.').waitFor();
  assert.equal(await messageOf(anna, 'This message was deleted.').getByRole('button').count(), 0);
  await ben.reload();
  await messageOf(ben, 'This message was deleted.').waitFor();
  assert.equal(await messageOf(ben, 'helo').count(), 0);
  assert.deepEqual([...anna.complaints, ...ben.complaints], []);
});

test('on a phone one edits and deletes from the menu beside a message', async (t) => {
  const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
  const { anna, ben } = await annaAndBen(t, phone);
  await messageOf(anna, 'helo Ben').getByRole('button', { name: 'React' }).tap();
  await assertFits(anna, 'the menu');
  await anna.getByRole('menuitem', { name: 'Edit' }).tap();
  await assertFits(anna, 'the editor');
  await editor(anna).fill('hello Ben');
  await anna.getByRole('button', { name: 'Save' }).tap();
  await messageOf(ben, 'hello Ben').locator('.edited').waitFor();
  await messageOf(anna, 'hello Ben').getByRole('button', { name: 'React' }).tap();
  await anna.getByRole('menuitem', { name: 'Delete' }).tap();
  await confirmDeletion(anna);
  await messageOf(ben, 'This message was deleted.').waitFor();
});
