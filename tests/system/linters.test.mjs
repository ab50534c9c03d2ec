// What others' tools say of the two documents: Spectral of openapi.yaml, AsyncAPI's own parser of asyncapi.yaml.
// Both read files only; neither needs a network or tells anybody of its use.
import assert from 'node:assert/strict';
import path from 'node:path';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import asyncapiParser from '@asyncapi/parser';
import spectralCore from '@stoplight/spectral-core';
import spectralParsers from '@stoplight/spectral-parsers';
import spectralRulesets from '@stoplight/spectral-rulesets';
import { repository } from '../support/parleyd.mjs';

const file = (name) => path.join(repository, 'docs', name);

/** Rules that do not fit, each with its reason; a place is the beginning of a path in the document. */
const apart = [
  ['info-contact', 'info', 'whoever runs a node is not known here'],
  ['license-url', 'info/license', 'OpenAPI 3.1 has `identifier` in its place, and allows one of the two only'],
  ['openapi-tags-alphabetical', 'tags', 'they stand in the order in which one needs them'],
  ['operation-success-response', 'paths//ws', 'a WebSocket begins with 101'],
  ['oas3-unused-component', 'components/headers', 'every answer bears them; info.description says so'],
  ['oas3-unused-component', 'components/responses', 'some belong to every path; info.description says so'],
  ['asyncapi-latest-version', 'asyncapi', 'the tools of clients know 3.0'],
];
const used = new Set();
function isApart(code, place) {
  const rule = apart.find(([name, where]) => name === code && place.startsWith(where));
  if (rule) used.add(rule);
  return rule !== undefined;
}

const said = (diagnostics) =>
  diagnostics
    .map(({ code, path: place, message }) => ({ code, place: place.join('/'), message }))
    .filter(({ code, place }) => !isApart(code, place))
    .map(({ code, place, message }) => `${code} at ${place}: ${message}`);

test('Spectral finds nothing in openapi.yaml, with all of its rules', async () => {
  const spectral = new spectralCore.Spectral();
  spectral.setRuleset({ extends: [[spectralRulesets.oas, 'all']] });
  const text = readFileSync(file('openapi.yaml'), 'utf8');
  const document = new spectralCore.Document(text, spectralParsers.Yaml, file('openapi.yaml'));
  assert.deepEqual(said(await spectral.run(document)), []);
});

test('the AsyncAPI parser reads asyncapi.yaml and finds nothing', async () => {
  const { document, diagnostics } = await asyncapiParser
    .fromFile(new asyncapiParser.Parser(), file('asyncapi.yaml'))
    .parse();
  assert.deepEqual(said(diagnostics), []);
  assert.equal(document.version(), '3.0.0');
  assert.ok(document.allOperations().length > 15);
});

test('every exception of the linters is still needed', () => {
  assert.deepEqual(
    apart.filter((rule) => !used.has(rule)),
    [],
  );
});
