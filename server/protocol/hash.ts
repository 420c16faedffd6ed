import { blake2b } from './sodium.ts';

/** Bytes as they are, text as UTF-8, an unsigned integer as 8 bytes big-endian. */
export type HashItem = Uint8Array | string | number;

/** Length-prefixes each item with its length as 4 bytes big-endian and concatenates them. */
export function lp(...items: readonly HashItem[]): Uint8Array {
  const parts = items.map(itemBytes);
  const result = new Uint8Array(parts.reduce((total, part) => total + 4 + part.length, 0));
  const view = new DataView(result.buffer);
  let offset = 0;
  for (const part of parts) {
    view.setUint32(offset, part.length);
    result.set(part, offset + 4);
    offset += 4 + part.length;
  }
  return result;
}

/** H(dom, a, b, …): BLAKE2b-256 over the length-prefixed items, the domain string first. */
export function hash(domain: `gim1/${string}`, ...items: readonly HashItem[]): Uint8Array {
  return blake2b(32, lp(domain, ...items));
}

function itemBytes(item: HashItem): Uint8Array {
  if (typeof item === 'string') return new TextEncoder().encode(item);
  if (typeof item !== 'number') return item;
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(item));
  return bytes;
}
