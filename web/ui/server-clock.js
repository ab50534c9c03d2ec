/** @file The server's clock, as far as it is known here: this device's may be wrong. No document. */

export class ServerClock {
  #aheadMs = 0;

  /** @param {?string} [serverTime] what it says now */
  set(serverTime) {
    if (serverTime) this.#aheadMs = Date.parse(serverTime) - Date.now();
  }

  now() {
    return Date.now() + this.#aheadMs;
  }
}
