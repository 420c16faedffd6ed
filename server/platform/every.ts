import type { Log } from './log.ts';

/** Work that comes back by itself: once at a time, the next turn an interval after the start of the last one, errors to the log. */
export interface Recurring {
  /** A turn now, or the one that is under way. */
  run(): Promise<void>;
  /** No more turns; resolves when none is under way. */
  close(): Promise<void>;
}

export function every(intervalMs: number, name: string, work: () => Promise<void> | void, log: Log): Recurring {
  let running: Promise<void> | null = null;
  const run = async (): Promise<void> => {
    running ??= Promise.resolve()
      .then(work)
      .finally(() => (running = null));
    await running;
  };
  const timer = setInterval(() => {
    if (!running) run().catch((error: unknown) => log.warn({ err: error, work: name }, 'recurring work failed'));
  }, intervalMs);
  return {
    run,
    async close() {
      clearInterval(timer);
      await Promise.allSettled([running]);
    },
  };
}
