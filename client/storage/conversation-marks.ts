import type { Base64Url } from '../../server/protocol/base64url.ts';
import type { AccountId, ConversationId } from '../../server/protocol/ids.ts';
import type { Database } from './database.ts';

/** A place in a conversation: the run hash there stands for everything up to it. */
export interface Place {
  readonly position: number;
  readonly run: Base64Url;
}

/** The server's word that it has stored a place, verified against the pinned key. */
export interface KeptReceipt extends Place {
  readonly signature: Base64Url;
}

/** What this device remembers of a conversation whatever the server shows later: kept also when its entries are not. */
export interface ConversationMark {
  /** The furthest place this device has seen. */
  readonly head: Place | null;
  /** The newest receipt: a run hash covers all entries before it, so it stands for the earlier receipts too. */
  readonly receipt: KeptReceipt | null;
  /** Messages that came after their device had been taken out of its account: refused then, refused for good. */
  readonly refused: readonly number[];
  /** Who could read when the person last looked; null before the first look. */
  readonly readersSeen: readonly AccountId[] | null;
}

export interface ConversationMarks {
  load(conversationId: ConversationId): Promise<ConversationMark>;
  /** Head and receipt only go forward: another tab may be further. Gives what is kept then. */
  save(conversationId: ConversationId, change: Partial<ConversationMark>): Promise<ConversationMark>;
}

const nothing: ConversationMark = { head: null, receipt: null, refused: [], readersSeen: null };

export function createConversationMarks({
  database,
  accountId,
}: {
  readonly database: Database;
  readonly accountId: AccountId;
}): ConversationMarks {
  const keyOf = (conversationId: ConversationId) => `${accountId}/${conversationId}`;
  const load = async (conversationId: ConversationId) => (await database.get('marks', keyOf(conversationId))) ?? nothing;
  return {
    load,
    save: async (conversationId, change) => {
      const kept = await load(conversationId);
      const mark: ConversationMark = {
        head: further(kept.head, change.head ?? null),
        receipt: further(kept.receipt, change.receipt ?? null),
        refused: [...new Set([...kept.refused, ...(change.refused ?? [])])],
        readersSeen: change.readersSeen ?? kept.readersSeen,
      };
      await database.put('marks', keyOf(conversationId), mark);
      return mark;
    },
  };
}

function further<Kept extends Place>(one: Kept | null, other: Kept | null): Kept | null {
  if (one === null || other === null) return one ?? other;
  return other.position > one.position ? other : one;
}
