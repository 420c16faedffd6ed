import { createAtRestKey, unwrapSecret, wrapSecret } from '../crypto/at-rest.ts';
import type { AccountId } from '../../server/protocol/ids.ts';
import type { Database } from './database.ts';

/** Seals what lies on this device. `purpose` is bound to the ciphertext, so that one sealed thing cannot be put in another's place. */
export interface Vault {
  seal(plaintext: Uint8Array, purpose: string): Promise<Uint8Array>;
  /** Throws a CryptoError when the bytes were changed or belong to another purpose. */
  open(sealed: Uint8Array, purpose: string): Promise<Uint8Array>;
  /** Before anything is kept that only this vault's key opens: puts the key where it is kept, if that is anywhere. */
  keepKey(): Promise<void>;
}

/** Where one account's things lie on this device, and what seals them. */
export interface AccountStorage {
  readonly database: Database;
  readonly vault: Vault;
  readonly accountId: AccountId;
}

const keyName = 'device';

/** The vault under a key that is at hand, and that nobody keeps. */
export function vaultUnder(key: CryptoKey): Vault {
  return {
    keepKey: async () => {},
    seal: async (plaintext, purpose) => await wrapSecret(key, plaintext, purpose),
    open: async (sealed, purpose) => await unwrapSecret(key, sealed, purpose),
  };
}

/**
 * The vault under this browser's own key, made on first use. The key is not extractable: a copy of the disk's files does not open it
 * without the browser's profile (crypto.md §4).
 */
export async function openVault(database: Database): Promise<Vault> {
  // Two tabs may come here at once: the first one's key stays, or the other's secrets would never open again.
  const key = (await database.get('wrappingKeys', keyName)) ?? (await database.putNew('wrappingKeys', keyName, await createAtRestKey()));
  return { ...vaultUnder(key), keepKey: async () => void (await database.putNew('wrappingKeys', keyName, key)) };
}
