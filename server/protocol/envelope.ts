import { type EpochState, type EpochVerification, requireSender } from './epoch-rules.ts';
import { bytes, bytesUpTo, fromBytes, hash32, nullable, toBytes, tuple, u32, type ValueOf, versioned } from './format.ts';
import { hash, lp } from './hash.ts';
import { limits } from './limits.ts';
import { ensure, equalBytes } from './sodium.ts';
import type { DeviceState } from './user-state.ts';

/*
 * Frozen:
 * MsgHeader = [v 1, suite 1, conv_id 16, epoch, epoch_link_hash, sender_user, sender_device, dev_ctr u32, prev_msg_hash | null, msg_id 16]
 *   dev_ctr counts this device's envelopes in this conversation from 1; prev_msg_hash is the env_hash of its envelope before, null at 1.
 * Envelope = [header bytes, nonce24, XChaCha20-Poly1305(pad(sig64 ‖ body), ad = lp("gim1/msg", header bytes), key = kdf(secret_e, 1, "gim1-eps"))]
 *   sig = Ed25519("gim1/msg-sig" ‖ lp(header bytes, H("gim1/b", body)))
 *   pad: 0x80, then zeros (ISO/IEC 7816-4) to 256, 512, 1024, 2048 or the next multiple of 4096.
 * env_hash = H("gim1/env", bytes) of an envelope, a SignedEpoch or an event, whatever stands at a position
 * run_0 = H("gim1/run", conv_id), run_n = H("gim1/run", run_{n-1}, position, env_hash)
 */
const headerFormat = versioned({
  conversationId: bytes(16),
  epoch: u32,
  epochLinkHash: hash32,
  senderUser: hash32,
  senderDevice: bytes(16),
  deviceCounter: u32,
  prevMessageHash: nullable(hash32),
  messageId: bytes(16),
});
export type MessageHeader = ValueOf<typeof headerFormat>;

const headerBytesLimit = 512;
const envelopeFormat = tuple({
  headerBytes: bytesUpTo(headerBytesLimit),
  nonce: bytes(24),
  ciphertext: bytesUpTo(limits.envelopeBytes),
});

export interface Envelope {
  readonly header: MessageHeader;
  readonly headerBytes: Uint8Array;
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
}

export const signatureBytes = 64;
const tagBytes = 16;

export function encodeHeader(header: MessageHeader): Uint8Array {
  return toBytes(headerFormat, header);
}

export function encodeEnvelope(headerBytes: Uint8Array, nonce: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  return toBytes(envelopeFormat, { headerBytes, nonce, ciphertext });
}

/** Takes an envelope apart; says nothing about its author. */
export function decodeEnvelope(encoded: Uint8Array): Envelope {
  const parts = fromBytes(envelopeFormat, encoded, limits.envelopeBytes);
  const header = fromBytes(headerFormat, parts.headerBytes, headerBytesLimit);
  ensure(
    header.deviceCounter > 0 && (header.deviceCounter === 1) === (header.prevMessageHash === null),
    'malformed',
    'only the first envelope follows nothing',
  );
  const padded = parts.ciphertext.length - tagBytes;
  ensure(padded > signatureBytes && paddedLength(padded - 1) === padded, 'malformed', 'the ciphertext has none of the allowed lengths');
  return { ...parts, header };
}

/**
 * All that can be checked without keys: the epoch is the one in force at the envelope's position, and the sender may write in it.
 * For the server (moment 'now') and, before opening, for readers. Returns the envelope and the device that must have signed.
 */
export function checkEnvelope(
  encoded: Uint8Array,
  epochInForce: EpochState,
  verification: EpochVerification,
): { envelope: Envelope; device: DeviceState } {
  const envelope = decodeEnvelope(encoded);
  const { header } = envelope;
  ensure(equalBytes(header.conversationId, epochInForce.conversationId), 'invalid_link', 'envelope of another conversation');
  ensure(
    header.epoch === epochInForce.epoch && equalBytes(header.epochLinkHash, epochInForce.linkHash),
    'stale_key',
    'not sealed in the epoch in force at its position',
  );
  return { envelope, device: requireSender(epochInForce, { userId: header.senderUser, deviceId: header.senderDevice }, verification) };
}

/** The length a text of `length` bytes and the padding's first byte is padded to. */
export function paddedLength(length: number): number {
  return [256, 512, 1024, 2048].find((size) => length < size) ?? 4096 * Math.ceil((length + 1) / 4096);
}

export function messageAssociatedData(headerBytes: Uint8Array): Uint8Array {
  return lp('gim1/msg', headerBytes);
}

/** What the sender's device signs under "gim1/msg-sig". */
export function messageStatement(headerBytes: Uint8Array, body: Uint8Array): Uint8Array {
  return lp(headerBytes, hash('gim1/b', body));
}

export function envelopeHash(entry: Uint8Array): Uint8Array {
  return hash('gim1/env', entry);
}

/** The run hash before the first entry. */
export function firstRun(conversationId: Uint8Array): Uint8Array {
  return hash('gim1/run', conversationId);
}

/** The run hash at a position: of all entries so far, in their order. */
export function nextRun(run: Uint8Array, position: number, entryHash: Uint8Array): Uint8Array {
  return hash('gim1/run', run, position, entryHash);
}

/** Edits and redactions count only from the author of the message, whichever device of his. */
export function isByAuthor(original: MessageHeader, change: MessageHeader): boolean {
  return equalBytes(original.conversationId, change.conversationId) && equalBytes(original.senderUser, change.senderUser);
}
