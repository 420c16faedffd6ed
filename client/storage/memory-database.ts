import type { Database, StoreName, Stores } from './database.ts';

/** A database that ends with its program. Values are copied in and out, as IndexedDB does. */
export function memoryDatabase(): Database {
  const stores: { readonly [Name in StoreName]: Map<string, Stores[Name]> } = {
    wrappingKeys: new Map(),
    accounts: new Map(),
    texts: new Map(),
    outbox: new Map(),
    uploads: new Map(),
    entries: new Map(),
    conversations: new Map(),
    heads: new Map(),
    marks: new Map(),
    chains: new Map(),
    boxes: new Map(),
    registryKeys: new Map(),
    sealed: new Map(),
  };
  const keysFrom = (store: StoreName, prefix: string) =>
    Array.from(stores[store].keys())
      .filter((key) => key.startsWith(prefix))
      .sort();
  const put = <Name extends StoreName>(store: Name, key: string, value: Stores[Name]) => void stores[store].set(key, copy(value));
  return {
    get: async (store, key) => copy(stores[store].get(key)),
    put: async (store, key, value) => put(store, key, value),
    putNew: async (store, key, value) => {
      if (!stores[store].has(key)) put(store, key, value);
      return copy(stores[store].get(key)) ?? value;
    },
    putAll: async (store, rows) => {
      for (const [key, value] of rows) put(store, key, value);
    },
    delete: async (store, key) => void stores[store].delete(key),
    list: async (store, prefix) =>
      keysFrom(store, prefix)
        .map((key) => copy(stores[store].get(key)))
        .filter((value) => value !== undefined),
    rows: async (store, prefix) =>
      keysFrom(store, prefix).flatMap((key) => {
        const value = copy(stores[store].get(key));
        return value === undefined ? [] : [[key, value] as const];
      }),
    deleteAll: async (store, prefix) => {
      for (const key of keysFrom(store, prefix)) stores[store].delete(key);
    },
    close: () => {},
  };
}

function copy<Value>(value: Value): Value {
  return value instanceof CryptoKey ? value : structuredClone(value);
}
