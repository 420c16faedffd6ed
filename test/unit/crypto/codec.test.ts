import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { type CborValue, decode, encode } from '../../../server/protocol/codec.ts';
import { anything } from '../../../server/protocol/format.ts';
import { CryptoError, cryptoReady } from '../../../server/protocol/sodium.ts';
import { expectRefusal } from '../../support/crypto-error.ts';
import { cborAccepted, cborRefused } from '../../vectors/primitives.ts';

beforeAll(() => cryptoReady);

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const maxBytes = 64 * 1024;

/** Any item of our subset, up to the depth it allows. */
const item: fc.Arbitrary<CborValue> = fc.letrec<{ item: CborValue }>((tie) => ({
  item: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    fc.constantFrom<CborValue>(null, true, false),
    fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('item'), { maxLength: 6 }),
  ),
})).item;

test.each(cborAccepted)('RFC 8949 appendix A: $hex', ({ hex, value }) => {
  expect(decode(bytes(hex), maxBytes)).toEqual(value);
  expect(Buffer.from(encode(anything.read(value))).toString('hex')).toBe(hex);
});

test.each(cborRefused)('RFC 8949 appendix A, left out of the subset: $what', ({ hex }) => {
  expectRefusal(() => decode(bytes(hex), maxBytes), 'malformed');
});

describe('refuses', () => {
  test.each([
    ['nothing', ''],
    ['bytes behind the item', '0000'],
    ['an integer longer than needed', '1801'],
    ['a 16-bit integer that fits 8', '190010'],
    ['a 64-bit integer that fits 32', '1b0000000000000001'],
    ['an array length longer than needed', '980101'],
    ['a text length longer than needed', '780161'],
    ['invalid UTF-8', '62c328'],
    ['half of a surrogate pair', '63eda080'],
    ['an array that ends early', '8201'],
    ['a byte string that ends early', '42ff'],
    ['a head that ends early', '19ff'],
    ['reserved head bits', '1c'],
    ['2^53', '1b0020000000000000'],
    ['a byte string of 2 GiB', '5a80000000'],
    ['a byte string of 2^63 bytes', '5b8000000000000000'],
    ['an array of 2^32 - 1 items', '9affffffff'],
    ['a thousand arrays in each other', '81'.repeat(1000) + '00'],
    ['sixty thousand arrays in each other', '81'.repeat(60_000)],
  ])('%s', (_what, hex) => expectRefusal(() => decode(bytes(hex), maxBytes), 'malformed'));

  test('more items than any object has', () => {
    expectRefusal(() => decode(Uint8Array.from([0x99, 0x4e, 0x20, ...new Uint8Array(20_000)]), maxBytes), 'malformed');
  });

  test('an object over its size limit', () => {
    const encoded = encode(new Uint8Array(100));
    expect(decode(encoded, encoded.length)).toEqual(new Uint8Array(100));
    expectRefusal(() => decode(encoded, encoded.length - 1), 'malformed');
  });

  test.each([1.5, -1, Number.NaN, Number.MAX_SAFE_INTEGER + 1])('to write %d', (value) =>
    expectRefusal(() => encode([value]), 'malformed'),
  );
});

test('what is written is read back', () => {
  fc.assert(
    fc.property(item, (value) => {
      expect(decode(encode(value), maxBytes)).toEqual(value);
    }),
  );
});

test('bytes that are changed anywhere are refused, or are the one encoding of something else', () => {
  const change = fc.record({
    at: fc.nat(),
    to: fc.integer({ min: 0, max: 255 }),
    cut: fc.nat({ max: 3 }),
    more: fc.uint8Array({ maxLength: 3 }),
  });
  const property = fc.property(item, change, (value, { at, to, cut, more }) => {
    const original = encode(value);
    const changed = Uint8Array.from([...original.slice(0, original.length - cut), ...more]);
    if (changed.length > 0) changed[at % changed.length] = to;
    expectCanonical(changed);
  });
  fc.assert(property, { numRuns: 500 });
});

test('random bytes are refused, or are the one encoding of something', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), expectCanonical), { numRuns: 1000 });
});

function expectCanonical(candidate: Uint8Array): void {
  let value: unknown;
  try {
    value = decode(candidate, maxBytes);
  } catch (error) {
    expect(error).toBeInstanceOf(CryptoError);
    return;
  }
  expect(encode(anything.read(value))).toEqual(candidate);
}
