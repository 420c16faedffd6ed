import sodium from 'libsodium-wrappers';
import type { RegistrySignature } from '../../server/protocol/inbox-bodies.ts';
import { sign } from './primitives.ts';

/** A registry key: kept offline, vouches for the name and the owners of inboxes. Two of them must sign. */
export interface RegistryKeys {
  readonly registryPk: Uint8Array;
  readonly registrySk: Uint8Array;
}

export function registryKeysFromSeed(seed: Uint8Array): RegistryKeys {
  const pair = sodium.crypto_sign_seed_keypair(seed);
  return { registryPk: pair.publicKey, registrySk: pair.privateKey };
}

/** `statement`: from `draftInbox` or, for a new name, `registryStatement`. */
export function signRegistryStatement(statement: Uint8Array, keys: readonly RegistryKeys[]): readonly RegistrySignature[] {
  return keys.map(({ registryPk, registrySk }) => ({ registryPk, signature: sign('gim1/reg', statement, registrySk) }));
}
