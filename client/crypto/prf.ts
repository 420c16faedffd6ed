import { ensure, withDomain } from '../../server/protocol/sodium.ts';
import { deviceFromSeed, type DeviceKeys } from './device.ts';
import { seedBytes } from './primitives.ts';

/** The one constant input of the PRF extension (WebAuthn Level 3 §10.1.4): SHA-256("gim1/prf"). */
export async function prfSalt(): Promise<ArrayBuffer> {
  return await crypto.subtle.digest('SHA-256', new TextEncoder().encode('gim1/prf'));
}

/**
 * The device a passkey's PRF output stands for. A candidate: authenticators have been seen to answer with different values, so use it
 * only when the chain lists it, or when two evaluations were equal. Throws `bad_key` unless `prf` has 32 bytes.
 */
export async function passkeyDevice(prf: Uint8Array, credentialId: Uint8Array): Promise<DeviceKeys> {
  const key = await prfKey(prf, 'deriveBits');
  const seed = await crypto.subtle.deriveBits(hkdf('gim1/prf-device', credentialId), key, seedBytes * 8);
  return deviceFromSeed(new Uint8Array(seed), 'passkey');
}

/** The key of an official's secrets at rest: never stored, made anew from the passkey at each sign-in. For `wrapSecret`. */
export async function atRestKey(prf: Uint8Array, credentialId: Uint8Array): Promise<CryptoKey> {
  const key = await prfKey(prf, 'deriveKey');
  const algorithm = { name: 'AES-GCM', length: 256 };
  return await crypto.subtle.deriveKey(hkdf('gim1/prf-at-rest', credentialId), key, algorithm, false, ['encrypt', 'decrypt']);
}

/** HKDF-SHA-256 (RFC 5869) without salt; info = purpose ‖ credential id. */
function hkdf(purpose: string, credentialId: Uint8Array): HkdfParams {
  return { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: new Uint8Array(withDomain(purpose, credentialId)) };
}

async function prfKey(prf: Uint8Array, usage: 'deriveBits' | 'deriveKey'): Promise<CryptoKey> {
  ensure(prf.length === 32, 'bad_key', 'a PRF output has 32 bytes');
  return await crypto.subtle.importKey('raw', new Uint8Array(prf), 'HKDF', false, [usage]);
}
