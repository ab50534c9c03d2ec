// HTTP for tests: one request, its whole answer, held against openapi.yaml.
import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';
import { answerComplaints, requestComplaints } from './contract.mjs';
import { deadlineMs, pause } from './parleyd.mjs';

/**
 * Sends one HTTP request and reads the whole answer: {status, headers, bytes, text, body}. A header set to undefined is
 * left out; a body may be sent as `pieces`, chunk by chunk.
 */
export function exchange(node, method, target, { body, pieces, headers = {}, token, agent } = {}) {
  const payload =
    body === undefined
      ? undefined
      : Buffer.isBuffer(body) || typeof body === 'string'
        ? body
        : JSON.stringify(body);
  const all = {
    ...(payload !== undefined && {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(payload),
    }),
    ...(token && { Authorization: `Bearer ${token}` }),
    ...headers,
  };
  const options = {
    method,
    agent: agent ?? node.agent,
    headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
    ...(node.tls && { ca: node.tls.ca }),
  };
  return new Promise((resolve, reject) => {
    const request = (node.tls ? https : http).request(node.url + target, options, (response) => {
      readAnswer(response).then(resolve, reject);
    });
    request.setTimeout(deadlineMs, () => request.destroy(new Error(`no answer to ${method} ${target}`)));
    request.on('error', reject);
    for (const piece of pieces ?? []) request.write(piece);
    request.end(payload);
  });
}

/** The whole of an incoming answer: {status, headers, bytes, text, body}; JSON is parsed. An answer to HEAD has no body. */
export async function readAnswer(response) {
  const parts = [];
  for await (const part of response) parts.push(part);
  const bytes = Buffer.concat(parts);
  const text = bytes.toString('utf8');
  let body = text;
  if (text !== '' && /json/.test(response.headers['content-type'] ?? '') && response.req.method !== 'HEAD')
    body = JSON.parse(text);
  return { status: response.statusCode, headers: response.headers, bytes, text, body };
}

/**
 * Fails the test, and the node in the end, when the answer is not as described, or when what was taken is not.
 * @param {object} [body] the request's, as an object
 */
export function checkAnswer(node, method, target, answer, body) {
  const { pathname, searchParams } = new URL(target, node.url);
  const wrong = answerComplaints(method, pathname, answer);
  if (answer.status < 300) wrong.push(...requestComplaints(method, pathname, searchParams, body));
  if (wrong.length === 0) return;
  const message = `${method} ${target} answered ${answer.status} ${answer.text.slice(0, 400)}\n  ${wrong.join('\n  ')}`;
  node.violations.push(message);
  assert.fail(message);
}

/** Bodies that tests write as text or bytes are odd on purpose. */
const objectOf = (body) => (typeof body === 'string' || Buffer.isBuffer(body) ? undefined : body);

/** What a node says that may not have heard who is out (refusals.hpp). It has done nothing of what was asked. */
const notUpToDate = 'This node cannot reach the store to see who is logged in';

/** So long a machine stands still, and a node that does not hear who is out must not be taken for one. */
const standstillMs = 3_000;

/**
 * Tries again while the node says that: it does so for a moment when the machine stood still for longer than its lease.
 * `refusalIn` answers the text of an outcome that is a 503 or `unavailable`, and '' for any other.
 */
export async function untilUpToDate(attempt, refusalIn) {
  const end = Date.now() + standstillMs;
  for (;;) {
    const outcome = await attempt();
    if (!refusalIn(outcome).includes(notUpToDate) || Date.now() > end) return outcome;
    await pause(50);
  }
}

/**
 * A REST call that must be answered with the status `expect` and as openapi.yaml describes it. Answers the body. A node
 * that is not up to date is asked again.
 */
export async function call(node, method, target, { expect = 200, ...options } = {}) {
  const attempt = () => answerOf(node, method, target, options);
  // Pieces that are no list are gone once they were sent.
  const isOnce = expect === 503 || (options.pieces && !Array.isArray(options.pieces));
  const refusalIn = ({ status, text }) => (status === 503 ? text : '');
  const answer = isOnce ? await attempt() : await untilUpToDate(attempt, refusalIn);
  assert.equal(answer.status, expect, `${method} ${target}: ${answer.text.slice(0, 400)}`);
  return answer.body;
}

/** Like call, but asks once, and answers status, headers and body, whatever the described status is. */
export async function answerOf(node, method, target, options = {}) {
  const answer = await exchange(node, method, target, options);
  checkAnswer(node, method, target, answer, objectOf(options.body));
  return answer;
}
