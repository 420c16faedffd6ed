import type { Base64Url } from '../../server/protocol/base64url.ts';
import type { ErrorCode } from '../../server/protocol/errors.ts';
import type { ConversationId, MessageId } from '../../server/protocol/ids.ts';
import type { AccountStorage } from './vault.ts';

/** A message the server has not yet acknowledged. */
export interface OutboxItem {
  readonly messageId: MessageId;
  readonly conversationId: ConversationId;
  /** What will be sealed for the readers: opaque here, and sealed in the vault while it lies here. */
  readonly payload: Uint8Array;
  readonly createdAt: number;
  /** The bytes that were sent, or are about to be: sent again they are the same message. Null until sealed. */
  readonly envelope: Base64Url | null;
  /** Why the server will not have it; null while it is still to be sent. */
  readonly error: ErrorCode | null;
}

export interface OutboxStore {
  /** All of the account's, or of one conversation, oldest first. */
  list(conversationId?: ConversationId): Promise<OutboxItem[]>;
  put(item: OutboxItem): Promise<void>;
  remove(item: OutboxItem): Promise<void>;
}

export function createOutboxStore({ database, vault, accountId }: AccountStorage): OutboxStore {
  // Keys sort as text, so the time has a fixed number of digits.
  const keyOf = ({ conversationId, createdAt, messageId }: Pick<OutboxItem, 'conversationId' | 'createdAt' | 'messageId'>) =>
    `${accountId}/${conversationId}/${String(createdAt).padStart(15, '0')}/${messageId}`;
  const purpose = (messageId: MessageId) => `outbox/${accountId}/${messageId}`;
  return {
    list: async (conversationId) => {
      const stored = await database.list('outbox', conversationId ? `${accountId}/${conversationId}/` : `${accountId}/`);
      const items = await Promise.all(
        stored.map(async (item) => ({ ...item, payload: await vault.open(item.payload, purpose(item.messageId)) })),
      );
      return items.sort((one, other) => one.createdAt - other.createdAt);
    },
    put: async (item) =>
      await database.put('outbox', keyOf(item), { ...item, payload: await vault.seal(item.payload, purpose(item.messageId)) }),
    remove: async (item) => await database.delete('outbox', keyOf(item)),
  };
}
