import { fromBase64Url } from '../../server/protocol/base64url.ts';
import type { EpochEntry } from '../../server/protocol/conversations.ts';
import { type EpochState, type Parties, verifyEpoch } from '../../server/protocol/epoch-rules.ts';
import { decodeSignedEpoch } from '../../server/protocol/epoch.ts';
import { idOf } from '../../server/protocol/ids.ts';
import { CryptoError, ensure, equalBytes } from '../../server/protocol/sodium.ts';
import { type EpochKeys, openEpoch, openPreviousEpoch } from '../crypto/epoch-keys.ts';
import type { Reader } from './reader.ts';
import { withFreshChains } from './with-fresh-chains.ts';

interface KnownEpoch {
  readonly state: EpochState;
  readonly entry: EpochEntry;
  readonly keys: EpochKeys | null;
}

export interface EpochBookOptions {
  readonly conversationId: Uint8Array;
  readonly parties: Parties;
  readonly reader: Reader;
  /** Keys that an earlier reading of the same epochs found by walking back, by the hash of their link. */
  readonly foundKeys?: ReadonlyMap<string, EpochKeys>;
}

/** The epochs of one conversation, each verified against the one before, with the keys that could be opened. */
export class EpochBook {
  readonly #options: EpochBookOptions;
  #epochs: readonly KnownEpoch[] = [];
  #hasFoundKeys = false;

  constructor(options: EpochBookOptions) {
    this.#options = options;
  }

  /** The last one that verified; null before the first. */
  get current(): KnownEpoch | null {
    return this.#epochs.at(-1) ?? null;
  }

  /** Hashes of their links, the newest first. */
  get links(): readonly Uint8Array[] {
    return this.#epochs.map(({ state }) => state.linkHash).toReversed();
  }

  get isMissingKeys(): boolean {
    return this.#epochs.some(({ keys }) => keys === null);
  }

  /** A later epoch has brought keys of earlier ones, after what was sealed with them had been judged. */
  get hasFoundKeys(): boolean {
    return this.#hasFoundKeys;
  }

  /** By the hash of their link. */
  get keys(): ReadonlyMap<string, EpochKeys> {
    return new Map(this.#epochs.flatMap(({ state, keys }) => (keys === null ? [] : [[String(state.linkHash), keys] as const])));
  }

  /** Verifies and takes the next epoch. Throws a CryptoError or a RequestError and is unchanged then. */
  async take(entry: EpochEntry): Promise<EpochState> {
    const { conversationId, parties, reader } = this.#options;
    const bytes = fromBase64Url(entry.link);
    const { link } = decodeSignedEpoch(bytes);
    ensure(equalBytes(link.conversationId, conversationId), 'bad_id', 'an epoch of another conversation');
    const inboxes = link.readers.filter(({ kind }) => kind === 'inbox').map(({ id }) => id);
    const users = link.readers.filter(({ kind }) => kind !== 'inbox').map(({ id }) => id);
    const previous = this.current;
    const [firstInbox] = inboxes;
    // A case may have been handed over since: the inbox it began with is the one its first epoch names.
    const begun = previous === null && firstInbox !== undefined ? { ...parties, inboxId: firstInbox } : parties;
    const wanted = {
      accountIds: [link.signerUser, parties.citizenId, ...users].map(idOf<'account'>),
      inboxIds: [previous?.state.parties.inboxId ?? begun.inboxId, ...inboxes].map(idOf<'inbox'>),
    };
    const state = await withFreshChains(reader, wanted, () => verifyEpoch(bytes, previous?.state ?? null, begun, reader.verification));
    const keys = (await this.#open(state, entry)) ?? this.#options.foundKeys?.get(String(state.linkHash)) ?? null;
    const found = walkBack([...this.#epochs, { state, entry, keys }]);
    this.#hasFoundKeys ||= this.#epochs.some((before, index) => before.keys === null && found[index]?.keys !== null);
    this.#epochs = found;
    return state;
  }

  /** Null when none of the account's keys opens it: it may have come too late, or left too early. */
  async #open(state: EpochState, entry: EpochEntry): Promise<EpochKeys | null> {
    if (entry.box === null) return null;
    const own = await this.#options.reader.keysFor(state);
    if (own === null) return null;
    try {
      return openEpoch(state, own.readerId, own.ring, fromBase64Url(entry.box));
    } catch (error) {
      if (error instanceof CryptoError) return null;
      throw error;
    }
  }
}

/** Who can open an epoch can open the ones before (crypto.md §0, 1): fills in what was not sealed to this account itself. */
function walkBack(epochs: readonly KnownEpoch[]): readonly KnownEpoch[] {
  const result: KnownEpoch[] = [];
  let next: KnownEpoch | null = null;
  for (const epoch of epochs.toReversed()) {
    next = epoch.keys ? epoch : { ...epoch, keys: next ? keysBefore(next, epoch.state) : null };
    result.unshift(next);
  }
  return result;
}

function keysBefore({ state, keys, entry }: KnownEpoch, previous: EpochState): EpochKeys | null {
  if (keys === null || entry.previousBox === null) return null;
  try {
    return openPreviousEpoch(state, keys, previous, fromBase64Url(entry.previousBox));
  } catch (error) {
    if (error instanceof CryptoError) return null;
    throw error;
  }
}
