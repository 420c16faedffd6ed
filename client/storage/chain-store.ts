import type { Base64Url } from '../../server/protocol/base64url.ts';
import type { GenerationBoxes } from '../../server/protocol/offices.ts';
import type { Database } from './database.ts';

/** How far a chain had come when this browser last verified it. */
export interface ChainHead {
  readonly seqno: number;
  /** Hash of the last link. */
  readonly tail: Base64Url;
}

/** A chain's links as the server sent them: verified again each time they are read. */
export interface StoredChain {
  readonly links: readonly Base64Url[];
  /** What the server calls the account; null for citizens and inboxes. */
  readonly displayName: string | null;
}

/** What the server says about a chain is the same as before, or longer; anything else is an alarm (crypto.md §13, 5 and 6). */
export type HeadVerdict = 'same' | 'advanced' | 'rolled-back' | 'forked';

/** Chains this browser has seen, and how long they were: kept also when the chains themselves are not. */
export interface ChainStore {
  load(chainId: string): Promise<StoredChain | null>;
  save(chainId: string, chain: StoredChain): Promise<void>;
  loadBoxes(key: string): Promise<readonly GenerationBoxes[]>;
  saveBoxes(key: string, boxes: readonly GenerationBoxes[]): Promise<void>;
  /** Compares a verified chain with the remembered head and remembers it when it is longer. */
  checkHead(chainId: string, tails: readonly Base64Url[]): Promise<HeadVerdict>;
}

export function createChainStore(database: Database): ChainStore {
  return {
    load: async (chainId) => (await database.get('chains', chainId)) ?? null,
    save: async (chainId, chain) => await database.put('chains', chainId, chain),
    loadBoxes: async (key) => (await database.get('boxes', key)) ?? [],
    saveBoxes: async (key, boxes) => await database.put('boxes', key, boxes),
    checkHead: async (chainId, tails) => {
      const verdict = judge(await database.get('heads', chainId), tails);
      const tail = tails.at(-1);
      if (verdict === 'advanced' && tail !== undefined) await database.put('heads', chainId, { seqno: tails.length, tail });
      return verdict;
    },
  };
}

function judge(remembered: ChainHead | undefined, tails: readonly Base64Url[]): HeadVerdict {
  if (!remembered) return 'advanced';
  if (tails.length < remembered.seqno) return 'rolled-back';
  if (tails[remembered.seqno - 1] !== remembered.tail) return 'forked';
  return tails.length > remembered.seqno ? 'advanced' : 'same';
}
