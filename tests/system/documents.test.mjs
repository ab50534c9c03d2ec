// The two documents themselves: every reference leads somewhere, every example fits what it illustrates.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { asyncapi, complaints, openapi } from '../support/contract.mjs';
import { repository } from '../support/parleyd.mjs';

const documents = { 'openapi.yaml': openapi, 'asyncapi.yaml': asyncapi };

function* walk(value, pointer = []) {
  if (value === null || typeof value !== 'object') return;
  yield [value, pointer];
  for (const [key, child] of Object.entries(value)) yield* walk(child, [...pointer, key]);
}

function resolve(document, reference) {
  const [file, fragment] = reference.split('#');
  let value = documents[file === '' ? document : file.replace('./', '')];
  for (const part of fragment.split('/').slice(1))
    value = value?.[part.replaceAll('~1', '/').replaceAll('~0', '~')];
  return value;
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

test('every example in openapi.yaml fits its schema', () => {
  let seen = 0;
  for (const [node, pointer] of walk(openapi)) {
    if (!node.schema || !node.examples) continue;
    for (const [label, example] of Object.entries(node.examples)) {
      const { value } = example.$ref ? resolve('openapi.yaml', example.$ref) : example;
      assert.deepEqual(
        complaints('openapi.yaml', [...pointer, 'schema'], value),
        [],
        `${label} at ${pointer.join('/')}`,
      );
      seen += 1;
    }
  }
  assert.ok(seen >= 15);
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

test('every object that leaves the server refuses fields that are not described', () => {
  const incoming =
    /^(registration|credentials|new_room|invitation|message_to_send|new_content|new_name|read_position|send_message|edit_message|delete_message|.*_command|resume|watch_presence|ping|connect_query)$/;
  for (const [document, { components }] of Object.entries(documents)) {
    for (const [name, schema] of Object.entries(components.schemas)) {
      if (incoming.test(name) || schema.type !== 'object') continue;
      for (const [node, pointer] of walk(schema, [name])) {
        if (!node.properties || ['if', 'then', 'else'].includes(pointer.at(-1))) continue;
        assert.equal(node.additionalProperties, false, `${document}: ${pointer.join('/')}`);
      }
    }
  }
});

test('protocol.md explains every error code, every frame type and every route', () => {
  const text = readFileSync(path.join(repository, 'docs/protocol.md'), 'utf8');
  for (const code of openapi.components.schemas.error_code.enum)
    assert.match(text, new RegExp(`\\| \`${code}\` \\| \\d{3} \\|`));
  for (const { name } of Object.values(asyncapi.components.messages))
    assert.ok(text.includes(`\`${name}\``), name);
  for (const template of Object.keys(openapi.paths)) {
    const shown = template.replace('/api/v1/', '').replace('{member}', '{user_id or me}');
    assert.ok(text.includes(shown), template);
  }
});
