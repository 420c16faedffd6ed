import { adoptGeneration, type GenerationLink } from './generation.ts';
import { hash } from './hash.ts';
import {
  type CoSigner,
  decodeInboxBody,
  type InboxBody,
  type InboxRole,
  type MemberEntry,
  type RegistrySignature,
  registryStatement,
} from './inbox-bodies.ts';
import { requireMaySign, signersNeeded } from './inbox-rules.ts';
import {
  activeMembers,
  currentMembers,
  type InboxChainState,
  memberChain,
  type Membership,
  registrarsName,
  requireMembership,
} from './inbox-state.ts';
import { limits } from './limits.ts';
import { decodeLink, type Link, linkHash, requireChainLength, requirePlace, requireSignatures } from './link.ts';
import { ensure, equalBytes, verifySignature } from './sodium.ts';
import { currentGeneration, type DeviceState, generationAt, headOf, type UserChainState } from './user-state.ts';
import { requireDevice, requireHead, type Verification } from './verification.ts';

export type InboxVerification = Pick<Verification, 'user' | 'registryPks' | 'moment'>;

/** inbox_id = H("gim1/iid", root Outer bytes). */
export function inboxIdOf(rootOuterBytes: Uint8Array): Uint8Array {
  return hash('gim1/iid', rootOuterBytes);
}

/** Verifies a chain from its root, as links of the past except the last when `moment` is 'now'. Throws CryptoError. */
export function replayInboxChain(
  links: readonly Uint8Array[],
  verification: InboxVerification,
  expectedId: Uint8Array | null = null,
): InboxChainState {
  requireChainLength(links, 'inbox');
  const [root, ...rest] = links;
  ensure(root !== undefined, 'broken_chain', 'an empty chain');
  const past: InboxVerification = { ...verification, moment: 'past' };
  const first = startInboxChain(root, rest.length === 0 ? verification : past);
  ensure(expectedId === null || equalBytes(first.inboxId, expectedId), 'bad_id', 'the root is not the one the inbox id names');
  return rest.reduce((state, link, index) => extendInboxChain(state, link, index === rest.length - 1 ? verification : past), first);
}

function startInboxChain(bytes: Uint8Array, verification: InboxVerification): InboxChainState {
  const link = decodeLink(bytes);
  const body = decodeInboxBody(link.outer.type, requirePlace(link, 'inbox', null));
  ensure(body.type === 'root', 'broken_chain', 'a chain begins with a root');
  // The registry vouches for the owners only, so nobody else may slip in with the root.
  ensure(
    body.members.length > 0 && body.members.every((member) => member.role === 'owner'),
    'invalid_link',
    'the members of a root are its owners',
  );
  const owners = body.members.map((member) => member.userId);
  ensure(new Set(owners.map(String)).size === owners.length, 'invalid_link', 'an owner is listed twice');
  requireRegistry(registryStatement(body.name, body.nonce, body.policy, owners), body.registrySignatures, verification.registryPks);
  const ptk = adoptGeneration(body.ptk, { current: null, recipients: owners, chainId: body.nonce, seqno: 1, allowCut: false });
  const state: InboxChainState = {
    inboxId: inboxIdOf(link.outerBytes),
    nonce: body.nonce,
    name: body.name,
    policy: body.policy,
    seqno: 1,
    tails: [linkHash(link.outerBytes)],
    memberships: body.members.map((member) => stayOf(member, 1)),
    generations: [ptk],
    closedAt: null,
  };
  const users = body.members.map((member) => {
    const entry = ptk.boxes.find((box) => equalBytes(box.recipient, member.userId));
    ensure(
      entry?.recipientGeneration === member.pukGeneration,
      'invalid_link',
      'sealed to another generation than the member is listed with',
    );
    return { user: requireMemberKeys(state, member, verification), member };
  });
  const signer = users.find(({ user }) => user.devices.some((device) => equalBytes(device.deviceId, link.outer.signerDevice)));
  ensure(signer !== undefined, 'not_allowed', 'an owner signs the root');
  requireSignatures(link, [requireDevice(signer.user, link.outer.signerDevice, signer.member.pukGeneration, verification.moment)]);
  requireEnoughOwners(state);
  return state;
}

/** The state after one more link. Throws CryptoError; the given state stays valid. */
export function extendInboxChain(state: InboxChainState, bytes: Uint8Array, verification: InboxVerification): InboxChainState {
  return follow(state, bytes, verification, (link, devices) => requireSignatures(link, devices));
}

/**
 * What a link would make of the inbox once everybody its body names has signed: for a proposal, which carries its signer's
 * signature alone. All other rules hold already. Throws CryptoError.
 */
export function previewInboxLink(state: InboxChainState, bytes: Uint8Array, verification: InboxVerification): InboxChainState {
  return follow(state, bytes, verification, (link, devices) => requireSignatures(link, devices.slice(0, 1)));
}

function follow(
  state: InboxChainState,
  bytes: Uint8Array,
  verification: InboxVerification,
  requireSigned: (link: Link, devices: readonly DeviceState[]) => void,
): InboxChainState {
  const link = decodeLink(bytes);
  const { outer } = link;
  const body = decodeInboxBody(outer.type, requirePlace(link, 'inbox', { id: state.inboxId, seqno: state.seqno, tail: headOf(state) }));
  ensure(state.closedAt === null, 'not_allowed', 'the inbox is closed');
  ensure(body.type !== 'root' && outer.signerUser !== null, 'broken_chain', 'a second root');
  const signers = signersOf(outer.signerUser, outer.signerDevice, body);
  ensure(new Set(signers.map(({ userId }) => String(userId))).size === signers.length, 'bad_signature', 'two signatures by one person');
  ensure(signers.length >= signersNeeded(body, state.policy.addsRequire), 'bad_signature', 'a second signature is needed');
  const subject = subjectOf(state, body);
  for (const { userId } of signers) requireMaySign(requireMembership(state, userId).role, body, subject);
  requireSigned(
    link,
    signers.map((signer) => requireInboxDevice(state, signer, verification)),
  );
  const next = { ...state, seqno: outer.seqno, tails: [...state.tails, linkHash(link.outerBytes)] };
  const result = apply(next, body, outer.signerUser, verification);
  requireEnoughOwners(result);
  return result;
}

/** Who signs a link, and with which device: its signer, then those its body names. */
export function signersOf(signerUser: Uint8Array, signerDevice: Uint8Array, body: InboxBody): readonly CoSigner[] {
  return [{ userId: signerUser, deviceId: signerDevice }, ...('coSigners' in body ? body.coSigners : [])];
}

function apply(
  state: InboxChainState,
  body: Exclude<InboxBody, { type: 'root' }>,
  signer: Uint8Array,
  verification: InboxVerification,
): InboxChainState {
  const { seqno } = state;
  if (body.type === 'add_member') return addMember(state, body.member, body.boxHash, verification);
  if (body.type === 'remove_member') {
    // The remover makes the new key, so nobody can be his own remover.
    ensure(!equalBytes(body.userId, signer), 'invalid_link', 'a member leaves, and does not remove himself');
    return rotate(endMembership(state, body.userId), body.ptk, verification, false);
  }
  if (body.type === 'change_role') {
    const stay = requireMembership(state, body.userId);
    const ended = endMembership(state, body.userId);
    return { ...ended, memberships: [...ended.memberships, { ...stay, role: body.role, from: seqno }] };
  }
  if (body.type === 'rotate_ptk') return rotate(state, body.ptk, verification, body.reason === 'retention_cut');
  if (body.type === 'leave') {
    const current = currentGeneration(state);
    return {
      ...endMembership(state, signer),
      generations: [...state.generations.slice(0, -1), { ...current, staleFrom: current.staleFrom ?? seqno }],
    };
  }
  if (body.type === 'set_policy') return { ...state, policy: body.policy };
  if (body.type === 'close') return { ...state, closedAt: seqno };
  const owners = currentMembers(state).filter((member) => member.role === 'owner');
  const statement = registryStatement(
    body.name,
    state.nonce,
    state.policy,
    owners.map((owner) => owner.userId),
  );
  requireRegistry(statement, body.registrySignatures, verification.registryPks);
  // Its members are judged by other rules than those of any other inbox, from the root on.
  ensure(state.name !== registrarsName && body.name !== registrarsName, 'invalid_link', 'the registrars’ inbox has its name for good');
  return { ...state, name: body.name };
}

function addMember(state: InboxChainState, member: MemberEntry, sealed: Uint8Array, verification: InboxVerification): InboxChainState {
  const members = currentMembers(state);
  ensure(!members.some((known) => equalBytes(known.userId, member.userId)), 'invalid_link', 'is a member already');
  ensure(members.length < limits.boxesPerLink, 'invalid_link', 'too many members');
  requireMemberKeys(state, member, verification);
  const current = currentGeneration(state);
  const slot = { recipient: member.userId, recipientGeneration: member.pukGeneration, boxHash: sealed, chainId: state.inboxId };
  // Somebody who comes back within one generation has an old slot; the new one replaces it.
  const others = current.boxes.filter((box) => !equalBytes(box.recipient, member.userId));
  return {
    ...state,
    memberships: [...state.memberships, stayOf(member, state.seqno)],
    generations: [...state.generations.slice(0, -1), { ...current, boxes: [...others, slot] }],
  };
}

function rotate(state: InboxChainState, ptk: GenerationLink, verification: InboxVerification, allowCut: boolean): InboxChainState {
  const current = currentGeneration(state);
  ensure(!allowCut || ptk.prevBoxHash === null, 'invalid_link', 'a retention cut leaves the previous seed out');
  const members = currentMembers(state);
  const active = activeMembers(state, verification);
  const optional = verification.moment === 'now' ? [] : members.filter((stay) => !active.includes(stay));
  const generation = adoptGeneration(ptk, {
    current,
    recipients: active.map(({ userId }) => userId),
    optional: optional.map(({ userId }) => userId),
    chainId: state.inboxId,
    seqno: state.seqno,
    allowCut,
  });
  for (const box of ptk.boxes) {
    const member = memberChain(state, requireMembership(state, box.recipient), verification);
    const before = current.boxes.find((slot) => equalBytes(slot.recipient, box.recipient));
    const sealedTo = generationAt(member, box.recipientGeneration ?? 0).generation;
    ensure(sealedTo >= (before?.recipientGeneration ?? 1), 'invalid_link', 'sealed to an older generation than before');
  }
  return { ...state, generations: [...state.generations, generation] };
}

function stayOf(member: MemberEntry, from: number): Membership {
  return { userId: member.userId, role: member.role, userSeqno: member.userSeqno, from, until: null };
}

function endMembership(state: InboxChainState, userId: Uint8Array): InboxChainState {
  const ended = requireMembership(state, userId);
  return { ...state, memberships: state.memberships.map((stay) => (stay === ended ? { ...stay, until: state.seqno } : stay)) };
}

function subjectOf(state: InboxChainState, body: InboxBody): InboxRole | null {
  return body.type === 'remove_member' || body.type === 'change_role' ? requireMembership(state, body.userId).role : null;
}

/** The keys a member is added with are the ones of his chain at the head the signer saw. */
function requireMemberKeys(state: InboxChainState, member: MemberEntry, verification: InboxVerification): UserChainState {
  const user = memberChain(state, stayOf(member, state.seqno), verification);
  requireHead(user, member.userSeqno, member.userTail, member.pukGeneration);
  const isCurrent = currentGeneration(user).generation === member.pukGeneration;
  ensure(verification.moment === 'past' || isCurrent, 'stale_key', 'sealed to a key the member has replaced');
  return user;
}

function requireInboxDevice(state: InboxChainState, signer: CoSigner, verification: InboxVerification): DeviceState {
  const slot = currentGeneration(state).boxes.find((box) => equalBytes(box.recipient, signer.userId));
  ensure(slot !== undefined, 'not_allowed', 'signed by a member who does not hold the key');
  const member = memberChain(state, requireMembership(state, signer.userId), verification);
  return requireDevice(member, signer.deviceId, slot.recipientGeneration ?? 1, verification.moment);
}

function requireRegistry(statement: Uint8Array, signatures: readonly RegistrySignature[], pinned: readonly Uint8Array[]): void {
  const distinct = new Set(signatures.map(({ registryPk }) => String(registryPk)));
  ensure(
    signatures.length >= 2 && distinct.size === signatures.length,
    'bad_signature',
    'two signatures by different registry keys are needed',
  );
  for (const { registryPk, signature } of signatures) {
    const isPinned = pinned.some((pk) => equalBytes(pk, registryPk));
    ensure(isPinned && verifySignature('gim1/reg', statement, signature, registryPk), 'bad_signature', 'not signed by the registry');
  }
}

function requireEnoughOwners(state: InboxChainState): void {
  const owners = currentMembers(state).filter((member) => member.role === 'owner').length;
  ensure(owners >= state.policy.addsRequire, 'invalid_link', 'fewer owners than signatures the policy asks for');
}
