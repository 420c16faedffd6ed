import { randomBytes } from 'node:crypto';
import { isRetryable, type ErrorAnswer } from '../protocol/errors.ts';
import { AppError } from './app-error.ts';
import { isUnavailable } from './database.ts';
import type { Log } from './log.ts';

/** Turns whatever was thrown into what may leave the server, and logs the rest under the same `ref`. */
export function failure(error: unknown, log: Log, context: Record<string, string>): ErrorAnswer {
  const ref = randomBytes(6).toString('base64url');
  const known =
    error instanceof AppError
      ? error
      : new AppError(isUnavailable(error) ? 'unavailable' : 'internal', 'unexpected error', { cause: error });
  const line = { ref, code: known.code, ...context, err: known };
  if (known.code === 'internal') log.error(line, 'request failed');
  else log.info(line, 'request refused');
  return {
    code: known.code,
    retryable: isRetryable(known.code),
    ref,
    ...(known.retryAfterMs === undefined ? {} : { retryAfterMs: known.retryAfterMs }),
  };
}
