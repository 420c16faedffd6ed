import sodium from 'libsodium-wrappers';
import { decrypt, sign } from '../../client/crypto/primitives.ts';
import { decode, encode } from '../../server/protocol/codec.ts';
import { anything } from '../../server/protocol/format.ts';
import { blake2b, CryptoError, verifySignature } from '../../server/protocol/sodium.ts';
import * as libsodium from './libsodium.ts';
import * as vectors from './primitives.ts';
import { sframeVectors } from './sframe.ts';
import { counting, fromHex, same, type Suite, toHex } from './suite.ts';
import xwing from './xwing.json' with { type: 'json' };

/** What others have published, each source named beside its vectors. */
export const published: readonly Suite[] = [
  {
    name: 'Ed25519, RFC 8032 §7.1',
    checks: vectors.ed25519.map(({ seed, publicKey, message, signature }) => () => {
      const keys = sodium.crypto_sign_seed_keypair(fromHex(seed));
      same(toHex(keys.publicKey), publicKey);
      same(toHex(sign('', fromHex(message), keys.privateKey)), signature);
      same(verifySignature('', fromHex(message), fromHex(signature), fromHex(publicKey)), true);
    }),
  },
  {
    name: 'XChaCha20-Poly1305, draft-irtf-cfrg-xchacha A.3',
    checks: [
      () => {
        const { plaintext, associatedData, key, nonce, ciphertext } = vectors.xchacha;
        const opened = decrypt(fromHex(nonce), fromHex(ciphertext), fromHex(associatedData), fromHex(key));
        same(new TextDecoder().decode(opened), plaintext);
      },
    ],
  },
  {
    // dconnolly/draft-connolly-cfrg-xwing-kem, spec/test-vectors.json
    name: 'X-Wing, draft-connolly-cfrg-xwing-kem',
    checks: xwing.map(({ seed, eseed, ss, pk, ct }) => () => {
      const keys = sodium.crypto_kem_xwing_seed_keypair(fromHex(seed));
      same(toHex(keys.publicKey), pk);
      const sent = sodium.crypto_kem_xwing_enc_deterministic(keys.publicKey, fromHex(eseed));
      same([sent.ciphertext, sent.sharedSecret], [ct, ss]);
      same(toHex(sodium.crypto_kem_xwing_dec(fromHex(ct), keys.privateKey)), ss);
    }),
  },
  {
    name: 'BLAKE2b, reference answers and RFC 7693',
    checks: vectors.blake2b.map(({ key, message, digest }) => () => {
      same(toHex(blake2b(digest.length / 2, fromHex(message), key === null ? null : fromHex(key))), digest);
    }),
  },
  {
    name: 'BLAKE2b, libsodium generichash.exp',
    checks: libsodium.generichash.map((digest) => () => {
      const length = digest.length / 2;
      same(toHex(blake2b(length, counting(length - 1), counting(length))), digest);
    }),
  },
  {
    name: 'key derivation, libsodium kdf.exp',
    checks: libsodium.kdf.map((subkey, id) => () => {
      same(toHex(sodium.crypto_kdf_derive_from_key(64, id, 'KDF test', counting(32))), subkey);
    }),
  },
  {
    name: 'secretstream, made by libsodium',
    checks: libsodium.secretstream.chunks.map((_, last) => () => {
      const { key, header, chunks } = libsodium.secretstream;
      const state = sodium.crypto_secretstream_xchacha20poly1305_init_pull(fromHex(header), fromHex(key));
      for (const { text, ciphertext } of chunks.slice(0, last + 1)) {
        const opened = sodium.crypto_secretstream_xchacha20poly1305_pull(state, fromHex(ciphertext), null);
        same(opened && [new TextDecoder().decode(opened.message), opened.tag], [text, 0]);
      }
    }),
  },
  {
    name: 'HKDF-SHA-256, RFC 5869 A',
    checks: libsodium.hkdf.map(({ ikm, salt, info, okm }) => async () => {
      const key = await crypto.subtle.importKey('raw', fromHex(ikm), 'HKDF', false, ['deriveBits']);
      const algorithm = { name: 'HKDF', hash: 'SHA-256', salt: fromHex(salt), info: fromHex(info) };
      same(toHex(new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, okm.length * 4))), okm);
    }),
  },
  ...sframeVectors,
  {
    name: 'CBOR, RFC 8949 A',
    checks: [
      ...vectors.cborAccepted.map(({ hex, value }) => () => {
        same(decode(fromHex(hex), 64), value);
        same(toHex(encode(anything.read(value))), hex);
      }),
      ...vectors.cborRefused.map(({ hex }) => () => refuses(() => decode(fromHex(hex), 64))),
    ],
  },
];

function refuses(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    if (error instanceof CryptoError) return;
    throw error;
  }
  throw new Error('nothing was refused');
}
