// The documents themselves: references lead somewhere, examples fit, and nothing of the server's is left out.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { asyncapi, complaints, documents, openapi, resolve } from '../support/contract.mjs';
import { exchange } from '../support/http.mjs';
import { repository, runParleyd, startParleyd } from '../support/parleyd.mjs';

function* walk(value, pointer = []) {
  if (value === null || typeof value !== 'object') return;
  yield [value, pointer];
  for (const [key, child] of Object.entries(value)) yield* walk(child, [...pointer, key]);
}

for (const [name, document] of Object.entries(documents)) {
  test(`every reference in ${name} leads somewhere`, () => {
    const references = [...walk(document)].filter(([node]) => typeof node.$ref === 'string');
    assert.ok(references.length > 20);
    for (const [node, pointer] of references) {
      assert.notEqual(resolve(name, node.$ref), undefined, `${node.$ref} at ${pointer.join('/')}`);
    }
  });
}

/** What bodies and answers hold, of one operation or shared: [content, pointer]. */
const contents = [...walk(openapi)].filter(
  ([, pointer]) =>
    pointer.at(-2) === 'content' && pointer.some((part) => part === 'responses' || part === 'requestBody'),
);

test('every body and every answer in openapi.yaml that is text has an example, and all examples fit', () => {
  assert.ok(contents.length > 50);
  for (const [content, pointer] of contents) {
    const examples = Object.entries(content.examples ?? {});
    const isText = /json|yaml|^text/.test(pointer.at(-1));
    assert.ok(examples.length > 0 || !isText, `${pointer.join('/')} lacks an example`);
    for (const [label, example] of examples) {
      const { value } = example.$ref ? resolve('openapi.yaml', example.$ref) : example;
      const place = `${label} at ${pointer.join('/')}`;
      assert.deepEqual(complaints('openapi.yaml', [...pointer, 'schema'], value), [], place);
    }
  }
});

test('every parameter in openapi.yaml has an example, and it fits', () => {
  const parameters = [...walk(openapi)].filter(
    ([node]) => ['path', 'query', 'header'].includes(node.in) && node.schema,
  );
  assert.ok(parameters.length > 10);
  for (const [{ example }, pointer] of parameters) {
    assert.notEqual(example, undefined, pointer.join('/'));
    assert.deepEqual(complaints('openapi.yaml', [...pointer, 'schema'], example), [], pointer.join('/'));
  }
});

test('every call says how it refuses', () => {
  for (const [template, item] of Object.entries(openapi.paths)) {
    for (const method of ['get', 'post', 'put', 'patch', 'delete'].filter((name) => item[name])) {
      if (!template.startsWith('/api/')) continue;
      const { responses, requestBody, security } = item[method];
      const wanted = ['429', '500', '503', ...(security?.length === 0 ? [] : ['401']), ...(requestBody ? ['400'] : [])];
      for (const status of wanted) assert.ok(responses[status], `${method} ${template} lacks ${status}`);
    }
  }
});

test('every message in asyncapi.yaml has an example, and it fits', () => {
  for (const [name, message] of Object.entries(asyncapi.components.messages)) {
    assert.ok(message.examples?.length > 0, name);
    for (const example of message.examples) {
      const pointer = ['components', 'messages', name, 'payload'];
      assert.deepEqual(complaints('asyncapi.yaml', pointer, example.payload), [], name);
    }
  }
});

/** Everything that these nodes hold or refer to, over both documents: [document, node, pointer]. */
function* reachable(document, node, pointer, seen = new Set()) {
  for (const [part, below] of walk(node, pointer)) {
    if (typeof part.$ref !== 'string') {
      yield [document, part, below];
      continue;
    }
    const [file, fragment] = part.$ref.split('#');
    const home = file.replace('./', '') || document;
    if (seen.has(home + fragment)) continue;
    seen.add(home + fragment);
    yield* reachable(home, resolve(document, part.$ref), fragment.split('/').slice(1), seen);
  }
}

test('every object that leaves the server refuses fields that are not described', () => {
  const answers = Object.entries(openapi.paths).flatMap(([template, item]) =>
    Object.entries(item).map(([method, { responses }]) => ['openapi.yaml', responses, [template, method]]),
  );
  const sent = Object.values(asyncapi.operations).map(({ action, messages, reply }) => [
    'asyncapi.yaml',
    [...(action === 'send' ? messages : []), ...(reply?.messages ?? [])],
    ['operations'],
  ]);
  let seen = 0;
  for (const [document, root, at] of [...answers, ...sent]) {
    for (const [home, node, pointer] of reachable(document, root ?? {}, at)) {
      if (node.type !== 'object' || pointer.some((part) => ['if', 'then', 'else', 'allOf'].includes(part))) continue;
      assert.equal(node.additionalProperties, false, `${home}: ${pointer.join('/')}`);
      seen += 1;
    }
  }
  assert.ok(seen > 100);
});

test('protocol.md explains every error code, every frame type and every route', () => {
  const text = readFileSync(path.join(repository, 'docs/protocol.md'), 'utf8');
  for (const code of openapi.components.schemas.error_code.enum)
    assert.match(text, new RegExp(`\\| \`${code}\` \\| \\d{3} \\|`));
  for (const { name } of Object.values(asyncapi.components.messages))
    assert.ok(text.includes(`\`${name}\``), name);
  for (const template of Object.keys(openapi.paths)) {
    const shown = template.replace('/api/v1/', '').replace('{member}', '{user_id or me}').replace('{page}', '');
    assert.ok(text.includes(shown), template);
  }
});

/** The cells of every table row of a page whose first cell is a name in backticks: {name: [other cells]}. */
const rowsOf = (page) =>
  Object.fromEntries(
    [...readFileSync(path.join(repository, page), 'utf8').matchAll(/^\| `([^`]+)` \|(.*)\|$/gm)].map(
      ([, name, rest]) => [name, rest.split('|').map((cell) => cell.trim())],
    ),
  );

test('configuration.md has every key of --print-config, with its default and its variable', async () => {
  const byTheHarnessAlone = { 'net.send': undefined, 'store.workers': undefined };
  const { output } = await runParleyd({ args: ['--print-config'], set: byTheHarnessAlone });
  const given = ['net.listen', 'store.url', 'drain.seconds', 'admin.socket'];
  const rows = rowsOf('docs/configuration.md');
  const keys = [];
  let section;
  for (const line of output.split('\n')) {
    section = line.match(/^\[(\w+)\]/)?.[1] ?? section;
    const [, name, value] = line.match(/^(\w+) = (.*)$/) ?? [];
    if (!name) continue;
    const key = `${section}.${name}`;
    keys.push(key);
    assert.ok(rows[key], `docs/configuration.md lacks ${key}`);
    const [shown, unit, variable, meaning] = rows[key];
    if (!given.includes(key)) assert.equal(shown, `\`${value}\``, `the default of ${key}`);
    assert.equal(variable, `\`PARLEY_${key.replaceAll('.', '_').toUpperCase()}\``);
    assert.ok(unit && meaning, `${key} needs a unit and a meaning`);
  }
  assert.ok(keys.length > 40);
  assert.deepEqual(Object.keys(rows).filter((key) => !keys.includes(key)), [], 'keys that are not there');
});

test('operations.md has every metric that /metrics shows, with its type', async () => {
  const node = await startParleyd();
  try {
    const { text } = await exchange(node, 'GET', '/metrics');
    const rows = rowsOf('docs/operations.md');
    const shown = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)];
    assert.ok(shown.length > 30);
    for (const [, name, type] of shown) assert.equal(rows[name]?.[0], type, name);
  } finally {
    await node.stop();
  }
});

const sources = (folder) =>
  readdirSync(path.join(repository, folder))
    .filter((name) => name.endsWith('.cpp'))
    .map((name) => readFileSync(path.join(repository, folder, name), 'utf8'))
    .join('\n');

test("openapi.yaml describes the server's routes, each of them and no others", () => {
  const inOneShape = (template) => template.replace(/\{[^}]+\}/g, '{}');
  const routes = [...sources('src/net/api').matchAll(/\.add\(verb::(\w+), "([^"]+)", access::(\w+)/g)].map(
    ([, verb, template, access]) => [`${verb.replace('_', '').toUpperCase()} ${inOneShape(template)}`, access],
  );
  // Those of the admin socket are no client's: operations.md has them.
  const [operators, clients] = [true, false].map((wanted) =>
    routes.filter(([, access]) => (access === 'operators') === wanted).map(([route]) => route),
  );
  const operations = readFileSync(path.join(repository, 'docs/operations.md'), 'utf8');
  for (const route of operators) {
    assert.ok(inOneShape(operations).includes(`\`${route.replace('/api/v1/', '')}`), `operations.md: ${route}`);
  }
  const served = clients;
  const described = Object.entries(openapi.paths).flatMap(([template, operations]) =>
    ['get', 'post', 'put', 'patch', 'delete']
      .filter((method) => operations[method])
      .map((method) => `${method.toUpperCase()} ${inOneShape(template)}`),
  );
  assert.ok(served.length > 20);
  // Sockets and files are not the router's.
  assert.deepEqual(described.filter((route) => !/ (\/|\/ws.*|\/docs.*)$/.test(route)).sort(), served.sort());
});

const firsts = (text, pattern) => [...text.matchAll(pattern)].map(([, name]) => name);

/** Frame types as the server's code has them: what it reads, and what it writes. */
function frameTypes() {
  const [, table] = sources('src/net').match(/frame_types\[\] = \{(.*?)\n\};/s);
  const [, durable] = sources('src/net').match(/ type_of\(const event_body& body\) \{(.*?)\n\}/s);
  const written = [
    ...firsts(durable, /return "(\w+)"/g),
    ...firsts(sources('src/net'), /append_typed\(out, "(\w+)"/g),
    ...firsts(sources('src/net'), /field\("type", "(ack|error)"\)/g),
  ];
  return { receive: firsts(table, /\{"(\w+)"/g).sort(), send: [...new Set(written)].sort() };
}

test("asyncapi.yaml describes the server's frame types, each of them and no others", () => {
  const operations = Object.values(asyncapi.operations);
  const named = (reference) => {
    const { $ref } = resolve('asyncapi.yaml', reference.$ref);
    return resolve('asyncapi.yaml', $ref).name;
  };
  for (const [action, types] of Object.entries(frameTypes())) {
    const references = operations.flatMap((operation) => [
      ...(operation.action === action ? operation.messages : []),
      ...(action === 'send' ? (operation.reply?.messages ?? []) : []),
    ]);
    assert.ok(types.length >= 9, action);
    assert.deepEqual([...new Set(references.map(named))].sort(), types, action);
  }
});
