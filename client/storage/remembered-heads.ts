import type { Base64Url } from '../../server/protocol/base64url.ts';
import type { Database } from './database.ts';

/** How far a chain had come when this browser last verified it. */
export interface ChainHead {
  readonly seqno: number;
  /** Hash of the last link. */
  readonly tail: Base64Url;
}

/** The heads of chains this browser has verified. A chain that is shorter later was rolled back (crypto.md §13, 5). */
export interface RememberedHeads {
  load(chainId: string): Promise<ChainHead | null>;
  save(chainId: string, head: ChainHead): Promise<void>;
}

export function createRememberedHeads(database: Database): RememberedHeads {
  return {
    load: async (chainId) => (await database.get('heads', chainId)) ?? null,
    save: async (chainId, head) => await database.put('heads', chainId, head),
  };
}
