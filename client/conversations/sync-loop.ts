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
  #isRunning = false;
  #isClosed = false;

  constructor(options: SyncLoopOptions) {
    this.#options = options;
  }

  /** There is something to bring up to date. */
  ask(): void {
    this.#asked += 1;
    if (!this.#isRunning) void this.#runAll();
  }

  close(): void {
    this.#isClosed = true;
  }

  async #runAll(): Promise<void> {
    const { run, whenConnected, onFailure } = this.#options;
    this.#isRunning = true;
    try {
      for (let done = 0; done !== this.#asked && !this.#isClosed;) {
        done = this.#asked;
        await untilAnswered(
          async () => {
            await whenConnected();
            if (!this.#isClosed) await run();
          },
          () => !this.#isClosed,
        );
      }
    } catch (error) {
      if (!this.#isClosed) onFailure(error);
    } finally {
      this.#isRunning = false;
    }
  }
}
