import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { cryptoReady } from '../../../server/protocol/sodium.ts';
import { receiptBytes, verifyReceipt } from '../../../server/protocol/receipt.ts';
import { expectRefusal } from '../../support/crypto-error.ts';

await cryptoReady;

const claim = { conversationId: new Uint8Array(16).fill(1), position: 7, run: new Uint8Array(32).fill(2) };

function publicBytes(key: ReturnType<typeof createPublicKey>): Uint8Array {
  return new Uint8Array(Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url'));
}

test("what the server signs with Node's own Ed25519, a client verifies with libsodium", () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const receiptPk = publicBytes(publicKey);
  const signature = new Uint8Array(sign(null, receiptBytes(claim), privateKey));
  expect(() => verifyReceipt(claim, signature, receiptPk)).not.toThrow();

  const others = [
    { ...claim, position: 8 },
    { ...claim, run: new Uint8Array(32).fill(3) },
    { ...claim, conversationId: new Uint8Array(16).fill(2) },
  ];
  for (const other of others) expectRefusal(() => verifyReceipt(other, signature, receiptPk), 'bad_signature');
  expectRefusal(() => verifyReceipt(claim, signature.slice(1), receiptPk), 'bad_signature');
  expectRefusal(() => verifyReceipt(claim, signature, publicBytes(generateKeyPairSync('ed25519').publicKey)), 'bad_signature');
});

test('a receipt has the bytes it always had', () => {
  // RFC 8032 §7.1, test 1: its secret key.
  const seed = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
  const privateKey = createPrivateKey({ key: Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex'), format: 'der', type: 'pkcs8' });
  expect(Buffer.from(receiptBytes(claim)).toString('hex')).toBe(
    `${Buffer.from('gim1/receipt').toString('hex')}00000010${'01'.repeat(16)}00000008000000000000000700000020${'02'.repeat(32)}`,
  );
  expect(() =>
    verifyReceipt(claim, new Uint8Array(sign(null, receiptBytes(claim), privateKey)), publicBytes(createPublicKey(privateKey))),
  ).not.toThrow();
});
