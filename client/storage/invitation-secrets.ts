import { fromBase64Url } from '../../server/protocol/base64url.ts';
import { decode, encode, readBytes, readHash, readText, readTuple, readUint } from '../../server/protocol/codec.ts';
import { type AccountId, idOf, type InboxId } from '../../server/protocol/ids.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import type { Database } from './database.ts';
import type { Vault } from './vault.ts';

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

export function createInvitationSecrets({
  database,
  vault,
  accountId,
}: {
  readonly database: Database;
  readonly vault: Vault;
  readonly accountId: AccountId;
}): InvitationSecrets {
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

function write({ invitationId, inboxId, displayName, secret, expiresAt }: InvitationSecret): Uint8Array {
  return encode([invitationId, fromBase64Url(inboxId), displayName, secret, expiresAt]);
}

function read(bytes: Uint8Array): InvitationSecret {
  const [invitationId, inboxId, displayName, secret, expiresAt] = readTuple(decode(bytes, maxBytes), 5);
  return {
    invitationId: readText(invitationId, 64),
    inboxId: idOf(readHash(inboxId)),
    displayName: readText(displayName, 512),
    secret: readBytes(secret, 32),
    expiresAt: readUint(expiresAt),
  };
}
