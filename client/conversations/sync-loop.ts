import { untilAnswered } from '../net/until-answered.ts';

export interface SyncLoopOptions {
  /** Brings everything up to date, once. */
  readonly run: () => Promise<void>;
  /** Resolves when there is a line to the server. */
  readonly whenConnected: () => Promise<unknown>;
  /** What no repetition helps against. */
  readonly onFailure: (error: unknown) => void;
}

/** Runs once for all who ask while it has not begun, and again for who asks while it runs; until the server has answered. */
export class SyncLoop {
  readonly #options: SyncLoopOptions;
  #asked = 0;
  #running: Promise<void> | null = null;
  #isClosed = false;

  constructor(options: SyncLoopOptions) {
    this.#options = options;
  }

  /** There is something to bring up to date. Resolves when that is done, has failed, or is no longer wanted. */
  async ask(): Promise<void> {
    this.#asked += 1;
    this.#running ??= this.#runAll();
    await this.#running;
  }

  close(): void {
    this.#isClosed = true;
  }

  async #runAll(): Promise<void> {
    const { run, whenConnected, onFailure } = this.#options;
    try {
      for (let done = 0; done !== this.#asked && !this.#isClosed;) {
        done = this.#asked;
        try {
          await untilAnswered(
            async () => {
              await whenConnected();
              if (!this.#isClosed) await run();
            },
            () => !this.#isClosed,
          );
        } catch (error) {
          // Whoever has asked meanwhile is answered all the same: it may be allowed by now.
          if (!this.#isClosed) onFailure(error);
        }
      }
    } finally {
      this.#running = null;
    }
  }
}
