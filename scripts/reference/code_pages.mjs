// A page for each error code and each close code, and one that lists them.
import { codes, codesOf, openapi } from './documents.mjs';
import { escape, inline, markdown } from './markdown.mjs';
import { jsonBlock, page, terms } from './page.mjs';
import { heading, restOperations } from './rest_page.mjs';

const steps = (items) => `<ol>\n${items.map((item) => `<li>${inline(item)}</li>`).join('\n')}\n</ol>`;

/** The titles of HTTP statuses, as the answers' own examples have them. */
const titles = Object.fromEntries(
  Object.values(openapi.components.responses).flatMap(({ content }) =>
    Object.values(content?.['application/problem+json']?.examples ?? {}).map(({ value }) => [value.code, value.title]),
  ),
);

function errorExamples(name, { status, example, http_only: isHttpOnly }) {
  const retry = example.retry_after_ms ?? null;
  const answer = {
    type: `/docs/errors/${name}`,
    title: titles[name],
    status,
    code: name,
    detail: example.message,
    retry_after_ms: retry,
  };
  const frame = {
    type: 'error',
    id: '8',
    data: { code: name, message: example.message, retry_after_ms: retry },
  };
  const overSocket = `<h3>Over WebSocket</h3>\n${jsonBlock(frame)}`;
  return `<h3>Over HTTP</h3>\n${jsonBlock(answer)}\n${isHttpOnly ? '' : overSocket}`;
}

function callsWith(name) {
  const calls = restOperations.filter(({ operation }) =>
    Object.values(operation.responses).some((response) => codesOf(response).includes(name)),
  );
  if (calls.length === 0) return '';
  const items = calls.map((call) => `<li><a href="/docs/rest#${call.id}">${heading(call)}</a></li>`);
  return `<h2>Calls that may answer it</h2>\n<ul class="calls">\n${items.join('\n')}\n</ul>`;
}

function errorPage(name) {
  const what = codes.errors[name];
  return page({
    title: name,
    chapter: '/docs/codes',
    body: `<h1><code>${name}</code></h1>
${terms([
  ['HTTP status', `<p>${what.status} ${escape(titles[name])}</p>`],
  ['Send it again?', `<p>${inline(what.retry)}.</p>`],
])}
<h2>What it means</h2>
${markdown(what.means)}
<h2>What to do</h2>
${steps(what.do)}
<h2>How it looks</h2>
${errorExamples(name, what)}
${callsWith(name)}`,
  });
}

function closePage(code) {
  const what = codes.closes[code];
  const reason = what.reason
    ? `<code>${escape(what.reason)}</code>`
    : 'The server does not send it by itself.';
  return page({
    title: `${code} ${what.name}`,
    chapter: '/docs/codes',
    body: `<h1><code>${code}</code> ${escape(what.name)}</h1>
${terms([
  ["The close frame's reason", `<p>${reason}</p>`],
  ['Come back?', `<p>${inline(what.reconnect)}.</p>`],
])}
<h2>What it means</h2>
${markdown(what.means)}
<h2>What to do</h2>
${steps(what.do)}`,
  });
}

function listPage() {
  const errors = Object.entries(codes.errors).map(([name, { status, retry }]) => [
    `<a href="/docs/errors/${name}"><code>${name}</code></a> <span class="type">${status}</span>`,
    `<p>Send it again? ${inline(retry)}.</p>`,
  ]);
  const closes = Object.entries(codes.closes).map(([code, { name, reconnect }]) => [
    `<a href="/docs/closes/${code}"><code>${code}</code></a> <span class="type">${escape(name)}</span>`,
    `<p>Come back? ${inline(reconnect)}.</p>`,
  ]);
  return page({
    title: 'Codes',
    chapter: '/docs/codes',
    body: `<h1>Codes</h1>
<h2 id="errors">Error codes</h2>
<p>The same over HTTP and WebSocket. A message names the field and the limit.</p>
${terms(errors)}
<h2 id="closes">Close codes</h2>
<p>With what a WebSocket ends.</p>
${terms(closes)}`,
  });
}

/** {file: text} for all of them. */
export function codePages() {
  return {
    'codes.html': listPage(),
    ...Object.fromEntries(Object.keys(codes.errors).map((name) => [`errors/${name}.html`, errorPage(name)])),
    ...Object.fromEntries(Object.keys(codes.closes).map((code) => [`closes/${code}.html`, closePage(code)])),
  };
}
