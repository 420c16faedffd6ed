import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { newId, type ServiceId } from '../../../server/protocol/ids.ts';
import { exponential, seededRandom } from '../../../server/queue/seeded-random.ts';
import { ServiceTimes } from '../../../server/queue/service-times.ts';
import {
  forecastWaits,
  minServed,
  rangeOf,
  type LineNow,
  type Serving,
  type Waiter,
  type WaitForecast,
} from '../../../server/queue/wait.ts';

const minuteMs = 60_000;
const at = Date.UTC(2026, 10, 23, 9);
const [passport, licence] = [newId<'service'>(), newId<'service'>()];

const random = seededRandom(5);
/** Exponential, ten minutes on average. */
const seen = Array.from({ length: 2_000 }, () => ({ serviceId: passport, durationMs: exponential(random, 10 * minuteMs) }));
const record = { times: new ServiceTimes(seen), left: 0, waitedMs: 0, urgentRate: 0, showRate: 0.9 };

/** The first so many of what was seen. */
const short = (count: number) => ({ ...record, times: new ServiceTimes(seen.slice(0, count)) });

const free: Serving = { services: [], languages: [], busy: null };
const busy: Serving = { ...free, busy: { serviceId: passport, since: at } };
const walkIn = (change: Partial<Waiter> = {}): Waiter => ({
  entryId: newId<'queue entry'>(),
  serviceId: passport,
  language: 'lb',
  class: 1,
  becomesDueAt: null,
  ...change,
});
const walkIns = (count: number): Waiter[] => Array.from({ length: count }, () => walkIn());
const officials = (count: number, one = busy): Serving[] => Array.from({ length: count }, () => one);
const line = (change: Partial<LineNow>): LineNow => ({
  at,
  waiting: [],
  officials: officials(1),
  changed: 0,
  expected: [],
  record,
  services: [passport],
  ...change,
});
/** Of somebody who joins now. */
const joining = (change: Partial<LineNow>, serviceId: ServiceId = passport): WaitForecast | null =>
  forecastWaits(line(change)).ofServices.get(serviceId) ?? null;
const minutes = (forecast: WaitForecast | null): number => (forecast ? forecast.meanMs / minuteMs : Number.NaN);

test('with a free official and nobody waiting, the wait is now, even when nothing is known of earlier services', () => {
  const now = joining({ officials: [free], record: { ...record, times: new ServiceTimes([]) }, changed: 1 });
  expect(now && rangeOf(now)).toEqual({ fromMinutes: 0, toMinutes: 5 });
});

test('nothing is said when nobody serves, too few services are known, or much of the staff has just changed', () => {
  const waiting = walkIns(3);
  expect(joining({ waiting, officials: [] })).toBeNull();
  expect(joining({ waiting, record: short(minServed - 1) })).toBeNull();
  expect(joining({ waiting, record: short(minServed) })).not.toBeNull();
  expect(joining({ waiting, officials: officials(6), changed: 2 })).toBeNull();
  expect(joining({ waiting, officials: officials(6), changed: 1 })).not.toBeNull();
});

test('with exponential services it is the tenth to ninetieth percentile of the theory, shown in steps of five minutes', () => {
  // One official, nine ahead: an Erlang distribution of ten steps with mean 100; its quantiles are 62.2 and 142.1.
  const forecast = joining({ waiting: walkIns(9) });
  expect(minutes(forecast)).toBeGreaterThan(95);
  expect(minutes(forecast)).toBeLessThan(105);
  expect(Math.abs((forecast?.p10Ms ?? 0) / minuteMs - 62.2)).toBeLessThan(6);
  expect(Math.abs((forecast?.p90Ms ?? 0) / minuteMs - 142.1)).toBeLessThan(9);
  expect(rangeOf({ meanMs: 0, p10Ms: 62.2 * minuteMs, p90Ms: 142.1 * minuteMs })).toEqual({ fromMinutes: 60, toMinutes: 145 });
});

test('services that all last as long make the range narrow, and how long the running one has lasted counts', () => {
  const even = { ...record, times: new ServiceTimes(seen.map((time) => ({ ...time, durationMs: 10 * minuteMs }))) };
  const just = joining({ waiting: walkIns(4), record: even });
  const almost = joining({
    waiting: walkIns(4),
    record: even,
    officials: [{ ...busy, busy: { serviceId: passport, since: at - 9 * minuteMs } }],
  });
  expect((just?.p90Ms ?? 0) - (just?.p10Ms ?? 0)).toBeLessThan(2 * minuteMs);
  expect(minutes(just) - minutes(almost)).toBeGreaterThan(8);
});

test('the range is wider the shorter the record is, of the same mean and spread', () => {
  const few = seen.slice(0, 8);
  const width = (times: typeof seen): number => {
    const forecast = joining({ waiting: walkIns(12), record: { ...record, times: new ServiceTimes(times) } });
    return (forecast?.p90Ms ?? 0) / (forecast?.p10Ms ?? 1);
  };
  expect(width(few)).toBeGreaterThan(1.3 * width(Array.from({ length: 200 }, () => few).flat()));
});

test('appointments that fall due before, and people put first, make a walk-in wait longer; later ones do not', () => {
  const waiting = walkIns(4);
  const soon = { serviceId: passport, startsAt: at + 10 * minuteMs };
  const late = { serviceId: passport, startsAt: at + 10 * 60 * minuteMs };
  const base = minutes(joining({ waiting }));
  expect(minutes(joining({ waiting, expected: [late] }))).toBe(base);
  // Nine of ten come, each for ten minutes.
  expect(Math.abs(minutes(joining({ waiting, expected: [soon] })) - base - 9)).toBeLessThan(1.5);
  const checkedIn = walkIn({ class: 2, becomesDueAt: soon.startsAt });
  expect(Math.abs(minutes(joining({ waiting: [...waiting, checkedIn] })) - base - 10)).toBeLessThan(2);
  expect(minutes(joining({ waiting, record: { ...record, urgentRate: 1 / (60 * minuteMs) } }))).toBeGreaterThan(base + 3);
});

test('whoever has checked in is served when nobody waits, before his time, and at his time before those who came earlier', () => {
  const holder = walkIn({ class: 2, becomesDueAt: at + 30 * minuteMs });
  const alone = forecastWaits(line({ waiting: [holder] })).ofEntries.get(holder.entryId) ?? null;
  expect(minutes(alone)).toBeLessThan(13);
  const among = forecastWaits(line({ waiting: [...walkIns(20), holder] })).ofEntries.get(holder.entryId) ?? null;
  expect(minutes(among)).toBeGreaterThan(30);
  expect(minutes(among)).toBeLessThan(45);
});

test('only officials who serve the matter and the language count, and nothing is said where none does', () => {
  const waiting = [walkIn(), walkIn(), walkIn({ serviceId: licence })];
  const one: Serving = { ...busy, services: [passport] };
  const services = [passport, licence];
  expect(joining({ waiting, officials: [one], services }, licence)).toBeNull();
  const shared = joining({ waiting, officials: [one, { ...busy, services: [licence] }], services }, licence);
  expect(Math.abs(minutes(shared) - 20)).toBeLessThan(3);
  const french = walkIn({ language: 'fr' });
  const ofEntries = (languages: Serving['languages']) =>
    forecastWaits(line({ waiting: [french], officials: [{ ...busy, languages }] })).ofEntries.get(french.entryId);
  expect(ofEntries(['lb'])).toBeNull();
  expect(ofEntries(['lb', 'fr'])).not.toBeNull();
});

test('more people ahead never make a wait shorter, nor people who give up a longer one', () => {
  fc.assert(
    fc.property(fc.nat({ max: 40 }), fc.integer({ min: 1, max: 12 }), (ahead, serving) => {
      const base = minutes(joining({ waiting: walkIns(ahead), officials: officials(serving) }));
      expect(minutes(joining({ waiting: walkIns(ahead + 1), officials: officials(serving) }))).toBeGreaterThanOrEqual(base);
      const impatient = { ...record, left: 10, waitedMs: 1_000 * minuteMs };
      expect(minutes(joining({ waiting: walkIns(ahead), officials: officials(serving), record: impatient }))).toBeLessThanOrEqual(
        base * 1.001,
      );
    }),
    { numRuns: 40 },
  );
});

test('the same line is always foretold alike, so that nothing on the screens trembles', () => {
  const now = line({ waiting: walkIns(9), officials: officials(3) });
  expect(forecastWaits(now)).toEqual(forecastWaits(now));
});
