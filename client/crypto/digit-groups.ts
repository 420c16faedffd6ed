import { hash } from '../../server/protocol/hash.ts';

/** Six groups of five digits (99 bits) of H(domain, item), five bytes a group, mod 10⁵: what people compare. */
export function digitGroups(domain: `gim1/${string}`, item: Uint8Array): readonly string[] {
  const digest = hash(domain, item);
  const view = new DataView(digest.buffer, digest.byteOffset, digest.byteLength);
  return Array.from({ length: 6 }, (_, group) => {
    const value = view.getUint8(group * 5) * 2 ** 32 + view.getUint32(group * 5 + 1);
    return String(value % 100_000).padStart(5, '0');
  });
}
