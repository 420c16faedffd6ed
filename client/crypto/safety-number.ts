import { digitGroups } from './digit-groups.ts';

/**
 * Six groups of five digits that stand for an epoch link: its readers, their keys, the heads of their chains. Whoever sees the same number
 * at the same time has the same people on the line.
 */
export function safetyNumber(epochLinkHash: Uint8Array): readonly string[] {
  return digitGroups('gim1/safety', epochLinkHash);
}
