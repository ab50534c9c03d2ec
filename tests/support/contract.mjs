// The two documents as oracles: is this frame, is this HTTP answer what docs/*.yaml describe?
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

const ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false });
addFormats(ajv);
ajv.addSchema(openapi, `${base}openapi.yaml`);
ajv.addSchema(asyncapi, `${base}asyncapi.yaml`);

const escapePointer = (part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));

/** A list of complaints, empty when the value fits the schema at that place of that document. */
export function complaints(document, pointer, value) {
  const key = `${base}${document}#/${pointer.map(escapePointer).join('/')}`;
  const validate = ajv.getSchema(key);
  if (!validate) return [`no schema at ${key}`];
  if (validate(value)) return [];
  return validate.errors.map((e) => `${e.instancePath || '/'} ${e.message} ${JSON.stringify(e.params)}`);
}

const ackSchemas = {
  send_message: 'ack_send_message',
  edit_message: 'ack_edit_message',
  delete_message: 'ack_delete_message',
  reaction: 'ack_reaction',
  read: 'ack_read',
  watch_presence: 'ack_watch_presence',
  typing: 'ack_empty',
  resume: 'ack_empty',
  ping: 'ack_empty',
};
/** The events that have a seq of their room. */
export const durableEvents = [
  'new_message',
  'message_edited',
  'message_deleted',
  'reaction',
  'member_joined',
  'member_left',
  'room_renamed',
];
const serverFrames = new Set([
  ...durableEvents,
  'ready',
  'room_added',
  'room_removed',
  'typing',
  'read',
  'presence',
  'friend',
  'replay_end',
  'drain',
  'error',
]);
const commandSchemas = {
  send_message: 'send_message',
  edit_message: 'edit_message',
  delete_message: 'delete_message',
  reaction: 'reaction_command',
  typing: 'typing_command',
  read: 'read_command',
  resume: 'resume',
  watch_presence: 'watch_presence',
  ping: 'ping',
};

/** What is wrong with a frame from the server; `command` is the type of the frame that an ack answers. */
export function frameComplaints(frame, command) {
  if (frame.type === 'ack') {
    const name = ackSchemas[command ?? 'send_message'];
    return name
      ? complaints('asyncapi.yaml', ['components', 'schemas', name], frame)
      : [`an ack of ${command}`];
  }
  if (!serverFrames.has(frame.type)) return [`the frame type ${frame.type} is not described`];
  return complaints('asyncapi.yaml', ['components', 'schemas', frame.type], frame);
}

/** What is wrong with a frame that a well-behaved client is about to send. */
export function commandComplaints(frame) {
  const name = commandSchemas[frame.type];
  if (!name) return [`the command ${frame.type} is not described`];
  return complaints('asyncapi.yaml', ['components', 'schemas', name], frame);
}

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
  const component = (name) => ({
    pointer: ['components', 'responses', name],
    response: openapi.components.responses[name],
  });
  if (template === null) return status === 404 ? component('not_found') : null;
  const operation = openapi.paths[template][method.toLowerCase()];
  if (!operation) return status === 405 ? component('method_not_allowed') : null;
  const response = operation.responses[status];
  if (!response) return null;
  if (response.$ref) return component(response.$ref.split('/').at(-1));
  return { pointer: ['paths', template, method.toLowerCase(), 'responses', String(status)], response };
}

/** What is wrong with an HTTP answer {status, headers, text, body}. */
export function answerComplaints(method, pathname, answer) {
  const template = routeOf(pathname);
  const described = describedResponse(method, template, answer.status);
  if (!described) return [`status ${answer.status} is not described for ${method} ${template ?? pathname}`];
  const { pointer, response } = described;
  const missing = Object.entries(response.headers ?? {})
    .filter(([name, header]) => header.required && !(name.toLowerCase() in answer.headers))
    .map(([name]) => `the header ${name} is missing`);
  if (!response.content)
    return answer.text === '' ? missing : [...missing, `a body where none is described: ${answer.text}`];
  const mediaType = (answer.headers['content-type'] ?? '').split(';')[0].trim().toLowerCase();
  if (!response.content[mediaType]) return [...missing, `the content type "${mediaType}" is not described`];
  return [
    ...missing,
    ...complaints('openapi.yaml', [...pointer, 'content', mediaType, 'schema'], answer.body),
  ];
}
