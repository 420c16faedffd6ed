import { pad, unpad } from 'libsodium-wrappers';
import {
  checkEnvelope,
  encodeEnvelope,
  encodeHeader,
  envelopeHash,
  messageAssociatedData,
  type MessageHeader,
  messageStatement,
  paddedLength,
  signatureBytes,
} from '../../server/protocol/envelope.ts';
import type { EpochState, EpochVerification } from '../../server/protocol/epoch-rules.ts';
import { limits } from '../../server/protocol/limits.ts';
import { decodeMessageBody, encodeMessageBody, type MessageBody } from '../../server/protocol/message-body.ts';
import { CryptoError, ensure, equalBytes, verifySignature } from '../../server/protocol/sodium.ts';
import type { EpochKeys } from './epoch-keys.ts';
import { concat, decrypt, encrypt, sign } from './primitives.ts';
import type { Signer } from './sign-link.ts';

/** Where this device stands in one conversation. Keep it with the envelope, under a lock across tabs. */
export interface SenderCounter {
  readonly count: number;
  readonly lastHash: Uint8Array | null;
}

export const firstCounter: SenderCounter = { count: 0, lastHash: null };

/** Seals one message. Store the envelope and the new counter before sending; send again the same bytes. Throws `malformed` when too large. */
export function sealEnvelope(options: {
  readonly epoch: EpochState;
  readonly keys: EpochKeys;
  readonly sender: Omit<Signer, 'createdAt'>;
  readonly counter: SenderCounter;
  /** 16 random bytes. */
  readonly messageId: Uint8Array;
  readonly body: MessageBody;
}): { readonly envelope: Uint8Array; readonly counter: SenderCounter } {
  const { epoch, keys, sender, counter, messageId } = options;
  requireKeysOf(epoch, keys);
  const headerBytes = encodeHeader({
    conversationId: epoch.conversationId,
    epoch: epoch.epoch,
    epochLinkHash: epoch.linkHash,
    senderUser: sender.userId,
    senderDevice: sender.device.deviceId,
    deviceCounter: counter.count + 1,
    prevMessageHash: counter.lastHash,
    messageId,
  });
  const body = encodeMessageBody(options.body);
  const inner = concat(sign('gim1/msg-sig', messageStatement(headerBytes, body), sender.device.signSk), body);
  const { nonce, ciphertext } = encrypt(pad(inner, paddedLength(inner.length)), messageAssociatedData(headerBytes), keys.messageKey);
  const envelope = encodeEnvelope(headerBytes, nonce, ciphertext);
  ensure(envelope.length <= limits.envelopeBytes, 'malformed', 'the message is too large');
  return { envelope, counter: { count: counter.count + 1, lastHash: envelopeHash(envelope) } };
}

/**
 * Opens an envelope that stands where `epoch` is in force: header against epoch and the sender's chain, decryption,
 * padding, the sender's signature, the body. Counters are `EnvelopeSequence`'s. Throws CryptoError.
 */
export function openEnvelope(
  bytes: Uint8Array,
  epoch: EpochState,
  keys: EpochKeys,
  verification: EpochVerification,
): { readonly header: MessageHeader; readonly body: MessageBody; readonly hash: Uint8Array } {
  requireKeysOf(epoch, keys);
  const { envelope, device } = checkEnvelope(bytes, epoch, verification);
  const { header, headerBytes, nonce, ciphertext } = envelope;
  const inner = removePadding(decrypt(nonce, ciphertext, messageAssociatedData(headerBytes), keys.messageKey));
  const signature = inner.subarray(0, signatureBytes);
  const body = inner.subarray(signatureBytes);
  ensure(
    verifySignature('gim1/msg-sig', messageStatement(headerBytes, body), signature, device.signPk),
    'bad_signature',
    'not signed by the named device',
  );
  return { header, body: decodeMessageBody(body), hash: envelopeHash(bytes) };
}

function requireKeysOf(epoch: EpochState, keys: EpochKeys): void {
  ensure(equalBytes(keys.linkHash, epoch.linkHash), 'stale_key', 'keys of another epoch');
}

function removePadding(padded: Uint8Array): Uint8Array {
  try {
    const inner = unpad(padded, padded.length);
    ensure(paddedLength(inner.length) === padded.length, 'malformed', 'padded to another length than the text needs');
    return inner;
  } catch (cause) {
    throw cause instanceof CryptoError ? cause : new CryptoError('malformed', 'bad padding', { cause });
  }
}
