/**
 * @file Short-lived addresses of files, kept as long as they are good, so that the same picture is signed and
 * fetched once.
 */

/** An address so near to its end is not given out: a page may take its time with it. */
const MARGIN_MS = 30_000;
/** More than that is not kept; the oldest are signed anew when they are wanted. */
const MAX_KEPT = 1_000;

export class SignedFiles {
  #sign;
  #now;
  /** @type {Map<string, {address: string, goodUntil: number}>} */
  #kept = new Map();
  /** @type {Map<string, Promise<string>>} */
  #underWay = new Map();

  /**
   * @param {(fileUrl: string) => Promise<{url: string, expires_at: string}>} sign asks the server
   * @param {() => number} [now] this device's clock
   */
  constructor(sign, now = Date.now) {
    this.#sign = sign;
    this.#now = now;
  }

  /** The address as far as it is known and still good. @returns {?string} */
  known(fileUrl) {
    const kept = this.#kept.get(fileUrl);
    return kept && kept.goodUntil > this.#now() ? kept.address : null;
  }

  /**
   * @param {string} fileUrl
   * @param {{anew?: boolean}} [options] `anew`: whatever is known has proved to be bad
   * @returns {Promise<string>}
   */
  get(fileUrl, { anew = false } = {}) {
    if (anew) this.#kept.delete(fileUrl);
    const known = this.known(fileUrl);
    if (known) return Promise.resolve(known);
    const underWay = this.#underWay.get(fileUrl);
    if (underWay) return underWay;
    const asked = this.#ask(fileUrl).finally(() => this.#underWay.delete(fileUrl));
    this.#underWay.set(fileUrl, asked);
    return asked;
  }

  async #ask(fileUrl) {
    const { url, expires_at: expiresAt } = await this.#sign(fileUrl);
    this.#kept.delete(fileUrl); // so that it becomes the newest
    this.#kept.set(fileUrl, { address: url, goodUntil: Date.parse(expiresAt) - MARGIN_MS });
    if (this.#kept.size > MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value);
    return url;
  }
}
