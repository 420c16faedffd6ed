import { digitGroups } from './digit-groups.ts';

/**
 * What two people compare, on the phone or side by side, to know that an account is the other person's. The id names the root of the
 * person's chain, so the number stays the same for life.
 */
export function personNumber(userId: Uint8Array): string {
  return digitGroups('gim1/person', userId).join(' ');
}
