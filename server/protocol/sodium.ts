import sodium, { memcmp, ready } from 'libsodium-wrappers';

export { CryptoError, type CryptoErrorCode, ensure } from './crypto-error.ts';

/** Resolves when libsodium's WebAssembly is loaded. Nothing else of the cryptography works before. */
export const cryptoReady: Promise<void> = ready;

/** BLAKE2b (RFC 7693), 16 to 64 bytes, optionally keyed. */
export function blake2b(length: number, message: Uint8Array, key: Uint8Array | null = null): Uint8Array {
  return sodium.crypto_generichash(length, message, key);
}

/**
 * Ed25519 (RFC 8032) over `domain ‖ message`. False for anything that is not a valid signature, wrong lengths included.
 * Always libsodium, on both sides: implementations differ in what they accept, and a difference would split a chain.
 */
export function verifySignature(domain: string, message: Uint8Array, signature: Uint8Array, signPk: Uint8Array): boolean {
  if (signature.length !== sodium.crypto_sign_BYTES || signPk.length !== sodium.crypto_sign_PUBLICKEYBYTES) return false;
  return sodium.crypto_sign_verify_detached(signature, withDomain(domain, message), signPk);
}

/** What is signed: the ASCII domain string, then the message. No domain is a prefix of another. */
export function withDomain(domain: string, message: Uint8Array): Uint8Array {
  const prefix = new TextEncoder().encode(domain);
  const signed = new Uint8Array(prefix.length + message.length);
  signed.set(prefix);
  signed.set(message, prefix.length);
  return signed;
}

/** In constant time for equal lengths. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && memcmp(left, right);
}
