// The two documents as oracles: is this frame, is this HTTP answer what docs/*.yaml describe? Everything is read from
// them, so that whoever describes a new frame or path has told the tests of it too.
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { repository } from './parleyd.mjs';

const base = 'https://parley.example/docs/';
const load = (name) =>
  parse(readFileSync(path.join(repository, 'docs', name), 'utf8'), { maxAliasCount: -1 });

export const openapi = load('openapi.yaml');
export const asyncapi = load('asyncapi.yaml');
export const documents = { 'openapi.yaml': openapi, 'asyncapi.yaml': asyncapi };

const ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false });
addFormats(ajv);
for (const [name, document] of Object.entries(documents)) ajv.addSchema(document, base + name);

const escapePointer = (part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
const unescapePointer = (part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');

/** A list of complaints, empty when the value fits the schema at that place of that document. */
export function complaints(document, pointer, value) {
  const key = `${base}${document}#/${pointer.map(escapePointer).join('/')}`;
  const validate = ajv.getSchema(key);
  if (!validate) return [`no schema at ${key}`];
  if (validate(value)) return [];
  return validate.errors.map((e) => `${e.instancePath || '/'} ${e.message} ${JSON.stringify(e.params)}`);
}

const pointerOf = (reference) => reference.split('#')[1].split('/').slice(1).map(unescapePointer);

/** What a reference of that document leads to; undefined when it leads nowhere. */
export function resolve(document, reference) {
  const file = reference.split('#')[0].replace('./', '');
  return pointerOf(reference).reduce((value, part) => value?.[part], documents[file || document]);
}

/** The object at a pointer of openapi.yaml with its pointer, behind a reference if there is one. */
function described(pointer) {
  const value = pointer.reduce((at, part) => at?.[part], openapi);
  return value?.$ref ? described(pointerOf(value.$ref)) : { pointer, value };
}

// --- Frames ---

/** A message of asyncapi.yaml's operations: what its `type` is, and where its schema stands. */
function messageOf({ $ref }) {
  const { $ref: component } = resolve('asyncapi.yaml', $ref);
  const { name, payload } = resolve('asyncapi.yaml', component);
  return { name, pointer: pointerOf(payload.$ref) };
}

const serverFrames = new Map(); // type: pointer to its schema
const commands = new Map(); // type: {pointer, ack: pointer}
for (const { action, messages, reply } of Object.values(asyncapi.operations)) {
  for (const { name, pointer } of messages.map(messageOf)) {
    if (action === 'send') serverFrames.set(name, pointer);
    else commands.set(name, { pointer, ack: commands.get(name)?.ack });
  }
  if (messages.length !== 1 || !reply) continue; // An operation of one command says how it is acknowledged.
  for (const { name, pointer } of reply.messages.map(messageOf)) {
    if (name === 'ack') commands.get(messageOf(messages[0]).name).ack = pointer;
    else serverFrames.set(name, pointer);
  }
}
serverFrames.delete('ack'); // Its schema depends on what it answers.

/** The events that have a seq of their room. */
export const durableEvents = asyncapi.components.schemas.durable_event.anyOf.map(({ $ref }) =>
  pointerOf($ref).at(-1),
);

/** What is wrong with a frame from the server; `command` is the type of the frame that an ack answers. */
export function frameComplaints(frame, command) {
  if (frame.type === 'ack') {
    const ack = commands.get(command ?? 'send_message')?.ack;
    return ack ? complaints('asyncapi.yaml', ack, frame) : [`an ack of ${command}`];
  }
  const pointer = serverFrames.get(frame.type);
  return pointer
    ? complaints('asyncapi.yaml', pointer, frame)
    : [`the frame type ${frame.type} is not described`];
}

/** What is wrong with a frame that a well-behaved client is about to send. */
export function commandComplaints(frame) {
  const command = commands.get(frame.type);
  return command
    ? complaints('asyncapi.yaml', command.pointer, frame)
    : [`the command ${frame.type} is not described`];
}

/** What is wrong with the end of a connection. 1005 and 1006 stand for a close without a code, and for none. */
export function closeComplaints(code) {
  if (code === 1005 || code === 1006) return [];
  return complaints('asyncapi.yaml', ['components', 'schemas', 'close_code'], code);
}

// --- HTTP ---

const routes = Object.keys(openapi.paths).map((template) => ({
  template,
  literals: template.split('/').filter((part) => !part.startsWith('{')).length,
  pattern: new RegExp(`^${template.replace(/[.]/g, '\\.').replace(/\{[^}]+\}/g, '[^/]+')}$`),
}));

/** The described path that a request's path falls under, the most literal one first. */
export function routeOf(pathname) {
  return (
    routes.filter((r) => r.pattern.test(pathname)).sort((a, b) => b.literals - a.literals)[0]?.template ??
    null
  );
}

/** Where the document describes this answer: a response object and its pointer, or null. */
function describedResponse(method, template, status) {
  const component = (name) => described(['components', 'responses', name]);
  if (method === 'OPTIONS') {
    const name = { 204: 'options', 403: 'forbidden', 404: 'not_found' }[status];
    return name ? component(name) : null;
  }
  if (template === null) return status === 404 ? component('not_found') : null;
  const name = method === 'HEAD' ? 'get' : method.toLowerCase();
  if (!openapi.paths[template][name]) return status === 405 ? component('method_not_allowed') : null;
  const found = described(['paths', template, name, 'responses', String(status)]);
  return found.value ? found : null;
}

/** Headers that belong to HTTP and the connection, and not to what is said over it. */
const ofHttp = new Set(['connection', 'content-length', 'content-type', 'keep-alive', 'transfer-encoding']);
/** Of components/headers those that only some answers bear, which name them. */
const ofSome = new Set(['ETag', 'Retry-After', 'Allow']);

function headerComplaints({ pointer, value: response }, headers) {
  const all = new Map(); // name: pointer
  const isSwitched = pointer.at(-1) === 'switched'; // RFC 6455 alone says what a 101 bears.
  for (const name of isSwitched ? [] : Object.keys(openapi.components.headers)) {
    if (!ofSome.has(name)) all.set(name, ['components', 'headers', name]);
  }
  for (const name of Object.keys(response.headers ?? {})) all.set(name, [...pointer, 'headers', name]);
  const wrong = [];
  const known = new Set(ofHttp);
  for (const [name, place] of all) {
    const { pointer: where, value: header } = described(place);
    const given = headers[name.toLowerCase()];
    known.add(name.toLowerCase());
    if (given === undefined) {
      if (header.required) wrong.push(`the header ${name} is missing`);
      continue;
    }
    const value = header.schema.type === 'integer' ? Number(given) : given;
    for (const complaint of complaints('openapi.yaml', [...where, 'schema'], value))
      wrong.push(`the header ${name}: ${complaint}`);
  }
  for (const name of Object.keys(headers))
    if (!known.has(name)) wrong.push(`the header ${name} is not described: ${headers[name]}`);
  return wrong;
}

function bodyComplaints({ pointer, value: response }, method, { headers, text, body }) {
  const isEmpty = method === 'HEAD' || !response.content;
  if (isEmpty && text !== '') return [`a body where none is described: ${text}`];
  if (!response.content) return [];
  const mediaType = (headers['content-type'] ?? '').split(';')[0].trim().toLowerCase();
  const known = [mediaType, '*/*'].find((type) => response.content[type]);
  if (!known) return [`the content type "${mediaType}" is not described`];
  if (isEmpty || !response.content[known].schema) return [];
  return complaints('openapi.yaml', [...pointer, 'content', known, 'schema'], body);
}

/** What is wrong with an HTTP answer {status, headers, text, body}. */
export function answerComplaints(method, pathname, answer) {
  const template = routeOf(pathname);
  const response = describedResponse(method, template, answer.status);
  if (!response) return [`status ${answer.status} is not described for ${method} ${template ?? pathname}`];
  return [...headerComplaints(response, answer.headers), ...bodyComplaints(response, method, answer)];
}

/** What is wrong with a refusal of a request that may not even be one, so that no path is known. */
export function refusalComplaints({ status, headers, text, body }) {
  const found = Object.keys(openapi.components.responses)
    .map((name) => described(['components', 'responses', name]))
    .filter(({ value }) => {
      const [example] = Object.values(value.content?.['application/problem+json']?.examples ?? {});
      return example?.value.status === status;
    });
  if (found.length !== 1) return [`status ${status} is not described`];
  return [...headerComplaints(found[0], headers), ...bodyComplaints(found[0], 'GET', { headers, text, body })];
}

/** What is not described of a request that the server took: a field of the query, or the body. */
export function requestComplaints(method, pathname, query, body) {
  const template = routeOf(pathname);
  const operation = openapi.paths[template]?.[method.toLowerCase()];
  if (!operation) return [];
  const parameters = [...(openapi.paths[template].parameters ?? []), ...(operation.parameters ?? [])].map(
    (parameter) => (parameter.$ref ? resolve('openapi.yaml', parameter.$ref) : parameter),
  );
  const names = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
  const wrong = [...query.keys()]
    .filter((name) => !names.includes(name))
    .map((name) => `?${name}= was taken and is not described`);
  if (body === undefined) return wrong;
  if (!operation.requestBody) return [...wrong, 'a body was taken and is not described'];
  if (!operation.requestBody.content['application/json']) return wrong; // bytes, or a form
  const place = ['paths', template, method.toLowerCase(), 'requestBody', 'content', 'application/json', 'schema'];
  return [...wrong, ...complaints('openapi.yaml', place, body).map((what) => `the body was taken: ${what}`)];
}
