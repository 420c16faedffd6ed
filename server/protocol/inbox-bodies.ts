import {
  type CborValue,
  decode,
  encode,
  readBytes,
  readHash,
  readList,
  readName,
  readText,
  readTuple,
  readU32,
  readUint,
} from './codec.ts';
import { type GenerationLink, readGeneration, writeGeneration } from './generation.ts';
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
export const inboxRoles = { owner: 1, admin: 2, member: 3, auditor: 4 } as const;
export type InboxRole = keyof typeof inboxRoles;
const rotateReasons = { scheduled: 1, member_key: 2, somebody_left: 3, retention_cut: 4, suspicion: 5 } as const;
export type RotateReason = keyof typeof rotateReasons;

export interface MemberEntry {
  readonly userId: Uint8Array;
  readonly role: InboxRole;
  readonly pukGeneration: number;
  /** The head of the user's chain the signer had verified. */
  readonly userSeqno: number;
  readonly userTail: Uint8Array;
}

export interface InboxPolicy {
  /** Distinct owners or admins who must sign additions, promotions and changes of the policy. */
  readonly addsRequire: 1 | 2;
  readonly requirePrf: boolean;
}

export interface RegistrySignature {
  readonly registryPk: Uint8Array;
  readonly signature: Uint8Array;
}

export interface CoSigner {
  readonly userId: Uint8Array;
  readonly deviceId: Uint8Array;
}

export type InboxBody =
  | {
      readonly type: 'root';
      readonly nonce: Uint8Array;
      readonly name: string;
      readonly registrySignatures: readonly RegistrySignature[];
      readonly policy: InboxPolicy;
      readonly members: readonly MemberEntry[];
      readonly ptk: GenerationLink;
    }
  | { readonly type: 'add_member'; readonly member: MemberEntry; readonly boxHash: Uint8Array; readonly coSigners: readonly CoSigner[] }
  | { readonly type: 'remove_member'; readonly userId: Uint8Array; readonly ptk: GenerationLink }
  | { readonly type: 'change_role'; readonly userId: Uint8Array; readonly role: InboxRole; readonly coSigners: readonly CoSigner[] }
  | { readonly type: 'rotate_ptk'; readonly reason: RotateReason; readonly ptk: GenerationLink }
  | { readonly type: 'leave' }
  | { readonly type: 'set_policy'; readonly policy: InboxPolicy; readonly coSigners: readonly CoSigner[] }
  | { readonly type: 'rename'; readonly name: string; readonly registrySignatures: readonly RegistrySignature[] }
  | { readonly type: 'close' };

export function encodeInboxBody(body: InboxBody): Uint8Array {
  return encode(bodyFields(body));
}

function bodyFields(body: InboxBody): CborValue {
  if (body.type === 'root') {
    const { nonce, name, registrySignatures, policy, members, ptk } = body;
    return [nonce, name, writeRegistrySignatures(registrySignatures), writePolicy(policy), members.map(writeMember), writeGeneration(ptk)];
  }
  if (body.type === 'add_member') return [writeMember(body.member), body.boxHash, writeCoSigners(body.coSigners)];
  if (body.type === 'remove_member') return [body.userId, writeGeneration(body.ptk)];
  if (body.type === 'change_role') return [body.userId, inboxRoles[body.role], writeCoSigners(body.coSigners)];
  if (body.type === 'rotate_ptk') return [rotateReasons[body.reason], writeGeneration(body.ptk)];
  if (body.type === 'set_policy') return [writePolicy(body.policy), writeCoSigners(body.coSigners)];
  if (body.type === 'rename') return [body.name, writeRegistrySignatures(body.registrySignatures)];
  return [];
}

export function decodeInboxBody(typeNumber: number, bytes: Uint8Array): InboxBody {
  const type = readName(typeNumber, inboxLinkTypes);
  const decoded = decode(bytes, limits.linkBytes);
  if (type === 'root') {
    const [nonce, name, registrySignatures, policy, members, ptk] = readTuple(decoded, 6);
    return {
      type,
      nonce: readHash(nonce),
      name: readText(name, limits.displayNameCharacters),
      registrySignatures: readRegistrySignatures(registrySignatures),
      policy: readPolicy(policy),
      members: readList(members, limits.boxesPerLink, readMember),
      ptk: readGeneration(ptk, 'ptk'),
    };
  }
  if (type === 'add_member') {
    const [member, sealed, coSigners] = readTuple(decoded, 3);
    return { type, member: readMember(member), boxHash: readHash(sealed), coSigners: readCoSigners(coSigners) };
  }
  if (type === 'remove_member') {
    const [userId, ptk] = readTuple(decoded, 2);
    return { type, userId: readHash(userId), ptk: readGeneration(ptk, 'ptk') };
  }
  if (type === 'change_role') {
    const [userId, role, coSigners] = readTuple(decoded, 3);
    return { type, userId: readHash(userId), role: readName(role, inboxRoles), coSigners: readCoSigners(coSigners) };
  }
  if (type === 'rotate_ptk') {
    const [reason, ptk] = readTuple(decoded, 2);
    return { type, reason: readName(reason, rotateReasons), ptk: readGeneration(ptk, 'ptk') };
  }
  if (type === 'set_policy') {
    const [policy, coSigners] = readTuple(decoded, 2);
    return { type, policy: readPolicy(policy), coSigners: readCoSigners(coSigners) };
  }
  if (type === 'rename') {
    const [name, registrySignatures] = readTuple(decoded, 2);
    return { type, name: readText(name, limits.displayNameCharacters), registrySignatures: readRegistrySignatures(registrySignatures) };
  }
  readTuple(decoded, 0);
  return { type };
}

/** Users a link of an inbox brings in; everybody else it names is a member already. Throws `malformed`, verifies nothing. */
export function newcomersIn(linkBytes: Uint8Array): readonly Uint8Array[] {
  const { outer, body } = decodeLink(linkBytes);
  const content = body && decodeInboxBody(outer.type, body);
  if (content?.type === 'root') return content.members.map(({ userId }) => userId);
  return content?.type === 'add_member' ? [content.member.userId] : [];
}

/** What a registry key signs under "gim1/reg": lp(name, nonce32, H(policy), H(owners)), owners in the order of the members. */
export function registryStatement(name: string, nonce: Uint8Array, policy: InboxPolicy, owners: readonly Uint8Array[]): Uint8Array {
  return lp(name, nonce, hash('gim1/policy', encode(writePolicy(policy))), hash('gim1/owners', encode(owners)));
}

function writeMember(member: MemberEntry): CborValue {
  return [member.userId, inboxRoles[member.role], member.pukGeneration, member.userSeqno, member.userTail];
}

function readMember(item: unknown): MemberEntry {
  const [userId, role, pukGeneration, userSeqno, userTail] = readTuple(item, 5);
  return {
    userId: readHash(userId),
    role: readName(role, inboxRoles),
    pukGeneration: readU32(pukGeneration),
    userSeqno: readU32(userSeqno),
    userTail: readHash(userTail),
  };
}

function writePolicy(policy: InboxPolicy): CborValue {
  return [policy.addsRequire, policy.requirePrf ? 1 : 0];
}

function readPolicy(item: unknown): InboxPolicy {
  const [addsRequire, requirePrf] = readTuple(item, 2);
  ensure(addsRequire === 1 || addsRequire === 2, 'malformed', 'additions need one or two signatures');
  return { addsRequire, requirePrf: readUint(requirePrf, 1) === 1 };
}

function writeRegistrySignatures(signatures: readonly RegistrySignature[]): CborValue {
  return signatures.map(({ registryPk, signature }) => [registryPk, signature]);
}

function readRegistrySignatures(item: unknown): readonly RegistrySignature[] {
  return readList(item, 8, (pair) => {
    const [registryPk, signature] = readTuple(pair, 2);
    return { registryPk: readHash(registryPk), signature: readBytes(signature, 64) };
  });
}

function writeCoSigners(coSigners: readonly CoSigner[]): CborValue {
  return coSigners.map(({ userId, deviceId }) => [userId, deviceId]);
}

function readCoSigners(item: unknown): readonly CoSigner[] {
  return readList(item, 4, (pair) => {
    const [userId, deviceId] = readTuple(pair, 2);
    return { userId: readHash(userId), deviceId: readBytes(deviceId, 16) };
  });
}
