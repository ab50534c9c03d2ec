// Real pages in a real browser against a real parleyd: people meet, talk, see each other, and lose their
// connection.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  assertFits,
  createGroup,
  launchBrowser,
  makeSession,
  messageOf,
  openPage,
  openRoom,
  openSignedIn,
  password,
  pickPerson,
  register,
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
  node = await startParleyd({ set: { 'log.level': 'warn' } });
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await node?.stop();
});

/** Names that no other test of this file uses. */
function freshNames() {
  people += 1;
  return { anna: `Anna Lind ${people}`, ben: `Ben Okafor ${people}`, room: `Harbour walk ${people}` };
}

/** Two people signed in and in a group, which Anna has open; `wire` stands between her and the server. */
async function annaAndBen(t, options = {}) {
  const names = freshNames();
  const wire = await Wire.to(node.port);
  const annas = await makeSession(node.url, `anna.${people}`, names.anna);
  const bens = await makeSession(node.url, `ben.${people}`, names.ben);
  const rest = new ParleyRest({ url: node.url, token: annas.token });
  await rest.createGroup(names.room, [bens.user.user_id]);
  const ben = await openSignedIn(t, browser, node.url, bens);
  const anna = await openSignedIn(t, browser, wire.url, annas, options);
  t.after(() => wire.close());
  await openRoom(anna, names.room);
  return { anna, ben, wire, names };
}

function assertNoComplaints(...pages) {
  for (const page of pages) assert.deepEqual(page.complaints, []);
}

test('two people register, talk, react, and see each other type and be there', async (t) => {
  const names = freshNames();
  const ben = await openPage(t, browser, node.url);
  const anna = await openPage(t, browser, node.url);
  await register(ben, `ben.${people}`, names.ben);
  await register(anna, `anna.${people}`, names.anna);
  await createGroup(anna, names.room, [names.ben]);
  await openRoom(ben, names.room);
  await say(anna, 'Are we still on for Sunday?');
  await messageOf(ben, 'Are we still on for Sunday?').waitFor();
  await messageOf(anna, 'Are we still on for Sunday?').getByText('Seen').waitFor({ state: 'attached' });

  await ben.getByLabel('Write a message').pressSequentially('Yes');
  await anna.locator('.typing-line').getByText(`${names.ben} is typing…`).waitFor();
  await ben.getByLabel('Write a message').press('Enter');
  await messageOf(anna, 'Yes').waitFor();
  await anna.locator('.typing-line:not(.shown)').waitFor({ state: 'attached' });

  const question = messageOf(ben, 'Are we still on for Sunday?');
  await question.hover();
  await question.getByRole('button', { name: 'React' }).click();
  await ben.getByRole('menuitem', { name: 'Heart' }).click();
  const heart = messageOf(anna, 'Are we still on for Sunday?').locator('.chip');
  await heart.filter({ hasText: '1' }).waitFor();
  assert.match(await heart.getAttribute('aria-label'), new RegExp(`by ${names.ben}`));
  await heart.click();
  await question.locator('.chip', { hasText: '2' }).click();
  await heart.and(anna.getByRole('button', { name: '1, by You. Take yours back' })).waitFor();
  await heart.click();
  await question.locator('.chip').waitFor({ state: 'detached' });

  await anna.locator('.presence-line').getByText('2 members, 2 online').waitFor();
  await anna.getByRole('button', { name: 'People in this room' }).click();
  await anna.locator('.people li', { hasText: names.ben }).getByText('Online').waitFor();
  assertNoComplaints(anna, ben);
});

test('somebody who leaves is shown as gone, with the time when last seen', async (t) => {
  const { anna, ben, names } = await annaAndBen(t);
  await anna.locator('.presence-line').getByText('2 members, 2 online').waitFor();
  await ben.getByRole('button', { name: 'Sign out' }).click();
  await ben.getByRole('heading', { name: 'Welcome back' }).waitFor();
  await anna.locator('.presence-line').getByText('2 members, 1 online').waitFor({ timeout: 60_000 });
  await anna.getByRole('button', { name: 'People in this room' }).click();
  await anna.locator('.people li', { hasText: names.ben }).getByText('Last seen').waitFor();
});

test('who loses the connection catches up, with nothing lost, doubled or out of order', async (t) => {
  const { anna, ben, wire, names } = await annaAndBen(t);
  await openRoom(ben, names.room);
  await say(anna, 'before');
  await messageOf(ben, 'before').waitFor();

  wire.cut();
  await anna.locator('.banner.shown[data-state="offline"]').waitFor();
  const missed = Array.from({ length: 12 }, (_, index) => `while you were away ${index + 1}`);
  for (const text of missed) await say(ben, text);
  await messageOf(ben, missed.at(-1)).waitFor();
  await say(anna, 'written in the tunnel 1');
  await say(anna, 'written in the tunnel 2');
  await anna.locator('.outgoing.queued').nth(1).waitFor();

  wire.mend();
  await messageOf(anna, 'written in the tunnel 2').waitFor({ timeout: 60_000 });
  await anna.locator('.banner:not(.shown)').waitFor({ state: 'attached' });
  await messageOf(ben, 'written in the tunnel 2').waitFor();
  await say(ben, 'after');
  await messageOf(anna, 'after').waitFor();
  await messageOf(ben, 'after').waitFor();
  const all = ['before', ...missed, 'written in the tunnel 1', 'written in the tunnel 2', 'after'];
  assert.deepEqual(await texts(anna), all);
  assert.deepEqual(await texts(ben), all);
  assert.equal(await anna.locator('.outgoing').count(), 0);
  assertNoComplaints(anna, ben);
});

test('a connection that breaks again and again while both write gives both the same, once', async (t) => {
  const { anna, ben, wire, names } = await annaAndBen(t);
  await openRoom(ben, names.room);
  for (let round = 1; round <= 4; round += 1) {
    for (const text of [`Anna ${round}a`, `Anna ${round}b`]) await say(anna, text);
    wire.cut();
    await say(ben, `Ben ${round}`);
    wire.mend();
    for (const page of [anna, ben])
      for (const text of [`Ben ${round}`, `Anna ${round}b`])
        await messageOf(page, text).waitFor({ timeout: 60_000 });
  }
  const [annas, bens] = [await texts(anna), await texts(ben)];
  assert.deepEqual(annas, bens);
  assert.equal(new Set(annas).size, 12);
  assert.equal(annas.length, 12);
  const mine = annas.filter((text) => text.startsWith('Anna'));
  assert.deepEqual(mine, [...mine].sort());
});

test('a page outlives a restart of the server, and sends what was written meanwhile', async (t) => {
  const { anna, ben, names } = await annaAndBen(t);
  await openRoom(ben, names.room);
  await say(ben, 'before the restart');
  await messageOf(anna, 'before the restart').waitFor();
  assert.equal((await node.terminate()).code, 0);
  // Started only when the page has said so: a quick node would be back before anybody looked.
  await anna.locator('.self-name [data-state="online"]').waitFor({ state: 'detached' });
  await say(anna, 'during the restart');
  await node.start();
  await messageOf(ben, 'during the restart').waitFor({ timeout: 60_000 });
  assert.deepEqual(await texts(ben), ['before the restart', 'during the restart']);
  await messageOf(anna, 'during the restart').waitFor();
  assert.deepEqual(await texts(anna), ['before the restart', 'during the restart']);
});

test('unread messages are counted until they are seen, and a reload forgets nothing', async (t) => {
  const { anna, ben, names } = await annaAndBen(t);
  for (const text of ['one', 'two', 'three']) await say(anna, text);
  const row = ben.locator('.room', { hasText: names.room });
  await row.locator('.badge', { hasText: '3' }).waitFor();
  await ben.reload();
  await row.locator('.badge', { hasText: '3' }).waitFor();
  await row.click();
  await messageOf(ben, 'three').waitFor();
  await ben.locator('.new-line').waitFor();
  await row.locator('.badge').waitFor({ state: 'detached' });
  await messageOf(anna, 'three').getByText('Seen').waitFor({ state: 'attached' });
  await ben.reload();
  await messageOf(ben, 'three').waitFor();
  assert.equal(await row.locator('.badge').count(), 0);
  assert.deepEqual(await texts(ben), ['one', 'two', 'three']);
});

test('older messages come as one scrolls up, and the place is kept', async (t) => {
  const { anna, ben, names } = await annaAndBen(t);
  // By the client itself: typing so many would be the longest part of the test.
  await anna.evaluate(
    async ({ room, count }) => {
      const { ParleyRest } = await import('/parley-client.js');
      const { token } = JSON.parse(sessionStorage.getItem('parley.session'));
      const rest = new ParleyRest({ url: location.origin, token });
      const { room_id: roomId } = (await rest.rooms()).find((each) => each.name === room);
      for (let number = 1; number <= count; number += 1) {
        for (let stored = false; !stored;) {
          stored = await rest
            .postMessage(roomId, { content: `line ${number}`, client_msg_id: `line-${number}` })
            .then(
              () => true,
              (error) =>
                new Promise((resolve, reject) => {
                  if (error.retryable) setTimeout(resolve, error.retryAfterMs ?? 100, false);
                  else reject(error);
                }),
            );
        }
      }
    },
    { room: names.room, count: 130 },
  );
  await openRoom(ben, names.room);
  await messageOf(ben, 'line 130').waitFor();
  assert.ok((await texts(ben)).length < 130, 'not everything is fetched at once');
  await until(async () => {
    await ben.locator('.scroller').evaluate((element) => {
      element.scrollTop = 0;
    });
    return (await ben.locator('.timeline-top').textContent()) === 'This is where it began.';
  }, 'the beginning of the room');
  assert.deepEqual(
    await texts(ben),
    Array.from({ length: 130 }, (_, index) => `line ${index + 1}`),
  );
  // A new message must not move what one reads up here, and is one click away.
  await ben.locator('.scroller').evaluate((element) => {
    element.scrollTop = 400;
  });
  await say(anna, 'the newest');
  await messageOf(ben, 'the newest').waitFor({ state: 'attached' });
  assert.equal(await ben.locator('.scroller').evaluate((element) => element.scrollTop), 400);
  await ben.getByRole('button', { name: 'Go to the newest message' }).click();
  await ben.getByRole('button', { name: 'Go to the newest message' }).waitFor({ state: 'hidden' });
});

test('markup stays text, and only https addresses become links and pictures', async (t) => {
  const { anna, ben, names } = await annaAndBen(t);
  await openRoom(ben, names.room);
  const evil = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>';
  await say(anna, evil);
  await messageOf(ben, 'onerror').waitFor();
  assert.deepEqual(await texts(ben), [evil]);
  assert.equal(await ben.locator('.message img, .message script').count(), 0);
  await say(anna, 'see https://example.org/a?b=c, or javascript:alert(1)');
  const links = messageOf(ben, 'example.org').locator('a');
  await links.first().waitFor();
  assert.deepEqual(await links.evaluateAll((all) => all.map((link) => link.href)), [
    'https://example.org/a?b=c',
  ]);
  assert.ok(!(await ben.title()).includes('owned'));

  await anna.getByRole('button', { name: 'Add a picture by its address' }).click();
  await anna.getByLabel('Address of a picture').fill('javascript:alert(1)');
  await anna.getByLabel('Address of a picture').press('Enter');
  await anna.getByText('A picture needs an address that begins with https://').waitFor();
  await anna.getByLabel('Address of a picture').fill('https://parley.invalid/cat.png');
  await anna.getByLabel('Address of a picture').press('Enter');
  await anna.getByRole('button', { name: 'Send', exact: true }).click();
  const picture = ben.locator('.message a.picture');
  await picture.waitFor();
  assert.equal(await picture.getAttribute('href'), 'https://parley.invalid/cat.png');
  assertNoComplaints(anna, ben);
});

test('a press on a room opens it, though the list is drawn anew and in another order meanwhile', async (t) => {
  const { anna, ben, names } = await annaAndBen(t);
  const wanted = `Pressed ${people}`;
  const { token } = JSON.parse(await ben.evaluate(() => sessionStorage.getItem('parley.session')));
  const rest = new ParleyRest({ url: node.url, token });
  const annaId = JSON.parse(await anna.evaluate(() => sessionStorage.getItem('parley.session'))).user.user_id;
  const { room_id: roomId } = await rest.createGroup(wanted, [annaId]);
  let heard = '';
  anna.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => (heard += payload)));
  await anna.reload();
  await openRoom(ben, names.room);
  await say(ben, 'the other room comes first');
  await anna.locator('.rooms li').first().getByText('the other room comes first').waitFor();
  await stretch(anna, 3_000, 30_000); // how long a press may take

  await anna.locator('.rooms').getByRole('button', { name: wanted }).hover();
  await anna.mouse.down();
  await rest.postMessage(roomId, { content: 'now this one does' });
  await until(() => heard.includes('now this one does'));
  await anna.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await anna.mouse.up();
  await anna.getByRole('heading', { name: wanted }).waitFor();
  await anna.locator('.rooms li').first().getByText('now this one does').waitFor();
});

test('a private room is one for both, and a group can be joined by invitation and left', async (t) => {
  const { anna, ben, names } = await annaAndBen(t);
  await ben.getByRole('button', { name: 'New conversation' }).first().click();
  await pickPerson(ben.getByRole('dialog'), names.anna);
  await ben.getByRole('button', { name: 'Start the conversation' }).click();
  await ben.getByRole('heading', { name: names.anna }).waitFor();
  await say(ben, 'between us');
  await anna.locator('.room', { hasText: names.ben }).filter({ hasText: 'between us' }).waitFor();

  const carls = await makeSession(node.url, `carl.${people}`, `Carl Berg ${people}`);
  const carl = await openSignedIn(t, browser, node.url, carls);
  await anna.getByRole('button', { name: 'People in this room' }).click();
  await anna.getByRole('button', { name: 'Invite people' }).click();
  await pickPerson(anna.getByRole('dialog'), `Carl Berg ${people}`);
  await anna.getByRole('button', { name: 'Invite', exact: true }).click();
  await openRoom(carl, names.room);
  await anna.locator('.people li', { hasText: `Carl Berg ${people}` }).waitFor();
  await carl.getByRole('button', { name: 'People in this room' }).click();
  await carl.getByRole('button', { name: 'Leave the room' }).click();
  await carl.getByRole('button', { name: 'Leave', exact: true }).click();
  await carl.getByText('Pick up a conversation').waitFor();
  await anna.getByText(`Carl Berg ${people} left`).waitFor();
  await anna.locator('.people li', { hasText: `Carl Berg ${people}` }).waitFor({ state: 'detached' });
  assertNoComplaints(anna, ben, carl);
});

test('a wrong password and a taken name are said plainly, and signing out ends the session', async (t) => {
  const { anna } = await annaAndBen(t);
  const page = await openPage(t, browser, node.url);
  await page.getByLabel('Username').fill(`anna.${people}`);
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('That username and password do not go together.').waitFor();
  await page.getByRole('button', { name: 'Create an account' }).click();
  await page.getByLabel('Username').fill(`Anna.${people}`);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByText('That username is taken. Please choose another.').waitFor();

  const token = await anna.evaluate(() => JSON.parse(sessionStorage.getItem('parley.session')).token);
  await anna.getByRole('button', { name: 'Sign out' }).click();
  await anna.getByRole('heading', { name: 'Welcome back' }).waitFor();
  // The page does not wait for the server to have heard of it.
  await until(async () => {
    const answer = await fetch(`${node.url}/api/v1/me`, { headers: { Authorization: `Bearer ${token}` } });
    return answer.status === 401;
  }, 'the end of the session');
});

test('on a phone nothing overflows to the side, and one gets from the list to a room and back', async (t) => {
  const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
  const { anna, ben, names } = await annaAndBen(t, phone);
  await openRoom(ben, names.room);
  await say(ben, 'W'.repeat(300));
  await say(ben, 'https://example.org/' + 'path/'.repeat(40));
  await say(anna, 'M'.repeat(200));
  await messageOf(anna, 'MMM').waitFor();
  await messageOf(ben, 'MMM').waitFor();
  await assertFits(anna, 'the conversation');
  await messageOf(anna, 'WWW').getByRole('button', { name: 'React' }).click();
  await assertFits(anna, "the reactions beside another's message");
  await anna.getByRole('menuitem', { name: 'Heart' }).click();
  await messageOf(anna, 'WWW').locator('.chip').waitFor();
  await anna.getByRole('button', { name: 'People in this room' }).click();
  await anna.locator('.people li').first().waitFor();
  await assertFits(anna, 'the people');
  await anna.locator('.people-panel').getByRole('button', { name: 'Close' }).click();
  await anna.getByRole('button', { name: 'Back to the rooms' }).click();
  await anna.locator('.room', { hasText: names.room }).waitFor();
  assert.equal(await anna.locator('.room-view').count(), 0);
  await assertFits(anna, 'the list of rooms');
  await anna.getByRole('button', { name: 'New conversation' }).first().click();
  await pickPerson(anna.getByRole('dialog'), names.ben);
  await assertFits(anna, 'the dialog');
  await anna.keyboard.press('Escape');
  await anna.locator('.room', { hasText: names.room }).click();
  await messageOf(anna, 'MMM').waitFor();
  await anna.goBack();
  await anna.locator('.room', { hasText: names.room }).waitFor();
});
