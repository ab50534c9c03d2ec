// The texts that people read first: the same in both languages, and no link leads nowhere.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { repository } from '../support/parleyd.mjs';

const read = (file) => readFileSync(path.join(repository, file), 'utf8');
const code = /^```.*?^```$/gms;

/** What of a README must be the same in every language: the structure, the code, and where the links lead. */
function skeleton(file) {
  const text = read(file);
  const blocks = [...text.matchAll(code)].map(([block]) => block);
  const prose = text.replace(code, '');
  const [, ...links] = [...prose.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) =>
    target.includes(':') ? target : path.join(path.dirname(file), target),
  );
  return {
    blocks,
    links, // without the first, which leads to the other language
    headings: [...prose.matchAll(/^(#+) /gm)].map(([, marks]) => marks.length),
    rows: [...prose.matchAll(/^\| (`[^|]+) \|/gm)].map(([, cell]) => cell),
    points: [...prose.matchAll(/^- /gm)].length,
    names: [...new Set([...prose.matchAll(/`([^`]+)`/g)].map(([, name]) => name))].sort(),
  };
}

test('the README says the same in Vietnamese, and each leads to the other', () => {
  assert.deepEqual(skeleton('docs/README.vi.md'), skeleton('README.md'));
  assert.match(read('README.md'), /\]\(docs\/README\.vi\.md\)/);
  assert.match(read('docs/README.vi.md'), /\]\(\.\.\/README\.md\)/);
});

test('no link of the READMEs and of docs/ leads nowhere', () => {
  const texts = readdirSync(path.join(repository, 'docs')).filter((name) => name.endsWith('.md'));
  for (const file of ['README.md', 'tests/README.md', 'bench/README.md', ...texts.map((name) => `docs/${name}`)]) {
    const prose = read(file).replace(code, '');
    for (const [, target] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      const [place, id] = target.split('#');
      if (/^https?:/.test(target)) continue;
      const found = path.join(repository, place === '' ? file : path.join(path.dirname(file), place));
      assert.ok(existsSync(found), `${file}: ${target}`);
      if (!id || !found.endsWith('.md')) continue;
      const headings = [...readFileSync(found, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, words]) =>
        words.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-'),
      );
      assert.ok(headings.includes(id), `${file}: ${target}`);
    }
  }
});
