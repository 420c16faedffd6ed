import { sql } from 'kysely';
import { nextEntry } from '../../server/conversations/conversations.ts';
import { Receipts } from '../../server/conversations/receipts.ts';
import { ConversationStore } from '../../server/conversations/store.ts';
import { type Database, transaction } from '../../server/platform/database.ts';
import { fromBase64Url } from '../../server/protocol/base64url.ts';
import type { Response } from '../../server/protocol/commands.ts';
import { decodeEnvelope } from '../../server/protocol/envelope.ts';
import { type AccountId, type ConversationId, idOf, type InboxId } from '../../server/protocol/ids.ts';

/** Makes an account one of an inbox's members for the server, without any link that says so. */
export async function addToInboxByForce(database: Database, inboxId: InboxId, accountId: AccountId): Promise<void> {
  await sql`insert into inbox_members (inbox_id, account_id, role) values (${inboxId}, ${accountId}, 'member')`.execute(database);
}

/** Stores an envelope as the next entry past every check, and signs for it as the server does. */
export async function storeByForce(
  database: Database,
  conversationId: ConversationId,
  bytes: Uint8Array,
): Promise<Response<'message:send'>> {
  const key = await new Receipts({ database }).ready();
  const { header } = decodeEnvelope(bytes);
  return await transaction(database, async (trx) => {
    const store = new ConversationStore(trx);
    const row = (await store.lock([conversationId])).get(conversationId);
    if (!row) throw new Error('there is no such conversation');
    const deviceId = idOf<'device'>(header.senderDevice);
    const messageId = idOf<'message'>(header.messageId);
    const acceptedAt = new Date();
    const entry = nextEntry(row, { kind: 'message', bytes, epoch: null, previousBox: null, acceptedAt, deviceId, messageId });
    const { position, run } = entry;
    await store.addEntries([entry]);
    await store.advance([{ ...row, head: position, run, lastActivityAt: acceptedAt }]);
    const receipt = Receipts.sign(key, { conversationId: fromBase64Url(conversationId), position, run });
    return { position, acceptedAt: acceptedAt.getTime(), receipt };
  });
}
