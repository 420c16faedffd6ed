import { idOf, type InboxId } from '../../server/protocol/ids.ts';
import type { InboxChainState } from '../../server/protocol/inbox-state.ts';
import type { GenerationBoxes } from '../../server/protocol/offices.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import { currentGeneration } from '../../server/protocol/user-state.ts';
import type { GenerationKeys } from '../crypto/generation-keys.ts';
import { openInboxKeys } from '../crypto/inbox-keys.ts';
import type { RequestFunction } from '../net/request.ts';
import { toStoredBoxes } from '../net/wire.ts';
import type { ChainStore } from '../storage/chain-store.ts';
import type { InboxChains } from './inbox-chain.ts';

/** An inbox's PTK generations, for its members. */
export interface InboxKeys {
  /**
   * All generations up to the chain's present one that the member can open, oldest first; with `atLeast`, the chain is asked for again
   * until it has come that far. Throws a CryptoError (`cannot_open` for somebody who is no member) or a RequestError.
   */
  open(inboxId: InboxId, options?: { readonly atLeast?: number }): Promise<readonly GenerationKeys[]>;
}

export interface InboxKeysOptions {
  readonly request: RequestFunction;
  readonly chains: ChainStore;
  readonly inboxChains: InboxChains;
  readonly userId: Uint8Array;
  readonly userKeys: () => readonly GenerationKeys[];
}

export function createInboxKeys({ request, chains, inboxChains, userId, userKeys }: InboxKeysOptions): InboxKeys {
  const rings = new Map<InboxId, readonly GenerationKeys[]>();

  // Boxes are each account's own, and a browser may hold several.
  const boxesOf = (inboxId: InboxId) => `${idOf(userId)}/${inboxId}`;
  const newest = (inboxId: InboxId) => rings.get(inboxId)?.at(-1)?.generation ?? 0;

  /** Null when they are not the right ones any more: who comes back within a generation has another box in it. */
  const openKept = (state: InboxChainState, kept: readonly GenerationBoxes[]): readonly GenerationKeys[] | null => {
    try {
      return openInboxKeys(state, userId, userKeys(), toStoredBoxes(kept));
    } catch (error) {
      if (error instanceof CryptoError) return null;
      throw error;
    }
  };

  const fetch = async (inboxId: InboxId, state: InboxChainState): Promise<readonly GenerationKeys[]> => {
    const { generations } = await request('inbox:load-boxes', { inboxId });
    const ring = openInboxKeys(state, userId, userKeys(), toStoredBoxes(generations));
    await chains.saveBoxes(boxesOf(inboxId), generations);
    return ring;
  };

  return {
    open: async (inboxId, { atLeast = 1 } = {}) => {
      let state = await inboxChains.load(inboxId);
      if (currentGeneration(state).generation < atLeast) state = await inboxChains.load(inboxId, { fresh: true });
      const wanted = currentGeneration(state).generation;
      if (newest(inboxId) >= wanted) return rings.get(inboxId) ?? [];
      const kept = await chains.loadBoxes(boxesOf(inboxId));
      const ring = (kept.length >= wanted && openKept(state, kept)) || (await fetch(inboxId, state));
      rings.set(inboxId, ring);
      return ring;
    },
  };
}
