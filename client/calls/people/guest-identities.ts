import { fromBase64Url } from '../../../server/protocol/base64url.ts';
import { type GuestLink, guestKeys, openGrant } from '../../crypto/call-guest.ts';
import { CryptoError } from '../../../server/protocol/crypto-error.ts';
import type { CallIdentities } from './call-identities.ts';

/** A guest: his keys are in his link, and so is whom he takes the others from. Throws a CryptoError unless `cryptoReady`. */
export function guestIdentities({ secret, inviterKeyHash }: GuestLink): CallIdentities {
  const { accountId, signPk, signSk } = guestKeys(secret);
  return {
    accountId,
    signPk,
    signSk,
    isGuest: true,
    identityOf: () => null,
    ready: () => Promise.resolve(),
    epochs: () => [],
    refresh: () => undefined,
    verify: ({ callId }, member, self) => {
      try {
        const grant = self.grant === null ? null : openGrant(fromBase64Url(self.grant), { callId, accountId, inviterKeyHash });
        return Promise.resolve(grant?.inviterId === member.accountId ? { signPk: grant.inviterPk } : null);
      } catch (error) {
        // Not what the inviter signed: nobody is known by that.
        if (error instanceof CryptoError || error instanceof RangeError) return Promise.resolve(null);
        throw error;
      }
    },
  };
}
