// The reference at /docs as people read it: on a desk and on a phone, by keyboard, without scripts. And the tutorial's
// chat, as its reader would have it: two people, a server that goes away and comes back.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { once } from 'node:events';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { assertFits, launchBrowser, openPage, Wire } from '../support/browser.mjs';
import { repository, startParleyd, until } from '../support/parleyd.mjs';

const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, colorScheme: 'dark' };
const desk = { viewport: { width: 1280, height: 800 } };
const chapters = ['', '/tutorial', '/rest', '/frames', '/codes', '/errors/unavailable', '/closes/4401'];

let node;
let browser;
before(async () => {
  node = await startParleyd({ dev: true, set: { 'log.level': 'warn' } });
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await node?.stop();
});

for (const [name, options] of Object.entries({ phone, desk })) {
  test(`every chapter fits a ${name} and complains of nothing`, async (t) => {
    const page = await openPage(t, browser, `${node.url}/docs`, options);
    for (const chapter of chapters) {
      await page.goto(`${node.url}/docs${chapter}`);
      assert.equal(await page.locator('h1').count(), 1, chapter);
      const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(wide <= window, `${chapter} is ${wide} wide`);
      await assertFits(page, chapter);
    }
    assert.deepEqual(page.complaints, []);
  });
}

test('one comes from the start to a call, to an error it may answer, and back', async (t) => {
  const page = await openPage(t, browser, `${node.url}/docs`, phone);
  await page.getByRole('link', { name: 'POST /api/v1/rooms/{room_id}/messages' }).tap();
  await page.waitForURL('**/docs/rest#send_message');
  const call = page.locator('#send_message');
  await until(() => call.evaluate((e) => e.getBoundingClientRect().top < innerHeight), 'the call in sight');
  await call.getByRole('link', { name: 'rate_limited' }).tap();
  await page.waitForURL('**/docs/errors/rate_limited');
  await page.getByRole('heading', { name: 'What to do' }).waitFor();
  await page.getByRole('link', { name: 'Start' }).tap();
  await page.getByRole('heading', { name: "Parley's reference" }).waitFor();
  assert.deepEqual(page.complaints, []);
});

test('the keyboard comes to the content at once, and sees where it is', async (t) => {
  const page = await openPage(t, browser, `${node.url}/docs`, desk);
  await page.keyboard.press('Tab');
  const skip = page.getByRole('link', { name: 'To the content' });
  assert.ok((await skip.boundingBox()).y >= 0);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  const outline = await page.evaluate(() => {
    const { activeElement } = document;
    return [activeElement.closest('main') !== null, getComputedStyle(activeElement).outlineStyle];
  });
  assert.deepEqual(outline, [true, 'solid']);
});

test('what is typed leaves only the lines that hold it', async (t) => {
  const page = await openPage(t, browser, `${node.url}/docs`, desk);
  const all = await page.locator('#index li').count();
  await page.getByLabel('Show only').fill('patch rooms');
  assert.deepEqual(await page.locator('#index li:visible a').allTextContents(), ['PATCH /api/v1/rooms/{room_id}']);
  assert.deepEqual(await page.locator('#index h3:visible').allTextContents(), ['rooms']);
  await page.getByText(`1 of ${all}`).waitFor();
  await page.getByLabel('Show only').fill('');
  assert.equal(await page.locator('#index li:visible').count(), all);
});

test('without scripts everything is there', async (t) => {
  const page = await openPage(t, browser, `${node.url}/docs`, { ...desk, javaScriptEnabled: false });
  assert.equal(await page.getByRole('searchbox').count(), 0);
  await page.getByRole('link', { name: 'typing' }).first().click();
  await page.waitForURL('**/docs/frames#frame-typing_command');
});

const lines = (page) => page.locator('li').allTextContents();
async function say(page, text) {
  await page.getByLabel('Message').fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
}
const shows = (page, wanted) =>
  until(async () => JSON.stringify(await lines(page)) === JSON.stringify(wanted), `${wanted} and no other lines`);

/** The reader's own little file server, on a port of its own. */
async function serveExamples(t) {
  const types = { html: 'text/html', js: 'text/javascript' };
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://here');
    const name = path.basename(pathname);
    if (!/^chat\.(html|js)$/.test(name)) return response.writeHead(204).end();
    response.setHeader('Content-Type', types[name.split('.').at(-1)]);
    return response.end(readFileSync(path.join(repository, 'docs/examples', name)));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  return `http://localhost:${server.address().port}/chat.html`;
}

test("the tutorial's two people chat, over a restart too, and nothing is there twice", async (t) => {
  assert.ok(readFileSync(path.join(repository, 'docs/examples/chat.js'), 'utf8').trimEnd().split('\n').length <= 60);
  const address = await serveExamples(t);
  const server = `server=localhost:${node.port}&room=tea`;
  const ada = await openPage(t, browser, `${address}?${server}&name=ada`);
  const bob = await openPage(t, browser, `${address}?${server}&name=bob`);
  await ada.getByText('ada in tea').waitFor();
  await bob.getByText('bob in tea').waitFor();
  await say(ada, 'hello');
  await shows(bob, ['ada: hello']);
  await say(bob, 'hello yourself');
  await shows(ada, ['ada: hello', 'bob: hello yourself']);

  await node.kill();
  await say(ada, 'are you there?');
  await say(ada, 'I am');
  await node.start();
  const all = ['ada: hello', 'bob: hello yourself', 'ada: are you there?', 'ada: I am'];
  await shows(bob, all);
  await shows(ada, all);

  const late = await openPage(t, browser, `${node.url}/docs/examples/chat.html?room=tea&name=cleo`);
  await shows(late, all);
  for (const page of [ada, bob, late]) assert.deepEqual(page.complaints, []);
});

test("the tutorial's chat shows what was missed in its place, before what one wrote meanwhile", async (t) => {
  const wire = await Wire.to(node.port);
  t.after(() => wire.close());
  const ada = await openPage(t, browser, `${wire.url}/docs/examples/chat.html?room=tunnel&name=ada`);
  const bob = await openPage(t, browser, `${node.url}/docs/examples/chat.html?room=tunnel&name=bob`);
  for (const [page, name] of [[ada, 'ada'], [bob, 'bob']]) await page.getByText(`${name} in tunnel`).waitFor();
  wire.cut();
  await say(ada, 'a tunnel');
  await say(bob, 'where are you?');
  await shows(bob, ['bob: where are you?']);
  wire.mend();
  for (const page of [ada, bob]) await shows(page, ['bob: where are you?', 'ada: a tunnel']);
  assert.deepEqual(ada.complaints, []);
});

test("the tutorial's chat asks on where more was said than one replay holds", async (t) => {
  const small = await startParleyd({ dev: true, set: { 'log.level': 'warn', 'replay.limit': 3 } });
  t.after(() => small.stop());
  const open = (name) => openPage(t, browser, `${small.url}/docs/examples/chat.html?name=${name}`);
  const ada = await open('ada');
  await ada.getByText('ada in lobby').waitFor();
  const said = Array.from({ length: 10 }, (_, index) => `line ${index}`);
  for (const text of said) await say(ada, text);
  const wanted = said.map((text) => `ada: ${text}`);
  await shows(ada, wanted);
  await shows(await open('bob'), wanted);
});
