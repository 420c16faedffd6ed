import type { ConversationId, FileId, MessageId } from '../../server/protocol/ids.ts';
import type { AccountStorage } from './vault.ts';

/** A file that is sealed and whose message has not been sent yet. Its ciphertext lies elsewhere on this device. */
export interface UploadRecord {
  readonly fileId: FileId;
  readonly conversationId: ConversationId;
  /** Of the message that will name it: chosen once, so that it is sent once. */
  readonly messageId: MessageId;
  readonly createdAt: number;
  /** The message's body, the file's key in it: sealed in the vault while it lies here. */
  readonly payload: Uint8Array;
}

export interface UploadStore {
  /** All of the account's, oldest first. */
  list(): Promise<UploadRecord[]>;
  has(fileId: FileId): Promise<boolean>;
  put(record: UploadRecord): Promise<void>;
  remove(fileId: FileId): Promise<void>;
}

export function createUploadStore({ database, vault, accountId }: AccountStorage): UploadStore {
  const keyOf = (fileId: FileId) => `${accountId}/${fileId}`;
  const purpose = (fileId: FileId) => `upload/${accountId}/${fileId}`;
  return {
    list: async () => {
      const stored = await database.list('uploads', `${accountId}/`);
      const records = await Promise.all(
        stored.map(async (record) => ({ ...record, payload: await vault.open(record.payload, purpose(record.fileId)) })),
      );
      return records.sort((one, other) => one.createdAt - other.createdAt);
    },
    has: async (fileId) => (await database.get('uploads', keyOf(fileId))) !== undefined,
    put: async (record) =>
      await database.put('uploads', keyOf(record.fileId), { ...record, payload: await vault.seal(record.payload, purpose(record.fileId)) }),
    remove: async (fileId) => await database.delete('uploads', keyOf(fileId)),
  };
}
