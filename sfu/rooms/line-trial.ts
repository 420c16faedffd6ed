/** Enough for sound and the small picture, with what their packets add. */
const trialBitrate = 200_000;
const trialMs = 3_000;
const firstAfterMs = 4_000;
/** Nobody waits longer than half a minute for a picture that his line has room for again. */
const maxAfterMs = 30_000;
/** A picture that lasted so long without help was not too much for its line. */
const lastingMs = 5_000;

/**
 * Where a line was too narrow for any picture, so little is sent that nothing shows when it has become wide enough again. So it is tried
 * out with the small picture for some seconds: soon at first, then more and more seldom, for sound suffers while it is too narrow still.
 * A line that carried a picture for a while is tried out at once: trying for more, the estimate trips over its own packets now and then.
 */
export class LineTrial {
  readonly #setFloor: (bitrate: number) => void;
  #isEmpty = false;
  #afterMs = firstAfterMs;
  /** Since when a picture comes, as far as one does; the end of the last trial if that was later. */
  #since = performance.now();
  #timer: NodeJS.Timeout | undefined;

  /** `setFloor`: the line is held for so wide from now on at least, in bit/s; 0: it is what it is measured to be. */
  constructor(setFloor: (bitrate: number) => void) {
    this.#setFloor = setFloor;
  }

  /** Whether there are pictures for this line and none of them is sent. */
  tell(isEmpty: boolean): void {
    if (isEmpty === this.#isEmpty) return;
    this.#isEmpty = isEmpty;
    const lastedMs = performance.now() - this.#since;
    if (!isEmpty) this.#since = performance.now();
    if (!isEmpty || this.#timer !== undefined) return;
    if (lastedMs >= lastingMs) {
      this.#afterMs = firstAfterMs / 2;
      this.#try();
    } else {
      this.#afterMs = Math.min(this.#afterMs * 2, maxAfterMs);
      this.#wait();
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#isEmpty) this.#try();
    }, this.#afterMs);
  }

  #try(): void {
    this.#setFloor(trialBitrate);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#setFloor(0);
      this.#since = performance.now();
      if (!this.#isEmpty) return;
      this.#afterMs = Math.min(this.#afterMs * 2, maxAfterMs);
      this.#wait();
    }, trialMs);
  }
}
