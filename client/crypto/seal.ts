import sodium from 'libsodium-wrappers';
import { lp } from '../../server/protocol/hash.ts';
import { blake2b, CryptoError } from '../../server/protocol/sodium.ts';
import { concat, randomBytes, wipe } from './primitives.ts';

/** X-Wing keys for as long as a call lasts: never stored. */
export function createKemPair(): { readonly kemPk: Uint8Array; readonly kemSk: Uint8Array } {
  const seed = randomBytes(sodium.crypto_kem_xwing_SEEDBYTES);
  const { publicKey, privateKey } = sodium.crypto_kem_xwing_seed_keypair(seed);
  wipe(seed);
  return { kemPk: publicKey, kemSk: privateKey };
}

/**
 * seal(pk, pt, ad), shaped like HPKE's base mode (RFC 9180 §5): X-Wing, then XChaCha20-Poly1305 under a key and nonce
 * hashed from the shared secret, the ciphertext, the recipient and the associated data. One key, one use.
 * Returns ct (1120) ‖ ciphertext: plaintext + 1136 bytes. Throws `bad_key` for a malformed public key.
 */
export function seal(kemPk: Uint8Array, plaintext: Uint8Array, associatedData: Uint8Array): Uint8Array {
  const { ciphertext, sharedSecret } = encapsulate(kemPk);
  const material = keyMaterial(ciphertext, kemPk, associatedData, sharedSecret);
  const sealed = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
    plaintext,
    associatedData,
    null,
    material.subarray(32),
    material.subarray(0, 32),
  );
  wipe(sharedSecret, material);
  return concat(ciphertext, sealed);
}

/** The reverse. Throws `cannot_open` for another recipient, other associated data or any changed bit. */
export function open(
  keys: { readonly kemPk: Uint8Array; readonly kemSk: Uint8Array },
  box: Uint8Array,
  associatedData: Uint8Array,
): Uint8Array {
  const ciphertext = box.subarray(0, sodium.crypto_kem_xwing_CIPHERTEXTBYTES);
  try {
    const sharedSecret = sodium.crypto_kem_xwing_dec(ciphertext, keys.kemSk);
    const material = keyMaterial(ciphertext, keys.kemPk, associatedData, sharedSecret);
    const plaintext = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
      null,
      box.subarray(ciphertext.length),
      associatedData,
      material.subarray(32),
      material.subarray(0, 32),
    );
    wipe(sharedSecret, material);
    return plaintext;
  } catch (cause) {
    throw new CryptoError('cannot_open', 'the box does not open', { cause });
  }
}

function encapsulate(kemPk: Uint8Array): { ciphertext: Uint8Array; sharedSecret: Uint8Array } {
  try {
    return sodium.crypto_kem_xwing_enc(kemPk);
  } catch (cause) {
    throw new CryptoError('bad_key', 'not an X-Wing public key', { cause });
  }
}

function keyMaterial(ciphertext: Uint8Array, kemPk: Uint8Array, associatedData: Uint8Array, sharedSecret: Uint8Array): Uint8Array {
  return blake2b(56, lp('gim1/seal', ciphertext, kemPk, associatedData), sharedSecret);
}
