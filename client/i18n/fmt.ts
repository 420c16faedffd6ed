// The only file that calls Intl. Browsers have no Luxembourgish: there, German patterns and numerals with the names of a table.
import type { Locale } from '../../server/protocol/locale.ts';
import type { WaitRange } from '../../server/protocol/offices.ts';
import { luxembourgishNames } from './luxembourgish-names.ts';
import { locale, t } from './translate.ts';

/** All times are the office's, whatever the device's clock is set to. */
const timeZone = 'Europe/Luxembourg';

const regions: Readonly<Record<Locale, string>> = { lb: 'de-LU', fr: 'fr-LU', de: 'de-LU', en: 'en-GB', pt: 'pt-PT' };

const dateStyles = {
  full: { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' },
  day: { weekday: 'long', day: 'numeric', month: 'long' },
  short: { weekday: 'short', day: 'numeric', month: 'short' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

const cache = new Map<string, Intl.DateTimeFormat>();

function formatter(options: Intl.DateTimeFormatOptions, zone: string | undefined = timeZone): Intl.DateTimeFormat {
  const key = JSON.stringify([regions[locale()], options, zone]);
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat(regions[locale()], zone === undefined ? options : { ...options, timeZone: zone });
  cache.set(key, made);
  return made;
}

/** `at`'s year, month (1–12), day, and weekday (0 = Sunday) in Luxembourg. */
function calendarDay(at: number): { year: number; month: number; day: number; weekday: number } {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, year: 'numeric', month: 'numeric', day: 'numeric' }).formatToParts(at);
  const read = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  const [year, month, day] = [read('year'), read('month'), read('day')];
  return { year, month, day, weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay() };
}

function formatDate(at: number, style: keyof typeof dateStyles): string {
  const parts = formatter(dateStyles[style]).formatToParts(at);
  if (locale() !== 'lb') return parts.map((part) => part.value).join('');
  const { month, weekday } = calendarDay(at);
  const short = style === 'short';
  const monthName = (short ? luxembourgishNames.shortMonths : luxembourgishNames.months)[month - 1] ?? '';
  const weekdayName = (short ? luxembourgishNames.shortWeekdays : luxembourgishNames.weekdays)[weekday] ?? '';
  const own: Readonly<Record<string, string>> = { month: monthName, weekday: weekdayName };
  return parts.map((part) => own[part.type] ?? part.value).join('');
}

function formatTime(at: number, zone?: string): string {
  return formatter({ hour: 'numeric', minute: '2-digit', hourCycle: 'h23' }, zone).format(at);
}

/** Days from `now`'s day to `at`'s day, in Luxembourg. */
function daysBetween(now: number, at: number): number {
  const [from, to] = [calendarDay(now), calendarDay(at)];
  return (Date.UTC(to.year, to.month - 1, to.day) - Date.UTC(from.year, from.month - 1, from.day)) / 86_400_000;
}

/** Dates, times, durations and numbers in the page's language. Instants are milliseconds since 1970. */
export const fmt = {
  /** "14:05" */
  time: (at: number): string => formatTime(at),

  /** "9:00–9:30" */
  timeRange: (from: number, to: number): string => `${formatTime(from)}–${formatTime(to)}`,

  /** "Saturday 21 November 2026" */
  date: (at: number): string => formatDate(at, 'full'),

  /** "Saturday 21 November" */
  day: (at: number): string => formatDate(at, 'day'),

  /** "Sat 21 Nov" */
  shortDay: (at: number): string => formatDate(at, 'short'),

  /** "Today", "Tomorrow", "Yesterday", else "Saturday 21 November" */
  dayLabel(at: number, now: number): string {
    const distance = daysBetween(now, at);
    if (distance === 0) return t('time.today');
    if (distance === 1) return t('time.tomorrow');
    return distance === -1 ? t('time.yesterday') : formatDate(at, 'day');
  },

  /** "Sat 21 Nov, 14:05" */
  dateTime: (at: number): string => t('time.dateTime', { date: formatDate(at, 'short'), time: formatTime(at) }),

  /** "2026-11-21" in Luxembourg: for grouping by day, not for reading. */
  dateKey(at: number): string {
    const { year, month, day } = calendarDay(at);
    return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
  },

  /** For the `datetime` attribute of `<time>`. */
  iso: (at: number): string => new Date(at).toISOString(),

  /** "Luxembourg time; 13:00 where you are" when the device's clock shows another time, else "". */
  elsewhere(at: number, deviceZone = new Intl.DateTimeFormat().resolvedOptions().timeZone): string {
    const there = formatTime(at, deviceZone);
    return there === formatTime(at) ? '' : t('time.elsewhere', { time: there });
  },

  /** "less than a minute", "12 minutes", "1 hour 5 minutes" */
  duration(durationMs: number): string {
    const minutes = Math.floor(durationMs / 60_000);
    if (minutes < 1) return t('time.underMinute');
    if (minutes < 60) return t('time.minutes', { count: minutes });
    const hours = t('time.hours', { count: Math.floor(minutes / 60) });
    return minutes % 60 === 0 ? hours : `${hours} ${t('time.minutes', { count: minutes % 60 })}`;
  },

  /** "10 to 15 minutes", "5 minutes", "less than a minute" */
  wait({ fromMinutes, toMinutes }: WaitRange): string {
    if (toMinutes < 1) return t('time.underMinute');
    if (fromMinutes >= toMinutes) return t('time.minutes', { count: toMinutes });
    return t('time.between', { low: fromMinutes, high: toMinutes });
  },

  /** "640 kB", "2,4 MB": by thousands, as telephones and systems show it. */
  fileSize(bytes: number): string {
    const [unit, value] =
      bytes < 1_000_000 ? (['kilobyte', Math.max(1, Math.round(bytes / 1_000))] as const) : (['megabyte', bytes / 1_000_000] as const);
    return new Intl.NumberFormat(regions[locale()], { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 1 }).format(value);
  },

  /** "1.234,5" */
  number: (value: number): string => new Intl.NumberFormat(regions[locale()]).format(value),
};
