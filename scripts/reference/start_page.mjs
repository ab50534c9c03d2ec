// The first page: where to begin, and every call and frame in a line.
import { inline, markdown, escape } from './markdown.mjs';
import { read } from './documents.mjs';
import { commands, news, addressOf } from './frames_page.mjs';
import { page } from './page.mjs';
import { heading, restOperations, tagsInUse } from './rest_page.mjs';

const line = (address, name, summary) =>
  `<li><a href="${address}">${name}</a> <span class="summary">${inline(summary)}</span></li>`;

function callsOf({ name, description }) {
  const calls = restOperations.filter(({ tag }) => tag === name);
  const lines = calls.map((call) => line(`/docs/rest#${call.id}`, heading(call), call.operation.summary));
  return `<h3 id="${name}">${name}</h3>
<p>${inline(description)}</p>
<ul class="index">
${lines.join('\n')}
</ul>`;
}

const frame = ({ key, message }, summary) =>
  line(addressOf(key), `<code>${escape(message.name)}</code>`, summary ?? message.summary);

export function startPage() {
  return page({
    title: 'Reference',
    chapter: '/docs',
    script: '/docs/filter.js',
    body: `<h1>Parley's reference</h1>
<p>Parley is a chat server. A client logs in and makes rooms over REST, and sends and hears messages over one WebSocket.
This server brings the reference along, so that what you read is what it speaks.</p>
<ul>
<li><a href="/docs/tutorial">Tutorial</a>: a chat in 60 lines of JavaScript.</li>
<li><a href="/docs/rest">REST</a>: each call with its fields, answers and a command to try it.</li>
<li><a href="/docs/frames">WebSocket</a>: each frame of both directions.</li>
<li><a href="/docs/codes">Codes</a>: what each error and close code means and what to do.</li>
</ul>
<div id="index">
<h2>Calls</h2>
${tagsInUse.map(callsOf).join('\n')}
<h2>Frames from the client</h2>
<ul class="index">
${commands.map((command) => frame(command, command.operation.summary)).join('\n')}
</ul>
<h2>Frames from the server</h2>
<ul class="index">
${news.flatMap((group) => group.frames.map((one) => frame(one))).join('\n')}
${line('/docs/frames#frame-error', '<code>error</code>', 'It was refused')}
</ul>
</div>`,
  });
}

/** Where a link of docs/tutorial.md leads in the pages. */
function addressIn(address) {
  const pages = {
    'openapi.yaml': '/docs/rest',
    'asyncapi.yaml': '/docs/frames',
    'codes.yaml': '/docs/codes',
    'protocol.md#close-codes': '/docs/codes#closes',
  };
  if (pages[address]) return pages[address];
  if (/^(https?:|#)/.test(address)) return address;
  if (address.startsWith('examples/')) return `/docs/${address}`;
  throw new Error(`docs/tutorial.md: no page stands for ${address}`);
}

const mark = /^<!-- file: (\S+) -->$/;

/** docs/tutorial.md with the code that stands in docs/examples now, in the block after each mark. */
export function tutorialText() {
  const pattern = new RegExp(`(${mark.source})\\n\\n\`\`\`\\w+\\n.*?^\`\`\`$`, 'gms');
  return read('docs/tutorial.md').replace(pattern, (_, line, name) => {
    const code = read(`docs/examples/${name}`).trimEnd();
    return `${line}\n\n\`\`\`${name.split('.').at(-1)}\n${code}\n\`\`\``;
  });
}

export function tutorialPage() {
  const text = tutorialText()
    .split('\n')
    .filter((line) => !mark.test(line))
    .join('\n');
  return page({ title: 'Tutorial', chapter: '/docs/tutorial', body: markdown(text, addressIn) });
}
