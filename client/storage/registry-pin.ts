import type { Base64Url } from '../../server/protocol/base64url.ts';
import type { Database } from './database.ts';

export interface RegistryPin {
  /** Keeps the keys on first use; `changed` when they are not those kept before, which are given and stay. */
  check(keys: readonly Base64Url[]): Promise<{ readonly keys: readonly Base64Url[]; readonly changed: boolean }>;
}

const keyName = 'pinned';

/** Trust on first use: until the key directory stands, the first answer of the server is the one that counts (crypto.md §15). */
export function createRegistryPin(database: Database): RegistryPin {
  return {
    check: async (keys) => {
      const pinned = await database.get('registryKeys', keyName);
      if (!pinned) {
        await database.put('registryKeys', keyName, keys);
        return { keys, changed: false };
      }
      const same = pinned.length === keys.length && pinned.every((key) => keys.includes(key));
      return { keys: pinned, changed: !same };
    },
  };
}
