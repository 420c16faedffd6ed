import type { Base64Url } from '../../server/protocol/base64url.ts';
import { CryptoError } from '../../server/protocol/crypto-error.ts';
import type { AccountId } from '../../server/protocol/ids.ts';
import type { AccountStorage } from './vault.ts';

/** What came of comparing a call's number with somebody by voice: it stands for who his account was then, on whatever device. */
export interface Comparison {
  /** The link with which his account began, or began anew. */
  readonly identity: Base64Url;
  readonly answer: 'same' | 'differs';
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What this device remembers of comparing (crypto.md §8: compare once). */
export interface Comparisons {
  /** The newest first, one an identity; empty: never compared with this person here. */
  load(person: AccountId): Promise<readonly Comparison[]>;
  save(person: AccountId, comparison: Comparison): Promise<void>;
}

/** Comparisons of an account, sealed on this device. */
export function createComparisons({ database, vault, accountId }: AccountStorage): Comparisons {
  const keyOf = (person: AccountId): string => `${accountId}/compared/${person}`;
  const load = async (person: AccountId): Promise<readonly Comparison[]> => {
    const sealed = await database.get('texts', keyOf(person));
    if (!sealed) return [];
    try {
      const kept: unknown = JSON.parse(new TextDecoder().decode(await vault.open(sealed, keyOf(person))));
      return Array.isArray(kept) ? kept.filter(isComparison) : [];
    } catch (error) {
      // Not what was put there: then nothing was ever compared.
      if (error instanceof CryptoError) return [];
      throw error;
    }
  };
  return {
    load,
    save: async (person, comparison) => {
      const others = (await load(person)).filter(({ identity }) => identity !== comparison.identity);
      const kept = JSON.stringify([comparison, ...others].slice(0, maxIdentities));
      await database.put('texts', keyOf(person), await vault.seal(new TextEncoder().encode(kept), keyOf(person)));
    },
  };
}

/** Of one person: nobody loses everything so often. */
const maxIdentities = 16;

function isComparison(value: unknown): value is Comparison {
  if (typeof value !== 'object' || value === null || !('identity' in value && 'answer' in value && 'at' in value)) return false;
  const { identity, answer, at } = value;
  return typeof identity === 'string' && (answer === 'same' || answer === 'differs') && typeof at === 'number';
}
