// Makes the pages under web/docs, which the server serves at /docs, of what stands in docs/, and puts the code of
// docs/examples into docs/tutorial.md. A new call, frame, tag or code needs nothing here. Usage:
//   node scripts/make_reference.mjs           writes the files (needs `npm ci` in tests/); `./dev docs` does both
//   node scripts/make_reference.mjs --check   says which files are not what docs/ would make, and fails if any
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { codePages } from './reference/code_pages.mjs';
import { read, repository } from './reference/documents.mjs';
import { framesPage } from './reference/frames_page.mjs';
import { restPage } from './reference/rest_page.mjs';
import { startPage, tutorialPage, tutorialText } from './reference/start_page.mjs';

export const folder = path.join(repository, 'web/docs');

const tutorialFile = 'docs/tutorial.md';

/** What of docs/examples a browser runs is served beside the pages. */
const served = ['chat.html', 'chat.js'];

/** All pages, {path under web/docs: text}. */
export function makeReference() {
  return {
    'index.html': startPage(),
    'rest.html': restPage(),
    'frames.html': framesPage(),
    'tutorial.html': tutorialPage(),
    ...codePages(),
    ...Object.fromEntries(served.map((name) => [`examples/${name}`, read(`docs/examples/${name}`)])),
  };
}

/** The files under web/docs that nobody writes by hand. */
export function madeFiles() {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name)))
    .filter((name) => name.endsWith('.html') || name.startsWith('examples/'))
    .sort();
}

/** The files that are missing, left over or not as they would be made, as the repository names them. */
export function staleFiles() {
  const made = makeReference();
  const there = madeFiles();
  const differs = (name) => !there.includes(name) || readFileSync(path.join(folder, name), 'utf8') !== made[name];
  const stale = [...Object.keys(made).filter(differs), ...there.filter((name) => !(name in made))].sort();
  const tutorial = tutorialText() === read(tutorialFile) ? [] : [tutorialFile];
  return [...tutorial, ...stale.map((name) => `web/docs/${name}`)];
}

function write() {
  writeFileSync(path.join(repository, tutorialFile), tutorialText());
  const made = makeReference();
  for (const name of madeFiles()) if (!(name in made)) rmSync(path.join(folder, name));
  for (const [name, text] of Object.entries(made)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  console.log(`${Object.keys(made).length} files in web/docs.`);
}

if (process.argv[1]?.endsWith('make_reference.mjs')) {
  if (process.argv.includes('--check')) {
    const stale = staleFiles();
    for (const name of stale) console.log(`${name}: stale. './dev docs' mends it.`);
    process.exitCode = stale.length > 0 ? 1 : 0;
  } else {
    write();
  }
}
