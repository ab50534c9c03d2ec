// The pages at /docs: made of what docs/ says now, whole, and served. And that codes.yaml is what the server does.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { folder, madeFiles, staleFiles } from '../../scripts/make_reference.mjs';
import { asyncapi, openapi } from '../support/contract.mjs';
import { answerOf } from '../support/http.mjs';
import { repository, startParleyd } from '../support/parleyd.mjs';

const read = (file) => readFileSync(path.join(repository, file), 'utf8');
const codes = parse(read('docs/codes.yaml'));
const pages = madeFiles().filter((name) => name.endsWith('.html'));

let parley;
before(async () => {
  parley = await startParleyd();
});
after(() => parley?.stop());

test('the pages are those that docs/ makes now', () => {
  assert.deepEqual(staleFiles(), [], "'./dev docs' mends it");
});

test('codes.yaml has every error of the server, with its status, and each has a page', () => {
  const table = [...read('src/core/error.cpp').matchAll(/\{error_code::\w+, "(\w+)", (\d{3})\}/g)];
  const server = Object.fromEntries(table.map(([, name, status]) => [name, Number(status)]));
  const described = Object.fromEntries(Object.entries(codes.errors).map(([name, { status }]) => [name, status]));
  assert.deepEqual(described, server);
  assert.deepEqual(Object.keys(codes.errors), openapi.components.schemas.error_code.enum);
  for (const name of Object.keys(server)) assert.ok(pages.includes(`errors/${name}.html`), name);
});

test('codes.yaml has every close code of the server, with its reason, and each has a page', () => {
  const numbers = [...read('include/parley/error.hpp').matchAll(/^ {2}(\w+) = (\d{4}),$/gm)];
  const reasons = [...read('src/core/error.cpp').matchAll(/case close_code::(\w+):\s+return "([^"]+)";/g)];
  const sentences = Object.fromEntries(reasons.map(([, name, sentence]) => [name, sentence]));
  const server = Object.fromEntries(numbers.map(([, name, number]) => [number, sentences[name]]));
  const sent = Object.entries(codes.closes).filter(([, { reason }]) => reason !== undefined);
  assert.deepEqual(Object.fromEntries(sent.map(([number, { reason }]) => [number, reason])), server);
  assert.deepEqual(asyncapi.components.schemas.close_code.enum.map(String), Object.keys(server));
  for (const number of Object.keys(codes.closes)) assert.ok(pages.includes(`closes/${number}.html`), number);
});

test('every code says what it means, whether to try again, and what to do', () => {
  for (const [code, { means, retry, reconnect, do: steps }] of [
    ...Object.entries(codes.errors),
    ...Object.entries(codes.closes),
  ]) {
    assert.ok(means?.trim(), code);
    assert.ok(retry ?? reconnect, code);
    assert.ok(Array.isArray(steps) && steps.length > 0 && steps.every((step) => typeof step === 'string'), code);
  }
});

test('protocol.md has every code in its tables', () => {
  const text = read('docs/protocol.md');
  for (const [name, { status }] of Object.entries(codes.errors)) {
    assert.ok(text.includes(`| \`${name}\` | ${status} |`), name);
  }
  for (const number of Object.keys(codes.closes)) {
    assert.match(text, new RegExp(`^\\| (none \\()?${number}\\)? \\|`, 'm'));
  }
});

test('every operation, frame and code is on the first page or on the list', () => {
  const text = ['index.html', 'codes.html'].map((name) => read(`web/docs/${name}`)).join('');
  for (const [template, item] of Object.entries(openapi.paths)) {
    for (const [method, { tags, operationId }] of Object.entries(item)) {
      if (method === 'parameters' || tags[0] === 'pages') continue;
      assert.ok(text.includes(`href="/docs/rest#${operationId}"`), `${method} ${template}`);
    }
  }
  for (const name of Object.keys(asyncapi.components.messages)) {
    if (!name.startsWith('ack_')) assert.ok(text.includes(`href="/docs/frames#frame-${name}"`), name);
  }
});

/** The file under the repository that an address of a page stands for; the server knows two short forms. */
function fileOf(address) {
  const known = { '/': 'web/index.html', '/docs': 'web/docs/index.html' };
  const inDocs = address.endsWith('.yaml') ? address.slice(1) : `web${address}`;
  return [known[address], inDocs, `${inDocs}.html`].find((file) => file && existsSync(path.join(repository, file)));
}

test('no link of any page leads nowhere, and nothing comes from another host', () => {
  let seen = 0;
  for (const name of pages) {
    const text = read(`web/docs/${name}`).replace(/<pre>.*?<\/pre>/gs, ''); // code may show links of its own
    for (const [, address] of text.matchAll(/(?:href|src|action)="([^"]*)"/g)) {
      if (address === 'data:,') continue; // no icon
      const url = new URL(address, `http://here/docs/${name}`);
      assert.equal(url.host, 'here', `${name}: ${address}`);
      const file = fileOf(url.pathname);
      assert.ok(file, `${name}: ${address}`);
      const id = url.hash.slice(1);
      if (id) assert.ok(read(file).includes(`id="${id}"`), `${name}: ${address}`);
      seen += 1;
    }
  }
  assert.ok(seen > 500);
});

test('pages keep to the policy: no script and no style within, one of each id', () => {
  for (const name of pages) {
    const text = read(`web/docs/${name}`);
    assert.doesNotMatch(text, /<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+="/, name);
    const ids = [...text.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length, name);
  }
});

test('the server answers every page, with and without .html, and the descriptions', async () => {
  for (const name of pages.filter((page) => !page.startsWith('examples/'))) {
    const address = name === 'index.html' ? '/docs' : `/docs/${name.replace('.html', '')}`;
    const { status, body } = await answerOf(parley, 'GET', address);
    assert.equal(status, 200, address);
    assert.equal(body, readFileSync(path.join(folder, name), 'utf8'), 'the program was built of other pages');
  }
  for (const name of readdirSync(path.join(repository, 'docs')).filter((file) => file.endsWith('.yaml'))) {
    const { status, headers, body } = await answerOf(parley, 'GET', `/docs/${name}`);
    assert.equal(status, 200);
    assert.equal(body, read(`docs/${name}`));
    const again = await answerOf(parley, 'GET', `/docs/${name}`, { headers: { 'If-None-Match': headers.etag } });
    assert.equal(again.status, 304);
  }
});

test("an error's type leads to the page of its code", async () => {
  const refused = [
    await answerOf(parley, 'GET', '/api/v1/me'),
    await answerOf(parley, 'GET', '/nothing/here'),
    await answerOf(parley, 'PUT', '/api/v1/me'),
    await answerOf(parley, 'GET', '/ws'),
  ];
  for (const { body } of refused) {
    const page = await answerOf(parley, 'GET', body.type);
    assert.equal(page.status, 200);
    assert.ok(page.text.includes(`<h1><code>${body.code}</code></h1>`), body.type);
  }
});

test('HEAD and OPTIONS are as described', async () => {
  const head = await answerOf(parley, 'HEAD', '/healthz');
  assert.equal(head.status, 200);
  const options = await answerOf(parley, 'OPTIONS', '/docs/openapi.yaml');
  assert.equal(options.headers.allow, 'GET, HEAD, OPTIONS');
});
