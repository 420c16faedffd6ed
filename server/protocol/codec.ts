import { decode as decodeCbor, encode as encodeCbor } from 'cborg';
import { CryptoError, ensure, equalBytes } from './sodium.ts';

/** The subset of CBOR (RFC 8949) that GIM/1 uses: no maps, negative numbers, floats, tags, undefined. Integers below 2^53. */
export type CborValue = null | boolean | number | string | Uint8Array | readonly CborValue[];

const maxDepth = 6;
const maxItems = 10_000;

/** The one deterministic encoding (RFC 8949 §4.2.1). */
export function encode(value: CborValue): Uint8Array {
  const bytes = new Uint8Array(encodeCbor(value));
  // What this program writes it must be able to read: catches floats and negative numbers.
  checkShape(bytes);
  return bytes;
}

/** Accepts exactly what `encode` produces, up to `maxBytes`. Throws `malformed`. */
export function decode(bytes: Uint8Array, maxBytes: number): unknown {
  ensure(bytes.length <= maxBytes, 'malformed', `longer than ${maxBytes} bytes`);
  checkShape(bytes);
  try {
    const value: unknown = decodeCbor(bytes, {
      strict: true,
      allowIndefinite: false,
      allowUndefined: false,
      allowNaN: false,
      allowInfinity: false,
      allowBigInt: false,
      rejectDuplicateMapKeys: true,
    });
    ensure(isCborValue(value) && equalBytes(encodeCbor(value), bytes), 'malformed', 'not the canonical encoding');
    return value;
  } catch (cause) {
    throw cause instanceof CryptoError ? cause : new CryptoError('malformed', 'not decodable', { cause });
  }
}

/**
 * One pass over the item heads, before anything is allocated: only allowed major types, every length inside the input,
 * bounded depth and number of items, nothing behind the first item.
 */
function checkShape(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const remaining: number[] = [1];
  let offset = 0;
  let items = 0;
  while (remaining.length > 0) {
    const open = remaining.at(-1) ?? 0;
    if (open === 0) {
      remaining.pop();
      continue;
    }
    remaining[remaining.length - 1] = open - 1;
    items += 1;
    ensure(items <= maxItems && offset < bytes.length, 'malformed', 'too many items or too few bytes');
    const first = view.getUint8(offset);
    const major = first >> 5;
    const minor = first & 31;
    if (major === 7) {
      ensure(minor >= 20 && minor <= 22, 'malformed', 'only false, true and null are allowed');
      offset += 1;
      continue;
    }
    ensure(major === 0 || (major >= 2 && major <= 4), 'malformed', `major type ${major} is not allowed`);
    const width = minor < 24 ? 0 : 2 ** (minor - 24);
    ensure(minor < 28 && offset + 1 + width <= bytes.length, 'malformed', 'bad item head');
    const argument = width === 0 ? minor : readUintOf(view, offset + 1, width);
    offset += 1 + width;
    if (major === 0) ensure(argument <= Number.MAX_SAFE_INTEGER, 'malformed', 'integer over 2^53 - 1');
    if (major === 2 || major === 3) {
      ensure(argument <= bytes.length - offset, 'malformed', 'length over the end');
      offset += argument;
    }
    if (major === 4) {
      ensure(remaining.length <= maxDepth && argument <= bytes.length - offset, 'malformed', 'nested too deep or longer than the input');
      remaining.push(argument);
    }
  }
  ensure(offset === bytes.length, 'malformed', 'trailing bytes');
}

function readUintOf(view: DataView, offset: number, width: number): number {
  if (width === 1) return view.getUint8(offset);
  if (width === 2) return view.getUint16(offset);
  if (width === 4) return view.getUint32(offset);
  return Number(view.getBigUint64(offset));
}

export function isCborValue(value: unknown): value is CborValue {
  if (Array.isArray(value)) return value.every(isCborValue);
  return (
    value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string' || value instanceof Uint8Array
  );
}
