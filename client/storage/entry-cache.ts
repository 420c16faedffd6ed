import type { ConversationView, Entry } from '../../server/protocol/conversations.ts';
import type { AccountId, ConversationId } from '../../server/protocol/ids.ts';
import type { Database } from './database.ts';

/** Entries as the server sent them, so that a reload shows the conversation at once. Ciphertext: nothing here can be read without the keys. */
export interface EntryCache {
  listViews(): Promise<ConversationView[]>;
  loadView(conversationId: ConversationId): Promise<ConversationView | null>;
  saveView(view: ConversationView): Promise<void>;
  /** In order of position. */
  list(conversationId: ConversationId): Promise<Entry[]>;
  add(conversationId: ConversationId, entries: readonly Entry[]): Promise<void>;
  /** Forgets a conversation's entries: they are fetched again. */
  clear(conversationId: ConversationId): Promise<void>;
  clearAll(): Promise<void>;
}

export function createEntryCache({ database, accountId }: { readonly database: Database; readonly accountId: AccountId }): EntryCache {
  const prefix = (conversationId: ConversationId) => `${accountId}/${conversationId}/`;
  return {
    listViews: async () => await database.list('conversations', `${accountId}/`),
    loadView: async (conversationId) => (await database.get('conversations', prefix(conversationId))) ?? null,
    saveView: async (view) => await database.put('conversations', prefix(view.conversationId), view),
    list: async (conversationId) => await database.list('entries', prefix(conversationId)),
    add: async (conversationId, entries) =>
      // Keys sort as text, so the position has a fixed number of digits.
      await database.putAll(
        'entries',
        entries.map((entry) => [`${prefix(conversationId)}${String(entry.position).padStart(10, '0')}`, entry]),
      ),
    clear: async (conversationId) => await database.deleteAll('entries', prefix(conversationId)),
    clearAll: async () => {
      await database.deleteAll('entries', `${accountId}/`);
      await database.deleteAll('conversations', `${accountId}/`);
    },
  };
}
