import { decodeSignedEpoch, epochLinkHash, type EpochLink, hashKemPk, type Reader } from './epoch.ts';
import { mayWrite } from './inbox-rules.ts';
import { activeMembers, type InboxChainState, isSuspended, memberChain, type Membership, membersSince } from './inbox-state.ts';
import { requireRestriction } from './restriction.ts';
import { ensure, equalBytes, verifySignature } from './sodium.ts';
import { activeDevices, currentGeneration, type DeviceState, generationAt, headOf, type UserChainState } from './user-state.ts';
import { requireDevice, requireHead, requireInbox, requireUser, type Verification } from './verification.ts';

export type EpochVerification = Pick<Verification, 'user' | 'inbox' | 'moment'>;

/** Whose conversation it is. The inbox changes by a transfer. */
export interface Parties {
  readonly citizenId: Uint8Array;
  readonly inboxId: Uint8Array;
}

/** A verified epoch. */
export interface EpochState extends EpochLink {
  readonly linkHash: Uint8Array;
  /** The parties from this epoch on. */
  readonly parties: Parties;
}

/** What a reader entry looks like for a chain as it is now, and the key to seal to. */
export interface ReaderKey {
  readonly reader: Reader;
  readonly kemPk: Uint8Array;
}

export function readerOfUser(state: UserChainState, kind: 'user' | 'member' = 'user'): ReaderKey {
  return readerKey(state, kind, state.userId);
}

export function readerOfInbox(state: InboxChainState): ReaderKey {
  ensure(currentGeneration(state).staleFrom === null, 'stale_key', 'somebody left the inbox: rotate its key first, or seal to its members');
  return readerKey(state, 'inbox', state.inboxId);
}

/** The officials of an inbox whose key is stale, each by his own: what a 'stale_inbox' epoch is sealed to besides the citizen. */
export function readersOfMembers(state: InboxChainState, user: Verification['user']): readonly ReaderKey[] {
  return activeMembers(state, { user }).map((stay) => readerOfUser(memberChain(state, stay, { user }), 'member'));
}

function readerKey(state: UserChainState | InboxChainState, kind: Reader['kind'], id: Uint8Array): ReaderKey {
  const { generation, kemPk } = currentGeneration(state);
  return { kemPk, reader: { kind, id, generation, kemPkHash: hashKemPk(kemPk), chainSeqno: state.seqno, chainTail: headOf(state) } };
}

/**
 * Verifies the epoch after `previous`, or the first one (null) of a conversation between `parties`.
 * Readers must be the citizen and either the inbox or officials of it; the signer one of the readers before. Throws CryptoError.
 */
export function verifyEpoch(bytes: Uint8Array, previous: EpochState | null, parties: Parties, verification: EpochVerification): EpochState {
  const { link, linkBytes, signature } = decodeSignedEpoch(bytes);
  const before = previous?.parties ?? parties;
  requireSuccession(link, previous);
  const inboxReader = requireReaderSet(link, before);
  for (const reader of link.readers) requireReaderKey(reader, before, verification);
  requireRestored(link, previous, verification);
  const isTransfer = inboxReader !== undefined && !equalBytes(inboxReader.id, before.inboxId);
  ensure(isTransfer === (link.reason === 'transfer'), 'invalid_link', 'another inbox without a transfer, or the reverse');
  const device = requireEpochSigner(link, previous, before, verification);
  requireRestriction(link, previous, before, verification);
  ensure(verifySignature('gim1/epoch-sig', linkBytes, signature, device.signPk), 'bad_signature', 'epoch signature is not valid');
  return { ...link, linkHash: epochLinkHash(linkBytes), parties: isTransfer ? { ...before, inboxId: inboxReader.id } : before };
}

function requireSuccession(link: EpochLink, previous: EpochState | null): void {
  ensure(link.epoch === (previous?.epoch ?? 0) + 1, 'broken_chain', `expected epoch ${(previous?.epoch ?? 0) + 1}`);
  if (previous === null) {
    ensure(link.reason === 'opened' || link.reason === 'stale_inbox', 'invalid_link', 'the first epoch opens the conversation');
    return;
  }
  ensure(link.reason !== 'opened', 'invalid_link', 'a conversation is opened once');
  const follows =
    equalBytes(link.conversationId, previous.conversationId) &&
    link.prevEpochHash !== null &&
    equalBytes(link.prevEpochHash, previous.linkHash);
  ensure(follows, 'broken_chain', 'does not follow the previous epoch');
  for (const reader of link.readers) {
    const earlier = previous.readers.find((candidate) => equalBytes(candidate.id, reader.id));
    ensure(
      earlier === undefined || (earlier.chainSeqno <= reader.chainSeqno && earlier.generation <= reader.generation),
      'broken_chain',
      'a reader goes back to older keys',
    );
  }
}

/** The citizen once, and either one inbox or members; nobody twice. Returns the inbox reader. */
function requireReaderSet(link: EpochLink, parties: Parties): Reader | undefined {
  const [citizen, ...moreCitizens] = link.readers.filter((reader) => reader.kind === 'user');
  ensure(
    citizen !== undefined && moreCitizens.length === 0 && equalBytes(citizen.id, parties.citizenId),
    'invalid_link',
    'the citizen is not a reader, or another citizen is',
  );
  const inboxes = link.readers.filter((reader) => reader.kind === 'inbox');
  const members = link.readers.filter((reader) => reader.kind === 'member');
  ensure(inboxes.length === (members.length === 0 ? 1 : 0), 'invalid_link', 'the readers are one inbox or officials of one');
  ensure(new Set(link.readers.map(({ id }) => String(id))).size === link.readers.length, 'invalid_link', 'a reader is listed twice');
  const needsMembers = link.reason === 'stale_inbox' || link.reason === 'restrict';
  ensure(
    members.length === 0 ? !needsMembers : link.reason !== 'opened' && link.reason !== 'transfer',
    'invalid_link',
    'reason and readers do not fit',
  );
  return inboxes[0];
}

/** When the citizen was reset since the epoch before, it takes an official's decision to seal the conversation to the new keys. */
function requireRestored(link: EpochLink, previous: EpochState | null, verification: EpochVerification): void {
  const [now, before] = [link, previous].map((epoch) => epoch?.readers.find(({ kind }) => kind === 'user'));
  const isRestored =
    now !== undefined &&
    before !== undefined &&
    requireUser(verification, now.id).resets.some(({ generation }) => generation > before.generation && generation <= now.generation);
  ensure(
    isRestored === (link.reason === 'restored'),
    'invalid_link',
    'sealed to a citizen who was reset without saying so, or the reverse',
  );
}

function requireReaderKey(reader: Reader, parties: Parties, verification: EpochVerification): void {
  const chain = chainOf(reader, parties, verification);
  requireHead(chain, reader.chainSeqno, reader.chainTail, reader.generation);
  const { kemPk, staleFrom } = generationAt(chain, reader.generation);
  ensure(equalBytes(hashKemPk(kemPk), reader.kemPkHash), 'invalid_link', 'the reader has another key');
  ensure(staleFrom === null || staleFrom > reader.chainSeqno, 'stale_key', 'sealed to an inbox key somebody left with');
  if (verification.moment === 'past') return;
  const isOpen = 'closedAt' in chain ? chain.closedAt === null : activeDevices(chain).length > 0;
  ensure(
    isOpen && staleFrom === null && currentGeneration(chain).generation === reader.generation,
    'stale_key',
    'a reader has a newer key',
  );
}

function chainOf(reader: Reader, parties: Parties, verification: EpochVerification): UserChainState | InboxChainState {
  if (reader.kind === 'inbox') return requireInbox(verification, reader.id);
  return reader.kind === 'user' ? requireUser(verification, reader.id) : officialChain(reader.id, parties, verification);
}

/** The chain of an official, as the inbox sees it. */
function officialChain(userId: Uint8Array, parties: Parties, verification: EpochVerification): UserChainState {
  const inbox = requireInbox(verification, parties.inboxId);
  const stay = inbox.memberships.findLast((candidate) => equalBytes(candidate.userId, userId));
  ensure(stay !== undefined, 'invalid_link', 'a reader is no official of the inbox');
  return memberChain(inbox, stay, verification);
}

/** The citizen, or an official who could read the epoch before; returns the device that must have signed. */
function requireEpochSigner(link: EpochLink, previous: EpochState | null, before: Parties, verification: EpochVerification): DeviceState {
  const { moment } = verification;
  const members = link.readers.filter((reader) => reader.kind === 'member');
  const isCitizen = equalBytes(link.signerUser, before.citizenId);
  // The latest head of the inbox that must have been known: here, or in the epoch before.
  const heads = [link, previous].flatMap((epoch) => epoch?.readers.filter((reader) => equalBytes(reader.id, before.inboxId)) ?? []);
  const officials =
    members.length === 0 && isCitizen ? [] : membersSince(requireInbox(verification, before.inboxId), heads[0]?.chainSeqno ?? 0, moment);
  requireMemberReaders(link, members, previous, officials, before, verification);
  if (isCitizen) {
    const isOfficials = link.reason === 'transfer' || link.reason === 'restrict' || link.reason === 'restored';
    ensure(!isOfficials, 'not_allowed', 'only an official transfers, restricts or restores');
    return requireDevice(
      requireUser(verification, before.citizenId),
      link.signerDevice,
      provenGeneration(link.readers, before.citizenId),
      moment,
    );
  }
  ensure(
    officials.some((stay) => equalBytes(stay.userId, link.signerUser) && mayWrite(stay.role)),
    'not_allowed',
    'signed by nobody of the conversation',
  );
  const listed = (previous ?? link).readers.filter((reader) => reader.kind === 'member');
  ensure(
    listed.length === 0 || listed.some((reader) => equalBytes(reader.id, link.signerUser)),
    'not_allowed',
    'signed by an official who is not among the readers',
  );
  const slots = heads.flatMap((head) => generationAt(requireInbox(verification, before.inboxId), head.generation).boxes);
  const proven =
    slots.find((slot) => equalBytes(slot.recipient, link.signerUser))?.recipientGeneration ??
    provenGeneration(link.readers, link.signerUser);
  return requireDevice(officialChain(link.signerUser, before, verification), link.signerDevice, proven, moment);
}

/** Readers of kind member are officials of the inbox: all of them when its key is stale, the named ones when restricted. */
function requireMemberReaders(
  link: EpochLink,
  members: readonly Reader[],
  previous: EpochState | null,
  officials: readonly Membership[],
  parties: Parties,
  verification: EpochVerification,
): void {
  if (members.length === 0) return;
  ensure(
    members.every((reader) => officials.some((stay) => equalBytes(stay.userId, reader.id))),
    'invalid_link',
    'a reader is no official of the inbox',
  );
  if (link.reason === 'stale_inbox' && verification.moment === 'now') {
    const inbox = requireInbox(verification, parties.inboxId);
    const active = officials.filter((stay) => !isSuspended(inbox, stay, verification));
    ensure(members.length === active.length, 'invalid_link', 'an official of the inbox is left out');
  }
  if (link.reason === 'stale_inbox' || link.reason === 'restrict') return;
  const earlier = previous?.readers.filter((reader) => reader.kind === 'member') ?? [];
  ensure(
    members.every((reader) => earlier.some(({ id }) => equalBytes(id, reader.id))),
    'invalid_link',
    'a reader was not one before',
  );
}

function provenGeneration(readers: readonly Reader[], userId: Uint8Array): number {
  return readers.find((reader) => equalBytes(reader.id, userId))?.generation ?? 1;
}

/**
 * Whether the named device may have sent an envelope in this epoch: the citizen's, or one of an official who held the
 * epoch's inbox key and may write. With moment 'now' every reader's key must also still be the current one (`stale_key`).
 * Returns the device; its signature is inside the envelope, where only readers see it.
 */
export function requireSender(
  epoch: EpochState,
  sender: { readonly userId: Uint8Array; readonly deviceId: Uint8Array },
  verification: EpochVerification,
): DeviceState {
  const { moment } = verification;
  if (moment === 'now') for (const reader of epoch.readers) requireReaderKey(reader, epoch.parties, verification);
  if (equalBytes(sender.userId, epoch.parties.citizenId)) {
    const citizen = requireUser(verification, sender.userId);
    return requireDevice(citizen, sender.deviceId, provenGeneration(epoch.readers, sender.userId), moment);
  }
  const inbox = requireInbox(verification, epoch.parties.inboxId);
  const head = epoch.readers.find((reader) => reader.kind === 'inbox');
  const officials = membersSince(inbox, head?.chainSeqno ?? 0, moment);
  ensure(
    officials.some((stay) => equalBytes(stay.userId, sender.userId) && mayWrite(stay.role)),
    'not_allowed',
    'sent by nobody of the conversation',
  );
  if (head === undefined) {
    const reader = epoch.readers.find(({ id }) => equalBytes(id, sender.userId));
    ensure(reader !== undefined, 'not_allowed', 'sent by an official who is not among the readers');
    return requireDevice(officialChain(sender.userId, epoch.parties, verification), sender.deviceId, reader.generation, moment);
  }
  const slot = generationAt(inbox, head.generation).boxes.find((box) => equalBytes(box.recipient, sender.userId));
  ensure(slot !== undefined, 'not_allowed', 'sent by an official who did not hold the key of the epoch');
  return requireDevice(officialChain(sender.userId, epoch.parties, verification), sender.deviceId, slot.recipientGeneration ?? 1, moment);
}
