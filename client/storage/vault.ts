import type { Database } from './database.ts';

/** AES-256-GCM: 96-bit random IV, ciphertext with tag. */
export interface Sealed {
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly ciphertext: Uint8Array<ArrayBuffer>;
}

/** Seals what lies on this device. `purpose` is bound to the ciphertext, so that one sealed thing cannot be put in another's place. */
export interface Vault {
  seal(plaintext: Uint8Array, purpose: string): Promise<Sealed>;
  /** Throws when the bytes were changed or belong to another purpose. */
  open(sealed: Sealed, purpose: string): Promise<Uint8Array<ArrayBuffer>>;
}

const keyName = 'device';

/**
 * The vault under this browser's own key, made on first use. The key is not extractable: a copy of the disk's files does not open it
 * without the browser's profile (crypto.md §4). At most 2^32 seals a key (NIST SP 800-38D §8.3); a person does not reach it.
 */
export async function openVault(database: Database): Promise<Vault> {
  const key = await loadKey(database);
  return {
    seal: async (plaintext, purpose) => {
      const iv = crypto.getRandomValues(new Uint8Array(12));
      return { iv, ciphertext: new Uint8Array(await crypto.subtle.encrypt(parameters(iv, purpose), key, Uint8Array.from(plaintext))) };
    },
    open: async ({ iv, ciphertext }, purpose) => new Uint8Array(await crypto.subtle.decrypt(parameters(iv, purpose), key, ciphertext)),
  };
}

async function loadKey(database: Database): Promise<CryptoKey> {
  const kept = await database.get('wrappingKeys', keyName);
  if (kept) return kept;
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
  await database.put('wrappingKeys', keyName, key);
  return key;
}

function parameters(iv: Uint8Array<ArrayBuffer>, purpose: string): AesGcmParams {
  return { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(purpose) };
}
