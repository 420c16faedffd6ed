import type { EpochState } from '../../server/protocol/epoch-rules.ts';
import { type AccountId, idOf, type InboxId } from '../../server/protocol/ids.ts';
import type { InboxRole } from '../../server/protocol/inbox-bodies.ts';
import { currentMembers, type InboxChainState, type Membership } from '../../server/protocol/inbox-state.ts';
import { isRestricted } from '../../server/protocol/restriction.ts';
import { equalBytes } from '../../server/protocol/sodium.ts';
import { activeDevices, currentGeneration, type UserChainState } from '../../server/protocol/user-state.ts';
import { safetyNumber } from '../crypto/safety-number.ts';

/** An official who holds the key of the present epoch. */
export interface OfficialReader {
  readonly accountId: AccountId;
  readonly name: string | null;
  readonly role: InboxRole;
  /** When the link that made him a member in this role was signed; null when it is not at hand. */
  readonly since: number | null;
  /** No member any more, but the present epoch is still sealed to the key he holds; the next message renews it. */
  readonly hasLeft: boolean;
}

/** Everybody who can read a conversation now, by the chains this device has verified. */
export interface ReadersNow {
  readonly citizen: {
    readonly accountId: AccountId;
    /** Browsers of the citizen: each can read by itself. Passkeys and a recovery code are ways back, not devices. */
    readonly devices: number;
  };
  readonly inboxId: InboxId;
  /** As the registry has signed it. */
  readonly inboxName: string;
  readonly officials: readonly OfficialReader[];
  /** team: whoever joins the inbox reads too. members: those named, while the inbox's key is renewed. restricted: those named and nobody else. */
  readonly reach: 'team' | 'members' | 'restricted';
  readonly epoch: number;
  /** To be compared by voice: both sides see the same, or somebody sits between them. */
  readonly safetyNumber: readonly string[];
}

/** A step of the inbox's chain that changed who reads. */
export interface MembershipChange {
  readonly seqno: number;
  readonly at: number;
  readonly accountId: AccountId;
  readonly change: 'joined' | 'left' | 'role';
  readonly role: InboxRole;
}

interface Known {
  readonly user: (id: Uint8Array) => UserChainState | undefined;
  readonly inbox: (id: Uint8Array) => InboxChainState | undefined;
  readonly nameOf: (accountId: AccountId) => string | null;
  readonly signedAt: (inboxId: InboxId, seqno: number) => number | null;
}

/** Null while a chain is not known here. */
export function readersNowOf(epoch: EpochState, { user, inbox, nameOf, signedAt }: Known): ReadersNow | null {
  const citizen = user(epoch.parties.citizenId);
  const chain = inbox(epoch.parties.inboxId);
  if (citizen === undefined || chain === undefined) return null;
  const inboxId: InboxId = idOf(chain.inboxId);
  const named = epoch.readers.filter(({ kind }) => kind === 'member');
  const holders =
    named.length === 0
      ? holdersOf(epoch, chain)
      : currentMembers(chain).filter((stay) => named.some((reader) => equalBytes(reader.id, stay.userId)));
  return {
    citizen: { accountId: idOf(citizen.userId), devices: activeDevices(citizen).filter(({ kind }) => kind === 'browser').length },
    inboxId,
    inboxName: chain.name,
    officials: holders.map(({ userId, role, from, until }) => {
      const accountId: AccountId = idOf(userId);
      return { accountId, name: nameOf(accountId), role, since: signedAt(inboxId, from), hasLeft: until !== null };
    }),
    reach: named.length === 0 ? 'team' : isRestricted(epoch) ? 'restricted' : 'members',
    epoch: epoch.epoch,
    safetyNumber: safetyNumber(epoch.linkHash),
  };
}

/**
 * Members now, and whoever left since with the key the epoch is sealed to: he holds it until the next message renews it, and says so.
 */
function holdersOf(epoch: EpochState, chain: InboxChainState): readonly Membership[] {
  const generation = epoch.readers.find(({ kind }) => kind === 'inbox')?.generation ?? 0;
  const isCurrent = currentGeneration(chain).generation === generation;
  if (isCurrent) return currentMembers(chain);
  const sealedTo = chain.generations[generation - 1]?.boxes ?? [];
  const left = chain.memberships.filter(
    (stay, index) =>
      stay.until !== null &&
      sealedTo.some(({ recipient }) => equalBytes(recipient, stay.userId)) &&
      chain.memberships.findLastIndex((other) => equalBytes(other.userId, stay.userId)) === index,
  );
  return [...currentMembers(chain), ...left];
}

/** Every change of who belongs to the inbox after its root, oldest first. */
export function membershipChanges(chain: InboxChainState, signedAt: Known['signedAt']): readonly MembershipChange[] {
  const inboxId: InboxId = idOf(chain.inboxId);
  const changes = chain.memberships.flatMap((stay): Omit<MembershipChange, 'at'>[] => {
    const accountId: AccountId = idOf(stay.userId);
    const isSame = (other: Membership) => equalBytes(other.userId, stay.userId);
    const before = chain.memberships.find((other) => isSame(other) && other.until === stay.from);
    const after = chain.memberships.find((other) => isSame(other) && other.from === stay.until);
    const begins =
      stay.from === 1 ? [] : [{ seqno: stay.from, accountId, change: before ? ('role' as const) : ('joined' as const), role: stay.role }];
    const ends = stay.until === null || after ? [] : [{ seqno: stay.until, accountId, change: 'left' as const, role: stay.role }];
    return [...begins, ...ends];
  });
  return changes.map((change) => ({ ...change, at: signedAt(inboxId, change.seqno) ?? 0 })).sort((one, other) => one.seqno - other.seqno);
}
