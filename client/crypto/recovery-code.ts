import { hash } from '../../server/protocol/hash.ts';
import { CryptoError, ensure } from '../../server/protocol/sodium.ts';
import { deviceFromSeed, type DeviceKeys } from './device.ts';
import { randomBytes } from './primitives.ts';

/*
 * Frozen: 32 characters of Crockford's base 32 (0–9, A–Z without I, L, O, U), 8 groups of 4.
 *   28 characters = 140 random bits, most significant first; 4 characters = the first 20 bits of H("gim1/rec-check", bits)
 *   bits: the 28 characters' values, one byte each. Seed of the recovery device = H("gim1/rec-seed", bits).
 */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const secretCharacters = 28;
const checkCharacters = 4;

/** A new recovery device and its code, to be shown once and kept on paper. 2¹⁴⁰ guesses need no stretching (crypto.md §7.2). */
export function createRecoveryCode(): { readonly text: string; readonly device: DeviceKeys } {
  const values = randomBytes(secretCharacters).map((byte) => byte & 31);
  const text = writeCharacters(Uint8Array.of(...values, ...checkOf(values)));
  return { text: text.replaceAll(/.{4}(?=.)/g, '$&-'), device: deviceOf(values) };
}

/**
 * The recovery device of a code as somebody types it: any case, with or without spaces and dashes, O for 0, I or L for 1.
 * Throws `malformed` for a typing error; whether the device is in the account is the chain's to say.
 */
export function deviceOfRecoveryCode(text: string): DeviceKeys {
  const values = readCharacters(text);
  ensure(values.length === secretCharacters + checkCharacters, 'malformed', 'a recovery code has 32 characters');
  const secret = values.slice(0, secretCharacters);
  ensure(
    checkOf(secret).every((value, index) => value === values[secretCharacters + index]),
    'malformed',
    'the recovery code has a typing error',
  );
  return deviceOf(secret);
}

function deviceOf(values: Uint8Array): DeviceKeys {
  return deviceFromSeed(hash('gim1/rec-seed', values), 'recovery');
}

function checkOf(values: Uint8Array): readonly number[] {
  const [first = 0, second = 0, third = 0] = hash('gim1/rec-check', values);
  const bits = (first << 12) | (second << 4) | (third >> 4);
  return [15, 10, 5, 0].map((shift) => (bits >> shift) & 31);
}

function writeCharacters(values: Uint8Array): string {
  return Array.from(values, (value) => alphabet.charAt(value)).join('');
}

function readCharacters(text: string): Uint8Array {
  const canonical = text
    .toUpperCase()
    .replaceAll(/[\s\p{Pd}]/gu, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1');
  return Uint8Array.from(canonical, (character) => {
    const value = alphabet.indexOf(character);
    if (value < 0) throw new CryptoError('malformed', 'a character that no recovery code has');
    return value;
  });
}
