// Files for tests: where they are kept, how they are uploaded and fetched, and what is left of them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import http from 'node:http';
import path from 'node:path';
import { metric } from './metrics.mjs';
import { Parleyd, startParleyd, until } from './parleyd.mjs';
import { postgresInUse, queryRows } from './postgres.mjs';
import { RawSocket } from './raw_socket.mjs';

/** Bytes are stored in blocks of this size; sizes about it are where mistakes are. */
export const blockBytes = 262_144;

/** Where the bytes of files are: the default of the store in use, and the other place. */
export const places = postgresInUse
  ? [{ name: 'in the database' }, { name: 'in a shared folder', folder: true, set: { 'files.shared': true } }]
  : [{ name: 'in a folder' }, { name: 'in the database', set: { 'files.url': 'store:' } }];

/** A node that keeps files in that place. `filesFolder` is where its bytes are, or null. */
export async function startWithFiles(place, set = {}) {
  const folder = place.folder && mkdtempSync(path.join(tmpdir(), 'parley-files-'));
  const all = { ...place.set, ...(folder && { 'files.url': `dir:${folder}` }), ...set };
  const node = await startParleyd({ set: all });
  const inDatabase = all['files.url'] === 'store:' || (postgresInUse && !folder);
  node.filesFolder = folder ?? (inDatabase ? null : path.join(node.dir, 'parley.db.files'));
  node.ownFilesFolder = folder;
  return node;
}

/** A second node on the same database and, if files are in one, the same folder. */
export async function startBeside(node, set = {}) {
  const second = new Parleyd({ config: node.options.config, set: { ...node.options.set, ...set } });
  Object.assign(second, { storeUrl: node.storeUrl, filesFolder: node.filesFolder, hasOwnDatabase: true });
  await second.startAnywhere();
  second.hasOwnDatabase = false; // it goes with the first node
  return second;
}

export async function stopWithFiles(node) {
  await node?.stop();
  if (node?.ownFilesFolder) rmSync(node.ownFilesFolder, { recursive: true, force: true });
}

/** Bytes that repeat nowhere near a block's length, and hold every value. */
export function someBytes(size, seed = 1) {
  const bytes = Buffer.alloc(size);
  let state = seed * 2_654_435_761;
  for (let i = 0; i < size; i += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** A small text that no other call answered. */
let texts = 0;
export const someText = () => Buffer.from(`a text, number ${(texts += 1)}\n`);

// --- Uploading ---

export const boundary = '----parley-7MA4YWxkTrZu0gW';
/** The bytes of a form. A part: {name, filename, type, bytes}, or {head, bytes} with its headers as they are. */
export function form(parts, { mark = boundary, close = `--${mark}--\r\n` } = {}) {
  const pieces = parts.flatMap(({ head, name = 'file', filename, type, bytes }) => [
    `--${mark}\r\n`,
    head ??
      `Content-Disposition: form-data; name="${name}"${filename === undefined ? '' : `; filename="${filename}"`}\r\n` +
        (type ? `Content-Type: ${type}\r\n` : ''),
    '\r\n',
    bytes,
    '\r\n',
  ]);
  return Buffer.concat([...pieces, close].map((piece) => Buffer.from(piece)));
}
export const formType = { 'Content-Type': `multipart/form-data; boundary=${boundary}` };

/** Each way of sending a file: the options of an answerOf('POST', …). */
export const waysToUpload = {
  'as a body': (bytes, name) => ({
    target: `/files?name=${encodeURIComponent(name)}`,
    body: bytes,
    headers: { 'Content-Type': 'application/octet-stream' },
  }),
  'as a body in chunks': (bytes, name) => inChunks(waysToUpload['as a body'](bytes, name)),
  'as a form': (bytes, name) => ({
    target: '/files',
    body: form([{ filename: name, type: 'application/octet-stream', bytes }]),
    headers: formType,
  }),
  'as a form in chunks': (bytes, name) => inChunks(waysToUpload['as a form'](bytes, name)),
};
const inChunks = ({ headers, body, target }) => ({
  target,
  pieces: piecesOf(body, 60_001),
  headers: { ...headers, 'Transfer-Encoding': 'chunked' },
});
const piecesOf = (bytes, size) =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));

/** Uploads; the answer {status, headers, body}, whatever it is. */
export function tryUpload(who, bytes, { name = 'file.bin', way = 'as a body' } = {}) {
  const { target, ...options } = waysToUpload[way](bytes, name);
  return who.answerOf('POST', target, options);
}
/** Uploads, which must work; {file_url, size, content_type}. */
export async function upload(who, bytes = someText(), options = {}) {
  const answer = await tryUpload(who, bytes, options);
  assert.equal(answer.status, 201, answer.text);
  assert.equal(answer.body.size, bytes.length);
  return answer.body;
}

// --- Fetching ---

const below = (url) => url.replace(/^\/api\/v1/, '');
export const fetchFile = (who, url, { method = 'GET', ...options } = {}) =>
  who.answerOf(method, below(url), options);
/** The bytes of a file that this one may see. */
export async function bytesOf(who, url) {
  const answer = await fetchFile(who, url);
  assert.equal(answer.status, 200, answer.text.slice(0, 200));
  return answer.bytes;
}
export async function expectBytes(who, url, bytes) {
  const found = await bytesOf(who, url);
  assert.ok(found.equals(bytes), `${found.length} bytes of ${bytes.length} are not as they were sent`);
}
export const expectHidden = async (who, url) =>
  assert.equal((await fetchFile(who, url)).status, 404, `${who.username} sees ${url}`);
export const statusOf = async (who, url) => (await fetchFile(who, url)).status;
/** Asks by HEAD: a file that goes while it is being read ends in the middle. */
export const untilGone = (who, url) =>
  until(async () => (await fetchFile(who, url, { method: 'HEAD' })).status === 404, `${url} is gone`);

export const sign = (who, url, expect = 200) =>
  who.call('POST', '/files/sign', { body: { file_url: url }, expect });

// --- What stands on the wire and in the store ---

/** The request line and headers of an upload, for a raw socket. */
export function uploadHead(who, headers = {}, target = '/api/v1/files?name=raw.bin') {
  const all = { Host: 'localhost', Authorization: `Bearer ${who.token}`, ...headers };
  const lines = Object.entries(all)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${target} HTTP/1.1\r\n${lines.join('')}\r\n`;
}
/** An upload that has begun: head and first bytes are out, and the node has taken it up. */
export async function beginUpload(node, who, { headers, target, first = 'x'.repeat(1000), length = 1_000_000 } = {}) {
  const before = await metric(node, 'uploads');
  const raw = await RawSocket.open(node);
  raw.write(uploadHead(who, headers ?? { 'Content-Length': length }, target), first);
  await until(async () => raw.over || (await metric(node, 'uploads')) > before, 'the upload is under way');
  return raw;
}

export const untilIdle = (node) =>
  until(
    async () => (await metric(node, 'uploads')) === 0 && (await metric(node, 'file_transfers')) === 0,
    'no transfer is under way',
  );

/** Rows of the node's own database. */
export function storeRows(node, sql) {
  if (postgresInUse) return queryRows(node.storeUrl, sql);
  const file = node.storeUrl.replace(/^sqlite:/, '');
  const text = execFileSync('sqlite3', ['-readonly', '-separator', '\t', file, sql], { encoding: 'utf8' });
  return text.split('\n').filter(Boolean).map((line) => line.split('\t'));
}

/** Every file below a folder. */
export const filesBelow = (folder) =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() ? filesBelow(path.join(folder, entry.name)) : [path.join(folder, entry.name)],
      )
    : [];

/** What the node keeps of files: rows of the table, blocks in the database, files in the folder. */
export function keptOf(node) {
  const [[rows], [blocks]] = ['tb_file', 'tb_file_block'].map((table) =>
    storeRows(node, `SELECT count(*) FROM ${table}`)[0],
  );
  const files = node.filesFolder ? filesBelow(node.filesFolder).length : 0;
  return { rows: Number(rows), blocks: Number(blocks), files };
}
/** Waits until no more and no less is kept than was before. */
export async function untilKept(node, expected) {
  const isSo = () => JSON.stringify(keptOf(node)) === JSON.stringify(expected);
  await until(isSo, `${JSON.stringify(expected)} is kept`).catch((error) =>
    assert.fail(`${error.message}; it is ${JSON.stringify(keptOf(node))}`),
  );
}

/** The most memory that the process has had in RAM, in bytes. */
export const peakMemory = (node) =>
  Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${node.proc.pid}/status`, 'utf8'))[1]) * 1024;

/**
 * A download that takes in nothing until it is told to. `rest(restMs)` reads it, with a rest after each piece, and answers how
 * many bytes came.
 */
export function slowDownload(node, who, url) {
  return new Promise((resolve, reject) => {
    const headers = who ? { Authorization: `Bearer ${who.token}` } : {};
    const request = http.get(node.url + url, { headers, agent: false });
    request.on('error', reject);
    request.on('response', (response) => {
      if (response.statusCode !== 200) return reject(new Error(`${response.statusCode} for a download`));
      response.pause();
      const rest = (restMs = 0) =>
        new Promise((done) => {
          let length = 0;
          response.on('data', (part) => {
            length += part.length;
            if (restMs === 0) return;
            response.pause();
            setTimeout(() => response.resume(), restMs);
          });
          response.on('error', () => done(length)); // cut off
          response.on('end', () => done(length));
          response.on('close', () => done(length));
          response.resume();
        });
      resolve({ response, rest, goAway: () => response.destroy() });
    });
  });
}
