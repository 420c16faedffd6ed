import { describe, expect, it } from 'vitest';
import { fmt } from '../../../client/i18n/fmt.ts';
import { setLocale } from '../../../client/i18n/translate.ts';
import { locales } from '../../../server/protocol/locale.ts';

const at = (text: string): number => Date.parse(text);
const everyMonthAndWeekday = Array.from({ length: 12 }, (_, month) => Date.UTC(2026, month, 1 + month, 12));

describe('fmt', () => {
  it('writes Luxembourgish dates as Node’s own ICU does, with nothing but German patterns and a table', async () => {
    await setLocale('lb');
    const complete = new Intl.DateTimeFormat('lb', { dateStyle: 'full', timeZone: 'Europe/Luxembourg' });
    const short = new Intl.DateTimeFormat('lb', { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'Europe/Luxembourg' });
    for (const instant of everyMonthAndWeekday) {
      expect(fmt.date(instant)).toBe(complete.format(instant));
      expect(fmt.shortDay(instant)).toBe(short.format(instant));
    }
    expect(fmt.number(1_234_567.8)).toBe(new Intl.NumberFormat('lb').format(1_234_567.8));
  });

  it('never shows an English name or a 12-hour clock in another language', async () => {
    for (const locale of locales.filter((each) => each !== 'en')) {
      await setLocale(locale);
      const texts = everyMonthAndWeekday.map((instant) => `${fmt.date(instant)} ${fmt.dateTime(instant)}`).join(' ');
      expect(texts, locale).not.toMatch(/\b(AM|PM|January|May|October|Monday|Wednesday|Sunday)\b/);
    }
  });

  it('counts days in Luxembourg, on both sides of midnight and of the clock change', async () => {
    await setLocale('en');
    const beforeMidnight = at('2026-10-24T21:59:00Z');
    const afterMidnight = at('2026-10-24T22:01:00Z');
    expect(fmt.dayLabel(afterMidnight, beforeMidnight)).toBe('Tomorrow');
    expect(fmt.dayLabel(beforeMidnight, afterMidnight)).toBe('Yesterday');
    expect(fmt.dayLabel(at('2026-10-25T22:30:00Z'), afterMidnight)).toBe('Today');
    expect(fmt.dateKey(afterMidnight)).toBe('2026-10-25');
    expect(fmt.time(at('2026-10-25T00:30:00Z'))).toBe('2:30');
    expect(fmt.time(at('2026-10-25T01:30:00Z'))).toBe('2:30');
  });

  it('says what the device’s clock shows only where it shows another time', async () => {
    await setLocale('fr');
    const noon = at('2026-11-21T11:00:00Z');
    expect(fmt.elsewhere(noon, 'Europe/Brussels')).toBe('');
    expect(fmt.elsewhere(noon, 'Europe/Lisbon')).toBe('heure de Luxembourg\u00a0; 11:00 chez vous');
  });

  it('says durations and waits in whole sentences of the language', async () => {
    await setLocale('lb');
    expect(fmt.duration(59_000)).toBe('manner wéi eng Minutt');
    expect(fmt.duration(61 * 60_000)).toBe('1 Stonn 1 Minutt');
    expect(fmt.wait({ fromMinutes: 10, toMinutes: 15 })).toBe('10 bis 15 Minutten');
    await setLocale('pt');
    expect(fmt.duration(2 * 3_600_000)).toBe('2 horas');
    expect(fmt.wait({ fromMinutes: 5, toMinutes: 5 })).toBe('5 minutos');
  });
});
