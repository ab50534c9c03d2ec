// Pages in Debian's Chromium: opens them and keeps what they complain of.
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';
import { ParleyRest } from '../../web/parley-client.js';
import { deadlineMs } from './parleyd.mjs';

export { Wire } from './wire.mjs';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const password = 'correct horse battery';

export function launchBrowser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
}

/** What lost connections and refusals write to the console; the tests cause these themselves. */
const EXPECTED = /net::ERR_|WebSocket connection to .* failed|status of (40[0139]|429|503)/;

/**
 * A page of its own, as another person's browser would have it.
 * @returns its `complaints` are scripts that failed, refused content and error lines of the console
 */
export async function openPage(t, browser, url, options = {}, firstScript = null, scriptArgument = null) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(deadlineMs);
  t.after(() => context.close());
  if (firstScript) await context.addInitScript(firstScript, scriptArgument);
  const page = await context.newPage();
  page.complaints = [];
  page.on('pageerror', (error) => page.complaints.push(error.stack));
  page.on('console', (line) => {
    if (line.type() === 'error' && !EXPECTED.test(line.text())) page.complaints.push(line.text());
  });
  await page.goto(url);
  return page;
}

/** Makes an account by the form and waits for the list of rooms. */
export async function register(page, username, displayName) {
  await page.getByRole('button', { name: 'Create an account' }).click();
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Name shown to others').fill(displayName);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.locator('.self-name [data-state="online"]').waitFor();
}

/** An account and its session, made without a page. @returns {Promise<{token: string, user: object}>} */
export async function makeSession(url, username, displayName) {
  const rest = new ParleyRest({ url });
  await rest.register({ username, password, display_name: displayName });
  const { token, user } = await rest.login(username, password);
  return { token, user };
}

/** A page of somebody who is signed in already. */
export async function openSignedIn(t, browser, url, session, options) {
  const page = await openPage(
    t,
    browser,
    url,
    options,
    ({ text }) => {
      // Once only, so that signing out and reloading mean what they say.
      if (!sessionStorage.getItem('test.began')) sessionStorage.setItem('parley.session', text);
      sessionStorage.setItem('test.began', 'yes');
    },
    { text: JSON.stringify(session) },
  );
  await page.locator('.self-name [data-state="online"]').waitFor({ state: 'attached' });
  return page;
}

/** Starts a group and opens it. @param {string[]} people names shown to others */
export async function createGroup(page, name, people) {
  await page.getByRole('button', { name: 'New conversation' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Group', { exact: true }).click();
  await dialog.getByLabel('Name of the group').fill(name);
  for (const person of people) await pickPerson(dialog, person);
  await dialog.getByRole('button', { name: 'Create the group' }).click();
  await page.getByRole('heading', { name }).waitFor();
}

export async function pickPerson(dialog, person) {
  await dialog.getByLabel('Search people by name').fill(person);
  await dialog.locator('.results').getByRole('button', { name: person }).click();
}

export async function openRoom(page, name) {
  await page.locator('.rooms').getByRole('button', { name }).click();
  await page.getByRole('heading', { name }).waitFor();
}

export async function say(page, text) {
  await page.getByLabel('Write a message').fill(text);
  await page.getByLabel('Write a message').press('Enter');
}

/** The message that shows this text, stored ones only. */
export function messageOf(page, text) {
  return page.locator('.message[data-message]').filter({ hasText: text });
}

/** The texts of all stored messages, from top to bottom. */
export function texts(page) {
  return page.locator('.message[data-message] .body').allTextContents();
}

/**
 * Has the page do after `laterMs` what it does after `ms`: a moment may be over before anybody looks. It holds
 * until a reload.
 */
export function stretch(page, ms, laterMs) {
  return page.evaluate(
    ([ms, laterMs]) => {
      const { setTimeout } = window;
      window.setTimeout = (run, after, ...more) => setTimeout(run, after === ms ? laterMs : after, ...more);
    },
    [ms, laterMs],
  );
}

/** Nothing stands out of the window or has to be scrolled to the side. @param {string} where for the report */
export async function assertFits(page, where) {
  const wide = await page.evaluate(() =>
    [...document.querySelectorAll('body, body *')]
      .filter((element) => {
        const { left, right, width } = element.getBoundingClientRect();
        const scrolls =
          element.scrollWidth > element.clientWidth + 1 &&
          ['auto', 'scroll'].includes(getComputedStyle(element).overflowX);
        return (
          width > 0 &&
          element.checkVisibility({ visibilityProperty: true }) &&
          (scrolls || right > innerWidth + 1 || left < -1) &&
          !element.closest('.hidden-text, .tab input, svg')
        );
      })
      .map((element) => element.outerHTML.slice(0, 120)),
  );
  assert.deepEqual(wide, [], where);
}
