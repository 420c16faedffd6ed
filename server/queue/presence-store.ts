import { sql } from 'kysely';
import type { AccountId, OfficeId, QueueEntryId } from '../protocol/ids.ts';
import type { Database, Transaction } from '../platform/database.ts';

type Tables = {
  queueEntries: { entryId: QueueEntryId; citizenId: AccountId; state: string; lastPresentAt: Date };
};

export type PresenceStore = ReturnType<typeof createPresenceStore>;

/** Who is connected: citizens in a line, and officials who take people from it. */
export function createPresenceStore(database: Database) {
  const tables = (within: Database = database) => within.withTables<Tables>();

  return {
    /** Devices of these are connected, or no longer. Returns the offices where that is news. */
    async mark(accountIds: readonly AccountId[], present: boolean, at: number): Promise<readonly OfficeId[]> {
      if (accountIds.length === 0) return [];
      const news = await sql<{ officeId: OfficeId }>`
        with accounts as (select unnest(${[...accountIds]}::text[]) as account_id),
        news as (
          select office_id from queue_entries join accounts on citizen_id = account_id
          where state in ('waiting', 'called', 'parked') and present <> ${present}
          union select office_id from availability join accounts using (account_id) where present <> ${present}
        ),
        citizens as (
          update queue_entries set present = ${present}, last_present_at = ${new Date(at)}
          from accounts where citizen_id = account_id and state in ('waiting', 'called', 'parked')
        ),
        officials as (
          update availability set present = ${present}, last_present_at = ${new Date(at)}
          from accounts where availability.account_id = accounts.account_id
        )
        select office_id from news`.execute(database);
      return news.rows.map(({ officeId }) => officeId);
    },

    /** Those whose node said nothing of them since `before` have gone with it. Returns their offices. */
    async markSilent(before: number): Promise<readonly OfficeId[]> {
      const { rows } = await sql<{ officeId: OfficeId }>`
        with citizens as (
          update queue_entries set present = false
          where state in ('waiting', 'called', 'parked') and present and last_present_at <= ${new Date(before)} returning office_id
        ),
        officials as (update availability set present = false where present and last_present_at <= ${new Date(before)} returning office_id)
        select office_id from citizens union select office_id from officials`.execute(database);
      return rows.map(({ officeId }) => officeId);
    },

    /** Who waits or is parked, and whose devices were all last connected before `before`. */
    async listAbsent(
      before: number,
    ): Promise<readonly { readonly entryId: QueueEntryId; readonly citizenId: AccountId; readonly lastPresentAt: number }[]> {
      const rows = await tables()
        .selectFrom('queueEntries')
        .select(['entryId', 'citizenId', 'lastPresentAt'])
        .where('state', 'in', ['waiting', 'parked'])
        .where('lastPresentAt', '<', new Date(before))
        .execute();
      return rows.map(({ lastPresentAt, ...row }) => ({ ...row, lastPresentAt: lastPresentAt.getTime() }));
    },

    /** Whether that is still so; then the entry stays as it is until the commit. */
    async lockAbsent(transaction: Transaction, entryId: QueueEntryId, before: number): Promise<boolean> {
      const row = await tables(transaction)
        .selectFrom('queueEntries')
        .select('entryId')
        .where('entryId', '=', entryId)
        .where('state', 'in', ['waiting', 'parked'])
        .where('lastPresentAt', '<', new Date(before))
        .forUpdate()
        .executeTakeFirst();
      return row !== undefined;
    },
  };
}
