import { sql, type Generated } from 'kysely';
import type { AccountId, AppointmentId, QueueEntryId, ServiceId } from '../protocol/ids.ts';
import type { PriorityReason } from '../protocol/queue.ts';
import { found, type Database, type Transaction } from '../platform/database.ts';
import { newRow, stateColumns, toEntry, type EntryRow } from './entry-row.ts';
import { openStates, type QueueEntry, type WaitingState } from './queue.ts';

type Tables = {
  queueEntries: Omit<EntryRow, 'arrival'> & { arrival: Generated<string> };
  queuePriorities: { entryId: QueueEntryId; officialId: AccountId; reason: PriorityReason | null; setAt: Date };
  ticketCounters: { serviceId: ServiceId; day: string; last: number };
};

export type QueueStore = ReturnType<typeof createQueueStore>;

/** Queue entries and their ticket numbers. What takes a transaction is a part of somebody's commit. */
export function createQueueStore(database: Database) {
  const tables = (within: Database = database) => within.withTables<Tables>();

  return {
    async find(entryId: QueueEntryId, within?: Transaction): Promise<QueueEntry | null> {
      const row = await tables(within).selectFrom('queueEntries').selectAll().where('entryId', '=', entryId).executeTakeFirst();
      return row ? toEntry(row) : null;
    },

    /** What a citizen already has, under a lock that lasts until the commit: his joins come one after another. */
    async lockEntriesOf(
      transaction: Transaction,
      citizenId: AccountId,
      since: number,
    ): Promise<{ open: readonly QueueEntry[]; joinedSince: readonly number[] }> {
      await sql`select pg_advisory_xact_lock(hashtextextended(${`queue:${citizenId}`}, 0))`.execute(transaction);
      const rows = await tables(transaction)
        .selectFrom('queueEntries')
        .selectAll()
        .where('citizenId', '=', citizenId)
        .where((where) => where.or([where('state', 'in', openStates), where('joinedAt', '>', new Date(since))]))
        .orderBy('joinedAt')
        .execute();
      const entries = rows.map(toEntry);
      return {
        open: entries.filter(({ state }) => openStates.some((open) => open === state)),
        joinedSince: entries.filter(({ walkedIn, joinedAt }) => walkedIn && joinedAt > since).map(({ joinedAt }) => joinedAt),
      };
    },

    /** The next number of the service and local day ("2026-11-22"). The counter stays locked until the commit, so numbers are in the order of the line. */
    async takeNumber(transaction: Transaction, serviceId: ServiceId, day: string): Promise<number> {
      const { last } = await tables(transaction)
        .insertInto('ticketCounters')
        .values({ serviceId, day, last: 1 })
        .onConflict((conflict) =>
          conflict.columns(['serviceId', 'day']).doUpdateSet((update) => ({ last: update('ticketCounters.last', '+', 1) })),
        )
        .returning('last')
        .executeTakeFirstOrThrow();
      return last;
    },

    async add(transaction: Transaction, entry: WaitingState): Promise<void> {
      await tables(transaction).insertInto('queueEntries').values(newRow(entry)).execute();
    },

    /** Reads the entry under a lock, applies the transition, writes it. Throws `not_found`, and whatever the transition throws. */
    async change<Next extends QueueEntry>(
      transaction: Transaction,
      entryId: QueueEntryId,
      transition: (entry: QueueEntry, arrival: number) => Next,
    ): Promise<{ before: QueueEntry; after: Next }> {
      const row = found(
        await tables(transaction).selectFrom('queueEntries').selectAll().where('entryId', '=', entryId).forUpdate().executeTakeFirst(),
        'queue entry',
      );
      const before = toEntry(row);
      const after = transition(before, Number(row.arrival));
      if (after !== before)
        await tables(transaction).updateTable('queueEntries').set(stateColumns(after)).where('entryId', '=', entryId).execute();
      return { before, after };
    },

    async listOpenOf(citizenId: AccountId): Promise<readonly QueueEntry[]> {
      const rows = await tables()
        .selectFrom('queueEntries')
        .selectAll()
        .where('citizenId', '=', citizenId)
        .where('state', 'in', openStates)
        .orderBy('joinedAt')
        .execute();
      return rows.map(toEntry);
    },

    /** The entry somebody last checked in with for this appointment. */
    async findOfAppointment(appointmentId: AppointmentId, within?: Transaction): Promise<QueueEntry | null> {
      const row = await tables(within)
        .selectFrom('queueEntries')
        .selectAll()
        .where('appointmentId', '=', appointmentId)
        .orderBy('arrival', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row ? toEntry(row) : null;
    },

    /** Of those who are served first: who saw to it, and when. */
    async findPriorities(
      entryIds: readonly QueueEntryId[],
    ): Promise<ReadonlyMap<QueueEntryId, { readonly by: string; readonly at: number }>> {
      if (entryIds.length === 0) return new Map();
      const { rows } = await sql<{ entryId: QueueEntryId; by: string; setAt: Date }>`
        select distinct on (entry_id) entry_id, display_name as by, set_at
        from queue_priorities join accounts on account_id = official_id
        where entry_id = any(${[...entryIds]}) and reason is not null
        order by entry_id, priority_id desc`.execute(database);
      return new Map(rows.map(({ entryId, by, setAt }) => [entryId, { by, at: setAt.getTime() }]));
    },

    /** Who had the entry served first, why and when: kept for ever. */
    async addPriority(
      transaction: Transaction,
      { setAt, ...priority }: { entryId: QueueEntryId; officialId: AccountId; reason: PriorityReason | null; setAt: number },
    ): Promise<void> {
      await tables(transaction)
        .insertInto('queuePriorities')
        .values({ ...priority, setAt: new Date(setAt) })
        .execute();
    },
  };
}
