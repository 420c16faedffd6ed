import { isRetryable, type ErrorAnswer, type ErrorCode } from '../../server/protocol/errors.ts';

/** A request that was refused, or that got no answer (`unavailable`, without a `ref`). */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  /** Finds the line in the server's log; null when the server never answered. */
  readonly ref: string | null;
  readonly retryAfterMs: number | null;

  constructor(answer: Omit<ErrorAnswer, 'ref'> & { readonly ref: string | null }, options?: ErrorOptions) {
    super(answer.code, options);
    this.code = answer.code;
    this.retryable = answer.retryable;
    this.ref = answer.ref;
    this.retryAfterMs = answer.retryAfterMs ?? null;
  }
}

/** No answer: the line is down, or it took longer than `limits.requestTimeoutMs`. */
export function noAnswer(cause: unknown): RequestError {
  return new RequestError({ code: 'unavailable', retryable: isRetryable('unavailable'), ref: null }, { cause });
}
