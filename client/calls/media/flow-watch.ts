/** Whether bytes still come over a transport on which they came. Media come every 20 ms and reports on it every second at least. */
export class FlowWatch {
  readonly #onSilence: () => void;
  #bytes = 0;
  #cameAt: number | null = null;
  #toldAt = -Infinity;

  /** `onSilence` is called when a silence begins, and now and then while it lasts. */
  constructor(onSilence: () => void) {
    this.#onSilence = onSilence;
  }

  /** `bytes`: received so far. `isExpected`: somebody sends, so that something should come. */
  look(now: number, bytes: number, isExpected: boolean): void {
    const hasCome = bytes !== this.#bytes;
    this.#bytes = bytes;
    if (hasCome || !isExpected) {
      // While nothing is expected nothing is missed; nor before anything has come at all.
      this.#cameAt = hasCome || this.#cameAt !== null ? now : null;
      this.#toldAt = -Infinity;
      return;
    }
    if (this.#cameAt === null || now - this.#cameAt < silenceMs || now - this.#toldAt < againMs) return;
    this.#toldAt = now;
    this.#onSilence();
  }
}

/** Longer than the gaps of a line that works. */
const silenceMs = 900;
const againMs = 4_000;
