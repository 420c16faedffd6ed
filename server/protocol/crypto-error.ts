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
