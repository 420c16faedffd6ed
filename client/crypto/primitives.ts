import sodium, { is_zero, memzero } from 'libsodium-wrappers';
import { CryptoError, ensure, withDomain } from '../../server/protocol/sodium.ts';

/** What keys are derived for; exactly eight characters each. */
export type KeyContext = 'gim1-dev' | 'gim1-puk' | 'gim1-ptk' | 'gim1-eps' | 'gim1-rec' | 'gim1-prf' | 'gim1-gst';

export const seedBytes = 32;
const nonceBytes = 24;

export function randomBytes(length: number): Uint8Array {
  return sodium.randombytes_buf(length);
}

/** crypto_kdf_derive_from_key: 32 bytes from a 32-byte seed. */
export function deriveKey(seed: Uint8Array, id: number, context: KeyContext): Uint8Array {
  return sodium.crypto_kdf_derive_from_key(32, id, context, seed);
}

/** XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha) under a fresh random nonce. */
export function encrypt(plaintext: Uint8Array, associatedData: Uint8Array, key: Uint8Array): { nonce: Uint8Array; ciphertext: Uint8Array } {
  const nonce = randomBytes(nonceBytes);
  return { nonce, ciphertext: sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, associatedData, null, nonce, key) };
}

/** Throws `cannot_open` when anything at all was changed. */
export function decrypt(nonce: Uint8Array, ciphertext: Uint8Array, associatedData: Uint8Array, key: Uint8Array): Uint8Array {
  try {
    return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, ciphertext, associatedData, nonce, key);
  } catch (cause) {
    throw new CryptoError('cannot_open', 'authenticated decryption failed', { cause });
  }
}

/** nonce24 ‖ ciphertext. */
export function encryptJoined(plaintext: Uint8Array, associatedData: Uint8Array, key: Uint8Array): Uint8Array {
  const { nonce, ciphertext } = encrypt(plaintext, associatedData, key);
  return concat(nonce, ciphertext);
}

export function decryptJoined(sealed: Uint8Array, associatedData: Uint8Array, key: Uint8Array): Uint8Array {
  return decrypt(sealed.subarray(0, nonceBytes), sealed.subarray(nonceBytes), associatedData, key);
}

/**
 * Ed25519 over `domain ‖ message` (RFC 8032). Throws `bad_key` for a key that was wiped: whoever was at work when the account was closed
 * would sign as nobody, and what only readers can verify would stay in the conversation for good.
 */
export function sign(domain: string, message: Uint8Array, signSk: Uint8Array): Uint8Array {
  ensure(!is_zero(signSk), 'bad_key', 'the key was wiped');
  return sodium.crypto_sign_detached(withDomain(domain, message), signSk);
}

export function concat(left: Uint8Array, right: Uint8Array): Uint8Array {
  const joined = new Uint8Array(left.length + right.length);
  joined.set(left);
  joined.set(right, left.length);
  return joined;
}

/** Overwrites what we control; the engine may have made copies. */
export function wipe(...secrets: readonly Uint8Array[]): void {
  for (const secret of secrets) memzero(secret);
}
