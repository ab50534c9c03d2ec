/** @file Sends a form and tells how far it is, which only XMLHttpRequest can: `fetch` does not say. */

import { ParleyError, refusal } from './error.js';

/**
 * @param {object} request
 * @param {string} request.url
 * @param {Object<string, string>} request.headers
 * @param {FormData} request.form
 * @param {number} request.timeoutMs
 * @param {?(progress: {loaded: number, total: number}) => void} [request.onProgress] bytes of the form
 * @param {?AbortSignal} [request.signal]
 * @param {new () => XMLHttpRequest} XMLHttpRequest
 * @returns {Promise<object>} the answer's JSON
 * @throws {ParleyError} `offline`, `timeout`, `discarded` once the signal says so, else the server's code
 */
export function sendForm({ url, headers, form, timeoutMs, onProgress, signal }, XMLHttpRequest) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(givenUp());
      return;
    }
    const request = new XMLHttpRequest();
    const give = () => request.abort();
    const end = (settle, value) => {
      signal?.removeEventListener('abort', give);
      settle(value);
    };
    request.open('POST', url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.timeout = timeoutMs;
    request.upload.addEventListener('progress', ({ loaded, total }) => onProgress?.({ loaded, total }));
    request.addEventListener('load', () => {
      try {
        end(resolve, answerOf(request));
      } catch (error) {
        end(reject, error);
      }
    });
    request.addEventListener('error', () =>
      end(reject, new ParleyError('offline', 'The server cannot be reached.')),
    );
    request.addEventListener('timeout', () =>
      end(reject, new ParleyError('timeout', 'The server did not answer in time.')),
    );
    request.addEventListener('abort', () => end(reject, givenUp()));
    signal?.addEventListener('abort', give);
    request.send(form);
  });
}

function givenUp() {
  return new ParleyError('discarded', 'The upload was given up.');
}

/** A good answer that cannot be read is none: something else than Parley answered. */
function answerOf(request) {
  const answer = parsed(request.responseText);
  if (request.status < 200 || request.status > 299)
    throw refusal(request.status, request.statusText, answer, request.getResponseHeader('Retry-After'));
  if (answer === null) throw new ParleyError('offline', 'The server cannot be reached.');
  return answer;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
