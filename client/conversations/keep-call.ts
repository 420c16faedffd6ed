import { newId } from '../../server/protocol/ids.ts';
import { encodeMessageBody } from '../../server/protocol/message-body.ts';
import { type CallRecord, encodeCallRecord } from '../crypto/call-record.ts';
import type { Conversation } from './conversation.ts';

/** Puts what was agreed in a call, or written in it, into the conversation, sealed for both sides. Resolves when it is safe in the outbox. */
export async function keepCall(conversation: Pick<Conversation, 'sendPrepared'>, record: CallRecord, now = Date.now()): Promise<void> {
  const content = { type: 'call' as const, payload: encodeCallRecord(record) };
  const payload = encodeMessageBody({ sentAt: now, content, gossip: null, seen: null });
  await conversation.sendPrepared({ messageId: newId(), payload });
}
