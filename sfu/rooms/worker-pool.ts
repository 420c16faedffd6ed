import { setLogEventListeners } from 'mediasoup';
import type { Logger } from 'pino';
import type { WorkerView } from '../protocol/requests.ts';
import { MediaWorker } from './media-worker.ts';
import { SfuError } from './sfu-error.ts';

export interface WorkerPoolOptions {
  readonly workerBin: string;
  readonly listenAddress: string;
  readonly announcedAddress: string | undefined;
  /** The first worker's port; the next ones follow. 0 for any free ones. */
  readonly portBase: number;
  readonly count: number;
  readonly log: Logger;
}

const retryAfterMs = 1_000;

/** A fixed number of workers; one that dies is replaced on the same port. Who closes the pool closes the workers. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #workers = new Map<number, MediaWorker>();
  readonly #starting = new Set<Promise<void>>();
  readonly #retries = new Set<NodeJS.Timeout>();
  #closed = false;

  /** Throws when one of the workers cannot be started, for instance because its port is taken. */
  static async start(options: WorkerPoolOptions): Promise<WorkerPool> {
    const { log } = options;
    setLogEventListeners({
      onwarn: (namespace, line) => log.warn({ namespace }, line),
      onerror: (namespace, line) => log.error({ namespace }, line),
    });
    const pool = new WorkerPool(options);
    try {
      await Promise.all(Array.from({ length: options.count }, (_, slot) => pool.#fill(slot)));
    } catch (error) {
      pool.close();
      throw error;
    }
    return pool;
  }

  private constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  /** How many workers there are when all are well. */
  get size(): number {
    return this.#options.count;
  }

  get workers(): readonly WorkerView[] {
    return Array.from(this.#workers.values(), ({ pid, load }) => ({ pid, rooms: load }));
  }

  /** If no worker is alive, waits for the replacement that is about to be; throws `unavailable` if there is none. */
  async leastLoaded(): Promise<MediaWorker> {
    if (this.#alive.length === 0) await Promise.any(this.#starting).catch(() => undefined);
    const [least] = this.#alive.sort((one, other) => one.load - other.load);
    if (!least) throw new SfuError('unavailable', 'no media worker is alive');
    return least;
  }

  close(): void {
    this.#closed = true;
    for (const retry of this.#retries) clearTimeout(retry);
    for (const worker of this.#workers.values()) worker.close();
  }

  get #alive(): MediaWorker[] {
    return [...this.#workers.values()].filter(({ closed }) => !closed);
  }

  async #fill(slot: number): Promise<void> {
    const { portBase, log, ...options } = this.#options;
    const worker = await MediaWorker.start({ ...options, log, port: portBase === 0 ? 0 : portBase + slot });
    if (this.#closed) {
      worker.close();
      return;
    }
    this.#workers.set(slot, worker);
    worker.onDied(() => {
      log.error({ workerPid: worker.pid }, 'a media worker died and is replaced');
      this.#workers.delete(slot);
      this.#replace(slot);
    });
  }

  #replace(slot: number): void {
    if (this.#closed) return;
    const starting = this.#fill(slot);
    this.#starting.add(starting);
    starting
      .catch((error: unknown) => {
        this.#options.log.error({ err: error }, 'a media worker could not be started');
        const retry = setTimeout(() => {
          this.#retries.delete(retry);
          this.#replace(slot);
        }, retryAfterMs);
        this.#retries.add(retry);
      })
      .finally(() => this.#starting.delete(starting));
  }
}
