import { expect } from 'vitest';
import { CryptoError, type CryptoErrorCode } from '../../server/protocol/sodium.ts';

/** The call must refuse with this code of the one list, and with nothing else. */
export function expectRefusal(call: () => unknown, code: CryptoErrorCode): void {
  let caught: unknown;
  try {
    call();
  } catch (error) {
    caught = error;
  }
  expect(caught, 'nothing was refused').toBeInstanceOf(CryptoError);
  expect(caught).toMatchObject({ code });
}
