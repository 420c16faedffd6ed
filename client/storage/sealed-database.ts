import { decode, encode } from 'cborg';
import type { AccountId } from '../../server/protocol/ids.ts';
import { ensure } from '../../server/protocol/sodium.ts';
import type { Database, StoreName, Stores } from './database.ts';
import type { AccountStorage } from './vault.ts';

/**
 * One account's things, sealed as a whole: of each only the store's name and its key (random ids) can be read. For accounts whose key is
 * not in this browser (crypto.md §4, officials).
 */
export function sealedDatabase({ database, vault, accountId }: AccountStorage): Database {
  const place = (store: StoreName, key: string) => `${sealedPrefix(accountId)}${store}/${key}`;
  const seal = async <Name extends StoreName>(store: Name, key: string, value: Stores[Name]) =>
    await vault.seal(encode(value), place(store, key));
  const open = async <Name extends StoreName>(store: Name, { name, sealed }: SealedRow): Promise<Stores[Name]> => {
    ensure(name.startsWith(place(store, '')), 'cannot_open', 'a row of another store');
    const value: unknown = decode(await vault.open(sealed, name));
    // What was sealed under this name is what comes out: the vault authenticates both.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return value as Stores[Name];
  };
  return {
    get: async (store, key) => {
      const row = await database.get('sealed', place(store, key));
      return row && (await open(store, row));
    },
    put: async (store, key, value) => {
      const name = place(store, key);
      await database.put('sealed', name, { name, sealed: await seal(store, key, value) });
    },
    putNew: async (store, key, value) => {
      const name = place(store, key);
      return await open(store, await database.putNew('sealed', name, { name, sealed: await seal(store, key, value) }));
    },
    putAll: async (store, rows) => {
      const sealed = rows.map(async ([key, value]) => {
        const name = place(store, key);
        return [name, { name, sealed: await seal(store, key, value) }] as const;
      });
      await database.putAll('sealed', await Promise.all(sealed));
    },
    delete: async (store, key) => await database.delete('sealed', place(store, key)),
    list: async (store, prefix) =>
      await Promise.all((await database.list('sealed', place(store, prefix))).map(async (row) => await open(store, row))),
    rows: async (store, prefix) => {
      const start = place(store, '').length;
      const rows = await database.rows('sealed', place(store, prefix));
      return await Promise.all(rows.map(async ([name, row]) => [name.slice(start), await open(store, row)] as const));
    },
    deleteAll: async (store, prefix) => await database.deleteAll('sealed', place(store, prefix)),
    // The database is everybody's, and closed by whoever opened it.
    close: () => {},
  };
}

/** A value with the name it is bound to, so that a list can be opened too. */
export interface SealedRow {
  readonly name: string;
  readonly sealed: Uint8Array;
}

/** Where an account's sealed things begin. */
export function sealedPrefix(accountId: AccountId): string {
  return `${accountId}/`;
}
