import type { SessionView } from '../../server/protocol/accounts.ts';
import { readerOfInbox, readerOfUser } from '../../server/protocol/epoch-rules.ts';
import { type AccountId, idOf, type InboxId } from '../../server/protocol/ids.ts';
import { currentMembers } from '../../server/protocol/inbox-state.ts';
import { CryptoError, ensure, equalBytes } from '../../server/protocol/sodium.ts';
import { currentGeneration, type UserChainState } from '../../server/protocol/user-chain.ts';
import type { Directory } from '../account/directory.ts';
import type { Keyring } from '../account/keyring.ts';
import type { Reader } from '../conversations/reader.ts';
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
    verification: { user: findUser, inbox: (id) => inboxChains.find(idOf(id)) ?? undefined, moment: 'past' },
    nameOf: (id) => directory.find(id)?.displayName ?? null,

    loadChains: async ({ accountIds, inboxIds }, { fresh = false } = {}) => {
      await directory.load(accountIds, fresh ? { maxAgeMs: 0 } : {});
      for (const inboxId of inboxIds) await loadInbox(inboxChains, inboxId, fresh);
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

    readersNow: async ({ citizenId, inboxId }) => {
      const citizen: AccountId = idOf(citizenId);
      await directory.load([citizen], { maxAgeMs: freshMs });
      const inbox = await inboxChains.load(idOf(inboxId), { fresh: true });
      const own = readerOfUser(requireUser(citizenId));
      if (currentGeneration(inbox).staleFrom === null) return { readers: [own, readerOfInbox(inbox)], isStale: false };
      // Somebody left and nobody has rotated the key yet: its members are sealed to, each by his own (crypto.md §6).
      const members = currentMembers(inbox).map((member) => member.userId);
      await directory.load(members.map(idOf<'account'>), { maxAgeMs: freshMs });
      return { readers: [own, ...members.map((member) => readerOfUser(requireUser(member), 'member'))], isStale: true };
    },
  };
}

/** A chain that does not verify stays unknown: what refers to it is refused, the rest goes on. */
async function loadInbox(inboxChains: InboxChains, inboxId: InboxId, fresh: boolean): Promise<void> {
  try {
    await inboxChains.load(inboxId, { fresh });
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
  }
}
