import sodium from 'libsodium-wrappers';
import { hash } from '../../server/protocol/hash.ts';
import { deriveKey, type KeyContext, wipe } from './primitives.ts';

/** Everything that follows from one 32-byte seed. */
export interface SeedKeys {
  readonly seed: Uint8Array;
  readonly signPk: Uint8Array;
  readonly signSk: Uint8Array;
  readonly kemPk: Uint8Array;
  readonly kemSk: Uint8Array;
  /** Opens the box that holds the seed before this one. */
  readonly prevKey: Uint8Array;
  /** Published; makes every recipient get the same seed (XChaCha20-Poly1305 does not commit to its key). */
  readonly commit: Uint8Array;
}

/** genkeys(seed, ctx8): id 1 Ed25519 seed, id 2 X-Wing seed, id 3 previous key, id 4 commitment preimage. */
export function generateKeys(seed: Uint8Array, context: KeyContext): SeedKeys {
  const signSeed = deriveKey(seed, 1, context);
  const signPair = sodium.crypto_sign_seed_keypair(signSeed);
  const kemSeed = deriveKey(seed, 2, context);
  const kemPair = sodium.crypto_kem_xwing_seed_keypair(kemSeed);
  wipe(signSeed, kemSeed);
  return {
    seed,
    signPk: signPair.publicKey,
    signSk: signPair.privateKey,
    kemPk: kemPair.publicKey,
    kemSk: kemPair.privateKey,
    prevKey: deriveKey(seed, 3, context),
    commit: commitmentOf(seed, context),
  };
}

/** commit = H("gim1/commit", ctx8, id4). */
export function commitmentOf(seed: Uint8Array, context: KeyContext): Uint8Array {
  return hash('gim1/commit', context, deriveKey(seed, 4, context));
}
