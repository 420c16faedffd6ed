import * as fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { expect, test } from 'vitest';
import { bookableMs, freeDesks, noticeMs, slotsOf } from '../../../server/appointments/availability.ts';
import { hoursBetween } from '../../../server/offices/calendar.ts';

const minuteMs = 60_000;
const zones = ['Europe/Luxembourg', 'America/New_York', 'Australia/Lord_Howe'] as const;
/** The clocks change in one of the zones within two weeks of each: 2026-10-25 and 2027-03-28 in Luxembourg. */
const changes = ['2026-10-20T05:00:00Z', '2027-03-14T00:00:00Z', '2027-03-25T12:00:00Z', '2026-09-28T00:00:00Z'].map((text) =>
  Date.parse(text),
);

const anyTime = fc
  .integer({ min: 0, max: 95 })
  .map((quarter) => `${`${Math.floor(quarter / 4)}`.padStart(2, '0')}:${`${(quarter % 4) * 15}`.padStart(2, '0')}`);
/** Up to three openings a day, one after the other, the same every day: night hours too, where the clocks change. */
const anyHours = fc
  .uniqueArray(anyTime, { minLength: 2, maxLength: 6 })
  .map((times) => times.toSorted())
  .map((times) =>
    Array.from({ length: Math.floor(times.length / 2) }, (_, index) => ({
      opens: times[index * 2] ?? '',
      closes: times[index * 2 + 1] ?? '',
    })),
  )
  .map((openings) => [1, 2, 3, 4, 5, 6, 7].flatMap((weekday) => openings.map((opening) => ({ weekday, ...opening }))));

test('when the clocks change, no slot is lost, doubled or empty', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.constantFrom(...changes),
      anyHours,
      fc.constantFrom(5, 15, 20, 30, 45, 60),
      (timeZone, now, hours, minutes) => {
        const openings = hoursBetween({ timeZone, hours, closedDays: new Set() }, now, now + bookableMs);
        const slots = slotsOf(openings, minutes, now);
        const lengthMs = minutes * minuteMs;
        expect(slots.every(({ startsAt, endsAt }) => endsAt - startsAt === lengthMs)).toBe(true);
        expect(slots.every(({ startsAt }, index) => startsAt >= (slots[index - 1]?.endsAt ?? 0))).toBe(true);
        expect(slots.every((slot) => openings.some(({ opensAt, closesAt }) => slot.startsAt >= opensAt && slot.endsAt <= closesAt))).toBe(
          true,
        );
        // Nothing is lost: nowhere does an opening leave room for one more.
        for (const { opensAt, closesAt } of openings.filter(
          (opening) => opening.opensAt >= now + noticeMs && opening.closesAt <= now + bookableMs,
        )) {
          const inside = slots.filter(({ startsAt, endsAt }) => endsAt > opensAt && startsAt < closesAt);
          const edges = [opensAt, ...inside.flatMap(({ startsAt, endsAt }) => [startsAt, endsAt]), closesAt];
          expect(edges.every((edge, index) => index % 2 === 0 || edge - (edges[index - 1] ?? 0) < lengthMs)).toBe(true);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('an ordinary day keeps its local times across the change, on both sides of it', () => {
  for (const [now, days] of [
    [Date.parse('2026-10-23T06:00:00Z'), ['2026-10-24', '2026-10-25', '2026-10-26']],
    [Date.parse('2027-03-26T06:00:00Z'), ['2027-03-27', '2027-03-28', '2027-03-29']],
  ] as const) {
    const hours = [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, opens: '08:30', closes: '10:00' }));
    const slots = slotsOf(hoursBetween({ timeZone: 'Europe/Luxembourg', hours, closedDays: new Set() }, now, now + bookableMs), 30, now);
    const local = slots.map(({ startsAt }) =>
      Temporal.Instant.fromEpochMilliseconds(startsAt).toZonedDateTimeISO('Europe/Luxembourg').toPlainDateTime().toString(),
    );
    for (const day of days)
      expect(local.filter((text) => text.startsWith(day))).toEqual([`${day}T08:30:00`, `${day}T09:00:00`, `${day}T09:30:00`]);
  }
});

test('the doubled hour of autumn has twice the slots, the skipped one of spring none', () => {
  const hours = [7].map((weekday) => ({ weekday, opens: '01:00', closes: '04:00' }));
  const countOn = (now: number): number =>
    slotsOf(hoursBetween({ timeZone: 'Europe/Luxembourg', hours, closedDays: new Set() }, now, now + 2 * 24 * 60 * minuteMs), 30, now)
      .length;
  expect(countOn(Date.parse('2026-10-24T12:00:00Z'))).toBe(8);
  expect(countOn(Date.parse('2027-03-27T12:00:00Z'))).toBe(4);
  expect(countOn(Date.parse('2027-04-03T12:00:00Z'))).toBe(6);
});

test('nothing is offered that starts in the next quarter of an hour, or in more than two weeks', () => {
  const opensAt = Date.parse('2026-11-23T07:00:00Z');
  const now = opensAt + 61 * minuteMs;
  const slots = slotsOf(
    [
      { opensAt, closesAt: opensAt + 240 * minuteMs },
      { opensAt: opensAt + bookableMs, closesAt: opensAt + bookableMs + 120 * minuteMs },
    ],
    20,
    now,
  );
  expect(slots[0]?.startsAt).toBe(opensAt + 80 * minuteMs);
  expect(slots.at(-1)?.startsAt).toBe(opensAt + bookableMs + 60 * minuteMs);
});

test('a desk is free where nothing overlaps, also nothing that begins before or ends after the slot', () => {
  const slot = { startsAt: 100, endsAt: 200 };
  const taken = [
    { desk: 1, startsAt: 0, endsAt: 100 },
    { desk: 2, startsAt: 0, endsAt: 101 },
    { desk: 3, startsAt: 199, endsAt: 300 },
    { desk: 4, startsAt: 200, endsAt: 300 },
    { desk: 5, startsAt: 0, endsAt: 300 },
    { desk: 6, startsAt: 140, endsAt: 160 },
  ];
  expect(freeDesks(slot, taken, 7)).toEqual([1, 4, 7]);
});
