import { AppError } from './app-error.ts';
import { isUnavailable } from './database.ts';

/** What became of one item of a batch that was committed. */
export type Outcome<Result> = { readonly result: Result } | { readonly error: unknown };

export interface CommitQueueOptions<Item, Result> {
  /** Commits a batch; one outcome an item, in its order. Throws when nothing was committed. */
  readonly commit: (items: readonly Item[]) => Promise<readonly Outcome<Result>[]>;
  readonly maxBatch: number;
  /** Items that may wait; the next ones are answered `unavailable`. */
  readonly maxWaiting: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One commit in flight; whatever arrives meanwhile goes into the next. So a busy server writes to its disk once for many
 * messages and an idle one at once for each.
 */
export class CommitQueue<Item, Result> {
  readonly #options: CommitQueueOptions<Item, Result>;
  #waiting: Waiting<Item, Result>[] = [];
  #committing: Promise<void> | null = null;

  constructor(options: CommitQueueOptions<Item, Result>) {
    this.#options = options;
  }

  /** Resolves when the item is committed. */
  async add(item: Item): Promise<Result> {
    if (this.#waiting.length >= this.#options.maxWaiting) throw new AppError('unavailable', 'too many writes are waiting');
    return await new Promise<Result>((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#committing ??= this.#work();
    });
  }

  /** Resolves when nothing waits any more. */
  async settled(): Promise<void> {
    await this.#committing;
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, this.#options.maxBatch);
      this.#waiting = this.#waiting.slice(batch.length);
      await this.#settle(batch);
    }
    this.#committing = null;
  }

  async #settle(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const outcomes = await this.#options.commit(batch.map(({ item }) => item));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const outcome = outcomes[index];
        if (outcome && 'result' in outcome) resolve(outcome.result);
        else reject(outcome?.error ?? new AppError('internal', 'an item without an outcome'));
      }
    } catch (error) {
      if (isUnavailable(error) || batch.length === 1) for (const { reject } of batch) reject(error);
      // One item may have spoilt it for the others.
      else for (const waiting of batch) await this.#settle([waiting]);
    }
  }
}
