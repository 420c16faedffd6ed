import { timingSafeEqual } from 'node:crypto';
import type { CallInvite, CallInviteId, GuestRole } from '../protocol/calls.ts';
import type { AccountId, CallId } from '../protocol/ids.ts';
import type { Database, Transaction } from '../platform/database.ts';

export interface NewInvite {
  readonly inviteId: CallInviteId;
  readonly callId: CallId;
  readonly inviterId: AccountId;
  readonly role: GuestRole;
  readonly displayName: string;
  readonly tokenHash: Uint8Array;
  /** What the inviter signed about the guest's key. */
  readonly granted: Uint8Array;
  readonly expiresAt: number;
}

export interface StoredInvite extends NewInvite {
  readonly withdrawnAt: number | null;
  readonly usedAt: number | null;
  /** The hash of its user's attempt; null for links that were used before there were attempts, too. */
  readonly usedBy: Uint8Array | null;
}

type InvitesTable = Omit<NewInvite, 'expiresAt'> & { createdAt: Date; expiresAt: Date; withdrawnAt: Date | null } & {
  usedAt: Date | null;
  usedBy: Uint8Array | null;
};
type Tables = { callInvites: InvitesTable };

export type InviteStore = ReturnType<typeof createInviteStore>;

/** One-time links into calls. All changes under the lock of the call. */
export function createInviteStore(database: Database) {
  const tables = (within: Database = database) => within.withTables<Tables>();

  return {
    async add(transaction: Transaction, { expiresAt, ...invite }: NewInvite, at: number): Promise<void> {
      await tables(transaction)
        .insertInto('callInvites')
        .values({ ...invite, expiresAt: new Date(expiresAt), createdAt: new Date(at), withdrawnAt: null, usedAt: null, usedBy: null })
        .execute();
    },

    async find(inviteId: CallInviteId, within?: Transaction): Promise<StoredInvite | null> {
      const row = await tables(within).selectFrom('callInvites').selectAll().where('inviteId', '=', inviteId).executeTakeFirst();
      return row ? toInvite(row) : null;
    },

    async list(callId: CallId): Promise<readonly StoredInvite[]> {
      const rows = await tables().selectFrom('callInvites').selectAll().where('callId', '=', callId).orderBy('createdAt').execute();
      return rows.map(toInvite);
    },

    async countOpen(transaction: Transaction, callId: CallId, at: number): Promise<number> {
      const { count } = await tables(transaction)
        .selectFrom('callInvites')
        .select((select) => select.fn.countAll<string>().as('count'))
        .where('callId', '=', callId)
        .where('withdrawnAt', 'is', null)
        .where('usedAt', 'is', null)
        .where('expiresAt', '>', new Date(at))
        .executeTakeFirstOrThrow();
      return Number(count);
    },

    async withdraw(transaction: Transaction, inviteId: CallInviteId, at: number): Promise<void> {
      await tables(transaction)
        .updateTable('callInvites')
        .set({ withdrawnAt: new Date(at) })
        .where('inviteId', '=', inviteId)
        .execute();
    },

    async markUsed(transaction: Transaction, inviteId: CallInviteId, usedBy: Uint8Array, at: number): Promise<void> {
      await tables(transaction)
        .updateTable('callInvites')
        .set({ usedAt: new Date(at), usedBy })
        .where('inviteId', '=', inviteId)
        .execute();
    },
  };
}

export function stateOf({ usedAt, withdrawnAt, expiresAt }: StoredInvite, at: number): CallInvite['state'] {
  if (usedAt !== null) return 'used';
  if (withdrawnAt !== null) return 'withdrawn';
  return expiresAt > at ? 'open' : 'expired';
}

/** Whether two hashes are one, without telling by time how much of it is right. */
export function isSecret(known: Uint8Array, hash: Uint8Array): boolean {
  return hash.length === known.length && timingSafeEqual(known, hash);
}

function toInvite({ createdAt: _createdAt, expiresAt, withdrawnAt, usedAt, ...invite }: InvitesTable): StoredInvite {
  return {
    ...invite,
    expiresAt: expiresAt.getTime(),
    withdrawnAt: withdrawnAt?.getTime() ?? null,
    usedAt: usedAt?.getTime() ?? null,
  };
}
