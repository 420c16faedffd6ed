import sodium, { memcmp, ready } from 'libsodium-wrappers';

/**
 * Every way the cryptographic code can refuse.
 *
 * | code           | meaning |
 * | -------------- | ------- |
 * | malformed      | the bytes are not the one canonical form of the object, or break a length or size limit |
 * | unsupported    | a version, suite or type this program does not know; a chain stops here ("update the app") |
 * | bad_signature  | a signature is missing, superfluous, in the wrong place or wrong |
 * | bad_id         | the object is not the one the id names |
 * | broken_chain   | sequence number, previous hash or named head do not fit |
 * | not_allowed    | the signer may not do this |
 * | invalid_link   | well formed and signed, but against the rules (a removal without a new key, an unknown reader) |
 * | unknown_chain  | a chain the object refers to was not given |
 * | stale_key      | sealed to a generation or epoch that is no longer the current one |
 * | bad_key        | an opened seed does not match the published commitment or public keys |
 * | cannot_open    | authenticated decryption failed |
 */
export type CryptoErrorCode =
  | 'malformed'
  | 'unsupported'
  | 'bad_signature'
  | 'bad_id'
  | 'broken_chain'
  | 'not_allowed'
  | 'invalid_link'
  | 'unknown_chain'
  | 'stale_key'
  | 'bad_key'
  | 'cannot_open';

/** The one error of server/protocol's cryptography and of client/crypto. Messages never hold key material. */
export class CryptoError extends Error {
  readonly code: CryptoErrorCode;

  constructor(code: CryptoErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CryptoError';
    this.code = code;
  }
}

/** Throws a CryptoError with this code unless the condition holds. */
export function ensure(condition: boolean, code: CryptoErrorCode, message: string): asserts condition {
  if (!condition) throw new CryptoError(code, message);
}

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
