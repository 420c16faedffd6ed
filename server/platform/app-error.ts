import type { ErrorCode } from '../protocol/errors.ts';

/**
 * The one error class. Thrown anywhere, caught in exactly two places: `commands.ts` and `http.ts`.
 * `message` and `cause` are for the log; only `code` leaves the server.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  /** With `slow_down`: when to try again, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(message, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }
}
