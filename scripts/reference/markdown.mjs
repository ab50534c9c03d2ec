// The little Markdown that our own texts use, as HTML: paragraphs, headings, lists, tables, code, emphasis, links.

/** For text between tags; nothing of ours goes into attributes but addresses, which hold no quotes. */
export const escape = (text) => String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** What a heading is called in an address. */
export const slug = (text) =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s+/g, '-');

/** One line's marks. What stands between backticks is taken as it is. @param {(address: string) => string} link */
export function inline(text, link = (address) => address) {
  return text
    .split(/(`[^`]+`)/)
    .map((part) =>
      part.startsWith('`') && part.length > 1
        ? `<code>${escape(part.slice(1, -1))}</code>`
        : escape(part)
            .replace(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>')
            .replace(/&lt;(https?:[^&]+)&gt;/g, (_, address) => `<a href="${link(address)}">${address}</a>`),
    )
    .join('')
    .replace(/\[([^\]]+)\]\(([^)]+)\)/g, (_, words, address) => `<a href="${link(address)}">${words}</a>`);
}

export const code = (text) => `<pre><code>${escape(text.replace(/\n$/, ''))}</code></pre>`;

const cells = (row) =>
  row
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim());

const blocks = [
  {
    begins: /^```/,
    take(lines) {
      const end = lines.findIndex((line, index) => index > 0 && line.startsWith('```'));
      return [end + 1, () => code(lines.slice(1, end).join('\n'))];
    },
  },
  {
    begins: /^#{1,4} /,
    take([line]) {
      const [, marks, words] = line.match(/^(#+) (.*)$/);
      const level = marks.length;
      return [1, (link) => `<h${level} id="${slug(words)}">${inline(words, link)}</h${level}>`];
    },
  },
  {
    begins: /^(- |\d+\. )/,
    take(lines) {
      const end = lines.findIndex((line) => line.trim() === '');
      const items = [];
      for (const line of lines.slice(0, end < 0 ? undefined : end)) {
        const begun = line.match(/^(?:- |\d+\. )(.*)$/);
        if (begun) items.push(begun[1]);
        else items.push(`${items.pop()} ${line.trim()}`);
      }
      const tag = lines[0].startsWith('-') ? 'ul' : 'ol';
      const list = (link) => items.map((item) => `<li>${inline(item, link)}</li>`).join('\n');
      return [end < 0 ? lines.length : end, (link) => `<${tag}>\n${list(link)}\n</${tag}>`];
    },
  },
  {
    begins: /^\|/,
    take(lines) {
      const end = lines.findIndex((line) => !line.startsWith('|'));
      const [head, , ...rows] = lines.slice(0, end < 0 ? undefined : end).map(cells);
      const cell = (tag, text, link) => `<${tag}>${inline(text, link)}</${tag}>`;
      const row = (tag, all, link) => `<tr>${all.map((text) => cell(tag, text, link)).join('')}</tr>`;
      return [
        end < 0 ? lines.length : end,
        (link) =>
          `<table>\n<thead>${row('th', head, link)}</thead>\n<tbody>\n` +
          `${rows.map((cellsOfRow) => row('td', cellsOfRow, link)).join('\n')}\n</tbody>\n</table>`,
      ];
    },
  },
  {
    begins: /./,
    take(lines) {
      const end = lines.findIndex((line, index) => line.trim() === '' || (index > 0 && line.startsWith('```')));
      const text = lines.slice(0, end < 0 ? undefined : end).join(' ');
      return [end < 0 ? lines.length : end, (link) => `<p>${inline(text, link)}</p>`];
    },
  },
];

/** A whole text. @param {(address: string) => string} [link] turns an address of the text into one of the pages */
export function markdown(text, link) {
  const html = [];
  let lines = text.split('\n');
  while (lines.length > 0) {
    if (lines[0].trim() === '') {
      lines = lines.slice(1);
      continue;
    }
    const [taken, render] = blocks.find(({ begins }) => begins.test(lines[0])).take(lines);
    html.push(render(link));
    lines = lines.slice(taken);
  }
  return html.join('\n');
}
