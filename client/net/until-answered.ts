import { RequestError } from './request-error.ts';
import { retryDelayMs } from './retry-delay.ts';

/** Repeats the work, with jitter, for as long as the server does not answer or asks to come back later. Other errors are thrown. */
export async function untilAnswered<Value>(work: () => Promise<Value>, isWanted: () => boolean = () => true): Promise<Value> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RequestError) || !error.retryable || !isWanted()) throw error;
      const waitMs = Math.max(error.retryAfterMs ?? 0, retryDelayMs(failures));
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      if (!isWanted()) throw error;
    }
  }
}
