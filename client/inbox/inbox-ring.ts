import { type InboxChainState, isCut, newestCut } from '../../server/protocol/inbox-state.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import type { GenerationKeys, StoredBoxes } from '../crypto/generation-keys.ts';
import { openInboxKeys } from '../crypto/inbox-keys.ts';

/**
 * Every generation of an inbox's key that these boxes open, oldest first. Nothing leads over a retention cut: as long as the server still
 * has boxes of before it, they are opened by themselves. Throws `cannot_open` when not even the newest one opens.
 */
export function openRing(
  state: InboxChainState,
  userId: Uint8Array,
  userKeys: readonly GenerationKeys[],
  stored: readonly StoredBoxes[],
): readonly GenerationKeys[] {
  const ring = openInboxKeys(state, userId, userKeys, stored);
  const [oldest] = ring;
  const published = oldest && state.generations[oldest.generation - 1];
  if (published === undefined || !isCut(published)) return ring;
  const before = stored.filter(({ generation }) => generation < published.generation);
  try {
    return [...openRing(state, userId, userKeys, before), ...ring];
  } catch (error) {
    // Forgotten, or from before this person came: nothing of it is needed to go on.
    if (error instanceof CryptoError) return ring;
    throw error;
  }
}

/** The retention cut before which the server has nothing any more; 0 when it has everything, or leaves out what no cut explains. */
export function forgottenBefore(state: InboxChainState, stored: readonly Pick<StoredBoxes, 'generation'>[]): number {
  const oldest = Math.min(...stored.map(({ generation }) => generation));
  const published = state.generations[oldest - 1];
  return published !== undefined && isCut(published) ? oldest : 0;
}

/** Whether there is nothing left of before the newest retention cut. */
export function isSettled(state: InboxChainState, stored: readonly Pick<StoredBoxes, 'generation'>[]): boolean {
  return stored.every(({ generation }) => generation >= newestCut(state));
}
