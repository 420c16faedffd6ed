import type { EpochState, EpochVerification, Parties, ReaderKey } from '../../server/protocol/epoch-rules.ts';
import type { EpochReason } from '../../server/protocol/epoch.ts';
import type { AccountId, InboxId } from '../../server/protocol/ids.ts';
import type { DeviceKeys } from '../crypto/device.ts';
import type { GenerationKeys } from '../crypto/generation-keys.ts';
import type { MembershipChange, ReadersNow } from './readers-now.ts';

/** What a conversation needs of the account that reads it: who it is, whom it can verify, which keys it holds. */
export interface Reader {
  readonly accountId: AccountId;
  readonly userId: Uint8Array;
  readonly device: DeviceKeys;
  /** Whether the account takes part as the citizen or for the office. */
  readonly side: 'citizen' | 'office';
  /** Judges what was right when it was signed, by the chains loaded so far. */
  readonly verification: EpochVerification;
  /** Makes the chains known, and not older than `maxAgeMs`. Throws a RequestError; a chain that does not verify stays unknown. */
  loadChains(
    wanted: { readonly accountIds: readonly AccountId[]; readonly inboxIds: readonly InboxId[] },
    options?: { readonly maxAgeMs?: number },
  ): Promise<void>;
  /** The account's own keys among an epoch's readers, or null when it is none of them. Throws a RequestError. */
  keysFor(epoch: EpochState): Promise<{ readonly readerId: Uint8Array; readonly ring: readonly GenerationKeys[] } | null>;
  /**
   * Whom the next message must be sealed to. `present`: the epoch in force, null before the first. With `fresh` by the newest chains, else
   * by chains of the last minute: the server refuses what is older. Throws a CryptoError or a RequestError.
   */
  readersWanted(parties: Parties, present: EpochState | null, options?: { readonly fresh?: boolean }): Promise<WantedReaders>;
  /** What the directory calls the account; null for citizens. */
  nameOf(accountId: AccountId): string | null;
  /** Who can read what is sealed in this epoch, by the chains known so far; null while one is missing. */
  readersNow(epoch: EpochState): ReadersNow | null;
  /** Everything that changed who belongs to the inbox, by its chain; empty while it is not known. */
  membershipChanges(inboxId: Uint8Array): readonly MembershipChange[];
  /** Whether the office has let the case expire that this epoch is the newest of: nobody of it can open it any more. */
  hasExpired(epoch: EpochState): boolean;
  /** The reset of the citizen's account that this epoch is from before, or null. */
  resetSince(epoch: EpochState): ResetFact | null;
}

export interface WantedReaders {
  readonly readers: readonly ReaderKey[];
  /** Somebody left the inbox and its key has not been renewed yet: its members are sealed to one by one. */
  readonly isStale: boolean;
}

/** An account that was given to its owner again by two registrars, after all his devices were lost. */
export interface ResetFact {
  readonly at: number;
  readonly registrars: readonly string[];
}

/** Why a new epoch is needed before the next message, or null when the present one will do (crypto.md §4). */
export function reasonForEpoch(
  present: EpochState,
  wanted: WantedReaders,
  use: { readonly messages: number; readonly ageMs: number },
): EpochReason | null {
  const same =
    present.readers.length === wanted.readers.length &&
    wanted.readers.every(({ reader }) =>
      present.readers.some(
        (known) => known.kind === reader.kind && String(known.id) === String(reader.id) && known.generation === reader.generation,
      ),
    );
  if (!same) return wanted.isStale ? 'stale_inbox' : 'newer_key';
  const isWorn = use.messages >= maxMessages || use.ageMs >= maxAgeMs;
  return isWorn ? 'limit' : null;
}

const maxMessages = 5_000;
const maxAgeMs = 90 * 24 * 60 * 60_000;
