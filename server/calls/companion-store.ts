import { sql } from 'kysely';
import type { CallRole } from '../protocol/calls.ts';
import type { AccountId, CallId } from '../protocol/ids.ts';
import type { Transaction } from '../platform/database.ts';

export type CompanionRole = Exclude<CallRole, 'citizen' | 'official'>;
/** How somebody came to be in a call no more. */
export type Gone = 'left' | 'declined' | 'removed';

export interface NewCompanion {
  readonly callId: CallId;
  readonly accountId: AccountId;
  readonly role: CompanionRole;
  readonly displayName: string;
  readonly inviterId: AccountId | null;
  /** Of guests: what the inviter signed about their key. */
  readonly granted: Uint8Array | null;
}

/** One of those asked in, as the asking needs him. */
export interface Known {
  readonly gone: Gone | null;
  readonly joinedAt: number | null;
  /** The last three times he was asked. */
  readonly rungAt: readonly number[];
}

type Tables = {
  callParticipants: NewCompanion & { invitedAt: Date; rungAt: Date[]; joinedAt: Date | null; gone: Gone | null };
  calls: { callId: CallId; state: string };
};

const tables = (within: Transaction) => within.withTables<Tables>();

export type CompanionStore = ReturnType<typeof createCompanionStore>;

/** Those who belong to a call beside citizen and official. All within the transaction that holds the call's lock. */
export function createCompanionStore() {
  return {
    async find(transaction: Transaction, callId: CallId, accountId: AccountId): Promise<Known | null> {
      const row = await tables(transaction)
        .selectFrom('callParticipants')
        .select(['gone', 'joinedAt', 'rungAt'])
        .where('callId', '=', callId)
        .where('accountId', '=', accountId)
        .executeTakeFirst();
      if (!row) return null;
      return { gone: row.gone, joinedAt: row.joinedAt?.getTime() ?? null, rungAt: row.rungAt.map((at) => at.getTime()) };
    },

    /** Belongs to it from now on, or again. */
    async add(transaction: Transaction, companion: NewCompanion, at: number): Promise<void> {
      const { role, displayName, inviterId, granted } = companion;
      await tables(transaction)
        .insertInto('callParticipants')
        .values({ ...companion, invitedAt: new Date(at), rungAt: [], joinedAt: null, gone: null })
        .onConflict((conflict) =>
          conflict.columns(['callId', 'accountId']).doUpdateSet({ role, displayName, inviterId, granted, joinedAt: null, gone: null }),
        )
        .execute();
    },

    async noteRing(transaction: Transaction, callId: CallId, accountId: AccountId, rungAt: readonly number[]): Promise<void> {
      await tables(transaction)
        .updateTable('callParticipants')
        .set({ rungAt: rungAt.map((at) => new Date(at)) })
        .where('callId', '=', callId)
        .where('accountId', '=', accountId)
        .execute();
    },

    /** True the first time. */
    async markJoined(transaction: Transaction, callId: CallId, accountId: AccountId, at: number): Promise<boolean> {
      const { numUpdatedRows } = await tables(transaction)
        .updateTable('callParticipants')
        .set({ joinedAt: new Date(at) })
        .where('callId', '=', callId)
        .where('accountId', '=', accountId)
        .where('joinedAt', 'is', null)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },

    async markGone(transaction: Transaction, callId: CallId, accountId: AccountId, gone: Gone): Promise<void> {
      await tables(transaction)
        .updateTable('callParticipants')
        .set({ gone })
        .where('callId', '=', callId)
        .where('accountId', '=', accountId)
        .execute();
    },

    /** Whoever leads a call is no companion in it. */
    async remove(transaction: Transaction, callId: CallId, accountId: AccountId): Promise<void> {
      await tables(transaction).deleteFrom('callParticipants').where('callId', '=', callId).where('accountId', '=', accountId).execute();
    },

    /** Whether somebody takes part in a running call of others. */
    async isElsewhere(transaction: Transaction, accountId: AccountId): Promise<boolean> {
      const row = await tables(transaction)
        .selectFrom('callParticipants')
        .innerJoin('calls', 'calls.callId', 'callParticipants.callId')
        .select('accountId')
        .where('accountId', '=', accountId)
        .where('state', '<>', 'ended')
        .where('gone', 'is', null)
        .where('joinedAt', 'is not', null)
        .executeTakeFirst();
      return row !== undefined;
    },
  };
}

/** Those who came by a link to calls that ended before: nobody needs their names any more. Returns their accounts. */
export async function forgetGuests(transaction: Transaction, before: number): Promise<readonly AccountId[]> {
  const { rows } = await sql<{ accountId: AccountId }>`
    delete from call_participants using calls
    where calls.call_id = call_participants.call_id and ended_at < ${new Date(before)} and call_participants.role <> 'colleague'
    returning account_id`.execute(transaction);
  await sql`
    delete from call_invites using calls where calls.call_id = call_invites.call_id and ended_at < ${new Date(before)}`.execute(
    transaction,
  );
  return rows.map(({ accountId }) => accountId);
}
