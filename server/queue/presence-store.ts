import { sql } from 'kysely';
import type { AccountId, OfficeId, QueueEntryId } from '../protocol/ids.ts';
import type { Database, Transaction } from '../platform/database.ts';

type Tables = {
  queueEntries: { entryId: QueueEntryId; officeId: OfficeId; citizenId: AccountId; state: string; present: boolean; lastPresentAt: Date };
  availability: { accountId: AccountId; officeId: OfficeId; available: boolean; present: boolean; lastPresentAt: Date };
};

export type PresenceStore = ReturnType<typeof createPresenceStore>;

/** Who is connected: citizens who wait, and officials who take people from the line. */
export function createPresenceStore(database: Database) {
  const tables = (within: Database = database) => within.withTables<Tables>();

  return {
    /** Devices of these are connected, or no longer. Returns the offices where that is news. */
    async mark(accountIds: readonly AccountId[], present: boolean, at: number): Promise<readonly OfficeId[]> {
      if (accountIds.length === 0) return [];
      const news = await sql<{ officeId: OfficeId }>`
        with accounts as (select unnest(${[...accountIds]}::text[]) as account_id),
        news as (
          select office_id from queue_entries join accounts on citizen_id = account_id where state = 'waiting' and present <> ${present}
          union select office_id from availability join accounts using (account_id) where present <> ${present}
        ),
        citizens as (
          update queue_entries set present = ${present}, last_present_at = ${new Date(at)}
          from accounts where citizen_id = account_id and state = 'waiting'
        ),
        officials as (
          update availability set present = ${present}, last_present_at = ${new Date(at)}
          from accounts where availability.account_id = accounts.account_id
        )
        select office_id from news`.execute(database);
      return news.rows.map(({ officeId }) => officeId);
    },

    /** Who waits and whose devices were all last connected before `before`. */
    async listAbsent(before: number): Promise<readonly QueueEntryId[]> {
      const rows = await tables()
        .selectFrom('queueEntries')
        .select('entryId')
        .where('state', '=', 'waiting')
        .where('lastPresentAt', '<', new Date(before))
        .execute();
      return rows.map(({ entryId }) => entryId);
    },

    /** Whether that is still so; then the entry stays as it is until the commit. */
    async lockAbsent(transaction: Transaction, entryId: QueueEntryId, before: number): Promise<boolean> {
      const row = await tables(transaction)
        .selectFrom('queueEntries')
        .select('entryId')
        .where('entryId', '=', entryId)
        .where('state', '=', 'waiting')
        .where('lastPresentAt', '<', new Date(before))
        .forUpdate()
        .executeTakeFirst();
      return row !== undefined;
    },

    /** Offices where somebody waits, or says that he takes people. */
    async listOffices(): Promise<readonly OfficeId[]> {
      const rows = await sql<{ officeId: OfficeId }>`
        select office_id from queue_entries where state = 'waiting' union select office_id from availability where available`.execute(
        database,
      );
      return rows.rows.map(({ officeId }) => officeId);
    },

    /** Citizens who wait, officials and citizens who are with each other: none of them is idle. */
    async listBusy(): Promise<readonly AccountId[]> {
      const rows = await sql<{ accountId: AccountId }>`
        select citizen_id as account_id from queue_entries where state in ('waiting', 'accepted')
        union select accepted_by from queue_entries where state = 'accepted'`.execute(database);
      return rows.rows.map(({ accountId }) => accountId);
    },

    async setAvailable(official: { accountId: AccountId; officeId: OfficeId }, available: boolean, at: number): Promise<void> {
      const state = { officeId: official.officeId, available, present: true, lastPresentAt: new Date(at) };
      await tables()
        .insertInto('availability')
        .values({ accountId: official.accountId, ...state })
        .onConflict((conflict) => conflict.column('accountId').doUpdateSet(state))
        .execute();
    },

    async isAvailable(accountId: AccountId, within?: Transaction): Promise<boolean> {
      const row = await tables(within).selectFrom('availability').select('available').where('accountId', '=', accountId).executeTakeFirst();
      return row?.available ?? false;
    },

    /** Officials of the office who are available and were connected after `since`. */
    async listAvailable(officeId: OfficeId, since: number, within?: Transaction): Promise<readonly AccountId[]> {
      const rows = await tables(within)
        .selectFrom('availability')
        .select('accountId')
        .where('officeId', '=', officeId)
        .where('available', '=', true)
        .where('present', '=', true)
        .where('lastPresentAt', '>', new Date(since))
        .execute();
      return rows.map(({ accountId }) => accountId);
    },
  };
}
