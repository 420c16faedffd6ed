import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { type AccountId, idOf, type ProposalId } from '../../server/protocol/ids.ts';
import { type CoSigner, decodeInboxBody, type InboxBody, type InboxPolicy, type InboxRole } from '../../server/protocol/inbox-bodies.ts';
import { type InboxVerification, previewInboxLink, signersOf } from '../../server/protocol/inbox-chain.ts';
import { requireMaySign, signersNeeded } from '../../server/protocol/inbox-rules.ts';
import { currentMembers, findMembership, type InboxChainState } from '../../server/protocol/inbox-state.ts';
import { decodeLink } from '../../server/protocol/link.ts';
import type { Proposal, SignedLink } from '../../server/protocol/offices.ts';
import { CryptoError, equalBytes } from '../../server/protocol/sodium.ts';
import { activeDevices, type UserChainState } from '../../server/protocol/user-state.ts';
import type { DeviceKeys } from '../crypto/device.ts';
import { coSignLink } from '../crypto/sign-link.ts';

/** What a proposed link would do, read from what is signed, never from what the server says about it. */
export type Change =
  | { readonly type: 'add'; readonly accountId: AccountId; readonly role: InboxRole }
  | { readonly type: 'role'; readonly accountId: AccountId; readonly from: InboxRole; readonly to: InboxRole }
  | { readonly type: 'policy'; readonly from: InboxPolicy; readonly to: InboxPolicy };

export interface TeamProposal {
  readonly proposalId: ProposalId;
  readonly proposedBy: AccountId;
  readonly proposedAt: number;
  readonly change: Change;
  /**
   * `mine`: made by this account. `to-sign`: waits for this very device. `other-device`: waits for another device of this account.
   * `others`: waits for somebody else.
   */
  readonly stage: 'mine' | 'to-sign' | 'other-device' | 'others';
  readonly asked: readonly AccountId[];
  /** Who has signed it, and with which device. */
  readonly proposer: CoSigner;
  readonly link: SignedLink;
}

/** Verified as far as it can be with one signature; null when it does not fit the chain: the server should not have kept it. */
export function readProposal(
  { proposalId, link, proposedAt }: Proposal,
  state: InboxChainState,
  verification: InboxVerification,
  own: { readonly userId: Uint8Array; readonly deviceId: Uint8Array },
): TeamProposal | null {
  try {
    const bytes = fromBase64Url(link.link);
    previewInboxLink(state, bytes, verification);
    const { outer, body: bodyBytes } = decodeLink(bytes);
    const body = decodeInboxBody(outer.type, bodyBytes ?? new Uint8Array());
    const change = changeOf(body, state);
    if (change === null || outer.signerUser === null) return null;
    const [proposer, ...asked] = signersOf(outer.signerUser, outer.signerDevice, body);
    if (proposer === undefined) return null;
    const self = asked.find(({ userId }) => equalBytes(userId, own.userId));
    const isMine = equalBytes(proposer.userId, own.userId);
    const forOwn = self && equalBytes(self.deviceId, own.deviceId) ? 'to-sign' : 'other-device';
    return {
      proposalId,
      proposedBy: idOf(outer.signerUser),
      proposedAt,
      change,
      stage: isMine ? 'mine' : self ? forOwn : 'others',
      asked: asked.map(({ userId }) => idOf(userId)),
      proposer,
      link,
    };
  } catch (error) {
    if (error instanceof CryptoError) return null;
    throw error;
  }
}

/** Whom a link brings in or is about; their chains are needed to judge it. Empty for what is no link. */
export function peopleIn({ link }: Proposal): readonly AccountId[] {
  try {
    const { outer, body } = decodeLink(fromBase64Url(link.link));
    const decoded = body && decodeInboxBody(outer.type, body);
    return decoded?.type === 'add_member' ? [idOf(decoded.member.userId)] : [];
  } catch (error) {
    if (error instanceof CryptoError || error instanceof RangeError) return [];
    throw error;
  }
}

/** The link with this device's signature beside the first one; its boxes stay. */
export function completeProposal({ link }: TeamProposal, device: DeviceKeys): SignedLink {
  return { ...link, link: toBase64Url(coSignLink(fromBase64Url(link.link), device)) };
}

/** Who else may sign a link with this body, and with which device: the browser that came last, for that is where people are. */
export function findCoSigners(
  state: InboxChainState,
  body: Exclude<InboxBody, { type: 'root' }>,
  own: Uint8Array,
  findUser: (userId: Uint8Array) => UserChainState | undefined,
): readonly CoSigner[] {
  const subject = 'userId' in body ? (findMembership(state, body.userId)?.role ?? null) : null;
  return currentMembers(state).flatMap(({ userId, role }) => {
    const user = findUser(userId);
    const devices = user ? activeDevices(user) : [];
    const device = devices.findLast(({ kind }) => kind === 'browser') ?? devices.findLast(({ kind }) => kind === 'passkey');
    if (!device || equalBytes(userId, own) || !maySign(role, body, subject)) return [];
    return [{ userId, deviceId: device.deviceId }];
  });
}

/** Whether somebody of this role may sign it, by the rules of the chain. */
export function maySign(role: InboxRole, body: Exclude<InboxBody, { type: 'root' }>, subject: InboxRole | null): boolean {
  try {
    requireMaySign(role, body, subject);
    return true;
  } catch (error) {
    if (error instanceof CryptoError) return false;
    throw error;
  }
}

/** Whether a second person must sign it. */
export function needsCoSigner(state: InboxChainState, body: InboxBody): boolean {
  return signersNeeded(body, state.policy.addsRequire) === 2;
}

function changeOf(body: InboxBody, state: InboxChainState): Change | null {
  if (body.type === 'add_member') return { type: 'add', accountId: idOf(body.member.userId), role: body.member.role };
  if (body.type === 'set_policy') return { type: 'policy', from: state.policy, to: body.policy };
  const from = body.type === 'change_role' ? findMembership(state, body.userId)?.role : undefined;
  if (body.type !== 'change_role' || from === undefined) return null;
  return { type: 'role', accountId: idOf(body.userId), from, to: body.role };
}
