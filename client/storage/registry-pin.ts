import type { Base64Url } from '../../server/protocol/base64url.ts';
import type { Database } from './database.ts';

/** The registry's keys, which sign inboxes; the installation's, which signs receipts. */
export type PinnedKeys = 'registry' | 'receipts';

export interface RegistryPin {
  /** Keeps the keys on first use; `changed` when they are not those kept before, which are given and stay. */
  check(name: PinnedKeys, keys: readonly Base64Url[]): Promise<{ readonly keys: readonly Base64Url[]; readonly changed: boolean }>;
}

const keyNames = { registry: 'pinned', receipts: 'receipts' } as const satisfies Record<PinnedKeys, string>;

/** Trust on first use: until the key directory stands, the first answer of the server is the one that counts (crypto.md §15). */
export function createRegistryPin(database: Database): RegistryPin {
  return {
    check: async (name, keys) => {
      const pinned = await database.putNew('registryKeys', keyNames[name], keys);
      const same = pinned.length === keys.length && pinned.every((key) => keys.includes(key));
      return { keys: pinned, changed: !same };
    },
  };
}
