import { sql } from 'kysely';
import type { AccountId, OfficeId, QueueEntryId } from '../protocol/ids.ts';
import type { WaitRange } from '../protocol/offices.ts';
import type { Database, Transaction } from '../platform/database.ts';
import { toEntry, type EntryRow } from './entry-row.ts';
import type { Standing } from './place.ts';
import { openStates, type AcceptedState, type CalledState, type ParkedState, type WaitingState } from './queue.ts';

/** One who is in an office's line, or with its officials. */
export interface InLine<State> extends Standing {
  readonly entry: State;
  readonly present: boolean;
  readonly lastPresentAt: number;
}
export type Waiting = InLine<WaitingState>;

/** Everybody whose matter is open at an office, in no particular order. */
export interface OpenEntries {
  readonly waiting: readonly Waiting[];
  readonly called: readonly InLine<CalledState>[];
  readonly parked: readonly InLine<ParkedState>[];
  readonly accepted: readonly InLine<AcceptedState>[];
}

/** What a citizen is told of his entry. */
export interface Told {
  readonly entryId: QueueEntryId;
  readonly place: number;
  readonly wait: WaitRange | null;
}

export type LineStore = ReturnType<typeof createLineStore>;

/** The lines of offices, as everybody is shown them. */
export function createLineStore(database: Database) {
  const tables = (within: Database = database) => within.withTables<{ queueEntries: EntryRow }>();

  return {
    async listOpen(officeId: OfficeId, within?: Transaction): Promise<OpenEntries> {
      const rows = await tables(within)
        .selectFrom('queueEntries')
        .selectAll()
        .where('officeId', '=', officeId)
        .where('state', 'in', openStates)
        .execute();
      const open = {
        waiting: Array.of<Waiting>(),
        called: Array.of<InLine<CalledState>>(),
        parked: Array.of<InLine<ParkedState>>(),
        accepted: Array.of<InLine<AcceptedState>>(),
      };
      for (const row of rows) {
        const entry = toEntry(row);
        const { walkedIn, joinedAt, appointment, priority, behind } = entry;
        const { present, lastPresentAt } = row;
        const standing = { arrival: Number(row.arrival), walkedIn, joinedAt, appointment, priority, behind };
        const seen = { ...standing, present, lastPresentAt: lastPresentAt.getTime() };
        if (entry.state === 'waiting') open.waiting.push({ ...seen, entry });
        else if (entry.state === 'called') open.called.push({ ...seen, entry });
        else if (entry.state === 'parked') open.parked.push({ ...seen, entry });
        else if (entry.state === 'accepted') open.accepted.push({ ...seen, entry });
      }
      return open;
    },

    /** Offices with somebody in their line, or an official on duty. */
    async listOffices(): Promise<readonly OfficeId[]> {
      const { rows } = await sql<{ officeId: OfficeId }>`
        select office_id from queue_entries where state in ('waiting', 'called', 'parked', 'accepted')
        union select office_id from availability where state <> 'off'`.execute(database);
      return rows.map(({ officeId }) => officeId);
    },

    /** Citizens who wait, officials and citizens who are with each other: none of them is idle. */
    async listBusy(): Promise<readonly AccountId[]> {
      const { rows } = await sql<{ accountId: AccountId }>`
        select citizen_id as account_id from queue_entries where state in ('waiting', 'called', 'parked', 'accepted')
        union select official_id from queue_entries where state in ('called', 'accepted')`.execute(database);
      return rows.map(({ accountId }) => accountId);
    },

    /** Remembers what the citizens are told; returns the entries for which it is something new. */
    async markTold(transaction: Transaction, told: readonly Told[]): Promise<ReadonlySet<QueueEntryId>> {
      if (told.length === 0) return new Set();
      const { rows } = await sql<{ entryId: QueueEntryId }>`
        update queue_entries as entry
        set told_place = told.place, told_from_minutes = told.from_minutes, told_to_minutes = told.to_minutes
        from unnest(
          ${told.map(({ entryId }) => entryId)}::text[],
          ${told.map(({ place }) => place)}::integer[],
          ${told.map(({ wait }) => wait?.fromMinutes ?? null)}::integer[],
          ${told.map(({ wait }) => wait?.toMinutes ?? null)}::integer[]
        ) as told (entry_id, place, from_minutes, to_minutes)
        where entry.entry_id = told.entry_id and entry.state = 'waiting'
          and (entry.told_place, entry.told_from_minutes, entry.told_to_minutes) is distinct from (told.place, told.from_minutes, told.to_minutes)
        returning entry.entry_id`.execute(transaction);
      return new Set(rows.map(({ entryId }) => entryId));
    },

    /** Only one may tell a line at a time, on any node: who comes last has read the newest commit. */
    async lockLine(transaction: Transaction, officeId: OfficeId): Promise<void> {
      await sql`select pg_advisory_xact_lock(hashtextextended(${`line:${officeId}`}, 0))`.execute(transaction);
    },
  };
}
