import {
  type CoSigner,
  encodeInboxBody,
  type InboxBody,
  inboxLinkTypes,
  type InboxPolicy,
  type InboxRole,
  type MemberEntry,
  type RegistrySignature,
  registryStatement,
  type RotateReason,
} from '../../server/protocol/inbox-bodies.ts';
import { activeMembers, type InboxChainState, memberChain } from '../../server/protocol/inbox-state.ts';
import { boxHash } from '../../server/protocol/link.ts';
import { equalBytes } from '../../server/protocol/sodium.ts';
import { currentGeneration, headOf, type UserChainState } from '../../server/protocol/user-state.ts';
import type { Verification } from '../../server/protocol/verification.ts';
import {
  createGeneration,
  type GenerationKeys,
  openGenerations,
  type Recipient,
  type SealedLink,
  sealSeed,
  type StoredBoxes,
} from './generation-keys.ts';
import { randomBytes } from './primitives.ts';
import { type Signer, signLink } from './sign-link.ts';

/** An inbox before the registry has signed its statement. */
export interface InboxDraft {
  readonly nonce: Uint8Array;
  readonly name: string;
  readonly policy: InboxPolicy;
  readonly owners: readonly UserChainState[];
  /** For the registry keys to sign. */
  readonly statement: Uint8Array;
}

export function draftInbox(name: string, policy: InboxPolicy, owners: readonly UserChainState[]): InboxDraft {
  const nonce = randomBytes(32);
  const statement = registryStatement(
    name,
    nonce,
    policy,
    owners.map((owner) => owner.userId),
  );
  return { nonce, name, policy, owners, statement };
}

/** The root of an inbox chain with PTK generation 1, sealed to its owners. The signer is one of them. */
export function createInbox(
  draft: InboxDraft,
  registrySignatures: readonly RegistrySignature[],
  signer: Signer,
): SealedLink & { readonly keys: GenerationKeys } {
  const { nonce, name, policy, owners } = draft;
  const ptk = createGeneration('ptk', nonce, owners.map(recipientOf), { generation: 1, previous: null });
  const members = owners.map((owner) => memberEntry(owner, 'owner'));
  const body = encodeInboxBody({ type: 'root', nonce, name, registrySignatures, policy, members, ptk: ptk.link });
  const link = signLink('inbox', null, { type: inboxLinkTypes.root, body }, { ...signer, userId: null });
  return { link, boxes: ptk.boxes, prevBox: null, keys: ptk.keys };
}

/** One box with the current PTK seed; the history follows through the previous seeds. Co-signers add theirs with `coSignLink`. */
export function addMember(options: {
  readonly state: InboxChainState;
  readonly signer: Signer;
  readonly keys: GenerationKeys;
  readonly member: UserChainState;
  readonly role: InboxRole;
  readonly coSigners?: readonly CoSigner[];
}): SealedLink {
  const { state, signer, keys, member, role, coSigners = [] } = options;
  const box = sealSeed('ptk', state.inboxId, keys, recipientOf(member));
  const link = signInboxLink(state, signer, { type: 'add_member', member: memberEntry(member, role), boxHash: boxHash(box), coSigners });
  return { link, boxes: [box], prevBox: null };
}

/** Ends a membership and gives the others a new PTK, in one link. */
export function removeMember(options: {
  readonly state: InboxChainState;
  readonly signer: Signer;
  readonly keys: GenerationKeys;
  readonly userId: Uint8Array;
  readonly user: Verification['user'];
}): SealedLink & { readonly keys: GenerationKeys } {
  const { state, signer, keys, userId, user } = options;
  const remaining = memberChains(state, user).filter((member) => !equalBytes(member.userId, userId));
  const { link: ptk, ...created } = createGeneration('ptk', state.inboxId, remaining.map(recipientOf), {
    generation: keys.generation + 1,
    previous: keys,
  });
  return { ...created, link: signInboxLink(state, signer, { type: 'remove_member', userId, ptk }) };
}

/** A new PTK for the same members, by their newest keys. For a retention cut the previous seed is left out. */
export function rotateInboxKey(options: {
  readonly state: InboxChainState;
  readonly signer: Signer;
  readonly keys: GenerationKeys;
  readonly reason: RotateReason;
  readonly user: Verification['user'];
}): SealedLink & { readonly keys: GenerationKeys } {
  const { state, signer, keys, reason, user } = options;
  const place = { generation: keys.generation + 1, previous: reason === 'retention_cut' ? null : keys };
  const { link: ptk, ...created } = createGeneration('ptk', state.inboxId, memberChains(state, user).map(recipientOf), place);
  return { ...created, link: signInboxLink(state, signer, { type: 'rotate_ptk', reason, ptk }) };
}

/** Signs a link that carries no boxes: change_role, leave, set_policy, rename, close. */
export function signInboxLink(state: InboxChainState, signer: Signer, body: InboxBody): Uint8Array {
  return signLink(
    'inbox',
    { id: state.inboxId, seqno: state.seqno, tail: headOf(state) },
    { type: inboxLinkTypes[body.type], body: encodeInboxBody(body) },
    signer,
  );
}

/** The inbox's PTK generations a member can open with his PUK generations, oldest first. */
export function openInboxKeys(
  state: InboxChainState,
  userId: Uint8Array,
  userKeys: readonly GenerationKeys[],
  stored: readonly StoredBoxes[],
): readonly GenerationKeys[] {
  const chain = { kind: 'ptk' as const, id: state.inboxId, generations: state.generations };
  return openGenerations(chain, userId, (generation) => userKeys.find((keys) => keys.generation === generation), stored);
}

function memberChains(state: InboxChainState, user: Verification['user']): readonly UserChainState[] {
  return activeMembers(state, { user }).map((stay) => memberChain(state, stay, { user }));
}

function memberEntry(user: UserChainState, role: InboxRole): MemberEntry {
  return { userId: user.userId, role, pukGeneration: currentGeneration(user).generation, userSeqno: user.seqno, userTail: headOf(user) };
}

function recipientOf(user: UserChainState): Recipient {
  const { generation, kemPk } = currentGeneration(user);
  return { recipient: user.userId, recipientGeneration: generation, kemPk };
}
