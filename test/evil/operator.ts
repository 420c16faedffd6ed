import { nextEntry } from '../../server/conversations/conversations.ts';
import type { EpochBox } from '../../server/conversations/entry.ts';
import { ConversationStore } from '../../server/conversations/store.ts';
import { type Database, transaction } from '../../server/platform/database.ts';
import { decodeEnvelope } from '../../server/protocol/envelope.ts';
import { decodeSignedEpoch } from '../../server/protocol/epoch.ts';
import { type ConversationId, idOf, newId } from '../../server/protocol/ids.ts';

/** What whoever holds the database can write into a conversation, past every check of the server: in its own form, with a run that fits. */
export class Operator {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** An envelope as the next entry. Gives its position. */
  async insertMessage(conversationId: ConversationId, bytes: Uint8Array): Promise<number> {
    const { header } = decodeEnvelope(bytes);
    return await this.#insert(conversationId, {
      kind: 'message',
      bytes,
      deviceId: idOf(header.senderDevice),
      // A repeat would not fit under its own id: the column is the server's, and says what the server likes.
      messageId: newId(),
      epoch: null,
    });
  }

  /** An epoch as the next entry, with boxes for whom the server likes. */
  async insertEpoch(
    conversationId: ConversationId,
    bytes: Uint8Array,
    boxes: readonly EpochBox[],
    previousBox: Uint8Array | null,
  ): Promise<number> {
    const { epoch } = decodeSignedEpoch(bytes).link;
    return await this.#insert(conversationId, { kind: 'epoch', bytes, deviceId: null, messageId: null, epoch, previousBox, boxes });
  }

  async #insert(
    conversationId: ConversationId,
    entry: Pick<Parameters<typeof nextEntry>[1], 'kind' | 'bytes' | 'epoch' | 'deviceId' | 'messageId'> & {
      readonly previousBox?: Uint8Array | null;
      readonly boxes?: readonly EpochBox[];
    },
  ): Promise<number> {
    return await transaction(this.#database, async (trx) => {
      const store = new ConversationStore(trx);
      const row = (await store.lock([conversationId])).get(conversationId);
      if (!row) throw new Error('there is no such conversation');
      const { boxes = [], previousBox = null, ...rest } = entry;
      const next = nextEntry(row, { ...rest, previousBox, acceptedAt: new Date() });
      await store.addEntries([next]);
      if (next.epoch !== null && boxes.length > 0) await store.addBoxes(conversationId, next.epoch, boxes);
      await store.advance([
        { ...row, head: next.position, run: next.run, epoch: next.epoch ?? row.epoch, lastActivityAt: next.acceptedAt },
      ]);
      return next.position;
    });
  }
}
