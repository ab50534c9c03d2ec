// The frame around every page of the reference, and the small parts that pages share.
import { code, escape } from './markdown.mjs';

const chapters = [
  ['/docs', 'Start'],
  ['/docs/tutorial', 'Tutorial'],
  ['/docs/rest', 'REST'],
  ['/docs/frames', 'WebSocket'],
  ['/docs/codes', 'Codes'],
];

/**
 * A whole page. `chapter` is the address of the part that it belongs to.
 * Addresses begin with a slash, because `/docs` is served without one at its end.
 */
export function page({ title, chapter, body, script = null }) {
  const links = chapters.map(
    ([address, name]) =>
      `<li><a href="${address}"${address === chapter ? ' aria-current="page"' : ''}>${name}</a></li>`,
  );
  return `<!doctype html>
<!-- Made by scripts/make_reference.mjs of docs/; do not edit. -->
<html lang="en">
<head>
<meta charset="utf-8">
<title>${escape(title)} · Parley</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/docs/docs.css">
${script ? `<script type="module" src="${script}"></script>\n` : ''}</head>
<body>
<a class="skip" href="#content">To the content</a>
<header>
<p class="name"><a href="/docs">Parley</a></p>
<nav aria-label="Reference">
<ul>
${links.join('\n')}
</ul>
</nav>
</header>
<main id="content">
${body}
</main>
<footer>
<p>For programs: <a href="/docs/openapi.yaml">openapi.yaml</a>, <a href="/docs/asyncapi.yaml">asyncapi.yaml</a>,
<a href="/docs/codes.yaml">codes.yaml</a>. The chat page is at <a href="/">/</a>.</p>
</footer>
</body>
</html>
`;
}

/** JSON as one reads it: what is short stays on its line. */
export function json(value, indent = '', width = 76) {
  const short = JSON.stringify(value, null, 1)
    .replace(/\n\s*/g, ' ')
    .replaceAll('{ }', '{}');
  if (value === null || typeof value !== 'object' || indent.length + short.length <= width) return short;
  const inner = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((item) => inner + json(item, inner, width))
    : Object.entries(value).map(
        ([key, item]) => `${inner}${JSON.stringify(key)}: ${json(item, inner, width)}`,
      );
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${parts.join(',\n')}\n${indent}${close}`;
}

export const jsonBlock = (value) => code(typeof value === 'string' ? value : json(value));

/** A list of terms, where `rows` are [term, text], both HTML. @param {string} [kind] a class for the style */
export function terms(rows, kind = null) {
  const pairs = rows.map(([term, text]) => `<dt>${term}</dt>\n<dd>${text}</dd>`);
  return `<dl${kind ? ` class="${kind}"` : ''}>\n${pairs.join('\n')}\n</dl>`;
}
