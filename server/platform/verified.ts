import type { ErrorCode } from '../protocol/errors.ts';
import { CryptoError, type CryptoErrorCode } from '../protocol/sodium.ts';
import { AppError } from './app-error.ts';

const codeOf: Readonly<Record<CryptoErrorCode, ErrorCode>> = {
  malformed: 'bad_request',
  unsupported: 'bad_request',
  bad_signature: 'forbidden',
  bad_id: 'bad_request',
  // Somebody else's link came first, most likely: load, then decide again.
  broken_chain: 'conflict',
  not_allowed: 'forbidden',
  invalid_link: 'bad_request',
  unknown_chain: 'bad_request',
  stale_key: 'stale_epoch',
  bad_key: 'bad_request',
  cannot_open: 'bad_request',
};

/** Runs a verification of the protocol's; what it refuses becomes an error of ours. */
export function verified<Value>(verify: () => Value): Value {
  try {
    return verify();
  } catch (cause) {
    if (cause instanceof CryptoError) throw new AppError(codeOf[cause.code], `refused: ${cause.code}`, { cause });
    throw cause;
  }
}
