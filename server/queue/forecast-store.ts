import { sql } from 'kysely';
import type { OfficeId, QueueEntryId, ServiceId } from '../protocol/ids.ts';
import type { WaitRange } from '../protocol/offices.ts';
import type { WaitAccuracy } from '../protocol/supervision.ts';
import type { Database, Transaction } from '../platform/database.ts';

const dayMs = 24 * 60 * 60_000;
/** Service times of longer ago say little of today. */
const recordMs = 28 * dayMs;
const accuracyMs = 30 * dayMs;
const mostCounted = 500;

/** An entry that is over: served, or left. Times are milliseconds since 1970. */
export interface Finished {
  readonly serviceId: ServiceId;
  readonly joinedAt: number;
  /** Null when it was left. */
  readonly calledAt: number | null;
  readonly endedAt: number;
  readonly walkedIn: boolean;
  readonly isPrioritised: boolean;
  /** The next entry of the same official, if any. */
  readonly next: { readonly joinedAt: number; readonly calledAt: number } | null;
}

/** The first wait that was announced to somebody. */
export interface Announced {
  readonly entryId: QueueEntryId;
  readonly serviceId: ServiceId;
  readonly wait: WaitRange;
  /** The same as it was calculated, unrounded; null where that is at once. */
  readonly likely: WaitRange | null;
}

export type ForecastStore = ReturnType<typeof createForecastStore>;

/** What waits are foretold from, what was foretold, and what came of it. */
export function createForecastStore(database: Database) {
  return {
    /** The office's entry that ended last: as long as it is the same one, so is what `listFinished` says. */
    async findLastFinished(officeId: OfficeId, within: Database | Transaction = database): Promise<QueueEntryId | null> {
      const { rows } = await sql<{ entryId: QueueEntryId }>`
        select entry_id from queue_entries where office_id = ${officeId} and state in ('ended', 'left')
        order by ended_at desc, arrival desc limit 1`.execute(within);
      return rows[0]?.entryId ?? null;
    },

    /** The office's last finished entries, newest first. */
    async listFinished(
      officeId: OfficeId,
      { at, most }: { readonly at: number; readonly most: number },
      within: Database | Transaction = database,
    ): Promise<readonly Finished[]> {
      type Row = {
        serviceId: ServiceId;
        joinedAt: Date;
        calledAt: Date | null;
        endedAt: Date;
        walkedIn: boolean;
        isPrioritised: boolean;
        nextJoinedAt: Date | null;
        nextCalledAt: Date | null;
      };
      const { rows } = await sql<Row>`
        select service_id, joined_at, called_at, ended_at, walked_in, priority is not null as is_prioritised,
          lead(joined_at) over of_official as next_joined_at, lead(called_at) over of_official as next_called_at
        from (
          select * from queue_entries
          where office_id = ${officeId} and state in ('ended', 'left') and ended_at > ${new Date(at - recordMs)}
          order by ended_at desc limit ${most}
        ) as finished
        window of_official as (partition by official_id order by called_at)
        order by ended_at desc`.execute(within);
      return rows.map(({ joinedAt, calledAt, endedAt, nextJoinedAt, nextCalledAt, ...row }) => ({
        ...row,
        joinedAt: joinedAt.getTime(),
        calledAt: calledAt?.getTime() ?? null,
        endedAt: endedAt.getTime(),
        next: calledAt && nextJoinedAt && nextCalledAt ? { joinedAt: nextJoinedAt.getTime(), calledAt: nextCalledAt.getTime() } : null,
      }));
    },

    /** Keeps the first announcement of each entry. */
    async announce(announced: readonly Announced[], at: number, within: Transaction): Promise<void> {
      if (announced.length === 0) return;
      await sql`
        insert into wait_forecasts (entry_id, service_id, announced_at, from_minutes, to_minutes, likely_from_minutes, likely_to_minutes)
        select entry_id, service_id, ${new Date(at)}, from_minutes, to_minutes, likely_from_minutes, likely_to_minutes
        from unnest(
          ${announced.map(({ entryId }) => entryId)}::text[],
          ${announced.map(({ serviceId }) => serviceId)}::text[],
          ${announced.map(({ wait }) => wait.fromMinutes)}::integer[],
          ${announced.map(({ wait }) => wait.toMinutes)}::integer[],
          ${announced.map(({ likely }) => likely?.fromMinutes ?? null)}::float8[],
          ${announced.map(({ likely }) => likely?.toMinutes ?? null)}::float8[]
        ) as told (entry_id, service_id, from_minutes, to_minutes, likely_from_minutes, likely_to_minutes)
        on conflict do nothing`.execute(within);
    },

    /**
     * How good what was announced has been, by service. A wait ends when the ticket is called, whether its owner came or not; who left
     * before that is not counted, and services without any such wait are left out.
     */
    async findAccuracy(serviceIds: readonly ServiceId[], at: number): Promise<ReadonlyMap<ServiceId, WaitAccuracy>> {
      const { rows } = await sql<{ serviceId: ServiceId } & { [Name in keyof WaitAccuracy]: string | number }>`
        select service_id, count(*) as announced,
          count(*) filter (where waited between from_minutes and to_minutes) as within,
          count(*) filter (where waited > to_minutes) as longer,
          count(likely_to_minutes) as calculated,
          count(*) filter (where waited between likely_from_minutes and likely_to_minutes) as as_calculated,
          percentile_cont(0.5) within group (order by abs(waited - (from_minutes + to_minutes) / 2.0)) as median_error_minutes
        from unnest(${[...serviceIds]}::text[]) as wanted (wanted_id) cross join lateral (
          select told.service_id, from_minutes, to_minutes, likely_from_minutes, likely_to_minutes,
            (extract(epoch from coalesce(lost_called_at, called_at) - announced_at) / 60)::float8 as waited
          from wait_forecasts as told join queue_entries using (entry_id)
          where told.service_id = wanted_id and announced_at > ${new Date(at - accuracyMs)} and state in ('called', 'accepted', 'ended')
          order by announced_at desc limit ${mostCounted}
        ) as waits
        group by service_id`.execute(database);
      return new Map(
        rows.map(({ serviceId, medianErrorMinutes, ...counts }) => [
          serviceId,
          {
            announced: Number(counts.announced),
            within: Number(counts.within),
            longer: Number(counts.longer),
            calculated: Number(counts.calculated),
            asCalculated: Number(counts.asCalculated),
            medianErrorMinutes: Math.round(Number(medianErrorMinutes) * 10) / 10,
          },
        ]),
      );
    },
  };
}
