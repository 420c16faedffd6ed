import { fromBase64Url, toBase64Url } from '../../../server/protocol/base64url.ts';
import { CryptoError } from '../../../server/protocol/crypto-error.ts';
import { guestStorageKey, type GuestLink } from '../../crypto/call-guest.ts';
import type { Drafts } from '../../storage/texts.ts';
import { vaultUnder } from '../../storage/vault.ts';

/** What a guest has written, for his page when it is loaded anew: sealed under a key that his link makes, and gone with the tab. */
export function guestDrafts({ inviteId, secret }: GuestLink): Drafts {
  const opening = guestStorageKey(secret).then(vaultUnder);
  const placeOf = (key: string): string => `guest-${inviteId}-${key}`;
  return {
    load: async (key) => {
      const sealed = sessionStorage.getItem(placeOf(key));
      if (sealed === null) return '';
      try {
        return new TextDecoder().decode(await (await opening).open(fromBase64Url(sealed), placeOf(key)));
      } catch (error) {
        // Not what was put there: then nothing was written.
        if (error instanceof CryptoError) return '';
        throw error;
      }
    },
    save: async (key, text) => {
      if (text === '') sessionStorage.removeItem(placeOf(key));
      else sessionStorage.setItem(placeOf(key), toBase64Url(await (await opening).seal(new TextEncoder().encode(text), placeOf(key))));
    },
  };
}
