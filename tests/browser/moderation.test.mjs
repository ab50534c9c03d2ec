// Moderation of a group on the page: who is offered it, and what mutes, bans and slow mode do to the others.
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

const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

let node;
let browser;
let people = 0;
/** Sessions of an admin and a moderator. */
let root;
let mod;

before(async () => {
  node = await startParleyd({
    set: { 'log.level': 'warn', 'limits.login_rate_per_minute': 0, 'limits.send_burst': 0 },
  });
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

/** A group that Ada has made, with Ben in it and whom else it needs; nobody has a page yet. */
async function group(...others) {
  people += 1;
  const [ada, ben] = await Promise.all(
    ['Ada', 'Ben'].map(async (first) => {
      const session = await makeSession(node.url, `${first.toLowerCase()}.${people}`, `${first} ${people}`);
      const rest = new ParleyRest({ url: node.url, token: session.token });
      return { session, rest, id: session.user.user_id, name: `${first} ${people}` };
    }),
  );
  const name = `Harbour ${people}`;
  const members = [ben.id, ...others.map(({ user }) => user.user_id)];
  const { room_id: roomId } = await ada.rest.createGroup(name, members);
  return { ada, ben, name, roomId };
}

/** The page of a member, in the room. */
async function inRoom(t, session, name, options = {}) {
  const page = await openSignedIn(t, browser, options.url ?? node.url, session, options);
  await openRoom(page, name);
  return page;
}

const openPeople = (page) => page.getByRole('button', { name: 'People in this room' }).click();

/** What the menu of a member offers, in the open panel. */
async function choose(page, name, item) {
  // Then it is known what the menu offers.
  await page.getByRole('button', { name: 'Moderate the room' }).waitFor();
  await page.getByRole('button', { name: `What to do about ${name}` }).click();
  await page.getByRole('menuitem', { name: item }).click();
}

async function openModeration(page) {
  await openPeople(page);
  await page.getByRole('button', { name: 'Moderate the room' }).click();
  return page.getByRole('dialog');
}

const composer = (page) => page.getByLabel('Write a message');
const isMuted = (page) => page.locator('.composer textarea:disabled').waitFor();
const mayWrite = (page) => page.locator('.composer textarea:enabled').waitFor();
const noted = (page, text) => page.locator('.note', { hasText: text }).waitFor();

test('only the creator, moderators and admins are offered to moderate a room', async (t) => {
  const { ada, ben, name } = await group(mod);
  const offered = async (session, about) => {
    const page = await inRoom(t, session, name);
    await openPeople(page);
    await page.getByRole('button', { name: `What to do about ${about}` }).click();
    await page.getByRole('menuitem').first().waitFor();
    const items = await page.getByRole('menuitem').allTextContents();
    await page.keyboard.press('Escape');
    const button = await page.getByRole('button', { name: 'Moderate the room' }).count();
    return { restricts: items.filter((text) => /Mute|Ban|Remove/.test(text)), button };
  };
  const all = { restricts: ['Mute…', 'Ban…', 'Remove from the room'], button: 1 };
  assert.deepEqual(await offered(ben.session, ada.name), { restricts: [], button: 0 });
  assert.deepEqual(await offered(mod, ben.name), all);
  const page = await inRoom(t, ada.session, name);
  await openPeople(page);
  await page.getByRole('button', { name: 'Moderate the room' }).waitFor();
  await page.getByRole('button', { name: `What to do about ${ben.name}` }).click();
  assert.deepEqual((await page.getByRole('menuitem').allTextContents()).slice(-3), all.restricts);
});

test('whoever is muted reads on and cannot write until then, on a new page neither', async (t) => {
  const { ada, ben, name } = await group();
  const bens = await inRoom(t, ben.session, name);
  const adas = await inRoom(t, ada.session, name);
  await composer(bens).fill('half a sentence');
  const asked = [];
  adas.on('request', (request) => request.method() === 'PUT' && asked.push(request.url()));
  await openPeople(adas);
  await choose(adas, ben.name, 'Mute…');
  const dialog = adas.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await choose(adas, ben.name, 'Mute…');
  await dialog.getByLabel('For how long').selectOption('1 hour');
  await dialog.getByLabel('Reason').fill('Too loud');
  await dialog.getByRole('button', { name: 'Mute', exact: true }).click();
  await adas.getByRole('status').getByText(`${ben.name} is muted until`).waitFor();
  await noted(adas, `You muted ${ben.name} until`);
  assert.equal(asked.length, 1, 'nothing came of the question that was cancelled');

  await isMuted(bens);
  const told = bens.getByRole('status').getByText('You are muted in this room until');
  await told.waitFor();
  const [mute] = (await ada.rest.listMutes((await ada.rest.rooms())[0].room_id)).items;
  assert.equal(mute.reason, 'Too loud');
  const hour = Date.parse(mute.until) - Date.parse(mute.created_at);
  assert.equal(hour, 3_600_000);
  assert.equal(await bens.getByRole('button', { name: 'Send', exact: true }).isDisabled(), true);
  assert.equal(await bens.getByRole('button', { name: 'Attach files' }).isDisabled(), true);
  assert.equal(await bens.evaluate(() => document.activeElement.tagName), 'H2');
  await noted(bens, `${ada.name} muted you until`);
  await bens.reload();
  await told.waitFor();
  await isMuted(bens);
  await say(adas, 'can you hear me');
  const heard = messageOf(bens, 'can you hear me');
  await heard.hover();
  await heard.getByRole('button', { name: 'React' }).click();
  await bens.getByRole('menuitem', { name: 'Heart' }).click();
  await bens
    .getByRole('alert')
    .getByText(/^The reaction was not stored\. You are muted .*\d\d:\d\d/)
    .waitFor();
  assert.deepEqual([...adas.complaints, ...bens.complaints], []);
});

test('a mute ends by itself, and what was begun is still there', async (t) => {
  const { ada, ben, name, roomId } = await group();
  const bens = await inRoom(t, ben.session, name);
  await composer(bens).fill('half a sentence');
  await ada.rest.mute(roomId, ben.id, 8);
  await isMuted(bens);
  await mayWrite(bens);
  assert.equal(await composer(bens).inputValue(), 'half a sentence');
  await composer(bens).press('Enter');
  await messageOf(bens, 'half a sentence').waitFor();
  assert.equal(await bens.locator('.write-limits').innerText(), '');
});

test('a mute is lifted from the list of those who are muted, and the focus stays there', async (t) => {
  const { ada, ben, name, roomId } = await group();
  await ada.rest.mute(roomId, ben.id, 600, 'Too loud');
  const bens = await inRoom(t, ben.session, name);
  await isMuted(bens);
  const adas = await inRoom(t, ada.session, name);
  const dialog = await openModeration(adas);
  const row = dialog.locator(`[data-user="${ben.id}"]`);
  await row.getByText('Too loud').waitFor();
  await row.getByText(/^Until .*, by you$/).waitFor();
  await dialog.getByText('Nobody is banned.').waitFor();
  await row.getByRole('button', { name: `Unmute: ${ben.name}` }).press('Enter');
  await dialog.getByText('Nobody is muted.').waitFor();
  await dialog.getByRole('status').getByText(`${ben.name} may write again.`).waitFor();
  assert.equal(await adas.evaluate(() => document.activeElement.textContent), 'Muted');
  await mayWrite(bens);
  await noted(bens, `${ada.name} unmuted you`);
  await adas.keyboard.press('Escape');
  assert.match(await adas.evaluate(() => document.activeElement.textContent), /Moderate the room/);
  assert.deepEqual(adas.complaints, []);
});

test('what a muted person sends all the same is shown as not sent, and goes out later when asked', async (t) => {
  const { ada, ben, name, roomId } = await group();
  const wire = await Wire.to(node.port);
  t.after(() => wire.close());
  const bens = await inRoom(t, ben.session, name, { url: wire.url });
  wire.cut();
  await bens.locator('.banner.shown[data-state="offline"]').waitFor();
  await say(bens, 'said too late');
  await ada.rest.mute(roomId, ben.id, 600);
  wire.mend();
  const failed = bens.locator('.outgoing.failed');
  await failed
    .getByText(/^Not sent\. You are muted in this room until [^TZ]+\.$/)
    .waitFor({ timeout: 60_000 });
  await ada.rest.unmute(roomId, ben.id);
  await mayWrite(bens);
  await failed.getByRole('button', { name: 'Try again' }).click();
  await messageOf(bens, 'said too late').waitFor();
  assert.deepEqual(await texts(bens), ['said too late']);
});

test('in slow mode each member counts down after a message, and the creator does not', async (t) => {
  const { ada, ben, name } = await group();
  const bens = await inRoom(t, ben.session, name);
  const adas = await inRoom(t, ada.session, name);
  const dialog = await openModeration(adas);
  await dialog.getByLabel('Slow mode').selectOption('10 s');
  await dialog.getByRole('button', { name: 'Set' }).click();
  await dialog.getByRole('status').getByText('Slow mode is set to 10 s.').waitFor();
  await adas.keyboard.press('Escape');
  await noted(bens, `${ada.name} set slow mode to 10 s`);
  await bens.getByRole('status').getByText('Slow mode: one message in 10 s.').waitFor();

  await say(bens, 'one');
  await messageOf(bens, 'one').waitFor();
  const countdown = bens.locator('.countdown');
  await countdown.getByText(/^You can write again in (?:10|[1-9]) s\.$/).waitFor();
  await composer(bens).fill('two');
  assert.equal(await bens.getByRole('button', { name: 'Send', exact: true }).isDisabled(), true);
  await composer(bens).press('Enter');
  await bens
    .getByRole('alert')
    .getByText(/You can write again in/)
    .waitFor();
  assert.equal(await composer(bens).inputValue(), 'two');
  await bens.locator('.composer .send:enabled').waitFor();
  assert.equal(await countdown.textContent(), '');
  assert.equal(await bens.locator('.composer > .problem').textContent(), '');
  await composer(bens).press('Enter');
  await messageOf(bens, 'two').waitFor();

  for (const text of ['three', 'four']) await say(adas, text);
  await messageOf(bens, 'four').waitFor();
  assert.equal(await adas.locator('.write-limits').innerText(), '');
  assert.deepEqual([...adas.complaints, ...bens.complaints], []);
});

test('what comes too early for a long slow mode is shown as not sent, and goes out when asked again', async (t) => {
  const { ada, ben, name, roomId } = await group();
  await ada.rest.setSlowMode(roomId, 300);
  const wire = await Wire.to(node.port);
  t.after(() => wire.close());
  const bens = await inRoom(t, ben.session, name, { url: wire.url });
  wire.cut();
  await bens.locator('.banner.shown[data-state="offline"]').waitFor();
  for (const text of ['one', 'two']) await say(bens, text);
  wire.mend();
  await messageOf(bens, 'one').waitFor({ timeout: 60_000 });
  const failed = bens.locator('.outgoing.failed', { hasText: 'two' });
  await failed.getByText('Not sent. This room is in slow mode: one message in 300 s.').waitFor();
  await bens
    .locator('.countdown')
    .getByText(/^You can write again in [45] min/)
    .waitFor();
  await bens.reload();
  await bens
    .locator('.countdown')
    .getByText(/^You can write again in [45] min/)
    .waitFor();
  await ada.rest.setSlowMode(roomId, 0);
  await noted(bens, `${ada.name} ended slow mode`);
  assert.equal(await bens.locator('.write-limits').innerText(), '');
  await failed.getByRole('button', { name: 'Try again' }).click();
  await messageOf(bens, 'two').waitFor();
  assert.deepEqual(await texts(bens), ['one', 'two']);
});

test('a message of long ago, which the page does not show, counts for slow mode as well', async (t) => {
  const { ada, ben, name, roomId } = await group();
  await ada.rest.setSlowMode(roomId, 3_600);
  await ben.rest.postMessage(roomId, { content: 'long ago' });
  for (let number = 1; number <= 60; number += 1)
    await ada.rest.postMessage(roomId, { content: `line ${number}` });
  const bens = await inRoom(t, ben.session, name);
  await messageOf(bens, 'line 60').waitFor();
  assert.equal(await bens.locator('.countdown').textContent(), '');
  await say(bens, 'once more');
  await bens.locator('.outgoing.failed').getByText('Not sent. This room is in slow mode').waitFor();
  await bens
    .locator('.countdown')
    .getByText(/^You can write again in 5\d min/)
    .waitFor();
});

test('a ban takes somebody out with all that they wrote, and they come back only when it is lifted', async (t) => {
  const { ada, ben, name, roomId } = await group();
  for (const content of ['buy this', 'buy that']) await ben.rest.postMessage(roomId, { content });
  await ada.rest.postMessage(roomId, { content: 'please stop' });
  const bens = await inRoom(t, ben.session, name);
  const adas = await inRoom(t, ada.session, name);
  await openPeople(adas);
  await choose(adas, ben.name, 'Ban…');
  const question = adas.getByRole('dialog', { name: `Ban ${ben.name}?` });
  await question.getByLabel('Delete all their messages here').check();
  await question.getByLabel('Reason').fill('Adverts');
  await question.getByRole('button', { name: 'Ban', exact: true }).click();
  await adas.getByRole('status').getByText(`${ben.name} is banned.`).waitFor();
  await bens.getByText('Pick up a conversation').waitFor();
  const news = bens.locator('.room-news').getByText(`You were removed from “${name}”.`);
  await news.waitFor();
  await messageOf(adas, 'This message was deleted.').nth(1).waitFor();
  assert.equal(await messageOf(adas, 'please stop').count(), 1);
  await assert.rejects(ada.rest.invite(roomId, [ben.id]), { code: 'forbidden' });

  await adas.getByRole('button', { name: 'Moderate the room' }).click();
  const dialog = adas.getByRole('dialog');
  const row = dialog.locator(`[data-user="${ben.id}"]`);
  await row.getByText('Adverts').waitFor();
  await row.getByText(/^Since .*, by you$/).waitFor();
  await row.getByRole('button', { name: `Lift the ban: ${ben.name}` }).click();
  await dialog.getByText('Nobody is banned.').waitFor();
  await ada.rest.invite(roomId, [ben.id]);
  await openRoom(bens, name);
  await news.waitFor({ state: 'hidden' });
  assert.deepEqual([...adas.complaints, ...bens.complaints], []);
});

test('a long list of bans that is read anew, since messages go or somebody left, keeps what was shown', async (t) => {
  const { ada, ben, name, roomId } = await group();
  const adas = await inRoom(t, ada.session, name);
  const bans = Array.from({ length: 120 }, (_, index) => ({
    user: {
      user_id: `01939b6e-0000-7000-8000-${String(index).padStart(12, '0')}`,
      username: `user.${index}`,
      display_name: `Banned ${index}`,
      img_url: null,
    },
    by: ada.id,
    reason: null,
    created_at: '2026-11-22T09:30:00.123Z',
    removing_messages: index === 0,
  }));
  await adas.route('**/bans?*', (route) => {
    const query = new URL(route.request().url()).searchParams;
    const [from, limit] = [Number(query.get('cursor')), Number(query.get('limit'))];
    const next = from + limit < bans.length ? String(from + limit) : null;
    return route.fulfill({ json: { items: bans.slice(from, from + limit), next_cursor: next } });
  });
  const dialog = await openModeration(adas);
  const rows = dialog.locator('[aria-labelledby="restricted-bans"] li');
  const more = dialog.getByRole('button', { name: 'Show more' });
  await rows.nth(49).waitFor();
  await more.press('Enter');
  await rows.nth(99).waitFor();
  const isReadAnew = async (reason, deed) => {
    bans[99].reason = reason; // first: the list may be read again before the deed is answered
    await deed?.();
    await rows.nth(99).getByText(reason).waitFor();
    assert.equal(await rows.count(), 100);
    assert.equal(await more.evaluate((button) => button === document.activeElement), true);
  };
  await isReadAnew('while messages go');
  bans[0].removing_messages = false;
  await rows.first().getByText('their messages are being deleted').waitFor({ state: 'detached' });
  await isReadAnew('when somebody left', () => ben.rest.leave(roomId));
  await more.press('Enter');
  await rows.nth(119).waitFor();
  assert.deepEqual(adas.complaints, []);
});

test('a menu that is opened before it is known who made the room has all that the creator may do', async (t) => {
  const { ada, ben, name } = await group();
  const asked = [];
  const adas = await openSignedIn(t, browser, node.url, ada.session);
  await stretch(adas, 3_000, 30_000); // how long a menu waits
  await adas.route('**/events?*', (route) => asked.push(route));
  await openRoom(adas, name);
  await openPeople(adas);
  await adas.getByRole('button', { name: `What to do about ${ben.name}` }).click();
  await until(() => asked.length === 1);
  await asked[0].continue();
  await adas.getByRole('menuitem', { name: 'Ban…' }).waitFor();
});

test('a menu that comes late does not open in another room', async (t) => {
  const { ada, ben, name } = await group();
  const other = `Elsewhere ${people}`;
  await ada.rest.createGroup(other, [ben.id]);
  const adas = await openSignedIn(t, browser, node.url, ada.session);
  const asked = [];
  await adas.route('**/events?*', (route) => asked.push(route));
  await openRoom(adas, name);
  await openPeople(adas);
  const menu = adas.getByRole('button', { name: `What to do about ${ben.name}` });
  await menu.click();
  await until(() => asked.length === 1);
  await openRoom(adas, other);
  await openPeople(adas);
  await menu.waitFor();
  await asked[0].continue();
  await until(() => asked.length === 2);
  await asked[1].continue();
  await adas.getByRole('button', { name: 'Moderate the room' }).waitFor();
  assert.equal(await adas.getByRole('menu').count(), 0);
});

test('a ban without the check box leaves what was written', async (t) => {
  const { ada, ben, name, roomId } = await group();
  await ben.rest.postMessage(roomId, { content: 'hello' });
  const adas = await inRoom(t, ada.session, name);
  await openPeople(adas);
  await choose(adas, ben.name, 'Ban…');
  await adas.getByRole('dialog').getByRole('button', { name: 'Ban', exact: true }).click();
  await adas.locator('.people li', { hasText: ben.name }).waitFor({ state: 'detached' });
  const [ban] = (await ada.rest.listBans(roomId)).items;
  assert.deepEqual([ban.reason, ban.removing_messages], [null, false]);
  assert.deepEqual(await texts(adas), ['hello']);
});

test('what the server does not allow is said in its words', async (t) => {
  const { name } = await group(mod, root);
  const mods = await inRoom(t, mod, name);
  await openPeople(mods);
  await choose(mods, 'Root', 'Mute…');
  await mods.getByRole('dialog').getByRole('button', { name: 'Mute', exact: true }).click();
  await mods.getByRole('alert').getByText('Only admins may do this to moderators and admins.').waitFor();
  assert.equal(await mods.evaluate(() => document.activeElement.id), `member-menu-${root.user.user_id}`);
});

test('who has become a moderator is free of slow mode, and sees what others make of it meanwhile', async (t) => {
  const { ada, ben, name, roomId } = await group();
  await ada.rest.setSlowMode(roomId, 3_600);
  const bens = await inRoom(t, ben.session, name);
  await bens.getByText('Slow mode: one message in 1 h.').waitFor();
  await new ParleyRest({ url: node.url, token: root.token }).changeAccount(ben.id, { role: 'moderator' });
  await bens.reload();
  const dialog = await openModeration(bens);
  assert.equal(await dialog.getByLabel('Slow mode').inputValue(), '3600');
  assert.equal(await bens.locator('.write-limits').innerText(), '');
  await ada.rest.setSlowMode(roomId, 60);
  await until(
    async () => (await dialog.getByLabel('Slow mode').inputValue()) === '60',
    'the other slow mode',
  );
});

test('on a phone all of it fits', async (t) => {
  const { ada, ben, name, roomId } = await group(mod);
  await ada.rest.mute(roomId, mod.user.user_id, 600).catch(() => {}); // only admins may
  await ada.rest.mute(roomId, ben.id, 600, 'W'.repeat(300));
  await ada.rest.setSlowMode(roomId, 21_600);
  const adas = await inRoom(t, ada.session, name, phone);
  await openPeople(adas);
  await adas.getByRole('button', { name: 'Moderate the room' }).waitFor();
  await assertFits(adas, 'the people');
  await choose(adas, ben.name, 'Ban…');
  await assertFits(adas, 'the ban');
  await adas.keyboard.press('Escape');
  await adas.getByRole('button', { name: 'Moderate the room' }).click();
  await adas.getByRole('dialog').locator(`[data-user="${ben.id}"]`).waitFor();
  await assertFits(adas, 'the lists');
  const bens = await inRoom(t, ben.session, name, phone);
  await isMuted(bens);
  await assertFits(bens, 'the muted composer');
  await ada.rest.unmute(roomId, ben.id);
  await mayWrite(bens);
  await say(bens, 'hello');
  await bens.locator('.countdown').getByText('You can write again').waitFor();
  await assertFits(bens, 'the countdown');
});
