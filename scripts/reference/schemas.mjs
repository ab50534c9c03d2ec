// Schemas as people read them: a field's type in a few words, its rules, and lists of fields.
import { asyncapi, follow } from './documents.mjs';
import { escape, inline } from './markdown.mjs';
import { terms } from './page.mjs';

const isNull = (schema) => schema.type === 'null' || schema.const === null;
const kinds = { string: 'text', integer: 'whole number', number: 'number', boolean: 'true or false', null: 'null' };
const one = (value) => `<code>${escape(typeof value === 'string' ? value : JSON.stringify(value))}</code>`;

const range = (least, most, what) => {
  if (least !== undefined && most !== undefined) return [`${least} to ${most}${what}`];
  if (least !== undefined) return [`at least ${least}${what}`];
  return most !== undefined ? [`at most ${most}${what}`] : [];
};

/** What a value has to keep to, besides its type. */
function rules(schema) {
  return [
    ...range(schema.minLength, schema.maxLength, ' characters'),
    ...range(schema.minimum, schema.maximum, ''),
    ...range(schema.minItems, schema.maxItems, ' items'),
    ...(schema.pattern ? [`<code>${escape(schema.pattern)}</code>`] : []),
    ...(schema.default !== undefined ? [`${one(schema.default)} if left out`] : []),
  ];
}

/** The type in a few words, as HTML. Named objects, and scalars that have rules, link to where they are explained. */
export function typeOf(file, schema) {
  if (schema.$ref) {
    const { file: home, name, value } = follow(file, schema.$ref);
    if (name.startsWith('optional_')) return typeOf(home, value);
    const plain = !value.properties && !value.pattern && !value.description && !value.anyOf;
    return plain && home === file ? typeOf(home, value) : link(home, name);
  }
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) return choices.map((choice) => typeOf(file, choice)).join(' or ');
  if (schema.const !== undefined) return one(schema.const);
  if (schema.enum) return schema.enum.map(one).join(', ');
  const types = [schema.type ?? 'object'].flat();
  return types
    .map((type) => {
      if (type === 'array') return `list of ${typeOf(file, schema.items)}`;
      return type === 'object' ? 'object' : kinds[type];
    })
    .join(' or ');
}

/** A frame stands with its direction, everything else at the end of its page. */
function link(file, name) {
  if (file === 'openapi.yaml') return `<a href="/docs/rest#schema-${name}">${name}</a>`;
  const part = asyncapi.components.messages[name] ? 'frame' : 'schema';
  return `<a href="/docs/frames#${part}-${name}">${name}</a>`;
}

/** The object whose fields are to be listed where a field holds one without a name of its own, or null. */
function inner(schema) {
  const choices = schema.oneOf ?? schema.anyOf ?? [schema];
  const objects = choices.map((choice) => (choice.type === 'array' ? choice.items : choice));
  return objects.find((choice) => choice.properties) ?? null;
}

function field(file, name, schema, isRequired) {
  const own = schema.$ref ? { ...schema, $ref: undefined } : schema;
  const notes = [typeOf(file, schema), ...rules(own)].join(', ');
  const need = isRequired ? ' <span class="need">required</span>' : '';
  const nested = schema.$ref ? null : inner(schema);
  const about = schema.description ? `<p>${inline(schema.description.trim().replaceAll('\n', ' '))}</p>` : '';
  const within = nested ? fields(file, nested) : '';
  return [`<code>${escape(name)}</code>${need}`, `<p class="type">${notes}</p>${about}${within}`];
}

/** All fields of an object. @param {boolean} marksRequired false for what the server sends, where all are present */
export function fields(file, schema, marksRequired = true) {
  const rows = Object.entries(schema.properties ?? {}).map(([name, value]) =>
    field(file, name, value, marksRequired && (schema.required ?? []).includes(name)),
  );
  const choices = (schema.oneOf ?? []).filter((choice) => choice.properties);
  const others = choices.map((choice) => {
    const required = [...(schema.required ?? []), ...(choice.required ?? [])];
    return `<h5>${escape(choice.title)}</h5>\n${fields(file, { ...choice, required })}`;
  });
  return (rows.length > 0 ? terms(rows) : '') + others.join('\n');
}

/** A schema with a section of its own. */
export function schemaSection(file, name, schema) {
  const about = schema.description ? `<p>${inline(schema.description.trim().replaceAll('\n', ' '))}</p>` : '';
  const isObject = schema.properties || schema.oneOf?.some((choice) => choice.properties);
  const what = isObject
    ? fields(file, schema, false)
    : `<p class="type">${[typeOf(file, schema), ...rules(schema)].join(', ')}</p>`;
  return `<section id="schema-${name}">\n<h3>${name}</h3>\n${about}${what}\n</section>`;
}

/** Names of the schemas of that document that sections are for: fragments of others, and nullable ones, are not. */
export const namedSchemas = (schemas) =>
  Object.entries(schemas).filter(([name, schema]) => !name.startsWith('optional_') && !schema.allOf && !isNull(schema));
