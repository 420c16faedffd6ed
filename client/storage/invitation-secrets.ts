import { fromBase64Url } from '../../server/protocol/base64url.ts';
import { bytes, fromBytes, hash32, text, toBytes, tuple, uint } from '../../server/protocol/format.ts';
import { idOf, type InboxId } from '../../server/protocol/ids.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import type { AccountStorage } from './vault.ts';

/** A one-time link that was given out: the half of it that the server never sees, to tell later who was given which. */
export interface InvitationSecret {
  readonly invitationId: string;
  readonly inboxId: InboxId;
  readonly displayName: string;
  readonly secret: Uint8Array;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Links an account has given out from this browser, sealed on this device. */
export interface InvitationSecrets {
  /** The newest first. */
  list(inboxId: InboxId): Promise<readonly InvitationSecret[]>;
  save(invitation: InvitationSecret): Promise<void>;
  remove(invitationId: string): Promise<void>;
}

/** Longer than anything in it: ids, a name, 32 bytes. */
const maxBytes = 2_048;

export function createInvitationSecrets({ database, vault, accountId }: AccountStorage): InvitationSecrets {
  const purpose = `${accountId}/invitation/`;
  const open = async (sealed: Uint8Array): Promise<InvitationSecret[]> => {
    try {
      return [read(await vault.open(sealed, purpose))];
    } catch (error) {
      // Damaged, or under a key that is gone: the person can still be admitted by comparing numbers.
      if (error instanceof CryptoError) return [];
      throw error;
    }
  };
  return {
    list: async (inboxId) => {
      const all = (await Promise.all((await database.list('texts', purpose)).map(open))).flat();
      return all.filter((one) => one.inboxId === inboxId).toSorted((one, other) => other.expiresAt - one.expiresAt);
    },
    save: async (invitation) =>
      await database.put('texts', `${purpose}${invitation.invitationId}`, await vault.seal(write(invitation), purpose)),
    remove: async (invitationId) => await database.delete('texts', `${purpose}${invitationId}`),
  };
}

const invitationFormat = tuple({
  invitationId: text(64),
  inboxId: hash32,
  displayName: text(512),
  secret: bytes(32),
  expiresAt: uint(),
});

function write(invitation: InvitationSecret): Uint8Array {
  return toBytes(invitationFormat, { ...invitation, inboxId: fromBase64Url(invitation.inboxId) });
}

function read(kept: Uint8Array): InvitationSecret {
  const invitation = fromBytes(invitationFormat, kept, maxBytes);
  return { ...invitation, inboxId: idOf(invitation.inboxId) };
}
