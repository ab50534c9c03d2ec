// The page of the REST calls: each operation with its parameters, body, answers and a command to try it.
import { behind, codesOf, follow, openapi, operations } from './documents.mjs';
import { code, escape, inline, markdown } from './markdown.mjs';
import { json, jsonBlock, page, terms } from './page.mjs';
import { fields, namedSchemas, schemaSection, typeOf } from './schemas.mjs';

const file = 'openapi.yaml';
const places = { path: 'in the path', query: 'in the query', header: 'header' };

const examplesOf = (content) =>
  Object.entries(content.examples ?? {}).map(([name, example]) => [name, behind(file, example).value]);

/** The pages themselves are no calls that a program makes. */
export const restOperations = operations.filter(({ tag }) => tag !== 'pages');

export const tagsInUse = openapi.tags.filter(({ name }) => restOperations.some(({ tag }) => tag === name));

export const heading = ({ method, path }) =>
  `<span class="method">${method}</span> <code>${escape(path)}</code>`;

function parametersOf(parameters) {
  if (parameters.length === 0) return '';
  const rows = parameters.map((parameter) => {
    const need = parameter.required ? ' <span class="need">required</span>' : '';
    const notes = `${typeOf(file, parameter.schema)}, ${places[parameter.in]}`;
    return [
      `<code>${escape(parameter.name)}</code>${need}`,
      `<p class="type">${notes}</p><p>${inline(parameter.description.trim().replaceAll('\n', ' '))}</p>`,
    ];
  });
  return `<h4>Parameters</h4>\n${terms(rows)}`;
}

/** A body's fields, or where they are explained. */
function bodyOf({ requestBody }) {
  if (!requestBody) return '';
  return Object.entries(requestBody.content)
    .map(([type, content]) => {
      const schema = behind(file, content.schema ?? {});
      const about = schema.description ? `<p>${inline(schema.description.trim())}</p>` : '';
      return `<h4>Body <span class="type">${type}</span></h4>\n${about}${fields(file, schema)}`;
    })
    .join('\n');
}

function answerOf(status, response) {
  const { description, content = {} } = behind(file, response);
  const parts = Object.entries(content).map(([type, described]) => {
    const what = type === 'application/json' ? typeOf(file, described.schema) : escape(type);
    const examples = examplesOf(described).map(([, value]) => jsonBlock(value));
    return `<p class="type">${what}</p>\n${examples.join('\n')}`;
  });
  return [`<strong>${status}</strong>`, `<p>${inline(description.trim())}</p>\n${parts.join('\n')}`];
}

function answersOf({ responses }) {
  const [good, bad] = [true, false].map((wanted) =>
    Object.entries(responses).filter(([, response]) => (codesOf(response).length === 0) === wanted),
  );
  const errors = bad.flatMap(([status, response]) =>
    codesOf(response).map((name) => `${status} <a href="/docs/errors/${name}">${name}</a>`),
  );
  const refused = errors.length > 0 ? `\n<p>Or an error: ${errors.join(', ')}.</p>` : '';
  return `<h4>Answers</h4>\n${terms(good.map((entry) => answerOf(...entry)), 'answers')}${refused}`;
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** The operation as a command; `$base` and `$token` are the reader's. */
function commandOf({ method, path, operation, parameters }) {
  const given = parameters.filter(({ example }) => example !== undefined);
  const filled = given
    .filter((parameter) => parameter.in === 'path')
    .reduce((at, { name, example }) => at.replace(`{${name}}`, encodeURIComponent(example)), path);
  const query = given
    .filter((parameter) => parameter.in === 'query' && parameter.required)
    .map(({ name, example }) => `${name}=${example}`);
  const headers = given.filter((parameter) => parameter.in === 'header');
  const body = operation.requestBody?.content['application/json'];
  const form = operation.requestBody?.content['multipart/form-data'];
  const fieldsOfForm = form ? Object.keys(behind(file, form.schema).properties ?? {}) : [];
  const [example] = body ? examplesOf(body) : [];
  const address = query.length > 0 ? `${filled}?${query.join('&')}` : filled;
  const parts = [
    `curl -s${method === 'GET' ? '' : ` -X ${method}`} "$base${address}"`,
    ...(operation.security?.length === 0 ? [] : ['-H "Authorization: Bearer $token"']),
    ...headers.map(({ name, example: value }) => `-H ${quoted(`${name}: ${value}`)}`),
    ...fieldsOfForm.map((name) => `-F ${quoted(`${name}=@plan.png`)}`),
    ...(example ? ["-H 'Content-Type: application/json'", `-d ${quoted(json(example[1], '  '))}`] : []),
  ];
  return code(parts.join(' \\\n  '));
}

/** What else the body may look like; the command shows the first example. */
function otherBodies({ requestBody }) {
  const others = requestBody ? Object.values(requestBody.content).flatMap(examplesOf).slice(1) : [];
  return others.map(([, value]) => `<p>Or with this body:</p>\n${jsonBlock(value)}`).join('\n');
}

function section(what) {
  const { id, tag, operation, parameters } = what;
  const isOpen = operation.security?.length === 0;
  const parts = [
    `<section id="${id}" class="operation">`,
    `<h3>${heading(what)}</h3>`,
    `<p><strong>${inline(operation.summary)}.</strong>${isOpen ? ' Needs no token.' : ''}</p>`,
    markdown(operation.description),
    parametersOf(parameters),
    bodyOf(operation),
    answersOf(operation),
    tag === 'websocket' ? '' : `<h4>Try it</h4>\n${commandOf(what)}`,
    otherBodies(operation),
    '</section>',
  ];
  return parts.filter(Boolean).join('\n');
}

export function restPage() {
  const groups = tagsInUse.map(({ name, description }) => {
    const own = restOperations.filter(({ tag }) => tag === name).map(section);
    const title = `<h2>${name}</h2>\n<p>${inline(description)}</p>`;
    return `<section id="tag-${name}">\n${title}\n${own.join('\n')}\n</section>`;
  });
  const contents = tagsInUse.map(({ name }) => `<li><a href="#tag-${name}">${name}</a></li>`);
  const schemas = namedSchemas(openapi.components.schemas).map(([name, schema]) => schemaSection(file, name, schema));
  const headers = Object.entries(openapi.components.headers).map(([name, header]) => [
    `<code>${name}</code>`,
    `<p class="type">${header.required ? '' : 'sometimes, '}${typeOf(file, header.schema)}</p>` +
      `<p>${inline(header.description)}</p>`,
  ]);
  const { value: problem } = follow(file, '#/components/schemas/problem');
  return page({
    title: 'REST',
    chapter: '/docs/rest',
    body: `<h1>REST</h1>
${markdown(openapi.info.description)}
<p>The commands below take the server's address and a token from the shell:</p>
${code('base=http://localhost:8000\ntoken=…   # from auth/login')}
<nav aria-label="On this page">
<ul class="contents">
${contents.join('\n')}
<li><a href="#errors">errors</a></li>
<li><a href="#headers">headers</a></li>
<li><a href="#schemas">schemas</a></li>
</ul>
</nav>
${groups.join('\n')}
<section id="errors">
<h2>Errors</h2>
<p>${inline(problem.description)} <a href="/docs/codes">All codes.</a></p>
${fields(file, problem, false)}
</section>
<section id="headers">
<h2>Headers</h2>
<p>What answers bear.</p>
${terms(headers)}
</section>
<section id="schemas">
<h2>Schemas</h2>
${schemas.join('\n')}
</section>`,
  });
}
