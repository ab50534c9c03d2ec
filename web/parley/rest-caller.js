/** @file How Parley is asked by REST: one call, a list to its end, an upload; what goes wrong has a code. */

import { ParleyError, refusal } from './error.js';
import { sendForm } from './upload.js';

const TIMEOUT_MS = 30_000;
/** Files take as long as the line needs. */
const UPLOAD_TIMEOUT_MS = 10 * 60_000;

export class RestCaller {
  #fetch;
  #XMLHttpRequest;
  #timeoutMs;

  /**
   * @param {object} options
   * @param {string} options.url the server's address, such as `https://chat.example.org`
   * @param {?string} [options.token] set by `login`, or kept by the caller from an earlier one
   * @param {typeof fetch} [options.fetch]
   * @param {?Function} [options.XMLHttpRequest] with it uploads tell how far they are; Node has none
   * @param {number} [options.timeoutMs] how long an answer may take
   */
  constructor({
    url,
    token = null,
    fetch: fetchFunction = globalThis.fetch,
    XMLHttpRequest = globalThis.XMLHttpRequest ?? null,
    timeoutMs = TIMEOUT_MS,
  }) {
    this.url = url.replace(/\/+$/, '');
    this.token = token;
    this.#timeoutMs = timeoutMs;
    this.#XMLHttpRequest = XMLHttpRequest;
    // Browsers refuse `fetch` with another `this` than the window.
    this.#fetch = (...args) => fetchFunction(...args);
  }

  /** Follows `next_cursor` to the end of a list. */
  async all(path, query = {}) {
    const items = [];
    let cursor = null;
    do {
      const page = await this.call('GET', path, { query: { ...query, cursor } });
      items.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor);
    return items;
  }

  /**
   * One call under /api/v1.
   * @param {string} method
   * @param {string} path
   * @param {{query?: object, body?: object, form?: FormData, headers?: object, keepalive?: boolean,
   *   signal?: ?AbortSignal}} [options]
   * @throws {ParleyError} `offline` if the server cannot be reached or its answer broke off, `timeout` if
   *   none came, `discarded` once the signal says so, else the server's code
   */
  async call(method, path, { query = {}, body, form, headers = {}, keepalive = false, signal = null } = {}) {
    const url = new URL(`${this.url}/api/v1/${path}`);
    for (const [key, value] of Object.entries(query)) {
      if (value !== undefined && value !== null) url.searchParams.set(key, value);
    }
    const request = { method, headers: { Accept: 'application/json', ...headers }, keepalive };
    const late = AbortSignal.timeout(form ? UPLOAD_TIMEOUT_MS : this.#timeoutMs);
    request.signal = signal ? AbortSignal.any([signal, late]) : late;
    if (this.token) request.headers.Authorization = `Bearer ${this.token}`;
    if (form) request.body = form;
    if (body !== undefined) {
      request.headers['Content-Type'] = 'application/json';
      request.body = JSON.stringify(body);
    }
    try {
      return await readAnswer(await this.#fetch(url.href, request));
    } catch (cause) {
      if (cause instanceof ParleyError) throw cause;
      if (cause?.name === 'TimeoutError')
        throw new ParleyError('timeout', 'The server did not answer in time.', { cause });
      if (signal?.aborted) throw new ParleyError('discarded', 'The request was given up.', { cause });
      throw new ParleyError('offline', 'The server cannot be reached.', { cause });
    }
  }

  /** Sends a form with a file, and tells how far it is where that can be known. See `uploadFile`. */
  upload(path, form, { onProgress, signal }) {
    if (!this.#XMLHttpRequest) return this.call('POST', path, { form, signal });
    const headers = { Accept: 'application/json' };
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    const url = `${this.url}/api/v1/${path}`;
    const timeoutMs = UPLOAD_TIMEOUT_MS;
    return sendForm({ url, headers, form, timeoutMs, onProgress, signal }, this.#XMLHttpRequest);
  }
}

/** A good answer that cannot be read is none: the line broke, or something else than Parley answered. */
async function readAnswer(response) {
  if (response.status === 204) return null;
  if (response.ok) return response.json();
  const answer = await response.json().catch(() => null);
  throw refusal(response.status, response.statusText, answer, response.headers.get('Retry-After'));
}
