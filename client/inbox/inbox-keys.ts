import { idOf, type InboxId } from '../../server/protocol/ids.ts';
import type { InboxChainState } from '../../server/protocol/inbox-state.ts';
import type { GenerationBoxes } from '../../server/protocol/offices.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import { currentGeneration } from '../../server/protocol/user-state.ts';
import { type GenerationKeys, wipeKeys } from '../crypto/generation-keys.ts';
import { RequestError } from '../net/request-error.ts';
import type { RequestFunction } from '../net/request.ts';
import { toStoredBoxes } from '../net/wire.ts';
import type { ChainStore } from '../storage/chain-store.ts';
import type { InboxChains } from './inbox-chain.ts';
import { forgottenBefore, isSettled, openRing } from './inbox-ring.ts';

/** An inbox's PTK generations, for its members. */
export interface InboxKeys {
  /**
   * All generations up to the chain's present one that the member can open, oldest first; with `atLeast`, the chain is asked for again
   * until it has come that far. Throws a CryptoError (`cannot_open` for somebody who is no member) or a RequestError.
   */
  open(inboxId: InboxId, options?: { readonly atLeast?: number }): Promise<readonly GenerationKeys[]>;
  /** The retention cut before which nothing can be opened any more; 0 when there is none, or the inbox was not opened yet. */
  forgottenBefore(inboxId: InboxId): number;
  /** Forgets here what the server has forgotten; true when something was. Errors as above. */
  forget(inboxId: InboxId): Promise<boolean>;
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
  const cuts = new Map<InboxId, number>();
  const turns = new Map<InboxId, Promise<unknown>>();

  // Boxes are each account's own, and a browser may hold several.
  const boxesOf = (inboxId: InboxId) => `${idOf(userId)}/${inboxId}`;
  const newest = (inboxId: InboxId) => rings.get(inboxId)?.at(-1)?.generation ?? 0;

  /** Null when they are not the right ones any more: who comes back within a generation has another box in it. */
  const openKept = (state: InboxChainState, kept: readonly GenerationBoxes[]): readonly GenerationKeys[] | null => {
    try {
      return openRing(state, userId, userKeys(), toStoredBoxes(kept));
    } catch (error) {
      if (error instanceof CryptoError) return null;
      throw error;
    }
  };

  const fetch = async (inboxId: InboxId, state: InboxChainState): Promise<readonly GenerationKeys[]> => {
    const { generations } = await request('inbox:load-boxes', { inboxId });
    const ring = openRing(state, userId, userKeys(), toStoredBoxes(generations));
    await chains.saveBoxes(boxesOf(inboxId), generations);
    cuts.set(inboxId, forgottenBefore(state, generations));
    return ring;
  };

  /** One after the other: an answer of before a cut must not come over one of after it. */
  const inTurn = async <Value>(inboxId: InboxId, work: () => Promise<Value>): Promise<Value> => {
    const turn = (turns.get(inboxId) ?? Promise.resolve()).then(work);
    turns.set(
      inboxId,
      turn.catch(() => undefined),
    );
    return await turn;
  };

  const openAnew = async (inboxId: InboxId, state: InboxChainState): Promise<readonly GenerationKeys[]> => {
    const kept = await chains.loadBoxes(boxesOf(inboxId));
    const isThere = kept.some(({ generation }) => generation >= currentGeneration(state).generation);
    const ring = isThere ? openKept(state, kept) : null;
    if (ring === null) return await fetch(inboxId, state);
    cuts.set(inboxId, forgottenBefore(state, kept));
    if (isSettled(state, kept)) return ring;
    try {
      // What is from before a retention cut may be gone by now, and is to go here too.
      return await fetch(inboxId, state);
    } catch (error) {
      if (error instanceof RequestError && error.retryable) return ring;
      throw error;
    }
  };

  return {
    open: async (inboxId, { atLeast = 1 } = {}) => {
      let state = await inboxChains.load(inboxId);
      if (currentGeneration(state).generation < atLeast) state = await inboxChains.load(inboxId, { fresh: true });
      const wanted = currentGeneration(state).generation;
      return await inTurn(inboxId, async () => {
        const known = rings.get(inboxId);
        if (known && newest(inboxId) >= wanted) return known;
        const ring = await openAnew(inboxId, state);
        rings.set(inboxId, ring);
        return ring;
      });
    },

    forgottenBefore: (inboxId) => cuts.get(inboxId) ?? 0,

    forget: async (inboxId) =>
      await inTurn(inboxId, async () => {
        const known = cuts.get(inboxId) ?? 0;
        const before = rings.get(inboxId) ?? [];
        rings.set(inboxId, await fetch(inboxId, await inboxChains.load(inboxId, { fresh: true })));
        const cut = cuts.get(inboxId) ?? 0;
        for (const keys of before) if (keys.generation < cut) wipeKeys(keys);
        return cut > known;
      }),
  };
}
