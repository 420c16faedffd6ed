import type { CallInviteId, PeerId } from '../../server/protocol/calls.ts';
import { fromBase64Url } from '../../server/protocol/base64url.ts';
import { decode, encode } from '../../server/protocol/codec.ts';
import { kemPkBytes } from '../../server/protocol/device-format.ts';
import {
  bytes,
  bytesUpTo,
  type Format,
  fromBytes,
  hash32,
  list,
  named,
  nullable,
  toBytes,
  tuple,
  uint,
  type ValueOf,
  variants,
  versioned,
} from '../../server/protocol/format.ts';
import { lp } from '../../server/protocol/hash.ts';
import { type AccountId, type CallId, type ConversationId, type Id, idOf } from '../../server/protocol/ids.ts';
import { limits } from '../../server/protocol/limits.ts';
import { verifySignature } from '../../server/protocol/sodium.ts';
import { sign } from './primitives.ts';

/*
 * What pages of a call say to each other through a server that neither reads nor makes it. Frozen:
 *   Signal = [v 1, suite 1, type, body, signature]      signature: the device's, or the guest's link's, over "gim1/call-sig" ‖ lp(type, body)
 *   1 commit  [call_id, from, round, H("gim1/jc", call_id, from, round, eph_kem_pk, r32), asks 0|1]
 *   2 reveal  [call_id, from, round, conv_id, epoch_link_hash | null, eph_kem_pk, r32, [peer_id, …], commits, ckpt null]
 *             commits = H("gim1/call-commits", call_id, round, then of each in order: peer_id, account_id, sign_pk, commitment)
 *   3 vouch   [call_id, from, round, [[peer_id, account_id, sign_pk, guest 0|1], …]]
 *   4 key     [call_id, from, to, generation, seal(eph_kem_pk of `to`, [sender, generation, step, base_key64],
 *             ad = lp("gim1/callkey", call_id, from, to, generation))]
 *   5 ack     [call_id, from, to, generation]
 * `asks`: something of yours is missing here, say it all again.
 */
export function idFormat<Kind extends string>(length: number): Format<Id<Kind>> {
  const inner = bytes(length);
  return { write: (id) => fromBase64Url(id), read: (item) => idOf<Kind>(inner.read(item)) };
}

export const callIdFormat: Format<CallId> = idFormat(16);
export const inviteIdFormat: Format<CallInviteId> = idFormat(16);
export const accountIdFormat: Format<AccountId> = idFormat(32);
const peerIdFormat: Format<PeerId> = idFormat(16);
const conversationIdFormat: Format<ConversationId> = idFormat(16);
const flag = uint(1);

const types = named({ commit: 1, reveal: 2, vouch: 3, key: 4, ack: 5 });
const origin = { callId: callIdFormat, from: peerIdFormat };

const commitFormat = tuple({ ...origin, round: uint(), commitment: hash32, asks: flag });
const revealFormat = tuple({
  ...origin,
  round: uint(),
  conversationId: conversationIdFormat,
  epoch: nullable(hash32),
  kemPk: bytes(kemPkBytes),
  nonce: hash32,
  members: list(peerIdFormat, limits.callParticipants),
  commits: hash32,
  checkpoint: nullable(hash32),
});
const vouchedFormat = tuple({ peerId: peerIdFormat, accountId: accountIdFormat, signPk: hash32, guest: flag });
const vouchFormat = tuple({ ...origin, round: uint(), members: list(vouchedFormat, limits.callParticipants) });
const keyFormat = tuple({ ...origin, to: peerIdFormat, generation: uint(255), box: bytesUpTo(2048) });
const ackFormat = tuple({ ...origin, to: peerIdFormat, generation: uint(255) });

export type Reveal = ValueOf<typeof revealFormat>;
export type Vouch = ValueOf<typeof vouchFormat>;
export type KeyMessage = ValueOf<typeof keyFormat>;
export type KeyAck = ValueOf<typeof ackFormat>;

const bodies = variants({ commit: commitFormat, reveal: revealFormat, vouch: vouchFormat, key: keyFormat, ack: ackFormat });
export type CallSignal = Parameters<typeof bodies.write>[0];

const signalFormat = versioned({ type: types, body: bytesUpTo(limits.callSignalBytes), signature: bytes(64) });

export function writeSignal(signal: CallSignal, signSk: Uint8Array): Uint8Array {
  const body = encode(bodies.write(signal));
  return toBytes(signalFormat, { type: signal.type, body, signature: sign('gim1/call-sig', lp(signal.type, body), signSk) });
}

/** Throws `malformed` or `unsupported`. Nothing of it is believed before `isSignedBy` says so. */
export function readSignal(encoded: Uint8Array): { readonly signal: CallSignal; readonly isSignedBy: (signPk: Uint8Array) => boolean } {
  const { type, body, signature } = fromBytes(signalFormat, encoded, limits.callSignalBytes);
  return {
    signal: bodies.read(type, decode(body, limits.callSignalBytes)),
    isSignedBy: (signPk) => verifySignature('gim1/call-sig', lp(type, body), signature, signPk),
  };
}
