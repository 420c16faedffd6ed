import { sql, type Generated, type Insertable, type Selectable, type Updateable } from 'kysely';
import type { AccountId, AppointmentId, CallId, ConversationId, OfficeId, QueueEntryId, ServiceId } from '../protocol/ids.ts';
import type { Locale } from '../protocol/locale.ts';
import type { WaitRange } from '../protocol/offices.ts';
import { found, type Database, type Transaction } from '../platform/database.ts';
import type { QueueEntry, Ticket, WaitingState } from './queue.ts';
import type { LineRecord } from './wait.ts';

type QueueEntriesTable = {
  entryId: QueueEntryId;
  arrival: Generated<string>;
  serviceId: ServiceId;
  officeId: OfficeId;
  conversationId: ConversationId;
  citizenId: AccountId;
  language: Locale;
  ticketNumber: string;
  appointmentId: AppointmentId | null;
  appointmentAt: Date | null;
  state: QueueEntry['state'];
  dueAt: Date;
  joinedAt: Date;
  acceptedAt: Date | null;
  acceptedBy: AccountId | null;
  callId: CallId | null;
  endedAt: Date | null;
  present: boolean;
  lastPresentAt: Date;
  toldPlace: number | null;
  toldFromMinutes: number | null;
  toldToMinutes: number | null;
};

type Tables = {
  queueEntries: QueueEntriesTable;
  ticketCounters: { serviceId: ServiceId; day: string; last: number };
};

type Row = Selectable<QueueEntriesTable>;

/** One who waits, as the line needs him. */
export interface Waiting {
  readonly entry: WaitingState;
  readonly dueAt: number;
  readonly arrival: number;
  readonly present: boolean;
  readonly lastPresentAt: number;
}

/** What a citizen is told of his entry. */
export interface Told {
  readonly entryId: QueueEntryId;
  readonly place: number;
  readonly wait: WaitRange | null;
}

/** How many of the last services and leavings of an office are counted, and from how long ago. */
const recordEntries = 50;
const recordMs = 7 * 24 * 60 * 60_000;

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
        .where((where) => where.or([where('state', 'in', ['waiting', 'accepted']), where('joinedAt', '>', new Date(since))]))
        .orderBy('joinedAt')
        .execute();
      const entries = rows.map(toEntry);
      return {
        open: entries.filter((entry) => entry.state === 'waiting' || entry.state === 'accepted'),
        joinedSince: entries.filter((entry) => entry.appointment === null && entry.joinedAt > since).map((entry) => entry.joinedAt),
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

    /** Whoever joins is connected. */
    async add(transaction: Transaction, entry: WaitingState): Promise<void> {
      const row: Insertable<QueueEntriesTable> = {
        ...ticketColumns(entry),
        ...stateColumns(entry),
        present: true,
        lastPresentAt: new Date(entry.joinedAt),
      };
      await tables(transaction).insertInto('queueEntries').values(row).execute();
    },

    /** Reads the entry under a lock, applies the transition, writes it. Throws `not_found`, and whatever the transition throws. */
    async change<Next extends QueueEntry>(
      transaction: Transaction,
      entryId: QueueEntryId,
      transition: (entry: QueueEntry) => Next,
    ): Promise<{ before: QueueEntry; after: Next }> {
      const row = await tables(transaction)
        .selectFrom('queueEntries')
        .selectAll()
        .where('entryId', '=', entryId)
        .forUpdate()
        .executeTakeFirst();
      const before = toEntry(found(row, 'queue entry'));
      const after = transition(before);
      if (after !== before)
        await tables(transaction).updateTable('queueEntries').set(stateColumns(after)).where('entryId', '=', entryId).execute();
      return { before, after };
    },

    async listOpenOf(citizenId: AccountId): Promise<readonly QueueEntry[]> {
      const rows = await tables()
        .selectFrom('queueEntries')
        .selectAll()
        .where('citizenId', '=', citizenId)
        .where('state', 'in', ['waiting', 'accepted'])
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

    /** Who waits in the office's line, in no particular order. */
    async listWaiting(officeId: OfficeId, within?: Transaction): Promise<readonly Waiting[]> {
      const rows = await tables(within)
        .selectFrom('queueEntries')
        .selectAll()
        .where('officeId', '=', officeId)
        .where('state', '=', 'waiting')
        .execute();
      return rows.flatMap((row) => {
        const entry = toEntry(row);
        return entry.state === 'waiting'
          ? [{ entry, dueAt: entry.dueAt, arrival: Number(row.arrival), present: row.present, lastPresentAt: row.lastPresentAt.getTime() }]
          : [];
      });
    },

    /** Officials of the office who are with somebody. */
    async listServing(officeId: OfficeId, within?: Transaction): Promise<ReadonlySet<AccountId>> {
      const rows = await tables(within)
        .selectFrom('queueEntries')
        .select('acceptedBy')
        .where('officeId', '=', officeId)
        .where('state', '=', 'accepted')
        .execute();
      return new Set(rows.flatMap(({ acceptedBy }) => acceptedBy ?? []));
    },

    /** The office's last finished entries, at most a week old. */
    async readRecord(officeId: OfficeId, now: number, within?: Transaction): Promise<LineRecord> {
      const finished = tables(within)
        .selectFrom('queueEntries')
        .select(['joinedAt', 'acceptedAt', 'endedAt'])
        .where('officeId', '=', officeId)
        .where('state', 'in', ['ended', 'left'])
        .where('endedAt', '>', new Date(now - recordMs))
        .orderBy('endedAt', 'desc')
        .limit(recordEntries);
      const record = await tables(within)
        .selectFrom(finished.as('finished'))
        .select(({ fn }) => [
          fn.count<string>('acceptedAt').as('served'),
          sql<number>`coalesce(avg(extract(epoch from ended_at - accepted_at)), 0)::float8 * 1000`.as('meanServiceMs'),
          sql<string>`count(*) filter (where accepted_at is null)`.as('left'),
          sql<number>`coalesce(sum(extract(epoch from coalesce(accepted_at, ended_at) - joined_at)), 0)::float8 * 1000`.as('waitedMs'),
        ])
        .executeTakeFirstOrThrow();
      return { ...record, served: Number(record.served), left: Number(record.left) };
    },

    /** Remembers what the citizens are told; returns the entries for which it is something new. */
    async markTold(transaction: Transaction, told: readonly Told[]): Promise<ReadonlySet<QueueEntryId>> {
      if (told.length === 0) return new Set();
      const rows = await sql<{ entryId: QueueEntryId }>`
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
      return new Set(rows.rows.map(({ entryId }) => entryId));
    },

    /** Only one may tell a line at a time, on any node: who comes last has read the newest commit. */
    async lockLine(transaction: Transaction, officeId: OfficeId): Promise<void> {
      await sql`select pg_advisory_xact_lock(hashtextextended(${`line:${officeId}`}, 0))`.execute(transaction);
    },
  };
}

function ticketColumns(ticket: Ticket) {
  const { entryId, serviceId, officeId, conversationId, citizenId, language, ticketNumber, joinedAt } = ticket;
  return { entryId, serviceId, officeId, conversationId, citizenId, language, ticketNumber, joinedAt: new Date(joinedAt) };
}

function stateColumns(entry: QueueEntry) {
  const acceptance = entry.state === 'accepted' || entry.state === 'ended' ? entry : null;
  return {
    state: entry.state,
    dueAt: new Date(entry.dueAt),
    appointmentId: entry.appointment?.appointmentId ?? null,
    appointmentAt: entry.appointment ? new Date(entry.appointment.startsAt) : null,
    acceptedAt: acceptance ? new Date(acceptance.acceptedAt) : null,
    acceptedBy: acceptance?.acceptedBy ?? null,
    callId: acceptance?.callId ?? null,
    endedAt: entry.state === 'ended' || entry.state === 'left' ? new Date(entry.endedAt) : null,
  } satisfies Updateable<QueueEntriesTable>;
}

function toEntry(row: Row): QueueEntry {
  const { entryId, serviceId, officeId, conversationId, citizenId, language, ticketNumber } = row;
  const placed = {
    entryId,
    serviceId,
    officeId,
    conversationId,
    citizenId,
    language,
    ticketNumber,
    joinedAt: row.joinedAt.getTime(),
    dueAt: row.dueAt.getTime(),
    appointment:
      row.appointmentId && row.appointmentAt ? { appointmentId: row.appointmentId, startsAt: row.appointmentAt.getTime() } : null,
  };
  const endedAt = row.endedAt?.getTime() ?? 0;
  if (row.state === 'waiting') return { ...placed, state: row.state };
  if (row.state === 'left') return { ...placed, state: row.state, endedAt };
  // The table's checks say that an accepted or ended entry has all of these.
  if (!row.acceptedAt || !row.acceptedBy || !row.callId) throw new TypeError(`queue entry ${entryId} is ${row.state} without a call`);
  const acceptance = { acceptedAt: row.acceptedAt.getTime(), acceptedBy: row.acceptedBy, callId: row.callId };
  return row.state === 'accepted'
    ? { ...placed, ...acceptance, state: row.state }
    : { ...placed, ...acceptance, state: row.state, endedAt };
}
