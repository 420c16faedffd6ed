import type { AccountId, DeviceId } from '../../server/protocol/ids.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import { type Database, storeNames } from './database.ts';
import { memoryDatabase } from './memory-database.ts';
import { sealedDatabase, sealedPrefix } from './sealed-database.ts';
import { type Vault, vaultUnder } from './vault.ts';

/** What the account's seed and everything else of it is sealed under: the browser's own key, or one that only its passkey can make. */
export type Protection = 'browser' | 'passkey';

/** An account this browser holds a device's keys of. */
export interface AccountRecord {
  readonly accountId: AccountId;
  readonly deviceId: DeviceId;
  readonly seed: Uint8Array;
  readonly protection: Protection;
  /** Whether the person has said that this is their own device. */
  readonly isOwnDevice: boolean;
}

/** Where an account's things lie and how they are sealed. */
export interface AccountStorage {
  readonly database: Database;
  readonly vault: Vault;
  /** Ends with the page: the device is not the person's. */
  readonly isPassing: boolean;
}

export interface NewAccount {
  readonly accountId: AccountId;
  readonly deviceId: DeviceId;
  /** The 32 bytes all of the device's keys come from. */
  readonly seed: Uint8Array;
  /** Made from the passkey, and never stored: the account is locked whenever it is not at hand. */
  readonly passkeyKey?: CryptoKey | null;
}

export interface AccountKeys {
  find(accountId: AccountId): Promise<AccountRecord | null>;
  /** Null while the account is locked. */
  storageOf(record: AccountRecord): AccountStorage | null;
  /** Throws `cannot_open` while the account is locked. */
  openSeed(record: AccountRecord): Promise<Uint8Array>;
  /** Replaces whatever this browser held of the account. */
  add(account: NewAccount): Promise<void>;
  /** Whether the key opens the account; from then on it is unlocked. Another key changes nothing. */
  unlock(record: AccountRecord, passkeyKey: CryptoKey): Promise<boolean>;
  /** What an account is unlocked with, for another tab. */
  unlockedWith(accountId: AccountId): CryptoKey | null;
  /** All accounts: the keys made from passkeys leave memory. */
  lock(): void;
  markOwnDevice(accountId: AccountId): Promise<void>;
  /** Everything of the account goes from the browser's database into memory, to end with the page. */
  moveToMemory(accountId: AccountId): Promise<void>;
  /** Another tab has done that: this one writes nothing of the account any more. */
  abandon(accountId: AccountId): void;
  /** Nothing is left of the account, wherever it was. */
  forget(accountId: AccountId): Promise<void>;
}

/** Known by chain and not by account: of no use to anybody once the last account has gone. */
const sharedStores = ['wrappingKeys', 'heads', 'chains', 'boxes', 'registryKeys'] as const;

/** The device keys on this browser, each seed sealed. */
export function createAccountKeys({ database, vault }: { readonly database: Database; readonly vault: Vault }): AccountKeys {
  const passing = memoryDatabase();
  const passingIds = new Set<AccountId>();
  const unlocked = new Map<AccountId, CryptoKey>();

  const homeOf = (accountId: AccountId) => (passingIds.has(accountId) ? passing : database);
  const find = async (accountId: AccountId) => (await homeOf(accountId).get('accounts', accountId)) ?? null;
  const vaultOf = ({ accountId, protection }: AccountRecord): Vault | null => {
    if (protection === 'browser') return vault;
    const key = unlocked.get(accountId);
    return key ? vaultUnder(key) : null;
  };
  const openSeed = async (record: AccountRecord) => {
    const own = vaultOf(record);
    if (!own) throw new CryptoError('cannot_open', 'the account is locked');
    return await own.open(record.seed, purpose(record.accountId));
  };
  return {
    find,
    storageOf: (record) => {
      const own = vaultOf(record);
      if (!own) return null;
      const { accountId, protection } = record;
      const isPassing = passingIds.has(accountId);
      const home = isPassing ? passing : writableWhile(database, () => !passingIds.has(accountId));
      return {
        database: protection === 'passkey' ? sealedDatabase({ database: home, vault: own, accountId }) : home,
        vault: own,
        isPassing,
      };
    },
    openSeed,
    add: async ({ accountId, deviceId, seed, passkeyKey = null }) => {
      const protection: Protection = passkeyKey ? 'passkey' : 'browser';
      const home = homeOf(accountId);
      // What was sealed under another passkey's key can never be opened again.
      await home.deleteAll('sealed', sealedPrefix(accountId));
      const own = passkeyKey ? vaultUnder(passkeyKey) : vault;
      const sealed = await own.seal(seed, purpose(accountId));
      if (passkeyKey) unlocked.set(accountId, passkeyKey);
      else await own.keepKey();
      await home.put('accounts', accountId, { accountId, deviceId, seed: sealed, protection, isOwnDevice: false });
    },
    unlock: async (record, passkeyKey) => {
      try {
        await vaultUnder(passkeyKey).open(record.seed, purpose(record.accountId));
      } catch (error) {
        if (error instanceof CryptoError) return false;
        throw error;
      }
      unlocked.set(record.accountId, passkeyKey);
      return true;
    },
    unlockedWith: (accountId) => unlocked.get(accountId) ?? null,
    lock: () => unlocked.clear(),
    markOwnDevice: async (accountId) => {
      const record = await find(accountId);
      if (record) await homeOf(accountId).put('accounts', accountId, { ...record, isOwnDevice: true });
    },
    moveToMemory: async (accountId) => {
      passingIds.add(accountId);
      for (const store of storeNames) await passing.putAll(store, await database.rows(store, accountId));
      await leave(database, accountId);
    },
    abandon: (accountId) => {
      passingIds.add(accountId);
      unlocked.delete(accountId);
    },
    forget: async (accountId) => {
      await leave(homeOf(accountId), accountId);
      passingIds.delete(accountId);
      unlocked.delete(accountId);
    },
  };
}

async function leave(home: Database, accountId: AccountId): Promise<void> {
  for (const store of storeNames) await home.deleteAll(store, accountId);
  if ((await home.list('accounts', '')).length > 0) return;
  for (const store of sharedStores) await home.deleteAll(store, '');
}

function purpose(accountId: AccountId): string {
  return `device-seed/${accountId}`;
}

/** What is still being done for an account that has just gone elsewhere must not leave a trace behind it. */
function writableWhile(database: Database, isHere: () => boolean): Database {
  return {
    ...database,
    put: async (store, key, value) => (isHere() ? await database.put(store, key, value) : undefined),
    putNew: async (store, key, value) => (isHere() ? await database.putNew(store, key, value) : value),
    putAll: async (store, rows) => (isHere() ? await database.putAll(store, rows) : undefined),
  };
}
