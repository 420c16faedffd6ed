/**
 * The server's time, from what it said at moments this device's clock does not agree about. A time that arrives is never later than
 * now at the server, so the latest difference heard is the nearest one.
 */
export class ServerClock {
  readonly #own: () => number;
  #aheadMs: number | null = null;

  constructor(own: () => number = Date.now) {
    this.#own = own;
  }

  /** The server has just said this time. Milliseconds since 1970. */
  heard(serverAt: number): void {
    this.#aheadMs = Math.max(this.#aheadMs ?? -Infinity, serverAt - this.#own());
  }

  /** Milliseconds since 1970; by this device's clock as long as the server has said nothing. */
  now(): number {
    return this.#own() + (this.#aheadMs ?? 0);
  }
}
