import type { QueueEntryId, ServiceId } from '../protocol/ids.ts';
import type { Locale } from '../protocol/locale.ts';
import type { WaitRange } from '../protocol/offices.ts';
import { type Candidate, playLine } from './play-line.ts';
import type { ServiceTimes } from './service-times.ts';

/** What an office's line did lately. */
export interface LineRecord {
  readonly times: ServiceTimes;
  /** How many left the line without having been served, and how long all who waited (these and the served) waited together. */
  readonly left: number;
  readonly waitedMs: number;
  /** How many came in a millisecond, while the line was open, who were put before the others. */
  readonly urgentRate: number;
  /** How many of those who had booked an appointment came; between 0 and 1. */
  readonly showRate: number;
}

export interface Waiter {
  readonly entryId: QueueEntryId;
  readonly serviceId: ServiceId;
  readonly language: Locale;
  /** See place.ts. */
  readonly class: 0 | 1 | 2;
  /** When a checked-in appointment's time comes; null for all others. */
  readonly becomesDueAt: number | null;
}

/** An official who takes people: free, or with somebody and available after that. */
export interface Serving {
  /** Empty lists: all. */
  readonly services: readonly ServiceId[];
  readonly languages: readonly Locale[];
  readonly busy: { readonly serviceId: ServiceId; readonly since: number } | null;
}

export interface LineNow {
  readonly at: number;
  /** In the order of the line. */
  readonly waiting: readonly Waiter[];
  readonly officials: readonly Serving[];
  /** How many officials came, went, or changed whom they serve, within `unsettledMs`. */
  readonly changed: number;
  /** Booked for later and not checked in. */
  readonly expected: readonly { readonly serviceId: ServiceId; readonly startsAt: number }[];
  readonly record: LineRecord;
  /** What somebody who joins now might come for. */
  readonly services: readonly ServiceId[];
}

/** How long somebody will wait from now on; one wait in ten is shorter than `p10Ms`, one in ten longer than `p90Ms`. */
export interface WaitForecast {
  readonly meanMs: number;
  readonly p10Ms: number;
  readonly p90Ms: number;
}

export interface LineForecast {
  /** Null where an estimate would be a guess. */
  readonly ofEntries: ReadonlyMap<QueueEntryId, WaitForecast | null>;
  /** Of somebody who joins now. */
  readonly ofServices: ReadonlyMap<ServiceId, WaitForecast | null>;
}

/**
 * So many of an office's last services and leavings are counted. The error of a mean of n services of variation 1 is 1/√n of it: with
 * 2,000 it adds a hundredth to the error that nobody can avoid, with 50 a quarter.
 */
export const recordEntries = 2_000;
/** With fewer services than this behind it, an estimate would be a guess. */
export const minServed = 5;
/** So long after a change of staff as well (ux 3.6), unless most were there before. */
export const unsettledMs = 2 * 60_000;
const changedShare = 0.2;
const stepMs = 5 * 60_000;
/** A long line is played less often: what it costs stays the same, and its waits vary less. */
const [mostRuns, fewestRuns, playedServices] = [256, 100, 20_000];

/**
 * How long each one who waits, and somebody who joined now, will wait.
 *
 * Method: the line is played forward some hundred times from what is known now (play-line.ts) – who waits for what, in which language
 * and class; who serves, what each serves, how long he has been with somebody; which appointments fall due before, and how many of those
 * not checked in will come; how often people give up; how often somebody is put first; service times as they were lately, with their
 * own spread. Mean, tenth and ninetieth percentile of the courses are the forecast. With exponential service times and nobody of
 * another class this is what queue length with abandonment correction computes (performance.md, "Wait prediction"):
 * the sum of 1/(sμ + iθ), i = 0 … people ahead; `npm run bench -- wait` compares.
 *
 * Not foreseen: officials who will come or go, missed turns, and redirections.
 */
export function forecastWaits(now: LineNow): LineForecast {
  const { at, waiting, expected, record } = now;
  const urgent = [
    ...waiting.flatMap((waiter) => (waiter.class === 1 ? [] : [{ waiter, candidate: urgentCandidate(waiter, at) }])),
    ...expected.map((appointment) => ({ waiter: null, candidate: expectedCandidate(appointment, now) })),
  ].toSorted((one, other) => one.candidate.urgentFromMs - other.candidate.urgentFromMs);
  const walkIns = waiting.filter((waiter) => waiter.class === 1).map((waiter) => ({ waiter, candidate: walkIn(waiter) }));
  const joiners = now.services.map((serviceId) => ({ waiter: null, candidate: { ...joining, serviceId } }));
  const all = [...urgent, ...walkIns, ...joiners];
  const waiterOf = new Map(all.flatMap(({ waiter, candidate }) => (waiter ? [[candidate, waiter] as const] : [])));
  const waits = playLine(
    {
      candidates: all.map(({ candidate }) => candidate),
      officials: now.officials.map((official) => ({
        busy: official.busy && { serviceId: official.busy.serviceId, elapsedMs: Math.max(0, at - official.busy.since) },
        serves: (candidate) => mayServe(official, candidate.serviceId, waiterOf.get(candidate)?.language ?? null),
      })),
      times: record.times,
      leaveRate: record.waitedMs > 0 ? record.left / record.waitedMs : 0,
      urgentRate: record.urgentRate,
    },
    Math.max(fewestRuns, Math.min(mostRuns, Math.floor(playedServices / all.length))),
  );
  const isGuess = record.times.count < minServed || now.changed > changedShare * now.officials.length;
  const forecasts = waits.map((courses) => summarise(courses, isGuess));
  const forecastOf = (index: number): WaitForecast | null => forecasts[index] ?? null;
  return {
    ofEntries: new Map(all.flatMap(({ waiter }, index) => (waiter ? [[waiter.entryId, forecastOf(index)] as const] : []))),
    ofServices: new Map(now.services.map((serviceId, index) => [serviceId, forecastOf(urgent.length + walkIns.length + index)])),
  };
}

/** As it is announced: in steps of five minutes, outwards. */
export function rangeOf(forecast: WaitForecast): WaitRange {
  const steps = { from: Math.floor(forecast.p10Ms / stepMs), to: Math.max(1, Math.ceil(forecast.p90Ms / stepMs)) };
  return { fromMinutes: (steps.from * stepMs) / 60_000, toMinutes: (steps.to * stepMs) / 60_000 };
}

/** Whether an official serves somebody; null: whatever service, whichever language. */
function mayServe(
  { services: skills, languages }: Pick<Serving, 'services' | 'languages'>,
  serviceId: ServiceId | null,
  language: Locale | null,
): boolean {
  return (
    (serviceId === null || skills.length === 0 || skills.includes(serviceId)) &&
    (language === null || languages.length === 0 || languages.includes(language))
  );
}

/** Null when not every course served him, or when it would be a guess; that somebody is free now is none. */
function summarise(courses: Float64Array, isGuess: boolean): WaitForecast | null {
  const sorted = courses.toSorted();
  const last = sorted.at(-1) ?? Number.NaN;
  if (Number.isNaN(last) || (isGuess && last > 0)) return null;
  const quantile = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { meanMs: sorted.reduce((sum, wait) => sum + wait, 0) / sorted.length, p10Ms: quantile(0.1), p90Ms: quantile(0.9) };
}

const joining: Candidate = {
  serviceId: null,
  urgentFromMs: Number.POSITIVE_INFINITY,
  isHere: true,
  showRate: 1,
  mayLeave: false,
  isGhost: true,
  isAsked: true,
};

function walkIn({ serviceId }: Waiter): Candidate {
  return { ...joining, serviceId, mayLeave: true, isGhost: false };
}

/** Prioritised ones keep their order by being due before now, all the same. */
function urgentCandidate({ serviceId, class: ownClass, becomesDueAt }: Waiter, at: number): Candidate {
  const urgentFromMs = ownClass === 0 ? 0 : Math.max(0, (becomesDueAt ?? at) - at);
  return { ...joining, serviceId, urgentFromMs, isGhost: false };
}

function expectedCandidate({ serviceId, startsAt }: LineNow['expected'][number], { at, record }: LineNow): Candidate {
  return {
    ...joining,
    serviceId,
    urgentFromMs: Math.max(0, startsAt - at),
    isHere: false,
    showRate: record.showRate,
    isGhost: false,
    isAsked: false,
  };
}
