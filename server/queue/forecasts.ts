import type { OfficeId, QueueEntryId, ServiceId } from '../protocol/ids.ts';
import type { WaitRange } from '../protocol/offices.ts';
import type { Transaction } from '../platform/database.ts';
import type { Finished, ForecastStore } from './forecast-store.ts';
import type { LineForecast, LineParts, LineState } from './line.ts';
import { spotOf } from './place.ts';
import { ServiceTimes } from './service-times.ts';
import { forecastWaits, rangeOf, recordEntries, unsettledMs, type LineNow, type LineRecord, type WaitForecast } from './wait.ts';

/** Appointments that fall due within so long are before those who join now. */
const aheadMs = 4 * 60 * 60_000;
/** What is announced to somebody within this time after he joined is what he was told when he joined. */
const announcedMs = 60_000;
/** Between two services an official writes a note; after longer than this he was away. */
const turnoverMs = 10 * 60_000;
/** Of a line in which nothing has happened: what is announced are steps of five minutes. */
const freshMs = 10_000;
const dayMs = 24 * 60 * 60_000;

export interface ExpectedAppointments {
  /** Booked, and not checked in. */
  readonly expected: readonly { readonly serviceId: ServiceId; readonly startsAt: number }[];
  /** Of 1: how many come. */
  readonly showRate: number;
}

export interface ForecastsDependencies {
  readonly store: ForecastStore;
  readonly servicesOf: (officeId: OfficeId) => Promise<readonly ServiceId[]>;
  /** Appointments of the office that begin between two moments. */
  readonly expectedAppointments: (
    officeId: OfficeId,
    range: { readonly from: number; readonly to: number },
    within?: Transaction,
  ) => Promise<ExpectedAppointments>;
}

/** A forecast as it is told, and as it was calculated. */
type Computed = LineForecast & { readonly exactly: ReadonlyMap<QueueEntryId, WaitForecast | null> };

/** How long everybody in the lines will wait, from what the lines did lately. */
export class Forecasts {
  readonly #dependencies: ForecastsDependencies;
  readonly #records = new Map<OfficeId, { readonly lastFinished: QueueEntryId | null; readonly record: Omit<LineRecord, 'showRate'> }>();
  readonly #services = new Map<OfficeId, readonly ServiceId[]>();
  /** The last one of each office, and what it was computed from. */
  readonly #computed = new Map<OfficeId, { readonly at: number; readonly from: string; readonly forecast: Computed }>();

  constructor(dependencies: ForecastsDependencies) {
    this.#dependencies = dependencies;
  }

  async read({ at, officeId, waiting, officials }: LineParts, within?: Transaction): Promise<LineForecast> {
    const { expected, showRate } = await this.#dependencies.expectedAppointments(officeId, { from: at, to: at + aheadMs }, within);
    const line = {
      waiting: waiting.map((standing) => {
        const { entryId, serviceId, language, appointment } = standing.entry;
        return { entryId, serviceId, language, class: spotOf(standing, at).class, becomesDueAt: appointment?.startsAt ?? null };
      }),
      officials: officials
        .filter(({ state, isConnected }) => state === 'available' && isConnected)
        .map(({ services, languages, busy }) => ({ services, languages, busy })),
      changed: officials.filter(({ changedAt }) => at - changedAt < unsettledMs).length,
      expected,
      services: await this.#servicesOf(officeId),
    };
    const record = { ...(await this.#readRecord(officeId, at, within)), showRate };
    return this.#forecast(officeId, { at, ...line, record });
  }

  /** Some milliseconds of arithmetic: once, however many ask while nothing happens in the line. */
  #forecast(officeId: OfficeId, now: LineNow): LineForecast {
    const { at, record, ...line } = now;
    const from = JSON.stringify([line, record.showRate, this.#records.get(officeId)?.lastFinished]);
    const computed = this.#computed.get(officeId);
    if (computed?.from === from && Math.abs(at - computed.at) < freshMs) return computed.forecast;
    const { ofEntries, ofServices } = forecastWaits(now);
    const forecast = { ofEntries: rangesOf(ofEntries), ofServices: rangesOf(ofServices), exactly: ofEntries };
    this.#computed.set(officeId, { at, from, forecast });
    return forecast;
  }

  /** Remembers what walk-ins were told when they joined. */
  async noteTold({ at, officeId, waiting }: LineParts, waits: LineState['waits'], within: Transaction): Promise<void> {
    const exactly = this.#computed.get(officeId)?.forecast.exactly;
    const announced = waiting.flatMap(({ entry: { entryId, serviceId, walkedIn, joinedAt } }) => {
      const wait = waits.get(entryId)?.wait ?? null;
      return walkedIn && wait && at - joinedAt <= announcedMs
        ? [{ entryId, serviceId, wait, likely: minutesOf(exactly?.get(entryId) ?? null) }]
        : [];
    });
    await this.#dependencies.store.announce(announced, at, within);
  }

  async #readRecord(officeId: OfficeId, at: number, within?: Transaction): Promise<Omit<LineRecord, 'showRate'>> {
    const { store } = this.#dependencies;
    const lastFinished = await store.findLastFinished(officeId, within);
    const known = this.#records.get(officeId);
    if (known && known.lastFinished === lastFinished) return known.record;
    const record = recordOf(await store.listFinished(officeId, { at, most: recordEntries }, within));
    this.#records.set(officeId, { lastFinished, record });
    return record;
  }

  /** Services do not change while the server runs. */
  async #servicesOf(officeId: OfficeId): Promise<readonly ServiceId[]> {
    const services = this.#services.get(officeId) ?? (await this.#dependencies.servicesOf(officeId));
    this.#services.set(officeId, services);
    return services;
  }
}

/** What the finished entries of an office say of its line. Appointment holders wait for their time: they count as services only. */
export function recordOf(finished: readonly Finished[]): Omit<LineRecord, 'showRate'> {
  const served = finished.flatMap((entry) => (entry.calledAt === null ? [] : [{ ...entry, calledAt: entry.calledAt }]));
  const pauses = served.flatMap(({ endedAt, next }) => {
    const pauseMs = next ? next.calledAt - endedAt : -1;
    // Only when somebody was waiting already is it the official's pause.
    return next && next.joinedAt <= endedAt && pauseMs >= 0 && pauseMs <= turnoverMs ? [pauseMs] : [];
  });
  const pauseMs = pauses.reduce((sum, pause) => sum + pause, 0) / Math.max(1, pauses.length);
  const walkIns = finished.filter(({ walkedIn }) => walkedIn);
  return {
    times: new ServiceTimes(
      served.map(({ serviceId, calledAt, endedAt }) => ({ serviceId, durationMs: Math.max(0, endedAt - calledAt) + pauseMs })),
    ),
    left: walkIns.filter(({ calledAt }) => calledAt === null).length,
    waitedMs: walkIns.reduce((sum, { joinedAt, calledAt, endedAt }) => sum + (calledAt ?? endedAt) - joinedAt, 0),
    urgentRate: finished.filter(({ isPrioritised }) => isPrioritised).length / Math.max(1, openMs(finished)),
  };
}

/** How long the line was open: each day from the first who joined to the last who left. */
function openMs(finished: readonly Finished[]): number {
  const days = Map.groupBy(finished, ({ joinedAt }) => Math.floor(joinedAt / dayMs)).values();
  const spans = Array.from(
    days,
    (day) => Math.max(...day.map(({ endedAt }) => endedAt)) - Math.min(...day.map(({ joinedAt }) => joinedAt)),
  );
  return spans.reduce((sum, span) => sum + span, 0);
}

function rangesOf<Key>(forecasts: ReadonlyMap<Key, WaitForecast | null>): Map<Key, WaitRange | null> {
  return new Map([...forecasts].map(([key, forecast]) => [key, forecast && rangeOf(forecast)]));
}

/** Null for "at once", too: how long it then takes the official to press a button was not foretold. */
function minutesOf(forecast: WaitForecast | null): WaitRange | null {
  if (forecast === null || forecast.p90Ms === 0) return null;
  return { fromMinutes: forecast.p10Ms / 60_000, toMinutes: forecast.p90Ms / 60_000 };
}
