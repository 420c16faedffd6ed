import {
  bytes,
  bytesUpTo,
  fromBytes,
  hash32,
  list,
  named,
  nullable,
  toBytes,
  tuple,
  u32,
  uint,
  type ValueOf,
  versioned,
} from './format.ts';
import { hash } from './hash.ts';
import { limits } from './limits.ts';
import { ensure, equalBytes, verifySignature } from './sodium.ts';

/*
 * Frozen: suite 1 = {Ed25519, X-Wing, XChaCha20-Poly1305, BLAKE2b}.
 *
 * Outer = [v 1, suite 1, chain_kind, chain_id | null, seqno, prev | null, type, body_hash, ckpt | null,
 *          signer_user | null, signer_device, created]
 *   seqno counts from 1 (the root). chain_id, prev and signer_user are null in the root and only there.
 *   ckpt = [log_size, root32], null until the key directory exists.
 * Link  = [Outer bytes, Body bytes | null, [[device_id, sig], …]]
 *   Signatures in this order: signer, co-signers as the body lists them, the device being added. No others.
 *
 * chain_kind: 1 user, 2 inbox
 * user types:  1 root, 2 add_device, 3 revoke_device, 4 rotate_puk, 5 reset, 6 attest
 * inbox types: 1 root, 2 add_member, 3 remove_member, 4 change_role, 5 rotate_ptk, 6 leave, 7 set_policy, 8 rename, 9 close
 */
const chainKind = named({ user: 1, inbox: 2 });
export type ChainKind = ValueOf<typeof chainKind>;
const maxLinks: Readonly<Record<ChainKind, number>> = { user: limits.linksPerUserChain, inbox: limits.linksPerInboxChain };

export interface Link {
  readonly outerBytes: Uint8Array;
  readonly outer: Outer;
  /** Null: stubbed. No type known so far may be stubbed. */
  readonly body: Uint8Array | null;
  readonly signatures: readonly { readonly deviceId: Uint8Array; readonly signature: Uint8Array }[];
}

/** The newest checkpoint of the key directory the signer had verified. */
export const checkpointFormat = tuple({ logSize: uint(), root: hash32 });
export type Checkpoint = ValueOf<typeof checkpointFormat>;

const outerBytesLimit = 1024;
const outerFormat = versioned({
  chainKind,
  chainId: nullable(hash32),
  seqno: u32,
  prev: nullable(hash32),
  type: uint(255),
  bodyHash: hash32,
  checkpoint: nullable(checkpointFormat),
  signerUser: nullable(hash32),
  signerDevice: bytes(16),
  /** Milliseconds since 1970, by the signer's clock. */
  createdAt: uint(),
});
export type Outer = ValueOf<typeof outerFormat>;

const linkFormat = tuple({
  outerBytes: bytesUpTo(outerBytesLimit),
  body: nullable(bytesUpTo(limits.linkBytes)),
  signatures: list(tuple({ deviceId: bytes(16), signature: bytes(64) }), 16),
});

export function encodeOuter(outer: Outer): Uint8Array {
  return toBytes(outerFormat, outer);
}

export function encodeLink(link: Omit<Link, 'outer'>): Uint8Array {
  return toBytes(linkFormat, link);
}

/** Takes a link apart and checks that the body is the one the outer part names. Signatures and rules are checked by the chains. */
export function decodeLink(encoded: Uint8Array): Link {
  const link = fromBytes(linkFormat, encoded, limits.linkBytes);
  const outer = fromBytes(outerFormat, link.outerBytes, outerBytesLimit);
  ensure(link.body === null || equalBytes(bodyHash(link.body), outer.bodyHash), 'malformed', 'the body is not the one that was signed');
  return { ...link, outer };
}

export function bodyHash(body: Uint8Array): Uint8Array {
  return hash('gim1/body', body);
}

/** What the next link names as `prev`, and a head is known by. */
export function linkHash(outerBytes: Uint8Array): Uint8Array {
  return hash('gim1/link', outerBytes);
}

/** H(box): what a signed link says about a box that travels beside it. */
export function boxHash(box: Uint8Array): Uint8Array {
  return hash('gim1/box', box);
}

/** Exactly these devices, in this order, have signed. */
export function requireSignatures(link: Link, devices: readonly { readonly deviceId: Uint8Array; readonly signPk: Uint8Array }[]): void {
  ensure(link.signatures.length === devices.length, 'bad_signature', 'missing or superfluous signatures');
  for (const [index, device] of devices.entries()) {
    const found = link.signatures[index];
    const valid =
      found !== undefined &&
      equalBytes(found.deviceId, device.deviceId) &&
      verifySignature('gim1/link-sig', link.outerBytes, found.signature, device.signPk);
    ensure(valid, 'bad_signature', `signature ${index} is not valid`);
  }
}

/** Before any of them is looked at. Throws `malformed`. */
export function requireChainLength(links: readonly unknown[], kind: ChainKind): void {
  ensure(links.length <= maxLinks[kind], 'malformed', 'the chain is too long');
}

/** The position of a link in its chain; `chain` null for a root. Returns the body bytes. */
export function requirePlace(
  link: Link,
  kind: ChainKind,
  chain: { readonly id: Uint8Array; readonly seqno: number; readonly tail: Uint8Array } | null,
): Uint8Array {
  const { outer } = link;
  ensure(outer.chainKind === kind, 'broken_chain', `not a link of a ${kind} chain`);
  ensure(
    outer.seqno === (chain?.seqno ?? 0) + 1,
    'broken_chain',
    `expected sequence number ${(chain?.seqno ?? 0) + 1}, got ${outer.seqno}`,
  );
  ensure(outer.seqno <= maxLinks[kind], 'malformed', 'the chain is too long');
  ensure(sameOrNull(outer.chainId, chain?.id ?? null), 'broken_chain', 'link of another chain');
  ensure(sameOrNull(outer.prev, chain?.tail ?? null), 'broken_chain', 'does not follow the previous link');
  ensure((outer.signerUser === null) === (chain === null), 'broken_chain', 'only a root has no signing user');
  ensure(link.body !== null, 'invalid_link', 'a link that changes keys must not be stubbed');
  return link.body;
}

function sameOrNull(left: Uint8Array | null, right: Uint8Array | null): boolean {
  return left === null || right === null ? left === right : equalBytes(left, right);
}
