import { refresher } from './refresher.ts';
import { untilAnswered } from './until-answered.ts';

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
  /** There is something to bring up to date. Resolves when that is done, has failed, or is no longer wanted. */
  readonly ask: () => Promise<void>;
  #isClosed = false;

  constructor({ run, whenConnected, onFailure }: SyncLoopOptions) {
    const isOpen = () => !this.#isClosed;
    this.ask = refresher(async () => {
      try {
        await untilAnswered(async () => {
          await whenConnected();
          if (isOpen()) await run();
        }, isOpen);
      } catch (error) {
        if (isOpen()) onFailure(error);
      }
    });
  }

  close(): void {
    this.#isClosed = true;
  }
}
