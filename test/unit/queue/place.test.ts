import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { inOrder } from '../../../server/queue/place.ts';

/** Distinct arrivals, as the database counts them; few distinct times, so that many are due at once. */
const anyLine = fc
  .array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 })
  .map((times) => times.map((dueAt, arrival) => ({ dueAt, arrival })))
  .chain((entries) => fc.shuffledSubarray(entries, { minLength: entries.length }));

test('nobody stands before somebody who was due earlier, nor before somebody who came earlier at the same time', () => {
  fc.assert(
    fc.property(anyLine, (entries) => {
      const line = inOrder(entries);
      line.forEach((entry, place) => {
        for (const later of line.slice(place + 1))
          expect(entry.dueAt < later.dueAt || (entry.dueAt === later.dueAt && entry.arrival < later.arrival)).toBe(true);
      });
      expect(new Set(line)).toEqual(new Set(entries));
    }),
  );
});

test('somebody who leaves moves those behind him one place up and nobody else', () => {
  fc.assert(
    fc.property(
      anyLine.filter((entries) => entries.length > 0),
      fc.nat(),
      (entries, index) => {
        const before = inOrder(entries);
        const gone = index % before.length;
        const after = inOrder(entries.filter((entry) => entry !== before[gone]));
        expect(after).toEqual([...before.slice(0, gone), ...before.slice(gone + 1)]);
      },
    ),
  );
});

test('a walk-in who joins later is never before those who wait', () => {
  fc.assert(
    fc.property(anyLine, fc.nat({ max: 5 }), (entries, delay) => {
      const latest = Math.max(0, ...entries.map(({ dueAt }) => dueAt));
      const joined = { dueAt: latest + delay, arrival: entries.length };
      expect(inOrder([joined, ...entries]).at(-1)).toBe(joined);
    }),
  );
});
