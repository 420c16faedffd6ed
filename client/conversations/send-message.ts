import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { decodeEnvelope } from '../../server/protocol/envelope.ts';
import type { ConversationId } from '../../server/protocol/ids.ts';
import { decodeMessageBody } from '../../server/protocol/message-body.ts';
import { ensure } from '../../server/protocol/sodium.ts';
import { sealEnvelope } from '../crypto/envelope.ts';
import { createEpoch } from '../crypto/epoch-keys.ts';
import { RequestError } from '../net/request-error.ts';
import type { RequestFunction } from '../net/request.ts';
import { toSignedLink } from '../net/wire.ts';
import type { OutboxItem } from '../storage/outbox-store.ts';
import type { ConversationLog } from './conversation-log.ts';
import { type Reader, reasonForEpoch } from './reader.ts';

export interface SendParts {
  readonly conversationId: ConversationId;
  readonly request: RequestFunction;
  readonly reader: Reader;
  /** Stores the sealed message before it leaves. */
  readonly keep: (item: OutboxItem) => Promise<void>;
  readonly catchUp: () => Promise<void>;
  readonly log: () => ConversationLog | null;
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
    // After this everything the server has accepted is known: our own counter, and whether this message is among it.
    await parts.catchUp();
    if (isThere(item, parts)) return null;
    if (!(await renewEpoch(parts))) continue;
    // The same bytes again where possible: an earlier attempt may still be on its way.
    if (envelope === null || !isOfPresentEpoch(envelope, parts)) {
      envelope = seal(item, parts);
      await parts.keep({ ...item, envelope });
    }
    try {
      return await parts.request('message:send', { conversationId: parts.conversationId, envelope });
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

function epochOf({ log }: Pick<SendParts, 'log'>) {
  const epoch = log()?.epoch ?? null;
  ensure(epoch !== null && epoch.keys !== null, 'cannot_open', 'the present epoch does not verify, or does not open');
  return { ...epoch, keys: epoch.keys };
}

function isOfPresentEpoch(envelope: string, parts: SendParts): boolean {
  return decodeEnvelope(fromBase64Url(envelope)).header.epoch === epochOf(parts).state.epoch;
}

/** Appends a new epoch when a reader has newer keys. False when somebody else's came first: catch up and decide again. */
async function renewEpoch(parts: SendParts): Promise<boolean> {
  const { conversationId, request, reader, catchUp } = parts;
  const { state, keys, ageMs, messages } = epochOf(parts);
  const wanted = await reader.readersNow(state.parties);
  const reason = reasonForEpoch(state, wanted, { messages, ageMs });
  if (reason === null) return true;
  const epoch = createEpoch({
    conversationId: state.conversationId,
    previous: { state, keys },
    readers: wanted.readers,
    reason,
    signer: reader,
  });
  try {
    await request('epoch:append', { conversationId, epoch: toSignedLink(epoch) });
  } catch (error) {
    if (error instanceof RequestError && (error.code === 'conflict' || error.code === 'stale_epoch')) return false;
    throw error;
  }
  // The epoch is verified like anybody else's before it is used.
  await catchUp();
  return true;
}

function seal(item: OutboxItem, parts: SendParts) {
  const { reader, log } = parts;
  const { state, keys } = epochOf(parts);
  const { envelope } = sealEnvelope({
    epoch: state,
    keys,
    sender: reader,
    counter: log()?.ownCounter ?? { count: 0, lastHash: null },
    messageId: fromBase64Url(item.messageId),
    body: { ...decodeMessageBody(item.payload), seen: log()?.seen ?? null },
  });
  return toBase64Url(envelope);
}
