import { lp } from '../../server/protocol/hash.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import { concat } from './primitives.ts';

const nonceBytes = 12;

/** A key the browser keeps and nobody can read out, to be stored in IndexedDB. */
export function createAtRestKey(): Promise<CryptoKey> {
  return crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

/** The same of 32 bytes that are secret. */
export async function atRestKeyOf(secret: Uint8Array): Promise<CryptoKey> {
  return await crypto.subtle.importKey('raw', new Uint8Array(secret), 'AES-GCM', false, ['encrypt', 'decrypt']);
}

/** AES-256-GCM (NIST SP 800-38D) with a random nonce: nonce12 ‖ ciphertext. `purpose` names the secret and is authenticated. */
export async function wrapSecret(key: CryptoKey, secret: Uint8Array, purpose: string): Promise<Uint8Array> {
  const nonce = crypto.getRandomValues(new Uint8Array(nonceBytes));
  const ciphertext = await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv: nonce, additionalData: purposeData(purpose) },
    key,
    new Uint8Array(secret),
  );
  return concat(nonce, new Uint8Array(ciphertext));
}

/** Throws `cannot_open` for another key, another purpose or changed bytes. */
export async function unwrapSecret(key: CryptoKey, wrapped: Uint8Array, purpose: string): Promise<Uint8Array> {
  try {
    const algorithm = { name: 'AES-GCM', iv: wrapped.slice(0, nonceBytes), additionalData: purposeData(purpose) };
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, wrapped.slice(nonceBytes)));
  } catch (cause) {
    throw new CryptoError('cannot_open', 'the stored secret does not open', { cause });
  }
}

function purposeData(purpose: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(lp('gim1/at-rest', purpose));
}
