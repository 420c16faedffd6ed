import type { EpochLink, Reader } from './epoch.ts';
import { activeMembers } from './inbox-state.ts';
import { ensure, equalBytes } from './sodium.ts';
import { requireInbox, type Verification } from './verification.ts';

type Restricting = Pick<EpochLink, 'readers' | 'reason'>;

/** A restricted case: sealed to named officials, and not only because the inbox's key is being renewed (crypto.md §4, "case ACL"). */
export function isRestricted(epoch: Restricting): boolean {
  return epoch.reason !== 'stale_inbox' && namedIn(epoch).length > 0;
}

/**
 * What restricts a case stays in force over every renewal of keys: the citizen, and whoever is not named, can neither widen it nor leave
 * out a named official. Once none of those named belongs to the inbox any more, the citizen may go back to the inbox: else nobody could.
 */
export function requireRestriction(
  link: EpochLink,
  previous: EpochLink | null,
  parties: { readonly citizenId: Uint8Array; readonly inboxId: Uint8Array },
  verification: Pick<Verification, 'user' | 'inbox' | 'moment'>,
): void {
  const before = previous !== null && isRestricted(previous) ? namedIn(previous) : [];
  if (isRestricted(link) && link.reason !== 'restrict')
    ensure(before.length > 0, 'invalid_link', 'named officials in a case that is not restricted');
  if (before.length === 0 || link.reason === 'restrict') return;
  const inbox = requireInbox(verification, parties.inboxId);
  if (isRestricted(link)) {
    if (verification.moment === 'past') return;
    const stay = activeMembers(inbox, verification).filter(({ userId }) => before.some(({ id }) => equalBytes(id, userId)));
    const isWhole = stay.every(({ userId }) => namedIn(link).some(({ id }) => equalBytes(id, userId)));
    ensure(isWhole, 'invalid_link', 'a named official is left out');
    return;
  }
  if (!equalBytes(link.signerUser, parties.citizenId)) return;
  // As far as the signer must have known the inbox's chain; without its head among the readers, by all that is known of it.
  const seqno = link.readers.find(({ kind, id }) => kind === 'inbox' && equalBytes(id, parties.inboxId))?.chainSeqno ?? inbox.seqno;
  const isThere = ({ id }: Reader): boolean =>
    inbox.memberships.some((stay) => equalBytes(stay.userId, id) && stay.from <= seqno && (stay.until === null || stay.until > seqno));
  ensure(!before.some(isThere), 'not_allowed', 'only a named official widens a restricted case');
}

function namedIn({ readers }: Restricting): readonly Reader[] {
  return readers.filter(({ kind }) => kind === 'member');
}
