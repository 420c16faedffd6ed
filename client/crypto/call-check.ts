import type { PeerId } from '../../server/protocol/calls.ts';
import { fromBase64Url } from '../../server/protocol/base64url.ts';
import { hash } from '../../server/protocol/hash.ts';
import type { AccountId, CallId } from '../../server/protocol/ids.ts';

/** Thirty bits that are the same on every screen of a call when nobody stands in between: nine digits, and five of 64 symbols. */
export interface CallCheck {
  readonly digits: readonly [string, string, string];
  readonly symbols: readonly number[];
}

/** What everybody has revealed in a round. */
export interface Revealed {
  readonly peerId: PeerId;
  readonly accountId: AccountId;
  readonly signPk: Uint8Array;
  readonly kemPk: Uint8Array;
  readonly nonce: Uint8Array;
}

/**
 * H("gim1/sas", call_id, round, then of everybody, in the order of the page ids: peer_id, account_id, sign_pk, eph_pk, r32), its first 30 bits.
 * Everybody has committed to r32 before anybody revealed: who stands in between has one guess in 2³⁰, whatever he computes.
 */
export function callCheck(callId: CallId, round: number, everybody: readonly Revealed[]): CallCheck {
  const items = inOrder(everybody).flatMap(({ peerId, accountId, signPk, kemPk, nonce }) => [
    fromBase64Url(peerId),
    fromBase64Url(accountId),
    signPk,
    kemPk,
    nonce,
  ]);
  const digest = hash('gim1/sas', fromBase64Url(callId), round, ...items);
  const bits = new DataView(digest.buffer, digest.byteOffset).getUint32(0) >>> 2;
  const text = String(bits % 1_000_000_000).padStart(9, '0');
  return {
    digits: [text.slice(0, 3), text.slice(3, 6), text.slice(6)],
    symbols: [24, 18, 12, 6, 0].map((shift) => (bits >>> shift) & 63),
  };
}

/** By page id, everywhere the same. */
export function inOrder<Member extends { readonly peerId: PeerId }>(members: readonly Member[]): readonly Member[] {
  return [...members].sort((left, right) => (left.peerId < right.peerId ? -1 : 1));
}
