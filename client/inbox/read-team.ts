import { fromBase64Url } from '../../server/protocol/base64url.ts';
import { type AccountId, idOf, type InboxId } from '../../server/protocol/ids.ts';
import { currentMembers, findMembership, type InboxChainState, isSuspended } from '../../server/protocol/inbox-state.ts';
import type { Enrolment } from '../../server/protocol/offices.ts';
import { equalBytes } from '../../server/protocol/sodium.ts';
import type { DeviceKeys } from '../crypto/device.ts';
import { personNumber } from '../crypto/person-number.ts';
import type { RequestFunction } from '../net/request.ts';
import type { InvitationSecret, InvitationSecrets } from '../storage/invitation-secrets.ts';
import type { InboxChains } from './inbox-chain.ts';
import { type People, verifyEnrolment } from './membership.ts';
import { peopleIn, readProposal } from './proposal.ts';
import { type Applicant, type FormerPerson, managesTeam, type Named, noTeam, type TeamPerson, type TeamState } from './team-state.ts';

export interface ReadTeamParts {
  readonly inboxId: InboxId;
  readonly own: { readonly userId: Uint8Array; readonly device: DeviceKeys };
  readonly request: RequestFunction;
  readonly directory: People;
  readonly inboxChains: InboxChains;
  readonly secrets: InvitationSecrets;
}

/** The team as the newest chain has it; with what waits for its owners and admins. Throws a CryptoError or a RequestError. */
export async function readTeam(parts: ReadTeamParts): Promise<TeamState> {
  const { inboxId, own, directory, inboxChains } = parts;
  const inbox = await inboxChains.load(inboxId, { fresh: true });
  const membership = findMembership(inbox, own.userId);
  if (!membership) return { ...noTeam, phase: 'outside' };
  await directory.load(
    inbox.memberships.map(({ userId }) => idOf<'account'>(userId)),
    { maxAgeMs: 0 },
  );
  const named = (userId: Uint8Array): Named => {
    const accountId: AccountId = idOf(userId);
    return { accountId, displayName: directory.find(accountId)?.displayName ?? '', personNumber: personNumber(userId) };
  };
  const user = (id: Uint8Array) => directory.find(idOf(id))?.chain;
  const people = currentMembers(inbox).map((stay): TeamPerson => {
    const { userId, role, from } = stay;
    return {
      ...named(userId),
      role,
      since: inboxChains.signedAt(inboxId, from),
      isMe: equalBytes(userId, own.userId),
      isSuspended: isSuspended(inbox, stay, { user }),
    };
  });
  const waiting = managesTeam(membership.role) ? await readWaiting(parts, inbox) : {};
  return {
    ...noTeam,
    phase: 'ready',
    role: membership.role,
    policy: inbox.policy,
    people: people.toSorted(byName),
    former: formerPeople(parts, inbox, named).toSorted(byName),
    ...waiting,
  };
}

async function readWaiting(
  { inboxId, own, request, directory, secrets }: ReadTeamParts,
  inbox: InboxChainState,
): Promise<Pick<TeamState, 'applicants' | 'proposals' | 'invitations'>> {
  const [{ enrolments }, listed, given] = await Promise.all([
    request('inbox:list-enrolments', { inboxId }),
    request('inbox:list-proposals', { inboxId }),
    secrets.list(inboxId),
  ]);
  await directory.load(listed.proposals.flatMap(peopleIn), { maxAgeMs: 0 });
  const verification = { user: (id: Uint8Array) => directory.find(idOf(id))?.chain, registryPks: [], moment: 'now' as const };
  const self = { userId: own.userId, deviceId: own.device.deviceId };
  const proposals = listed.proposals.flatMap((proposal) => readProposal(proposal, inbox, verification, self) ?? []);
  const proposed = new Set(proposals.flatMap(({ change }) => (change.type === 'add' ? [change.accountId] : [])));
  const used = new Set(enrolments.map(({ invitationId }): string => invitationId));
  return {
    proposals,
    applicants: enrolments.filter(({ accountId }) => !proposed.has(accountId)).map((enrolment) => judge(enrolment, given)),
    invitations: given
      .filter(({ invitationId, expiresAt }) => !used.has(invitationId) && expiresAt > Date.now())
      .map(({ invitationId, displayName, expiresAt }) => ({ invitationId, displayName, expiresAt })),
  };
}

function judge(enrolment: Enrolment, given: readonly InvitationSecret[]): Applicant {
  const { accountId, displayName, invitationId } = enrolment;
  const link = given.find((one) => one.invitationId === invitationId);
  const proof = link === undefined ? 'unknown' : verifyEnrolment(enrolment, link.secret) ? 'proven' : 'forged';
  return { accountId, displayName, invitationId, personNumber: personNumber(fromBase64Url(accountId)), proof };
}

function formerPeople(
  { inboxId, inboxChains }: ReadTeamParts,
  inbox: InboxChainState,
  named: (userId: Uint8Array) => Named,
): FormerPerson[] {
  const last = new Map(inbox.memberships.map((stay) => [String(stay.userId), stay]));
  return [...last.values()]
    .filter(({ until }) => until !== null)
    .map(({ userId, until }) => ({ ...named(userId), until: until === null ? null : inboxChains.signedAt(inboxId, until) }));
}

function byName(one: Named, other: Named): number {
  return one.displayName.localeCompare(other.displayName);
}
