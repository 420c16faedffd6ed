import { type IDBPObjectStore, openDB } from 'idb';
import type { Base64Url } from '../../server/protocol/base64url.ts';
import type { ConversationView, Entry } from '../../server/protocol/conversations.ts';
import type { GenerationBoxes } from '../../server/protocol/offices.ts';
import type { AccountRecord } from './account-keys.ts';
import type { ConversationMark } from './conversation-marks.ts';
import type { OutboxItem } from './outbox-store.ts';
import type { ChainHead, StoredChain } from './chain-store.ts';
import type { UploadRecord } from './upload-store.ts';
import type { SealedRow } from './sealed-database.ts';

/** What is kept, by store; every key is text, parts of it joined by "/", the account first. */
export interface Stores {
  /** One AES-GCM key that cannot be taken out of the browser. */
  readonly wrappingKeys: CryptoKey;
  readonly accounts: AccountRecord;
  /** Drafts and the citizen's name. */
  readonly texts: Uint8Array;
  readonly outbox: OutboxItem;
  readonly uploads: UploadRecord;
  /** Ciphertext as the server sent it. */
  readonly entries: Entry;
  readonly conversations: ConversationView;
  readonly heads: ChainHead;
  readonly marks: ConversationMark;
  readonly chains: StoredChain;
  readonly boxes: readonly GenerationBoxes[];
  readonly registryKeys: readonly Base64Url[];
  /** All of the above of accounts whose key is not kept here. */
  readonly sealed: SealedRow;
}

export type StoreName = keyof Stores;

export const storeNames = [
  'wrappingKeys',
  'accounts',
  'texts',
  'outbox',
  'uploads',
  'entries',
  'conversations',
  'heads',
  'marks',
  'chains',
  'boxes',
  'registryKeys',
  'sealed',
] as const satisfies readonly StoreName[];

/** Keys to values, in stores. IndexedDB in the browser, memory in programs. */
export interface Database {
  get<Name extends StoreName>(store: Name, key: string): Promise<Stores[Name] | undefined>;
  put<Name extends StoreName>(store: Name, key: string, value: Stores[Name]): Promise<void>;
  /** Puts it there only where nothing is, in one step; gives what is there then. */
  putNew<Name extends StoreName>(store: Name, key: string, value: Stores[Name]): Promise<Stores[Name]>;
  /** All or nothing, in one transaction. */
  putAll<Name extends StoreName>(store: Name, rows: readonly (readonly [key: string, value: Stores[Name]])[]): Promise<void>;
  delete(store: StoreName, key: string): Promise<void>;
  /** Values whose key begins with the prefix, in the order of their keys. */
  list<Name extends StoreName>(store: Name, prefix: string): Promise<Stores[Name][]>;
  /** The same with their keys. */
  rows<Name extends StoreName>(store: Name, prefix: string): Promise<(readonly [key: string, value: Stores[Name]])[]>;
  deleteAll(store: StoreName, prefix: string): Promise<void>;
  close(): void;
}

const version = 2;

/** Opens the browser's database. */
export async function openDatabase(name = 'schalter'): Promise<Database> {
  const database = await openDB(name, version, {
    upgrade: (opened, oldVersion, _newVersion, transaction) => {
      for (const store of storeNames) if (!opened.objectStoreNames.contains(store)) opened.createObjectStore(store);
      if (oldVersion === 1) describeRecords(transaction.objectStore('accounts')).catch(() => transaction.abort());
    },
    // A newer page in another tab needs a newer version: it must not wait for this tab.
    blocking: () => database.close(),
  });
  return {
    get: async (store, key) => await database.get(store, key),
    put: async (store, key, value) => void (await database.put(store, value, key)),
    putNew: async (store, key, value) => {
      const transaction = database.transaction(store, 'readwrite');
      const kept = await transaction.store.get(key);
      if (kept === undefined) await transaction.store.put(value, key);
      await transaction.done;
      return kept ?? value;
    },
    putAll: async (store, rows) => {
      const transaction = database.transaction(store, 'readwrite');
      await Promise.all([...rows.map(async ([key, value]) => await transaction.store.put(value, key)), transaction.done]);
    },
    delete: async (store, key) => await database.delete(store, key),
    list: async (store, prefix) => await database.getAll(store, from(prefix)),
    rows: async (store, prefix) => {
      const transaction = database.transaction(store);
      const [keys, values] = await Promise.all([transaction.store.getAllKeys(from(prefix)), transaction.store.getAll(from(prefix))]);
      return keys.flatMap((key, index) => (typeof key === 'string' ? [[key, values[index]] as const] : []));
    },
    deleteAll: async (store, prefix) => await database.delete(store, from(prefix)),
    close: () => database.close(),
  };
}

/** Version 1 knew one way of keeping an account, on a device that was the person's own. */
async function describeRecords(accounts: IDBPObjectStore<unknown, string[], 'accounts', 'versionchange'>): Promise<void> {
  for (let cursor = await accounts.openCursor(); cursor !== null; cursor = await cursor.continue()) {
    await cursor.update({ ...cursor.value, protection: 'browser', isOwnDevice: true });
  }
}

function from(prefix: string): IDBKeyRange {
  return IDBKeyRange.bound(prefix, `${prefix}\uffff`);
}
