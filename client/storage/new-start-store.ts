import { decode, encode } from 'cborg';
import type { ResetId } from '../../server/protocol/ids.ts';
import type { Database } from './database.ts';
import type { Vault } from './vault.ts';

/** What was made for the account to go on with. */
export interface NewStartKeys {
  readonly seed: Uint8Array;
  readonly draft: Uint8Array;
  readonly box: Uint8Array;
}

/** A request for a new start, of days perhaps: this browser must still know its keys at the end. */
export interface KeptNewStart {
  readonly resetId: ResetId;
  /** What the person tells the registrar. */
  readonly number: string;
  /** Null until a registrar has looked and the account is known. */
  readonly keys: NewStartKeys | null;
}

export interface NewStartStore {
  load(): Promise<KeptNewStart | null>;
  save(kept: KeptNewStart): Promise<void>;
  remove(): Promise<void>;
}

/** There is no account yet that it would belong to. */
const key = 'new-start';

/** One at a time, sealed on this device. */
export function createNewStartStore({ database, vault }: { readonly database: Database; readonly vault: Vault }): NewStartStore {
  return {
    load: async () => {
      const sealed = await database.get('texts', key);
      if (!sealed) return null;
      const kept: unknown = decode(await vault.open(sealed, key));
      // Nobody else could have sealed it.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return kept as KeptNewStart;
    },
    save: async (kept) => {
      await vault.keepKey();
      await database.put('texts', key, await vault.seal(encode(kept), key));
    },
    remove: async () => await database.delete('texts', key),
  };
}
