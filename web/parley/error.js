/** @file The one error type of the client, for REST problems, error frames and lost connections alike. */

/** Codes with which the same request may be sent again after a pause. */
const RETRYABLE = new Set(['busy', 'rate_limited', 'unavailable', 'timeout', 'offline']);

export class ParleyError extends Error {
  /**
   * @param {string} code one of the contract's error codes, or `offline` (no connection), `timeout` (no
   *   answer in time), `closed` (the client was closed), `discarded` (the message, upload or
   *   search was given up)
   * @param {string} message
   * @param {{status?: ?number, retryAfterMs?: ?number, cause?: unknown}} [more]
   */
  constructor(code, message, { status = null, retryAfterMs = null, cause } = {}) {
    super(message || code, cause === undefined ? undefined : { cause });
    this.name = 'ParleyError';
    this.code = code;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether the same request may succeed later. */
  get retryable() {
    return RETRYABLE.has(this.code);
  }
}

/** The error of an answer that is none of success; `answer` is its JSON, or null if it has none. */
export function refusal(status, statusText, answer, retryAfter) {
  const seconds = Number(retryAfter);
  return new ParleyError(answer?.code ?? 'internal', answer?.detail ?? answer?.title ?? statusText, {
    status,
    retryAfterMs: seconds > 0 ? seconds * 1000 : null,
  });
}
