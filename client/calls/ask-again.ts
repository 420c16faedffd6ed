import { RequestError } from '../net/request-error.ts';
import type { RequestFunction } from '../net/request.ts';
import { retryDelayMs } from '../net/retry-delay.ts';

/**
 * The same request function, but it asks again while the line is down or the server is busy: every command of a call may
 * be sent twice. Throws a RequestError that will not pass by itself, or the signal's reason.
 */
export function askAgain(request: RequestFunction, signal: AbortSignal): RequestFunction {
  return async (name, payload) => {
    for (let attempt = 1; ; attempt += 1) {
      signal.throwIfAborted();
      try {
        return await request(name, payload);
      } catch (error) {
        if (!(error instanceof RequestError && error.retryable)) throw error;
        await pause(error.retryAfterMs ?? Math.min(retryDelayMs(attempt), maxDelayMs), signal);
      }
    }
  };
}

/** People look at each other and wait: a call does not back off as far as a message may. */
const maxDelayMs = 3_000;

/** Throws the signal's reason when it is aborted. */
export async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = (): void => reject(signal.reason);
  const timer = setTimeout(resolve, durationMs);
  signal.addEventListener('abort', abort);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

/** Tells one of mediasoup-client's pairs of callbacks how a promise ended. */
export async function report<Value>(outcome: Promise<Value>, done: (value: Value) => void, fail: (error: Error) => void): Promise<void> {
  try {
    done(await outcome);
  } catch (error) {
    fail(error instanceof Error ? error : new Error('request failed', { cause: error }));
  }
}
