import { hash } from '../../server/protocol/hash.ts';

/**
 * What the person who has lost all keys and the registrar compare, before he signs: 20 digits in four groups, 66 bits of
 * H("gim1/reset-number", draft). Nine digits would not do here: nothing is committed to beforehand, so a server could try new keys of its
 * own until the digits fit.
 */
export function resetNumber(draft: Uint8Array): string {
  const digest = hash('gim1/reset-number', draft);
  const groups = [0, 1, 2, 3].map((index) => {
    const value = digest.subarray(index * 5, index * 5 + 5).reduce((sum, byte) => sum * 256 + byte, 0);
    return String(value % 100_000).padStart(5, '0');
  });
  return groups.join(' ');
}
