import { decode, encode, readBytesUpTo, readTuple, readUint } from '../../server/protocol/codec.ts';
import { lp } from '../../server/protocol/hash.ts';
import { CryptoError, ensure } from '../../server/protocol/sodium.ts';
import type { GenerationKeys } from './generation-keys.ts';
import { decryptJoined, deriveKey, encryptJoined } from './primitives.ts';

const textBytes = 64;
const maxBytes = 256;

/**
 * A short text of the account's own, such as what a passkey is called: [PUK generation, nonce24 ‖ XChaCha20-Poly1305(64-byte padded text)].
 * `subject` is what the text is about, so that one text cannot be put in another's place. Throws `malformed` for more than 64 bytes.
 */
export function sealAccountText(text: string, subject: string, puk: GenerationKeys): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  ensure(bytes.length <= textBytes, 'malformed', `at most ${textBytes} bytes`);
  const padded = new Uint8Array(textBytes);
  padded.set(bytes);
  return encode([puk.generation, encryptJoined(padded, lp('gim1/account-text', subject), textKey(puk))]);
}

/** Throws `cannot_open` when it belongs to another subject, was changed, or its generation is not at hand. */
export function openAccountText(sealed: Uint8Array, subject: string, ring: readonly GenerationKeys[]): string {
  const [generation, ciphertext] = readTuple(decode(sealed, maxBytes), 2);
  const wanted = readUint(generation);
  const puk = ring.find((keys) => keys.generation === wanted);
  if (!puk) throw new CryptoError('cannot_open', 'sealed to a key that is not at hand');
  const padded = decryptJoined(readBytesUpTo(ciphertext, maxBytes), lp('gim1/account-text', subject), textKey(puk));
  return new TextDecoder().decode(padded).replace(/\0+$/, '');
}

/** The key of device labels: both are names the person gave, and the associated data tells them apart. */
function textKey(puk: GenerationKeys): Uint8Array {
  return deriveKey(puk.seed, 5, 'gim1-puk');
}
