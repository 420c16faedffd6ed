import { decode, encode } from './codec.ts';
import { bytes, type Format, hash32, list, named, text, tuple, u32, uint, type ValueOf, variants } from './format.ts';
import { ptkFormat } from './generation.ts';
import { hash, lp } from './hash.ts';
import { limits } from './limits.ts';
import { decodeLink } from './link.ts';
import { ensure } from './sodium.ts';

/*
 * Frozen, bodies of the inbox chain:
 *   root          [nonce32, name, registry_sigs, policy, [member, …], ptk]      all members of a root are owners
 *   add_member    [member, H(box), co_signers]        the box holds the current PTK seed
 *   remove_member [user_id, ptk]
 *   change_role   [user_id, role, co_signers]
 *   rotate_ptk    [reason, ptk]
 *   leave         []
 *   set_policy    [policy, co_signers]
 *   rename        [name, registry_sigs]
 *   close         []
 * member        = [user_id, role, puk_gen, user_chain_seqno, user_chain_tail]
 * policy        = [adds_require 1 | 2, require_prf 0 | 1]
 * registry_sigs = [[registry_pk, sig], …]             two or more, by different keys
 * co_signers    = [[user_id, device_id], …]           besides the signer of the Outer
 * role: 1 owner, 2 admin, 3 member, 4 auditor
 * reason: 1 scheduled, 2 member_key, 3 somebody_left, 4 retention_cut (no previous box), 5 suspicion
 */
export const inboxLinkTypes = {
  root: 1,
  add_member: 2,
  remove_member: 3,
  change_role: 4,
  rotate_ptk: 5,
  leave: 6,
  set_policy: 7,
  rename: 8,
  close: 9,
} as const;
const role = named({ owner: 1, admin: 2, member: 3, auditor: 4 });
export type InboxRole = ValueOf<typeof role>;
const rotateReason = named({ scheduled: 1, member_key: 2, somebody_left: 3, retention_cut: 4, suspicion: 5 });
export type RotateReason = ValueOf<typeof rotateReason>;

const memberFormat = tuple({
  userId: hash32,
  role,
  pukGeneration: u32,
  /** The head of the user's chain the signer had verified. */
  userSeqno: u32,
  userTail: hash32,
});
export type MemberEntry = ValueOf<typeof memberFormat>;

export interface InboxPolicy {
  /** Distinct owners or admins who must sign additions, promotions and changes of the policy. */
  readonly addsRequire: 1 | 2;
  readonly requirePrf: boolean;
}

const policyFields = tuple({ addsRequire: uint(2), requirePrf: uint(1) });
const policyFormat: Format<InboxPolicy> = {
  write: ({ addsRequire, requirePrf }) => [addsRequire, requirePrf ? 1 : 0],
  read: (item) => {
    const { addsRequire, requirePrf } = policyFields.read(item);
    ensure(addsRequire === 1 || addsRequire === 2, 'malformed', 'additions need one or two signatures');
    return { addsRequire, requirePrf: requirePrf === 1 };
  },
};

const registrySignature = tuple({ registryPk: hash32, signature: bytes(64) });
export type RegistrySignature = ValueOf<typeof registrySignature>;
const registrySignatures = list(registrySignature, 8);

const coSigner = tuple({ userId: hash32, deviceId: bytes(16) });
export type CoSigner = ValueOf<typeof coSigner>;
const coSigners = list(coSigner, 4);

const name = text(limits.displayNameCharacters);
const types = named(inboxLinkTypes);
const bodies = variants({
  root: tuple({
    nonce: hash32,
    name,
    registrySignatures,
    policy: policyFormat,
    members: list(memberFormat, limits.boxesPerLink),
    ptk: ptkFormat,
  }),
  add_member: tuple({ member: memberFormat, boxHash: hash32, coSigners }),
  remove_member: tuple({ userId: hash32, ptk: ptkFormat }),
  change_role: tuple({ userId: hash32, role, coSigners }),
  rotate_ptk: tuple({ reason: rotateReason, ptk: ptkFormat }),
  leave: tuple({}),
  set_policy: tuple({ policy: policyFormat, coSigners }),
  rename: tuple({ name, registrySignatures }),
  close: tuple({}),
});
export type InboxBody = Parameters<typeof bodies.write>[0];

export function encodeInboxBody(body: InboxBody): Uint8Array {
  return encode(bodies.write(body));
}

export function decodeInboxBody(typeNumber: number, encoded: Uint8Array): InboxBody {
  return bodies.read(types.read(typeNumber), decode(encoded, limits.linkBytes));
}

/** Users a link of an inbox brings in; everybody else it names is a member already. Throws `malformed`, verifies nothing. */
export function newcomersIn(linkBytes: Uint8Array): readonly Uint8Array[] {
  const { outer, body } = decodeLink(linkBytes);
  const content = body && decodeInboxBody(outer.type, body);
  if (content?.type === 'root') return content.members.map(({ userId }) => userId);
  return content?.type === 'add_member' ? [content.member.userId] : [];
}

/** What a registry key signs under "gim1/reg": lp(name, nonce32, H(policy), H(owners)), owners in the order of the members. */
export function registryStatement(inboxName: string, nonce: Uint8Array, policy: InboxPolicy, owners: readonly Uint8Array[]): Uint8Array {
  return lp(inboxName, nonce, hash('gim1/policy', encode(policyFormat.write(policy))), hash('gim1/owners', encode(owners)));
}
