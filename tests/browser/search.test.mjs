// Searching messages on the page: what is found and how it shows, the way to the message, and what happens to
// it meanwhile; one person a test, the others speak by REST.
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
  stretch,
  texts,
  Wire,
} from '../support/browser.mjs';
import { ParleyRest } from '../../web/parley-client.js';
import { startParleyd, until } from '../support/parleyd.mjs';

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
 * Anna's page behind a wire, and what Ben can do, who is in two groups with her.
 * @param {object} options of the page
 */
async function annaSearches(t, options = {}) {
  people += 1;
  const names = { harbour: `Harbour ${people}`, garden: `Garden ${people}` };
  const wire = await Wire.to(node.port);
  t.after(() => wire.close());
  const annas = await makeSession(node.url, `anna.${people}`, 'Anna Lind');
  const bens = await makeSession(node.url, `ben.${people}`, 'Ben Okafor');
  const ben = new ParleyRest({ url: node.url, token: bens.token });
  const annaRest = new ParleyRest({ url: node.url, token: annas.token });
  const rooms = {};
  for (const [key, name] of Object.entries(names))
    rooms[key] = (await ben.createGroup(name, [annas.user.user_id])).room_id;
  const send = (key, content) => ben.postMessage(rooms[key], { content });
  /** Waits until the server finds so many. */
  const indexed = (q, count) =>
    until(
      async () => (await annaRest.searchMessages(q, { limit: 200 })).items.length === count,
      `${count} messages with ${q}`,
    );
  const openPage = async () => {
    const page = await openSignedIn(t, browser, wire.url, annas, options);
    await stretch(page, 2_500, 8_000); // the mark of a message
    return page;
  };
  return { names, rooms, annas, annaRest, ben, bens, send, indexed, openPage, wire };
}

const field = (page) => page.getByRole('combobox', { name: 'Search messages' });
const hits = (page) => page.getByRole('option');
const count = (page) => page.locator('.search-count');
const focused = (page) =>
  page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.tagName);

async function look(page, q, found) {
  await field(page).fill(q);
  await count(page).getByText(found, { exact: true }).waitFor();
}

/** Whether the middle of a message is in sight. */
const isInSight = (row) =>
  row.evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect();
    const frame = element.closest('.scroller').getBoundingClientRect();
    return (top + bottom) / 2 > frame.top && (top + bottom) / 2 < frame.bottom;
  });

test('messages of all rooms are found, the newest first, with room, sender and the hits marked', async (t) => {
  const { names, rooms, annaRest, bens, send, indexed, openPage } = await annaSearches(t);
  await send('harbour', 'the walrus sleeps on the pier');
  await send('garden', 'a Wälrus in the tulips');
  await annaRest.postMessage(rooms.harbour, { content: 'which walruses?' });
  const { room_id: privateRoom } = await annaRest.openPrivate(bens.user.user_id);
  await annaRest.postMessage(privateRoom, { content: 'between us: walrus' });
  await indexed('walrus', 4);
  const anna = await openPage();
  await look(anna, 'walrus', '4 messages found.');
  assert.deepEqual(await hits(anna).locator('strong').allTextContents(), [
    'Ben Okafor',
    names.harbour,
    names.garden,
    names.harbour,
  ]);
  assert.deepEqual(await hits(anna).locator('.hit-sender').allTextContents(), [
    'You',
    'You',
    'Ben Okafor',
    'Ben Okafor',
  ]);
  assert.deepEqual(await hits(anna).locator('mark').allTextContents(), [
    'walrus',
    'walruses',
    'Wälrus',
    'walrus',
  ]);
  assert.equal(await hits(anna).nth(2).locator('.hit-passage').textContent(), 'a Wälrus in the tulips');
  assert.equal(await anna.locator('.room-list').isVisible(), false, 'it stands in the place of the rooms');
  await look(anna, 'walrus ', '3 messages found.'); // a blank ends the word
  await look(anna, 'nightingale', 'No messages found.');
  await field(anna).fill('');
  await anna.locator('.room-list').waitFor();
  assert.equal(await hits(anna).count(), 0);
  assert.deepEqual(anna.complaints, []);
});

test('a hit far back opens its room there, and what is around comes from both sides', async (t) => {
  const { names, send, indexed, openPage } = await annaSearches(t);
  for (let number = 1; number <= 300; number += 1)
    await send('harbour', number === 90 ? 'line 90 hides the quincunx' : `line ${number}`);
  await send('garden', 'nothing here');
  await indexed('quincunx', 1);
  const anna = await openPage();
  await openRoom(anna, names.garden);
  await look(anna, 'quincunx', '1 message found.');
  await hits(anna).click();
  await anna.getByRole('heading', { name: names.harbour }).waitFor();
  const row = messageOf(anna, 'quincunx');
  await anna.locator('.message.aimed', { hasText: 'quincunx' }).waitFor();
  assert.ok(await isInSight(row));
  assert.equal(await focused(anna), 'Messages, scroll up for older ones');
  await anna
    .locator('.timeline [aria-live]', { hasText: 'Ben Okafor: line 90' })
    .waitFor({ state: 'attached' });
  await anna.locator('.message.aimed').waitFor({ state: 'detached' });
  assert.ok((await texts(anna)).length < 250, 'not all of it was fetched');

  // What comes above does not move what one reads.
  const place = await anna.locator('.scroller').evaluate((scroller) => {
    scroller.scrollTop = 300;
    const edge = scroller.getBoundingClientRect().top;
    const rows = [...scroller.querySelectorAll('.message')];
    const row = rows.find((each) => each.getBoundingClientRect().top > edge);
    return { id: row.dataset.message, top: row.getBoundingClientRect().top, rows: rows.length };
  });
  await until(async () => (await texts(anna)).length > place.rows, 'older messages');
  const { y } = await anna.locator(`[data-message="${place.id}"]`).boundingBox();
  assert.ok(Math.abs(y - place.top) < 2, `it moved from ${place.top} to ${y}`);

  // What comes meanwhile stands at the end, which is not here, and must not stand behind line 115.
  await send('harbour', 'line 301');
  const scrollTo = (top) =>
    anna
      .locator('.scroller')
      .evaluate((element, top) => (element.scrollTop = top ?? element.scrollHeight), top);
  await until(async () => {
    await scrollTo(0);
    return (await anna.locator('.timeline-top').textContent()) === 'This is where it began.';
  }, 'the beginning of the room');
  await until(async () => {
    await scrollTo(null);
    return (await texts(anna)).at(-1) === 'line 301';
  }, 'the end of the room');
  await scrollTo(null); // the last page may have come just after the last time
  await anna.getByRole('button', { name: 'Go to the newest message' }).waitFor({ state: 'hidden' });
  assert.deepEqual(
    (await texts(anna)).map((text) => Number(text.split(' ')[1])),
    Array.from({ length: 301 }, (_, index) => index + 1),
  );
  await send('harbour', 'line 302');
  await messageOf(anna, 'line 302').waitFor();
  assert.ok(await isInSight(messageOf(anna, 'line 302')), 'the end is followed again');
  assert.deepEqual(anna.complaints, []);
});

test('from an old message one click, or a message of one’s own, leads to the newest', async (t) => {
  const { names, send, indexed, openPage } = await annaSearches(t);
  await send('harbour', 'the first words: obelisk');
  for (let number = 2; number <= 120; number += 1) await send('harbour', `line ${number}`);
  await indexed('obelisk', 1);
  const anna = await openPage();
  await indexed('line 120', 1);
  const toOldest = async () => {
    await look(anna, 'obelisk', '1 message found.');
    await hits(anna).click();
    await anna.locator('.message.aimed', { hasText: 'obelisk' }).waitFor();
    assert.ok(await isInSight(messageOf(anna, 'obelisk')));
    await field(anna).press('Escape');
  };
  await openRoom(anna, names.harbour);
  await messageOf(anna, 'line 120').waitFor();
  await toOldest();
  await anna.getByRole('button', { name: 'Go to the newest message' }).click();
  await messageOf(anna, 'line 120').waitFor();
  await until(() => isInSight(messageOf(anna, 'line 120')), 'the newest message in sight');
  await anna.getByRole('button', { name: 'Go to the newest message' }).waitFor({ state: 'hidden' });

  await toOldest();
  await say(anna, 'I am back');
  await messageOf(anna, 'I am back').waitFor();
  await until(() => isInSight(messageOf(anna, 'I am back')), 'one’s own message in sight');
  assert.equal(await messageOf(anna, 'line 120').count(), 1);
  // A room that is left in its past is opened again at its end.
  await toOldest();
  await openRoom(anna, names.garden);
  await openRoom(anna, names.harbour);
  await messageOf(anna, 'I am back').waitFor();
  await until(() => isInSight(messageOf(anna, 'I am back')), 'the end of the room');
  // One that is here already is shown too.
  await openRoom(anna, names.garden);
  await look(anna, 'line 85', '1 message found.');
  await hits(anna).click();
  await anna.locator('.message.aimed', { hasText: 'line 85' }).waitFor();
  assert.ok(await isInSight(messageOf(anna, 'line 85')));
  assert.equal(await focused(anna), 'Messages, scroll up for older ones');
  await look(anna, 'line 120', '1 message found.');
  await hits(anna).click();
  await until(() => isInSight(messageOf(anna, 'line 120')), 'one that the same timeline has');
  assert.deepEqual(anna.complaints, []);
});

test('markup in what is found stays text, marks included', async (t) => {
  const { send, indexed, openPage } = await annaSearches(t);
  const evil = '<img src=x onerror="document.title=\'owned\'"> &amp; <mark>zebra</mark> & <b>zebra</b>';
  await send('harbour', evil);
  await indexed('zebra', 1);
  const anna = await openPage();
  await look(anna, 'zebra', '1 message found.');
  assert.equal(await hits(anna).locator('.hit-passage').textContent(), evil);
  assert.deepEqual(await hits(anna).locator('mark').allTextContents(), ['zebra', 'zebra']);
  assert.equal(await hits(anna).locator('img, b').count(), 0);
  await look(anna, '<img src=x', '1 message found.');
  assert.ok(!(await anna.title()).includes('owned'));
  assert.deepEqual(anna.complaints, []);
});

test('edits, deletions and the removal from a room show at once in what was found', async (t) => {
  const { rooms, annas, ben, send, indexed, openPage } = await annaSearches(t);
  const deleted = await send('harbour', 'pelican one');
  const edited = await send('harbour', 'pelican two');
  await send('garden', 'pelican three');
  await indexed('pelican', 3);
  const anna = await openPage();
  await look(anna, 'pelican', '3 messages found.');
  await ben.call('PATCH', `messages/${edited.message_id}`, { body: { content: 'a <heron> after all' } });
  await hits(anna).filter({ hasText: 'a <heron> after all' }).waitFor();
  assert.equal(await hits(anna).locator('mark').count(), 2);
  await ben.call('DELETE', `messages/${deleted.message_id}`);
  await count(anna).getByText('2 messages found.').waitFor();
  await ben.removeMember(rooms.garden, annas.user.user_id);
  await count(anna).getByText('1 message found.').waitFor();
  await look(anna, 'pelican ', 'No messages found.');
  await indexed('heron', 1);
  await look(anna, 'heron', '1 message found.');
  assert.deepEqual(anna.complaints, []);
});

test('one may look in the open room only, as long as one is in it', async (t) => {
  const { names, rooms, annas, ben, send, indexed, openPage } = await annaSearches(t);
  await send('harbour', 'lantern at sea');
  await send('garden', 'lantern in the hedge');
  await indexed('lantern', 2);
  const anna = await openPage();
  const here = anna.getByRole('switch', { name: 'This room only' });
  await look(anna, 'lantern', '2 messages found.');
  assert.equal(await here.isVisible(), false, 'no room is open');
  await field(anna).press('Escape');
  await openRoom(anna, names.garden);
  await look(anna, 'lantern', '2 messages found.');
  await anna.getByText('This room only').click();
  await count(anna).getByText('1 message found.').waitFor();
  assert.equal(await hits(anna).locator('strong').textContent(), names.garden);
  await anna.keyboard.press('Escape');
  await anna.locator('.room-list').waitFor();
  await anna.getByRole('button', { name: 'Search in this room' }).click();
  assert.ok(await here.isChecked());
  await look(anna, 'lantern', '1 message found.');
  await ben.removeMember(rooms.garden, annas.user.user_id);
  await here.waitFor({ state: 'hidden' });
  await hits(anna).locator('strong').getByText(names.harbour).waitFor();
  assert.equal(await hits(anna).count(), 1);
  assert.deepEqual(anna.complaints, []);
});

test('what is found comes page by page, by the keys, by scrolling and by the button', async (t) => {
  const { send, indexed, openPage } = await annaSearches(t);
  for (let number = 1; number <= 100; number += 1) await send('garden', `pebble ${number}`);
  await indexed('pebble', 100);
  const anna = await openPage();
  await look(anna, 'pebble', '30 messages, and there are more.');
  const found = anna.locator('.search-found');
  const more = found.getByRole('button', { name: 'More messages' });
  const shown = (atLeast) => until(async () => (await hits(anna).count()) >= atLeast, `${atLeast} hits`);
  await more.dispatchEvent('click');
  await count(anna).getByText('60 messages, and there are more.').waitFor();
  await found.evaluate((element) => (element.scrollTop = element.scrollHeight));
  await shown(90);
  for (let step = 0; step < 90; step += 1) await field(anna).press('ArrowDown');
  await count(anna).getByText('100 messages found.').waitFor();
  await more.waitFor({ state: 'hidden' });
  assert.deepEqual(
    await hits(anna).locator('.hit-passage').allTextContents(),
    Array.from({ length: 100 }, (_, index) => `pebble ${100 - index}`),
  );
  // The button that one stands on goes with the last page, and leaves the focus to the field.
  await look(anna, 'pebble ', '30 messages, and there are more.');
  assert.equal(await found.evaluate((element) => element.scrollTop), 0, 'another answer begins at its top');
  while (await more.isVisible()) {
    await more.focus({ timeout: 500 }).catch(() => {});
    await anna.keyboard.press('Enter');
  }
  await shown(100);
  assert.equal(await focused(anna), 'Search messages');
  assert.deepEqual(anna.complaints, []);
});

test('the keys open the search, walk through it, open a hit, and give the focus back', async (t) => {
  const { names, send, indexed, openPage } = await annaSearches(t);
  await send('harbour', 'comet one');
  await send('garden', 'comet two');
  await indexed('comet', 2);
  const anna = await openPage();
  await openRoom(anna, names.garden);
  const composer = anna.getByLabel('Write a message');
  await composer.fill('a draft');
  await composer.press('/');
  assert.equal(await composer.inputValue(), 'a draft/', 'there it is typed');
  await composer.press('Control+k');
  assert.equal(await focused(anna), 'Search messages');
  await anna.keyboard.press('Escape');
  assert.equal(await focused(anna), 'Write a message');
  await anna.locator('.scroller').focus();
  await anna.keyboard.press('/');
  assert.equal(await focused(anna), 'Search messages');
  assert.equal(await field(anna).inputValue(), '', 'the slash itself is not typed');

  await anna.keyboard.type('comet');
  await count(anna).getByText('2 messages found.').waitFor();
  const active = () => anna.locator('[role="option"][aria-selected="true"]');
  assert.equal(await active().count(), 0);
  await anna.keyboard.press('ArrowDown');
  await anna.keyboard.press('ArrowDown');
  assert.match(await active().textContent(), /comet one/);
  assert.equal(
    await field(anna).getAttribute('aria-activedescendant'),
    await active().evaluate((element) => element.id),
  );
  await anna.keyboard.press('ArrowUp');
  assert.match(await active().textContent(), /comet two/);
  await anna.keyboard.press('ArrowUp');
  assert.equal(await active().count(), 0);
  await anna.keyboard.press('ArrowDown');
  await anna.keyboard.press('ArrowDown');
  await anna.keyboard.press('Enter');
  await anna.getByRole('heading', { name: names.harbour }).waitFor();
  await anna.locator('.message.aimed', { hasText: 'comet one' }).waitFor();
  // What was found is there still, for the next one.
  await anna.keyboard.press('Control+k');
  await anna.keyboard.press('ArrowUp');
  await anna.keyboard.press('Enter');
  await anna.locator('.message.aimed', { hasText: 'comet two' }).waitFor();
  await anna.keyboard.press('Control+k');
  await anna.keyboard.press('Escape');
  assert.equal(await focused(anna), 'Messages, scroll up for older ones');
  await anna.locator('.room-list').waitFor();

  await anna.getByRole('button', { name: 'New conversation' }).first().click();
  await anna.getByRole('dialog').getByLabel('Search people by name').waitFor();
  await anna.keyboard.press('Control+k');
  assert.notEqual(await focused(anna), 'Search messages', 'a dialog stands over it');
  assert.equal(await anna.locator('.chat.searching').count(), 0);
  assert.deepEqual(anna.complaints, []);
});

test('typing asks once, and a line that is cut is said and can be tried again', async (t) => {
  const { names, send, indexed, openPage, wire } = await annaSearches(t);
  for (let number = 1; number <= 120; number += 1)
    await send('harbour', `${number === 1 ? 'osprey' : 'line'} ${number}`);
  await indexed('osprey', 1);
  const anna = await openPage();
  await openRoom(anna, names.garden);
  const asked = [];
  anna.on('request', (request) => {
    const url = new URL(request.url());
    if (url.pathname === '/api/v1/search') asked.push(url.searchParams.get('q'));
  });
  // In one go: between two keys the machine may stand still for longer than typing rests.
  await field(anna).evaluate((input) => {
    for (const letter of 'osprey') {
      input.value += letter;
      input.dispatchEvent(new Event('input', { bubbles: true }));
    }
  });
  await count(anna).getByText('1 message found.').waitFor();
  assert.deepEqual(asked, ['osprey']);

  wire.cut();
  await field(anna).fill('osprey 1');
  await anna.getByRole('alert').getByText('The server cannot be reached. Please try again.').waitFor();
  assert.equal(await count(anna).textContent(), '');
  wire.mend();
  await anna.locator('.search-found').getByRole('button', { name: 'Try again' }).click();
  await count(anna).getByText('1 message found.').waitFor();
  assert.equal(await anna.locator('.message-search .problem').textContent(), '');

  // The way to the message can be cut too; it is tried again by itself.
  let refuse = true;
  await anna.route('**/messages?*', (route) => (refuse ? route.abort() : route.continue()));
  await hits(anna).click();
  await anna.getByText('The messages could not be fetched.').waitFor();
  refuse = false;
  await anna.locator('.message.aimed', { hasText: 'osprey' }).waitFor();
  assert.ok(await isInSight(messageOf(anna, 'osprey')));
  assert.deepEqual(anna.complaints, []);
});

test('on a phone the search stands over the room, and a hit brings the room back', async (t) => {
  const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
  const { names, send, indexed, openPage } = await annaSearches(t, phone);
  await send('harbour', `heron ${'W'.repeat(200)}`);
  for (let number = 2; number <= 80; number += 1) await send('harbour', `line ${number}`);
  await send('garden', 'heron in the pond');
  await indexed('heron', 2);
  const anna = await openPage();
  await openRoom(anna, names.harbour);
  await anna.getByRole('button', { name: 'Search in this room' }).tap();
  await field(anna).waitFor();
  await look(anna, 'heron', '1 message found.');
  await assertFits(anna, 'what was found');
  await hits(anna).tap();
  await anna.locator('.message.aimed', { hasText: 'heron' }).waitFor();
  assert.equal(await field(anna).isVisible(), false);
  await assertFits(anna, 'the message that was found');
  await anna.getByRole('button', { name: 'Back to the rooms' }).tap();
  await hits(anna).first().waitFor(); // what was found is there still
  await anna.getByRole('button', { name: 'Close the search' }).tap();
  await openRoom(anna, names.garden);
  await anna.getByRole('button', { name: 'Search in this room' }).tap();
  await anna.getByRole('button', { name: 'Close the search' }).tap();
  await anna.getByRole('heading', { name: names.garden }).waitFor();
  assert.deepEqual(anna.complaints, []);
});
