import { sql } from 'kysely';
import type { AccountId, CallId, QueueEntryId } from '../protocol/ids.ts';
import type { Database } from '../platform/database.ts';

export type TurnStore = ReturnType<typeof createTurnStore>;

/** Whose time is over: citizens who do not answer, and officials who have vanished. */
export function createTurnStore(database: Database) {
  return {
    /** Called, and not answered by `at`. */
    async listOverdue(at: number): Promise<readonly QueueEntryId[]> {
      const { rows } = await sql<{ entryId: QueueEntryId }>`
        select entry_id from queue_entries where state = 'called' and answer_by <= ${new Date(at)} order by answer_by`.execute(database);
      return rows.map(({ entryId }) => entryId);
    },

    /** When the next one's time to answer is over; null when nobody is called. */
    async readNextAnswerBy(): Promise<number | null> {
      const { rows } = await sql<{ next: Date | null }>`select min(answer_by) as next from queue_entries where state = 'called'`.execute(
        database,
      );
      return rows[0]?.next?.getTime() ?? null;
    },

    /** Officials who are connected hold on to the tickets they call and serve. */
    async holdTurns(accountIds: readonly AccountId[], at: number): Promise<void> {
      if (accountIds.length === 0) return;
      await sql`
        update availability set last_present_at = ${new Date(at)}
        where account_id = any(${[...accountIds]}::text[])
          and exists (select from queue_entries where official_id = account_id and state in ('called', 'accepted'))`.execute(database);
    },

    /** Tickets whose officials were connected to no node since `before`. */
    async listUnheld(
      before: number,
    ): Promise<readonly { readonly entryId: QueueEntryId; readonly callId: CallId; readonly officialId: AccountId }[]> {
      const { rows } = await sql<{ entryId: QueueEntryId; callId: CallId; officialId: AccountId }>`
        select entry_id, call_id, official_id from queue_entries left join availability on account_id = official_id
        where queue_entries.state in ('called', 'accepted') and coalesce(availability.last_present_at, called_at) <= ${new Date(before)}`.execute(
        database,
      );
      return rows;
    },
  };
}
