/** Every error that may leave the server. A new code does not compile until all five catalogues have its sentence. */
export const errorCodes = [
  'bad_request',
  'unauthenticated',
  'passkey_refused',
  'step_up_needed',
  'last_way_in',
  'invitation_invalid',
  'forbidden',
  'not_found',
  'conflict',
  'slot_taken',
  'invalid_slot',
  'closed',
  'stale_epoch',
  'bad_state',
  'slow_down',
  'too_large',
  'quota',
  'no_space',
  'unknown_command',
  'unavailable',
  'internal',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** The one error shape. `ref` finds the line in the server's log; `retryAfterMs` comes with `slow_down`. */
export interface ErrorAnswer {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly ref: string;
  readonly retryAfterMs?: number;
}

/** What every command is answered with. */
export type Result<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: ErrorAnswer };

/** Whether the same request may succeed later without being changed. */
export function isRetryable(code: ErrorCode): boolean {
  return code === 'slow_down' || code === 'unavailable' || code === 'internal';
}
