import { hash } from '../../server/protocol/hash.ts';

const groups = 6;

/**
 * Six groups of five digits (99 bits) that stand for an epoch link: its readers, their keys, the heads of their chains. Whoever sees the same
 * number at the same time has the same people on the line. H("gim1/safety", epoch_link_hash), five bytes a group, mod 10⁵.
 */
export function safetyNumber(epochLinkHash: Uint8Array): readonly string[] {
  const digest = hash('gim1/safety', epochLinkHash);
  const view = new DataView(digest.buffer, digest.byteOffset, digest.byteLength);
  return Array.from({ length: groups }, (_, group) => {
    const value = view.getUint8(group * 5) * 2 ** 32 + view.getUint32(group * 5 + 1);
    return String(value % 100_000).padStart(5, '0');
  });
}
