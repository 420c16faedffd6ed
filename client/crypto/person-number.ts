import { hash } from '../../server/protocol/hash.ts';

/**
 * What two people compare, on the phone or side by side, to know that an account is the other person's: 30 digits in six groups, about
 * 100 bits of H("gim1/person", user_id). The id names the root of the person's chain, so the number stays the same for life.
 */
export function personNumber(userId: Uint8Array): string {
  const digest = hash('gim1/person', userId);
  const groups = [0, 1, 2, 3, 4, 5].map((index) => {
    const value = digest.subarray(index * 5, index * 5 + 5).reduce((sum, byte) => sum * 256 + byte, 0);
    return String(value % 100_000).padStart(5, '0');
  });
  return groups.join(' ');
}
