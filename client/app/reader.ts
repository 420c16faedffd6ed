import type { SessionView } from '../../server/protocol/accounts.ts';
import { type EpochState, type ReaderKey, readerOfInbox, readerOfUser, readersOfMembers } from '../../server/protocol/epoch-rules.ts';
import { type AccountId, idOf, type InboxId } from '../../server/protocol/ids.ts';
import { activeMembers, currentMembers, findStaleMembers, type InboxChainState, memberChain } from '../../server/protocol/inbox-state.ts';
import { CryptoError, ensure, equalBytes } from '../../server/protocol/sodium.ts';
import { isRestricted } from '../../server/protocol/restriction.ts';
import { currentGeneration, type UserChainState, wasResetSince } from '../../server/protocol/user-state.ts';
import type { Directory } from '../account/directory.ts';
import type { Keyring } from '../account/keyring.ts';
import type { Reader } from '../conversations/reader.ts';
import { membershipChanges, readersNowOf } from '../conversations/readers-now.ts';
import type { InboxChains } from '../inbox/inbox-chain.ts';
import type { InboxKeys } from '../inbox/inbox-keys.ts';
import { RequestError } from '../net/request-error.ts';

/** Chains of the people a message is sealed to are asked for again after this. */
const freshMs = 60_000;

/** What the conversations need, from the account's keys and the chains it can verify. */
export function createReader({
  session,
  keyring,
  directory,
  inboxChains,
  inboxKeys,
}: {
  readonly session: SessionView;
  readonly keyring: Keyring;
  readonly directory: Directory;
  readonly inboxChains: InboxChains;
  readonly inboxKeys: InboxKeys;
}): Reader {
  const { accountId, userId, device } = keyring;
  const findUser = (id: Uint8Array): UserChainState | undefined => directory.find(idOf(id))?.chain;
  const findInbox = (id: Uint8Array): InboxChainState | undefined => inboxChains.find(idOf(id)) ?? undefined;
  const nameOf = (id: AccountId): string | null => directory.find(id)?.displayName ?? null;
  const signedAt = (inboxId: InboxId, seqno: number): number | null => inboxChains.signedAt(inboxId, seqno);
  /** With the names of whoever has attested a reset of theirs: people must be told them. */
  const loadPeople = async (accountIds: readonly AccountId[], maxAgeMs: number): Promise<void> => {
    await directory.load(accountIds, { maxAgeMs });
    const resets = accountIds.flatMap((person) => directory.find(person)?.chain.resets ?? []);
    if (resets.length > 0) await directory.load(resets.flatMap((reset) => reset.registrarIds.map(idOf<'account'>)));
  };
  const requireUser = (id: Uint8Array): UserChainState => {
    const chain = findUser(id);
    ensure(chain !== undefined, 'unknown_chain', 'the chain of a reader does not verify');
    return chain;
  };

  return {
    accountId,
    userId,
    device,
    side: session.role === 'citizen' ? 'citizen' : 'office',
    verification: { user: findUser, inbox: findInbox, moment: 'past' },
    nameOf,

    loadChains: async ({ accountIds, inboxIds }, { maxAgeMs = Infinity } = {}) => {
      await loadPeople(accountIds, maxAgeMs);
      for (const inboxId of inboxIds) await loadInbox(inboxChains, inboxId, maxAgeMs);
    },

    keysFor: async (epoch) => {
      const own = epoch.readers.find(({ kind, id }) => kind !== 'inbox' && equalBytes(id, userId));
      if (own) {
        if (!keyring.generations().some(({ generation }) => generation === own.generation)) await keyring.refresh();
        return { readerId: userId, ring: keyring.generations() };
      }
      const inbox = epoch.readers.find(({ kind }) => kind === 'inbox');
      if (!inbox || session.role === 'citizen') return null;
      try {
        return { readerId: inbox.id, ring: await inboxKeys.open(idOf(inbox.id), { atLeast: inbox.generation }) };
      } catch (error) {
        // Not a member, or not any more.
        const isClosed = error instanceof CryptoError || (error instanceof RequestError && error.code === 'forbidden');
        if (isClosed) return null;
        throw error;
      }
    },

    readersWanted: async ({ citizenId, inboxId }, present, { fresh = false } = {}) => {
      const maxAgeMs = fresh ? 0 : freshMs;
      const known = membersOf(findInbox(inboxId));
      const [inbox] = await Promise.all([
        inboxChains.load(idOf(inboxId), { maxAgeMs }),
        loadPeople([idOf<'account'>(citizenId), ...known], maxAgeMs),
      ]);
      // Those who joined meanwhile.
      await directory.load(membersOf(inbox), { maxAgeMs });
      const own = readerOfUser(requireUser(citizenId));
      const named = present !== null && isRestricted(present) ? namedReaders(present, inbox, findUser) : [];
      // A restricted case stays with those named (crypto.md §4).
      if (named.length > 0) return { readers: [own, ...named], isStale: false };
      // Somebody left, or has newer keys, and nobody has renewed the inbox's key yet: each member is sealed to by his own (crypto.md §6).
      const isStale = currentGeneration(inbox).staleFrom !== null || findStaleMembers(inbox, requireUser).length > 0;
      return { readers: [own, ...(isStale ? readersOfMembers(inbox, findUser) : [readerOfInbox(inbox)])], isStale };
    },

    readersNow: (epoch) => readersNowOf(epoch, { user: findUser, inbox: findInbox, nameOf, signedAt }),

    membershipChanges: (inboxId) => {
      const chain = findInbox(inboxId);
      return chain === undefined ? [] : membershipChanges(chain, signedAt);
    },

    hasExpired: ({ parties, readers }) => {
      if (session.role === 'citizen') return false;
      const cut = inboxKeys.forgottenBefore(idOf(parties.inboxId));
      // Of what was sealed to officials one by one, their boxes are gone.
      return readers.some(({ kind, id, generation }) => (kind === 'inbox' ? generation < cut : cut > 0 && equalBytes(id, userId)));
    },

    resetSince: ({ parties, readers }) => {
      const chain = findUser(parties.citizenId);
      const reset = chain?.resets.at(-1);
      const generation = readers.find(({ kind }) => kind === 'user')?.generation ?? 0;
      if (chain === undefined || reset === undefined || !wasResetSince(chain, generation)) return null;
      return { at: reset.notBefore, registrars: reset.registrarIds.flatMap((registrar) => nameOf(idOf(registrar)) ?? []) };
    },
  };
}

function membersOf(inbox: InboxChainState | undefined): readonly AccountId[] {
  return inbox === undefined ? [] : currentMembers(inbox).map(({ userId }) => idOf(userId));
}

/** Those an epoch is restricted to who still belong to the inbox. */
function namedReaders(
  epoch: EpochState,
  inbox: InboxChainState,
  user: (id: Uint8Array) => UserChainState | undefined,
): readonly ReaderKey[] {
  return activeMembers(inbox, { user })
    .filter((stay) => epoch.readers.some(({ kind, id }) => kind === 'member' && equalBytes(id, stay.userId)))
    .map((stay) => readerOfUser(memberChain(inbox, stay, { user }), 'member'));
}

/** A chain that does not verify stays unknown: what refers to it is refused, the rest goes on. */
async function loadInbox(inboxChains: InboxChains, inboxId: InboxId, maxAgeMs: number): Promise<void> {
  try {
    await inboxChains.load(inboxId, { maxAgeMs });
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
  }
}
