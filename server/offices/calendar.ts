import { Temporal } from 'temporal-polyfill';
import type { Opening } from '../protocol/offices.ts';

/** From this to that local time on a day of the week (1 is Monday). A day may have several. */
export interface HoursRule {
  readonly weekday: number;
  /** "08:30" or "08:30:00". */
  readonly opens: string;
  readonly closes: string;
}

export interface OpeningRules {
  /** IANA name. */
  readonly timeZone: string;
  readonly hours: readonly HoursRule[];
  /** Local dates on which nothing is open: "2026-12-25". */
  readonly closedDays: ReadonlySet<string>;
}

export interface Calendar extends OpeningRules {
  /** So long before closing the last number is given. */
  readonly lastAdmissionMinutes: number;
}

/** Milliseconds since 1970. */
export interface OpenHours {
  readonly opensAt: number;
  readonly closesAt: number;
}

/** How far ahead the next opening is looked for. */
const maxDaysAhead = 60;

/** The local date at a moment, "2026-11-22". */
export function dayOf(at: number, timeZone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDate().toString();
}

/** Every opening that overlaps with the time between two moments, in order, whole. */
export function hoursBetween(calendar: OpeningRules, from: number, to: number): readonly OpenHours[] {
  const { timeZone } = calendar;
  const last = Temporal.PlainDate.from(dayOf(to, timeZone));
  const found: OpenHours[] = [];
  for (let day = Temporal.PlainDate.from(dayOf(from, timeZone)); Temporal.PlainDate.compare(day, last) <= 0; day = day.add({ days: 1 }))
    found.push(...hoursOn(calendar, day));
  return found.filter(({ opensAt, closesAt }) => closesAt > from && opensAt < to);
}

export function openingAt(calendar: Calendar, at: number): Opening {
  const ahead = hoursBetween(calendar, at, at + maxDaysAhead * 86_400_000);
  const [next] = ahead;
  if (!next) return { state: 'closed', opensAt: null };
  if (next.opensAt > at) return { state: 'closed', opensAt: next.opensAt };
  // Hours that follow one another without a gap are one opening.
  const closesAt = ahead.reduce((end, hours) => (hours.opensAt <= end ? Math.max(end, hours.closesAt) : end), next.closesAt);
  return { state: 'open', closesAt, admitsUntil: closesAt - calendar.lastAdmissionMinutes * 60_000 };
}

/** Local times become moments here and nowhere else: Temporal knows the days with 23 and 25 hours. */
function hoursOn({ timeZone, hours, closedDays }: OpeningRules, day: Temporal.PlainDate): OpenHours[] {
  if (closedDays.has(day.toString())) return [];
  const moment = (time: string): number => {
    // SQL knows the end of a day as 24:00, Temporal only as the beginning of the next.
    if (time.startsWith('24:')) return day.add({ days: 1 }).toZonedDateTime(timeZone).epochMilliseconds;
    return day.toZonedDateTime({ timeZone, plainTime: Temporal.PlainTime.from(time) }).epochMilliseconds;
  };
  return hours
    .filter((rule) => rule.weekday === day.dayOfWeek)
    .map((rule) => ({ opensAt: moment(rule.opens), closesAt: moment(rule.closes) }))
    .filter(({ opensAt, closesAt }) => opensAt < closesAt)
    .sort((one, other) => one.opensAt - other.opensAt);
}
