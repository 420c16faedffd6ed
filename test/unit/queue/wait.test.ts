import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { minServed, predictWait, type LineRecord } from '../../../server/queue/wait.ts';

const minuteMs = 60_000;
const record: LineRecord = { served: 50, meanServiceMs: 10 * minuteMs, left: 0, waitedMs: 500 * minuteMs };
const busy = (serving: number) => ({ serving, free: 0 });

test('with a free official and nobody waiting, the wait is now, even when nothing is known of earlier services', () => {
  expect(predictWait(0, { serving: 1, free: 1 }, { ...record, served: 0, meanServiceMs: 0 })).toEqual({ fromMinutes: 0, toMinutes: 5 });
});

test('nothing is said when nobody serves, or fewer services are known than make an estimate', () => {
  expect(predictWait(3, busy(0), record)).toBeNull();
  expect(predictWait(3, busy(2), { ...record, served: minServed - 1 })).toBeNull();
  expect(predictWait(3, busy(2), { ...record, served: minServed })).not.toBeNull();
});

test('is the tenth to ninetieth percentile of the sum of service steps, in steps of five minutes', () => {
  // One official, 10 minutes a service, nine ahead: an Erlang distribution of 10 steps with mean 100; its quantiles are 62.2 and 142.1.
  expect(predictWait(9, busy(1), record)).toEqual({ fromMinutes: 60, toMinutes: 145 });
  // One step of mean 10: 1.05 and 23.03.
  expect(predictWait(0, busy(1), record)).toEqual({ fromMinutes: 0, toMinutes: 25 });
});

test('covers four of five waits of a simulated line, whatever its length', () => {
  // The step times are exponential, as the method assumes; the rounding outwards adds to the coverage.
  const random = seeded(7);
  for (const [ahead, serving] of [
    [0, 1],
    [4, 2],
    [12, 3],
    [30, 5],
  ] as const) {
    const range = predictWait(ahead, busy(serving), record);
    const stepMinutes = record.meanServiceMs / minuteMs / serving;
    const waits = Array.from({ length: 4_000 }, () =>
      Array.from({ length: ahead + 1 }, () => -Math.log(1 - random()) * stepMinutes).reduce((sum, step) => sum + step, 0),
    );
    const covered = waits.filter((wait) => range !== null && wait >= range.fromMinutes && wait <= range.toMinutes).length / waits.length;
    expect(covered).toBeGreaterThan(0.78);
    expect(covered).toBeLessThan(ahead === 0 ? 0.93 : 0.9);
  }
});

test('more people ahead never make a wait shorter; more officials, and people who give up, never make it longer', () => {
  fc.assert(
    fc.property(fc.nat({ max: 60 }), fc.integer({ min: 1, max: 20 }), fc.nat({ max: 40 }), (ahead, serving, left) => {
      const base = predictWait(ahead, busy(serving), { ...record, left });
      const longer = predictWait(ahead + 1, busy(serving), { ...record, left });
      const staffed = predictWait(ahead, busy(serving + 1), { ...record, left });
      const impatient = predictWait(ahead, busy(serving), { ...record, left: left + 10 });
      for (const end of ['fromMinutes', 'toMinutes'] as const) {
        expect(longer?.[end]).toBeGreaterThanOrEqual(base?.[end] ?? Number.NaN);
        expect(staffed?.[end]).toBeLessThanOrEqual(base?.[end] ?? Number.NaN);
        expect(impatient?.[end]).toBeLessThanOrEqual(base?.[end] ?? Number.NaN);
      }
    }),
  );
});

/** Mulberry32: the same numbers in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
