// The three descriptions of docs/, read once, and how to follow their references.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

// The tests' packages are the only ones that this repository has.
const { parse } = createRequire(path.join(repository, 'tests/package.json'))('yaml');

export const read = (file) => readFileSync(path.join(repository, file), 'utf8');
const load = (file) => parse(read(file), { maxAliasCount: -1 });

export const openapi = load('docs/openapi.yaml');
export const asyncapi = load('docs/asyncapi.yaml');
export const codes = load('docs/codes.yaml');

const documents = { 'openapi.yaml': openapi, 'asyncapi.yaml': asyncapi };

/** What a reference leads to: {file, name, value}; `file` is the document that its own references begin at. */
export function follow(file, reference) {
  const [other, fragment] = reference.split('#');
  const home = other ? other.replace('./', '') : file;
  const parts = fragment.split('/').slice(1);
  const value = parts.reduce(
    (at, part) => at?.[part.replaceAll('~1', '/').replaceAll('~0', '~')],
    documents[home],
  );
  if (value === undefined) throw new Error(`${file}: ${reference} leads nowhere`);
  return { file: home, name: parts.at(-1), value };
}

/** The object itself, behind a reference if it is one. */
export const behind = (file, object) => (object.$ref ? follow(file, object.$ref).value : object);

const methods = ['get', 'post', 'put', 'patch', 'delete'];

/** All operations in the order of openapi.yaml: {id, method, path, tag, operation, parameters}. */
export const operations = Object.entries(openapi.paths).flatMap(([template, item]) =>
  methods
    .filter((method) => item[method])
    .map((method) => ({
      id: item[method].operationId,
      method: method.toUpperCase(),
      path: template,
      tag: item[method].tags[0],
      operation: item[method],
      parameters: [...(item.parameters ?? []), ...(item[method].parameters ?? [])].map((parameter) =>
        behind('openapi.yaml', parameter),
      ),
    })),
);

/** The error codes that an answer may bear, by its schema: a list of names. */
export function codesOf(response) {
  const content = behind('openapi.yaml', response).content?.['application/problem+json'];
  if (!content) return [];
  const { value } = follow('openapi.yaml', content.schema.$ref);
  const code = value.allOf.map((part) => part.properties?.code).find(Boolean);
  return code.enum ?? [code.const];
}
