/** Whether bytes still come over a transport on which they came. Media come every 20 ms and reports on it every second at least. */
export class FlowWatch {
  readonly #onSilence: () => void;
  #bytes = 0;
  #cameAt: number | null = null;
  #isTold = false;

  /** `onSilence` is called once for each silence. */
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
      this.#isTold = false;
      return;
    }
    if (this.#cameAt === null || this.#isTold || now - this.#cameAt < silenceMs) return;
    this.#isTold = true;
    this.#onSilence();
  }
}

/** Longer than any gap of a line that works, and than the reports' interval. */
const silenceMs = 1_200;
