import { fromBase64Url } from '../../server/protocol/base64url.ts';
import type { Receipt } from '../../server/protocol/conversations.ts';
import { decodeEnvelope, envelopeHash } from '../../server/protocol/envelope.ts';
import type { ConversationId } from '../../server/protocol/ids.ts';
import { verifyReceipt } from '../../server/protocol/receipt.ts';
import { firstCounter, type SenderCounter } from '../crypto/envelope.ts';
import type { ConversationMarks } from '../storage/conversation-marks.ts';
import type { ConversationLog } from './conversation-log.ts';

/** What the server says it has done with a message. */
export interface Stored {
  readonly position: number;
  readonly receipt: Receipt;
}

export interface OwnSendingsOptions {
  readonly conversationId: ConversationId;
  readonly marks: ConversationMarks;
  /** What the server's receipts must be signed with, as it was pinned. Throws a RequestError on first use. */
  readonly receiptKey: () => Promise<Uint8Array>;
}

/** What this device has sent in one conversation, as far as the log does not show it yet. Used under the lock of the outbox. */
export class OwnSendings {
  readonly #options: OwnSendingsOptions;
  #counter: SenderCounter = firstCounter;
  #position = 0;

  constructor(options: OwnSendingsOptions) {
    this.#options = options;
  }

  /** Where the device's envelopes stand: by the log, or by what was sent since. */
  counter(log: ConversationLog | null): SenderCounter {
    const logged = log?.ownCounter ?? firstCounter;
    return this.#counter.count > logged.count ? this.#counter : logged;
  }

  /** Whether nothing was sent that log and page do not know of: another tab would have kept its receipt. */
  async areKnown(log: ConversationLog | null): Promise<boolean> {
    const { receipt } = await this.#options.marks.load(this.#options.conversationId);
    return (receipt?.position ?? 0) <= Math.max(log?.position ?? 0, this.#position);
  }

  /** Keeps the server's word for a message. Throws a CryptoError when it is none: then nothing counts as stored. */
  async accept(envelope: Uint8Array, { position, receipt: { run, signature } }: Stored): Promise<void> {
    const { conversationId, marks, receiptKey } = this.#options;
    const claim = { conversationId: fromBase64Url(conversationId), position, run: fromBase64Url(run) };
    verifyReceipt(claim, fromBase64Url(signature), await receiptKey());
    this.#position = position;
    this.#counter = { count: decodeEnvelope(envelope).header.deviceCounter, lastHash: envelopeHash(envelope) };
    await marks.save(conversationId, { receipt: { position, run, signature } });
  }
}
