import type { AccountId, DeviceId } from '../../server/protocol/ids.ts';
import type { Database } from './database.ts';
import type { Vault } from './vault.ts';

/** An account this browser holds a device's keys of. */
export interface AccountRecord {
  readonly accountId: AccountId;
  readonly deviceId: DeviceId;
  /** Passkeys known to belong to the account: how a sign-in finds its keys before the server has said who it is. */
  readonly credentialIds: readonly string[];
  readonly seed: Uint8Array;
}

export interface AccountKeys {
  find(accountId: AccountId): Promise<AccountRecord | null>;
  findByCredential(credentialId: string): Promise<AccountRecord | null>;
  /** The 32 bytes all of the device's keys come from. */
  openSeed(record: AccountRecord): Promise<Uint8Array>;
  add(account: {
    readonly accountId: AccountId;
    readonly deviceId: DeviceId;
    readonly credentialIds: readonly string[];
    readonly seed: Uint8Array;
  }): Promise<void>;
  remove(accountId: AccountId): Promise<void>;
}

/** The device keys on this browser, each seed sealed in the vault. */
export function createAccountKeys({ database, vault }: { readonly database: Database; readonly vault: Vault }): AccountKeys {
  return {
    find: async (accountId) => (await database.get('accounts', accountId)) ?? null,
    findByCredential: async (credentialId) =>
      (await database.list('accounts', '')).find((record) => record.credentialIds.includes(credentialId)) ?? null,
    openSeed: async ({ accountId, seed }) => await vault.open(seed, purpose(accountId)),
    add: async ({ accountId, deviceId, credentialIds, seed }) =>
      await database.put('accounts', accountId, { accountId, deviceId, credentialIds, seed: await vault.seal(seed, purpose(accountId)) }),
    remove: async (accountId) => await database.delete('accounts', accountId),
  };
}

function purpose(accountId: AccountId): string {
  return `device-seed/${accountId}`;
}
