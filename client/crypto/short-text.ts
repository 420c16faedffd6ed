import { ensure } from '../../server/protocol/sodium.ts';
import { decryptJoined, deriveKey, encryptJoined } from './primitives.ts';

const textBytes = 64;

/**
 * A name the account gave to something of its own, under the key id 5 of a PUK seed: nonce24 ‖ XChaCha20-Poly1305(text padded with zeros to
 * 64 bytes), so that the server does not learn "Phone" from its length. The associated data says what the name is of. Throws `malformed`
 * for more than 64 bytes.
 */
export function sealShortText(text: string, associatedData: Uint8Array, puk: { readonly seed: Uint8Array }): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  ensure(bytes.length <= textBytes, 'malformed', `at most ${textBytes} bytes`);
  const padded = new Uint8Array(textBytes);
  padded.set(bytes);
  return encryptJoined(padded, associatedData, deriveKey(puk.seed, 5, 'gim1-puk'));
}

/** Throws `cannot_open` for another name, another key or changed bytes. */
export function openShortText(sealed: Uint8Array, associatedData: Uint8Array, puk: { readonly seed: Uint8Array }): string {
  const padded = decryptJoined(sealed, associatedData, deriveKey(puk.seed, 5, 'gim1-puk'));
  return new TextDecoder().decode(padded).replace(/\0+$/, '');
}
