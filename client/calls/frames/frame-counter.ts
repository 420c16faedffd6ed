import type { FrameCount } from './frame-messages.ts';

/** Counts the frames of one stream, and tells the first of each kind at once and the others some times a second. */
export class FrameCounter {
  readonly #tell: (count: FrameCount) => void;
  #passed = 0;
  #refused: Record<string, number> = {};
  #isTold = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(tell: (count: FrameCount) => void) {
    this.#tell = tell;
  }

  passed(): void {
    this.#passed += 1;
    this.#tellSoon();
  }

  refused(code: string): void {
    this.#refused[code] = (this.#refused[code] ?? 0) + 1;
    this.#tellSoon();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #tellSoon(): void {
    // The first frame that passes is what a person waits for.
    if (!this.#isTold && this.#passed > 0) {
      this.#isTold = true;
      clearTimeout(this.#timer);
      this.#now();
    } else {
      this.#timer ??= setTimeout(() => this.#now(), tellMs);
    }
  }

  #now(): void {
    this.#timer = undefined;
    this.#tell({ passed: this.#passed, refused: this.#refused });
    this.#passed = 0;
    this.#refused = {};
  }
}

const tellMs = 250;
