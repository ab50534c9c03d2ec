// Runs measurements and keeps what they printed in bench/history, with the machine and the commit. Usage:
//   node scripts/bench_history.mjs NAME -- PROGRAM ARGUMENT… [-- PROGRAM ARGUMENT…]…
// Each program must print one JSON document on standard output, as Google Benchmark does with --benchmark_format=json
// and parley-bench with --json. Nothing is written when one fails or reports an error.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');

/** NAME and the commands of a command line. */
export function parseArguments([name, first, ...rest]) {
  if (!/^[a-z0-9][a-z0-9_-]*$/.test(name ?? '') || first !== '--') {
    throw new Error('usage: bench_history.mjs NAME -- COMMAND… (a name of small letters, digits, - and _)');
  }
  const commands = [[]];
  for (const argument of rest) {
    if (argument === '--') commands.push([]);
    else commands.at(-1).push(argument);
  }
  if (commands.some((command) => command.length === 0)) throw new Error('a command is empty');
  return { name, commands };
}

/** The text without this machine's folders: what lies in the repository by its path there, the rest by its name. */
export function withoutFolders(text, root = repository) {
  return text.replaceAll(`${root}/`, '').replace(/(^|[\s=:,"'(])\/(?:[^\s/,"')]+\/)+([^\s/,"')]*)/g, '$1$2');
}

/** A document without host names and folders. */
export function withoutPlaces(value, root = repository) {
  if (typeof value === 'string') return withoutFolders(value, root);
  if (Array.isArray(value)) return value.map((item) => withoutPlaces(item, root));
  if (value === null || typeof value !== 'object') return value;
  const kept = Object.entries(value).filter(([key]) => key !== 'host_name');
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutPlaces(item, root)]));
}

/** What Google Benchmark says of a benchmark that called SkipWithError; it exits with 0 all the same. */
export function errorsIn(results) {
  const benchmarks = Array.isArray(results?.benchmarks) ? results.benchmarks : [];
  return benchmarks.filter((each) => each.error_occurred).map((each) => `${each.name}: ${each.error_message}`);
}

/** As JSON with one line for each figure's object, so that two files can be compared by line. */
export function laidOut(value, indent = '') {
  const isPlain = (item) => item === null || typeof item !== 'object';
  if (isPlain(value) || Object.values(value).every(isPlain)) return JSON.stringify(value);
  const inner = `${indent} `;
  const lines = Array.isArray(value)
    ? value.map((item) => inner + laidOut(item, inner))
    : Object.entries(value).map(([key, item]) => `${inner}${JSON.stringify(key)}: ${laidOut(item, inner)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}

const git = (...words) => execFileSync('git', ['-C', repository, ...words], { encoding: 'utf8' }).trim();

/** The compiler of the build that the program lies in; null for a program from elsewhere. */
function compilerOf(program) {
  const cache = path.resolve(path.dirname(program), '../CMakeCache.txt');
  if (!existsSync(cache)) return null;
  const text = readFileSync(cache, 'utf8');
  const compiler = text.match(/^CMAKE_CXX_COMPILER:\w+=(.+)$/m)?.[1];
  const kind = text.match(/^CMAKE_BUILD_TYPE:\w+=(.*)$/m)?.[1];
  if (!compiler) return null;
  const version = execFileSync(compiler, ['--version'], { encoding: 'utf8' }).split('\n')[0];
  return `${withoutFolders(version)}, ${kind}`;
}

function systemName() {
  const file = '/etc/os-release';
  const name = existsSync(file) ? readFileSync(file, 'utf8').match(/^PRETTY_NAME="?([^"\n]+)"?$/m)?.[1] : undefined;
  return name ?? os.type();
}

function machine(commands) {
  const [processor] = os.cpus();
  return {
    processor: processor?.model ?? 'unknown',
    cores: os.cpus().length,
    memory_gib: Math.round(os.totalmem() / 2 ** 30),
    system: systemName(),
    kernel: `${os.type()} ${os.release()}`,
    compiler: commands.map(([program]) => compilerOf(program)).find((compiler) => compiler !== null) ?? null,
  };
}

function run(command) {
  const text = withoutFolders(command.join(' '));
  console.error(`bench_history: ${text}`);
  const { status, signal, error, stdout } = spawnSync(command[0], command.slice(1), {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (error) throw error;
  // parley-bench ends with 1 when a goal or a promise was not kept, and tells its figures all the same.
  if (status !== 0 && status !== 1) throw new Error(`${text}: ended with ${signal ?? status}`);
  let results;
  try {
    results = JSON.parse(stdout);
  } catch {
    throw new Error(
      status === 0
        ? `${text}: printed no JSON document; does it want --json or --benchmark_format=json?`
        : `${text}: ended with ${status}`,
    );
  }
  const errors = errorsIn(results);
  if (errors.length > 0) throw new Error(`${text}: ${errors.join('; ')}`);
  return { command: text, ...(status !== 0 && { exit: status }), results: withoutPlaces(results) };
}

function measure(words) {
  const { name, commands } = parseArguments(words);
  const date = new Date();
  const commit = git('rev-parse', 'HEAD');
  // What other measurements wrote there changes no figure.
  const dirty = git('status', '--porcelain', '--', '.', ':!bench/history') !== '';
  // One a core, or more, and something else had part of the machine.
  const load_before = os.loadavg()[0];
  const about = { name, date: date.toISOString(), commit, dirty, load_before, machine: machine(commands) };
  const record = { ...about, runs: commands.map(run) };
  const folder = path.join(repository, 'bench/history');
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${record.date.slice(0, 10)}-${commit.slice(0, 7)}-${name}.json`);
  writeFileSync(file, `${laidOut(record)}\n`);
  console.log(path.relative(process.cwd(), file));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    measure(process.argv.slice(2));
  } catch (error) {
    console.error(`bench_history: ${error.message}`);
    process.exitCode = 1;
  }
}
