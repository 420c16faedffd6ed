import { fromBase64Url } from '../../server/protocol/base64url.ts';
import { type AccountId, idOf, type InboxId } from '../../server/protocol/ids.ts';
import type { CoSigner, InboxBody, InboxRole, RotateReason } from '../../server/protocol/inbox-bodies.ts';
import { currentMembers } from '../../server/protocol/inbox-state.ts';
import type { Enrolment, SignedLink } from '../../server/protocol/offices.ts';
import { CryptoError, ensure } from '../../server/protocol/sodium.ts';
import type { UserChainState } from '../../server/protocol/user-state.ts';
import type { DeviceKeys } from '../crypto/device.ts';
import { isEnrolmentProof } from '../crypto/enrolment-proof.ts';
import { newestKeys } from '../crypto/generation-keys.ts';
import { addMember, removeMember, rotateInboxKey, signInboxLink } from '../crypto/inbox-keys.ts';
import { toSignedLink } from '../net/wire.ts';
import type { InboxChains } from './inbox-chain.ts';
import type { InboxKeys } from './inbox-keys.ts';

/** Who signs, and what is needed to see the newest state of everybody concerned. */
export interface MembershipParts {
  readonly signer: { readonly userId: Uint8Array; readonly device: DeviceKeys };
  readonly inboxId: InboxId;
  readonly inboxChains: InboxChains;
  readonly inboxKeys: Pick<InboxKeys, 'open'>;
  /** Loads the newest verified chains of these accounts. */
  readonly loadUsers: (accountIds: readonly AccountId[]) => Promise<void>;
  readonly findUser: (userId: Uint8Array) => UserChainState | undefined;
  readonly now: () => number;
}

/** Verified chains of people, and what the server calls them. */
export interface People {
  find(accountId: AccountId): { readonly chain: UserChainState; readonly displayName: string | null } | null;
  /** Known, and not for longer than `maxAgeMs`. Who does not verify stays unknown. Throws a RequestError. */
  load(accountIds: readonly AccountId[], options?: { readonly maxAgeMs?: number }): Promise<void>;
}

/** Makes a link on the newest head. Throws a CryptoError or a RequestError. */
export type BuildLink = (parts: MembershipParts) => Promise<SignedLink>;

/** Whether this account was made by whoever was given the link with this secret. False also for a proof that is no text of bytes. */
export function verifyEnrolment({ proof, accountId }: Pick<Enrolment, 'proof' | 'accountId'>, secret: Uint8Array): boolean {
  try {
    return isEnrolmentProof(fromBase64Url(proof), secret, fromBase64Url(accountId));
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/**
 * The link that makes an account a member: one box with the inbox's present key, which opens all earlier ones. For `inbox:append`;
 * after `conflict` build it anew. Look at the enrolment's proof first. Throws a CryptoError or a RequestError.
 */
export async function buildAddMember(
  parts: MembershipParts,
  accountId: AccountId,
  role: InboxRole,
  coSigners: readonly CoSigner[] = [],
): Promise<SignedLink> {
  await parts.loadUsers([accountId]);
  const member = parts.findUser(fromBase64Url(accountId));
  ensure(member !== undefined, 'unknown_chain', 'the chain of the new member does not verify');
  return toSignedLink(addMember({ ...(await present(parts)), member, role, coSigners }));
}

/** The link that ends a membership and gives the others a new key, sealed to the newest keys of each. Errors as above. */
export async function buildRemoveMember(parts: MembershipParts, accountId: AccountId): Promise<SignedLink> {
  const now = await presentWithMembers(parts);
  return toSignedLink(removeMember({ ...now, userId: fromBase64Url(accountId), user: parts.findUser }));
}

/** The link that gives the same members a new key, sealed to the newest keys of each. Errors as above. */
export async function buildRotation(parts: MembershipParts, reason: RotateReason): Promise<SignedLink> {
  return toSignedLink(rotateInboxKey({ ...(await presentWithMembers(parts)), reason, user: parts.findUser }));
}

/** A link that brings no keys: `change_role`, `leave`, `set_policy`. Errors as above. */
export async function buildPlain(parts: MembershipParts, body: InboxBody): Promise<SignedLink> {
  const state = await parts.inboxChains.load(parts.inboxId, { fresh: true });
  const signer = { ...parts.signer, createdAt: parts.now() };
  return toSignedLink({ link: signInboxLink(state, signer, body), boxes: [], prevBox: null });
}

async function present({ inboxId, inboxChains, inboxKeys, signer, now }: MembershipParts) {
  const state = await inboxChains.load(inboxId, { fresh: true });
  const keys = newestKeys(await inboxKeys.open(inboxId));
  if (keys.generation !== state.generations.length) throw new CryptoError('stale_key', 'the newest key of the inbox is not at hand');
  return { state, keys, signer: { ...signer, createdAt: now() } };
}

async function presentWithMembers(parts: MembershipParts) {
  const now = await present(parts);
  await parts.loadUsers(currentMembers(now.state).map(({ userId }) => idOf<'account'>(userId)));
  return now;
}
