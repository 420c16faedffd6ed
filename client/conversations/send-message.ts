import { type Base64Url, fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { decodeEnvelope } from '../../server/protocol/envelope.ts';
import { decodeMessageBody } from '../../server/protocol/message-body.ts';
import { sealEnvelope, type SenderCounter } from '../crypto/envelope.ts';
import { RequestError } from '../net/request-error.ts';
import type { OutboxItem } from '../storage/outbox-store.ts';
import type { Stored } from './own-sendings.ts';
import { type EpochParts, presentEpoch, renewEpoch } from './renew-epoch.ts';

export interface SendParts extends EpochParts {
  /** Stores the sealed message before it leaves. */
  readonly keep: (item: OutboxItem) => Promise<void>;
  /** Whether this page knows of everything this device has sent, without asking. */
  readonly knowsOwn: () => Promise<boolean>;
  /** Where this device's own envelopes stand. */
  readonly ownCounter: () => SenderCounter;
  /** Takes the server's word that the envelope is stored; throws a CryptoError when it is none. */
  readonly acceptReceipt: (envelope: Uint8Array, stored: Stored) => Promise<void>;
}

/** How often a newer epoch may come in between before the attempt is given up for now. */
const maxAttempts = 5;

/**
 * Sends one message, in the newest epoch for the newest readers. Null when it turns out to be there already: its acknowledgement was lost.
 * Runs under the outbox's lock, so that no other tab takes the same counter. Throws a CryptoError or a RequestError.
 */
export async function sendMessage(
  item: OutboxItem,
  parts: SendParts,
): Promise<{ readonly position: number; readonly acceptedAt: number } | null> {
  let envelope = item.envelope;
  for (let attempt = 1; ; attempt += 1) {
    // A message that was never sealed cannot be there, and newer keys the server tells of: then nothing has to be asked before.
    const isFirst = attempt === 1 && envelope === null;
    if (!isFirst || !(await parts.knowsOwn())) {
      // After this everything the server has accepted is known: our own counter, and whether this message is among it.
      await parts.catchUp();
      if (isThere(item, parts)) return null;
    }
    if (!(await renewEpoch(parts, { fresh: attempt > 1 }))) {
      if (attempt >= maxAttempts) throw new RequestError({ code: 'stale_epoch', retryable: true, ref: null });
      continue;
    }
    // The same bytes again where possible: an earlier attempt may still be on its way.
    if (envelope === null || !isOfPresentEpoch(envelope, parts)) {
      envelope = seal(item, parts);
      await parts.keep({ ...item, envelope });
    }
    try {
      const stored = await parts.request('message:send', { conversationId: parts.conversationId, envelope });
      await parts.acceptReceipt(fromBase64Url(envelope), stored);
      return stored;
    } catch (error) {
      // A conflict: an earlier attempt with other bytes has arrived after all. The next look at the log finds it.
      const isOvertaken = error instanceof RequestError && (error.code === 'stale_epoch' || error.code === 'conflict');
      if (!isOvertaken || attempt >= maxAttempts) throw error;
    }
  }
}

function isThere(item: OutboxItem, { log }: SendParts): boolean {
  return log()?.opened.some((entry) => entry.kind === 'message' && entry.messageId === item.messageId) ?? false;
}

function isOfPresentEpoch(envelope: string, parts: SendParts): boolean {
  return decodeEnvelope(fromBase64Url(envelope)).header.epoch === presentEpoch(parts).state.epoch;
}

function seal(item: OutboxItem, parts: SendParts): Base64Url {
  const { reader, log, ownCounter } = parts;
  const { state, keys } = presentEpoch(parts);
  const { envelope } = sealEnvelope({
    epoch: state,
    keys,
    sender: reader,
    counter: ownCounter(),
    messageId: fromBase64Url(item.messageId),
    body: { ...decodeMessageBody(item.payload), seen: log()?.seen ?? null },
  });
  return toBase64Url(envelope);
}
