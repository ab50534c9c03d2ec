// The page of the WebSocket frames, of both directions, each with its fields and examples.
import { asyncapi, behind, codes, follow } from './documents.mjs';
import { escape, inline, markdown } from './markdown.mjs';
import { jsonBlock, page, terms } from './page.mjs';
import { fields, namedSchemas, schemaSection, typeOf } from './schemas.mjs';

const file = 'asyncapi.yaml';

/** The message that an operation refers to: {key, message}; the key is its name in components/messages. */
function messageOf({ $ref }) {
  const { name, value } = follow(file, follow(file, $ref).value.$ref);
  return { key: name, message: value };
}

const ofAllRooms = Object.values(asyncapi.operations).filter(({ channel }) => channel.$ref.endsWith('/all_rooms'));

/** What clients send: {key, message, operation, ack}. */
export const commands = ofAllRooms
  .filter(({ action }) => action === 'receive')
  .map((operation) => ({
    ...messageOf(operation.messages[0]),
    operation,
    ack: operation.reply.messages.map(messageOf).find(({ message }) => message.name === 'ack').message,
  }));

/** What the server sends by itself, by operation: {summary, frames: [{key, message}]}. */
export const news = ofAllRooms
  .filter(({ action }) => action === 'send')
  .map(({ summary, messages }) => ({ summary, frames: messages.map(messageOf) }));

export const addressOf = (key) => `/docs/frames#frame-${key}`;

const schemaOf = (message) => follow(file, message.payload.$ref).value;

/** The fields of `data`, be it described in place or by name. */
function dataOf(schema, marksRequired) {
  const data = schema.properties.data ?? {};
  if (data.$ref) {
    const { file: home, value } = follow(file, data.$ref);
    return `<p class="type">data: ${typeOf(file, data)}</p>\n${fields(home, value, marksRequired)}`;
  }
  const about = data.description ? `<p>${inline(data.description)}</p>` : '';
  const list = fields(file, data, marksRequired);
  return about + (list || '<p class="type">data is empty</p>');
}

const examplesOf = ({ examples }) => examples.map(({ payload }) => jsonBlock(payload)).join('\n');

function commandSection({ key, message, operation, ack }) {
  return `<section id="frame-${key}" class="operation">
<h3><code>${message.name}</code></h3>
<p><strong>${inline(operation.summary)}.</strong></p>
<h4>Data</h4>
${dataOf(schemaOf(message), true)}
${examplesOf(message)}
<h4>The ack's data</h4>
${dataOf(schemaOf(ack), false)}
${examplesOf(ack)}
</section>`;
}

function newsSection({ key, message }) {
  const schema = schemaOf(message);
  const about = schema.description ? markdown(schema.description) : '';
  return `<section id="frame-${key}" class="operation">
<h3><code>${message.name}</code></h3>
<p><strong>${inline(message.summary)}.</strong></p>
${about}
<h4>Data</h4>
${dataOf(schema, false)}
${examplesOf(message)}
</section>`;
}

const newsGroup = ({ summary, frames }) =>
  `<h3 class="group">${inline(summary)}</h3>\n${frames.map(newsSection).join('\n')}`;

const item = ({ key, message }) => `<li><a href="#frame-${key}"><code>${message.name}</code></a></li>`;

export function framesPage() {
  const { value: error } = follow(file, '#/components/messages/error');
  const channels = Object.values(asyncapi.channels).map(({ address, title, description, bindings, parameters }) => {
    const query = behind(file, bindings.ws.query);
    const inPath = Object.entries(parameters ?? {}).map(([name, parameter]) => [
      `<code>${name}</code>`,
      `<p class="type">in the path</p><p>${inline(parameter.description)}</p>`,
    ]);
    return `<h3><code>GET ${escape(address)}</code></h3>
<p><strong>${inline(title)}.</strong></p>
${markdown(description ?? '')}
${inPath.length > 0 ? terms(inPath) : ''}
<h4>Query</h4>
${fields(file, query)}`;
  });
  const credentials = Object.values(asyncapi.components.securitySchemes).map(
    ({ description }) => `<li>${inline(description)}</li>`,
  );
  const closes = Object.entries(codes.closes).map(([code, { name, reconnect }]) => [
    `<a href="/docs/closes/${code}">${code}</a>`,
    `<p>${inline(name)}. Come back? ${inline(reconnect)}.</p>`,
  ]);
  // Frames have sections of their own; what is left are the parts that they share.
  const payloads = Object.values(asyncapi.components.messages).map(({ payload }) => payload.$ref.split('/').at(-1));
  const frames = new Set(payloads);
  const schemas = namedSchemas(asyncapi.components.schemas)
    .filter(([name]) => !frames.has(name) && name !== 'connect_query')
    .map(([name, schema]) => schemaSection(file, name, schema));
  return page({
    title: 'WebSocket',
    chapter: '/docs/frames',
    body: `<h1>WebSocket</h1>
${markdown(asyncapi.info.description)}
<nav aria-label="On this page">
<h2>From the client</h2>
<ul class="contents">
${commands.map(item).join('\n')}
</ul>
<h2>From the server</h2>
<ul class="contents">
${news.flatMap((group) => group.frames.map(item)).join('\n')}
<li><a href="#frame-error"><code>error</code></a></li>
</ul>
</nav>
<section id="connecting">
<h2>Connecting</h2>
<p>The token comes in one of three ways:</p>
<ul>
${credentials.join('\n')}
</ul>
${channels.join('\n')}
</section>
<section id="from-the-client">
<h2>Frames from the client</h2>
${commands.map(commandSection).join('\n')}
</section>
<section id="from-the-server">
<h2>Frames from the server</h2>
${news.map(newsGroup).join('\n')}
${newsSection({ key: 'error', message: error })}
</section>
<section id="closes">
<h2>Close codes</h2>
${terms(closes)}
</section>
<section id="schemas">
<h2>Shared parts</h2>
${schemas.join('\n')}
</section>`,
  });
}
