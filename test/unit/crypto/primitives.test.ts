import sodium from 'libsodium-wrappers';
import { beforeAll, describe, expect, test } from 'vitest';
import { createDevice } from '../../../client/crypto/device.ts';
import { decrypt, encrypt, randomBytes, sign, wipe } from '../../../client/crypto/primitives.ts';
import { open, seal } from '../../../client/crypto/seal.ts';
import { generateKeys } from '../../../client/crypto/seed-keys.ts';
import { hash, lp } from '../../../server/protocol/hash.ts';
import { cryptoReady, equalBytes, verifySignature } from '../../../server/protocol/sodium.ts';
import { expectRefusal } from '../../support/crypto-error.ts';
import * as vectors from '../../vectors/primitives.ts';

beforeAll(() => cryptoReady);

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');
const flip = (value: Uint8Array, index: number): Uint8Array => value.map((byte, at) => (at === index ? byte ^ 1 : byte));

test('one flipped bit anywhere in a ciphertext, and it does not open', () => {
  const { associatedData, key, nonce, ciphertext } = vectors.xchacha;
  const attempt = (index: number) => decrypt(bytes(nonce), flip(bytes(ciphertext), index), bytes(associatedData), bytes(key));
  for (const index of [0, 60, 113, 114, 129]) expectRefusal(() => attempt(index), 'cannot_open');
});

const pair = () => sodium.crypto_sign_seed_keypair(new Uint8Array(32).fill(7));

describe('attack 28: Ed25519 refuses', () => {
  const message = new TextEncoder().encode('a link');

  test('S not below the group order', () => {
    const { publicKey, privateKey } = pair();
    const signature = sign('gim1/link-sig', message, privateKey);
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    let scalar = order;
    for (const [index, byte] of signature.slice(32).entries()) scalar += BigInt(byte) << BigInt(8 * index);
    const raised = signature.map((byte, index) => (index < 32 ? byte : Number((scalar >> BigInt(8 * (index - 32))) & 255n)));
    expect(verifySignature('gim1/link-sig', message, signature, publicKey)).toBe(true);
    expect(verifySignature('gim1/link-sig', message, raised, publicKey)).toBe(false);
  });

  // The eight points of small order, RFC 7748 §6 and "Taming the many EdDSAs" §C: with them R = A, S = 0 can fit any message.
  test.each([
    '0100000000000000000000000000000000000000000000000000000000000000',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    '0000000000000000000000000000000000000000000000000000000000000080',
    '0000000000000000000000000000000000000000000000000000000000000000',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  ])('the small-order key %s', (publicKey) => {
    const identity = '0100000000000000000000000000000000000000000000000000000000000000';
    for (const point of [identity, publicKey]) {
      const forged = bytes(point + '00'.repeat(32));
      for (let attempt = 0; attempt < 16; attempt += 1) {
        expect(verifySignature('gim1/link-sig', new Uint8Array([attempt]), forged, bytes(publicKey))).toBe(false);
      }
    }
  });

  test('wrong lengths, without an exception', () => {
    const { publicKey, privateKey } = pair();
    const signature = sign('gim1/link-sig', message, privateKey);
    expect(verifySignature('gim1/link-sig', message, signature.slice(0, 63), publicKey)).toBe(false);
    expect(verifySignature('gim1/link-sig', message, new Uint8Array(65), publicKey)).toBe(false);
    expect(verifySignature('gim1/link-sig', message, signature, publicKey.slice(0, 31))).toBe(false);
    expect(verifySignature('gim1/link-sig', message, new Uint8Array(), new Uint8Array())).toBe(false);
  });

  test('a signature made for another purpose', () => {
    const { publicKey, privateKey } = pair();
    const domains = ['gim1/link-sig', 'gim1/epoch-sig', 'gim1/msg-sig', 'gim1/reg', 'gim1/session-sig'];
    for (const made of domains) {
      const signature = sign(made, message, privateKey);
      expect(domains.filter((domain) => verifySignature(domain, message, signature, publicKey))).toEqual([made]);
    }
  });
});

describe('seal', () => {
  const text = new TextEncoder().encode('a seed of thirty-two bytes, more');
  const context = new TextEncoder().encode('whom and what for');

  test('opens for the recipient only, in the same context only, and not when one bit changed', () => {
    const keys = generateKeys(randomBytes(32), 'gim1-puk');
    const other = generateKeys(randomBytes(32), 'gim1-puk');
    const box = seal(keys.kemPk, text, context);
    expect(box.length).toBe(text.length + 1136);
    expect(open(keys, box, context)).toEqual(text);
    expectRefusal(() => open(other, box, context), 'cannot_open');
    expectRefusal(() => open({ kemPk: other.kemPk, kemSk: keys.kemSk }, box, context), 'cannot_open');
    expectRefusal(() => open(keys, box, flip(context, 0)), 'cannot_open');
    for (const index of [0, 1087, 1088, 1119, 1120, box.length - 1])
      expectRefusal(() => open(keys, flip(box, index), context), 'cannot_open');
    for (const length of [0, 1, 1119, 1120, 1135]) expectRefusal(() => open(keys, box.slice(0, length), context), 'cannot_open');
  });

  test('refuses a malformed public key', () => {
    expectRefusal(() => seal(new Uint8Array(1216).fill(255), text, context), 'bad_key');
    expectRefusal(() => seal(new Uint8Array(1215), text, context), 'bad_key');
  });
});

test('the same text encrypted twice has different nonces', () => {
  const key = randomBytes(32);
  const [first, second] = [encrypt(new Uint8Array(8), new Uint8Array(), key), encrypt(new Uint8Array(8), new Uint8Array(), key)];
  expect(equalBytes(first.nonce, second.nonce)).toBe(false);
  expect(equalBytes(first.ciphertext, second.ciphertext)).toBe(false);
});

test('length prefixes keep ("ab", "c") and ("a", "bc") apart, and integers from their text', () => {
  expect(hex(lp('ab', 1))).toBe('000000026162000000080000000000000001');
  expect(hash('gim1/test', 'ab', 'c')).not.toEqual(hash('gim1/test', 'a', 'bc'));
  expect(hash('gim1/test', 1)).not.toEqual(hash('gim1/test', '1'));
});

test('keys of one seed differ by context', () => {
  const seed = new Uint8Array(32).fill(9);
  const contexts = ['gim1-dev', 'gim1-puk', 'gim1-ptk', 'gim1-eps', 'gim1-rec', 'gim1-prf'] as const;
  expect(new Set(contexts.map((context) => hex(generateKeys(seed, context).signPk))).size).toBe(contexts.length);
  expect(new Set(contexts.map((context) => hex(generateKeys(seed, context).commit))).size).toBe(contexts.length);
});

test('a key that was wiped signs nothing', () => {
  const { signSk } = createDevice('browser');
  const message = new Uint8Array(32);
  expect(sign('gim1/msg-sig', message, signSk)).toHaveLength(64);
  wipe(signSk);
  expectRefusal(() => sign('gim1/msg-sig', message, signSk), 'bad_key');
});
