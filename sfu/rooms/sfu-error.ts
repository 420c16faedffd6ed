import type { SfuErrorCode } from '../protocol/requests.ts';

/** The sfu's one error: its code goes to the server, its message into logs and never to a person. */
export class SfuError extends Error {
  readonly code: SfuErrorCode;

  constructor(code: SfuErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SfuError';
    this.code = code;
  }
}
