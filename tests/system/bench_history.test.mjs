// What scripts/bench_history.mjs keeps of a measurement, and what it leaves out: in a repository of its own.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { errorsIn, laidOut, parseArguments, withoutPlaces } from '../../scripts/bench_history.mjs';
import { repository } from '../support/parleyd.mjs';

const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'parley-bench-history-')));
after(() => rmSync(folder, { recursive: true, force: true }));

const git = (...words) => execFileSync('git', ['-C', folder, ...words], { encoding: 'utf8' }).trim();
const script = path.join(folder, 'scripts/bench_history.mjs');
const history = path.join(folder, 'bench/history');

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.dirname(script), { recursive: true });
  cpSync(path.join(repository, 'scripts/bench_history.mjs'), script);
  git('init', '--quiet');
  git('add', '.');
  git('-c', 'user.name=test', '-c', 'user.email=test@localhost', 'commit', '--quiet', '--message', 'one');
});

/** A program in a build folder that prints that and ends with that. */
function program(text, status = 0) {
  const file = path.join(folder, '.git/bin/measure');
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\ncat <<'JSON'\n${text}\nJSON\nexit ${status}\n`);
  chmodSync(file, 0o755);
  return file;
}

const run = (...words) => spawnSync(process.execPath, [script, ...words], { cwd: folder, encoding: 'utf8' });

function onlyRecord() {
  const [name, ...others] = readdirSync(history);
  assert.deepEqual(others, []);
  const text = readFileSync(path.join(history, name), 'utf8');
  return { name, text, record: JSON.parse(text) };
}

test('a measurement is kept with machine, commit and command, without places', () => {
  const printed = {
    context: { host_name: hostname(), executable: `${folder}/build/bin/x`, cpu: 2 },
    benchmarks: [{ name: 'a' }],
  };
  const first = program(JSON.stringify(printed));
  const { status, stderr } = run('codec', '--', first, '--out=/tmp/some/where.json', '--', first);
  assert.equal(status, 0, stderr);
  const { name, text, record } = onlyRecord();
  const commit = git('rev-parse', 'HEAD');
  assert.equal(name, `${record.date.slice(0, 10)}-${commit.slice(0, 7)}-codec.json`);
  assert.deepEqual([record.name, record.commit, record.dirty], ['codec', commit, false]);
  assert.ok(record.machine.cores >= 1 && record.machine.kernel && record.machine.processor);
  assert.deepEqual(
    record.runs.map(({ command }) => command),
    ['.git/bin/measure --out=where.json', '.git/bin/measure'],
  );
  assert.deepEqual(record.runs[0].results, {
    context: { executable: 'build/bin/x', cpu: 2 },
    benchmarks: [{ name: 'a' }],
  });
  assert.ok(!text.includes(folder) && !text.includes('host_name'));
});

test('a tree that differs from its commit is said to, but not for what was measured before', () => {
  const measure = program('{}');
  run('first', '--', measure);
  assert.equal(onlyRecord().record.dirty, false);
  assert.equal(run('second', '--', measure).status, 0);
  assert.deepEqual(
    readdirSync(history).map((name) => JSON.parse(readFileSync(path.join(history, name))).dirty),
    [false, false],
  );
  writeFileSync(path.join(folder, 'changed.txt'), 'x');
  run('third', '--', measure);
  const third = readdirSync(history).find((name) => name.endsWith('third.json'));
  assert.equal(JSON.parse(readFileSync(path.join(history, third))).dirty, true);
});

test('a goal that was missed is kept as such', () => {
  assert.equal(run('overload', '--', program('{"slower":6}', 1)).status, 0);
  const [told] = onlyRecord().record.runs;
  assert.deepEqual([told.exit, told.results], [1, { slower: 6 }]);
});

const failed = { name: 'a', error_occurred: true, error_message: 'wrong' };
for (const [what, text, status, said] of [
  ['that fails', '{}', 3, /ended with 3/],
  ['that prints no JSON', 'fanout: 3 runs', 0, /printed no JSON/],
  ['with an error in a benchmark', JSON.stringify({ benchmarks: [failed] }), 0, /a: wrong/],
]) {
  test(`nothing is kept of a program ${what}`, () => {
    const { status: ended, stderr } = run('x', '--', program(text, status));
    assert.equal(ended, 1);
    assert.match(stderr, said);
    assert.throws(() => readdirSync(history), { code: 'ENOENT' });
  });
}

test('command lines that say too little are refused', () => {
  assert.deepEqual(parseArguments(['x', '--', 'a', 'b', '--', 'c']), { name: 'x', commands: [['a', 'b'], ['c']] });
  for (const words of [[], ['x'], ['x', 'a'], ['../x', '--', 'a'], ['x', '--'], ['x', '--', 'a', '--']]) {
    assert.throws(() => parseArguments(words), words.join(' '));
  }
});

test('addresses stay, folders go', () => {
  const kept = ['http://localhost:8000/ws/room/user', 'ns/message', 'a / b', '1/s', 'docs/a/b.md'];
  assert.deepEqual(withoutPlaces(kept), kept);
  const gone = { of: ['/usr/bin/x', '--data=/tmp/a/b', 'is in /var/lib/x'] };
  assert.deepEqual(withoutPlaces(gone), { of: ['x', '--data=b', 'is in x'] });
});

test('only what Google Benchmark calls an error is one', () => {
  assert.deepEqual(errorsIn({ benchmarks: [{ name: 'b' }, failed] }), ['a: wrong']);
  assert.deepEqual(errorsIn({ rate: 5 }), []);
});

test('the layout is JSON with a line for each figure', () => {
  const value = { a: null, b: [{ c: 1, d: 'x' }, { c: 2, d: 'y' }], e: {}, f: [[1, 2], []] };
  assert.deepEqual(JSON.parse(laidOut(value)), value);
  assert.match(laidOut(value), /^  \{"c":2,"d":"y"\}$/m);
});
