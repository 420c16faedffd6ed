import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { behindFirst, inOrder, spotOf, type Standing } from '../../../server/queue/place.ts';

const walkIn = (joinedAt: number, arrival = joinedAt): Standing => ({
  arrival,
  joinedAt,
  walkedIn: true,
  appointment: null,
  priority: null,
  behind: null,
});
const holder = (startsAt: number, joinedAt: number): Standing => ({ ...walkIn(joinedAt), walkedIn: false, appointment: { startsAt } });

/** Few distinct times, so that many are due at once; distinct arrivals, as the database counts them. */
const anyLine = fc
  .array(
    fc.record({
      joinedAt: fc.integer({ min: 0, max: 20 }),
      startsAt: fc.option(fc.integer({ min: 0, max: 40 })),
      walkedIn: fc.boolean(),
      isUrgent: fc.boolean(),
    }),
    { maxLength: 40 },
  )
  .map((people) =>
    people.map(({ joinedAt, startsAt, walkedIn, isUrgent }, arrival) => ({
      ...walkIn(joinedAt, arrival),
      walkedIn: walkedIn || startsAt === null,
      appointment: startsAt === null ? null : { startsAt },
      priority: isUrgent && arrival % 5 === 0 ? ('need' as const) : null,
    })),
  )
  .chain((line) => fc.shuffledSubarray(line, { minLength: line.length }));
const anyMoment = fc.integer({ min: 0, max: 40 });

/** Said a second time and independently: what of two people the rules of the line say. */
function isBefore(one: Standing, other: Standing, at: number): boolean {
  const keys = [one, other].map(({ appointment, priority, walkedIn, joinedAt, arrival }) => {
    if (priority) return [0, joinedAt, arrival];
    if (appointment && appointment.startsAt <= at) return [0, appointment.startsAt, arrival];
    return walkedIn ? [1, joinedAt, arrival] : [2, appointment?.startsAt ?? 0, arrival];
  });
  const [left, right] = keys;
  const differing = left?.findIndex((part, index) => part !== right?.[index]) ?? 0;
  return (left?.[differing] ?? 0) < (right?.[differing] ?? 0);
}

describe('the line', () => {
  test('has everybody once, those of an earlier class first, and of one class whoever was due first, at every moment', () => {
    fc.assert(
      fc.property(anyLine, anyMoment, (people, at) => {
        const line = inOrder(people, at);
        expect(new Set(line)).toEqual(new Set(people));
        line.forEach((each, place) => {
          for (const later of line.slice(place + 1)) expect(isBefore(each, later, at)).toBe(true);
        });
      }),
    );
  });

  test('moves those behind somebody who leaves one place up, and nobody else', () => {
    fc.assert(
      fc.property(
        anyLine.filter((people) => people.length > 0),
        anyMoment,
        fc.nat(),
        (people, at, index) => {
          const before = inOrder(people, at);
          const gone = index % before.length;
          const after = inOrder(
            people.filter((each) => each !== before[gone]),
            at,
          );
          expect(after).toEqual([...before.slice(0, gone), ...before.slice(gone + 1)]);
        },
      ),
    );
  });

  test('lets nobody who walks in later stand before those who walked in earlier', () => {
    fc.assert(
      fc.property(anyLine, anyMoment, (people, at) => {
        const late = walkIn(Math.max(0, ...people.map(({ joinedAt }) => joinedAt)), people.length);
        const line = inOrder([late, ...people], at);
        const walkedIn = people.filter((each) => spotOf(each, at).class === 1);
        for (const each of walkedIn) expect(line.indexOf(each)).toBeLessThan(line.indexOf(late));
      }),
    );
  });

  test('serves an appointment holder next at his time: before all walk-ins then, and behind them until then', () => {
    const [early, late] = [walkIn(10), walkIn(20)];
    const punctual = holder(30, 15);
    expect(inOrder([late, punctual, early], 29)).toEqual([early, late, punctual]);
    expect(inOrder([late, punctual, early], 30)).toEqual([punctual, early, late]);
  });

  test('gives whoever walked in and then checked in the better of both places', () => {
    const both = { ...holder(30, 15), walkedIn: true };
    const line = [walkIn(10), both, walkIn(20)];
    expect(inOrder(line, 29)).toEqual(line);
    expect(inOrder(line, 30)[0]).toBe(both);
  });

  test('puts prioritised people first, of them whoever came first, and before appointments that came due after they had come', () => {
    const [urgent, urgentLater] = [
      { ...walkIn(12), priority: 'need' as const },
      { ...walkIn(18), priority: 'emergency' as const },
    ];
    const due = holder(15, 5);
    expect(inOrder([walkIn(10), urgentLater, due, urgent], 20)).toEqual([urgent, due, urgentLater, walkIn(10)]);
  });
});

/** As it stands after a missed turn. */
const missed = (standing: Standing, line: readonly Standing[], at: number): Standing => ({
  ...standing,
  behind: behindFirst(standing, line, at),
});

describe('place 2', () => {
  test('is right behind the first of the line, whatever class, for whoever stood before or first', () => {
    fc.assert(
      fc.property(anyLine, anyMoment, (people, at) => {
        const [called, ...rest] = inOrder(people, at);
        if (!called) return;
        const line = inOrder([missed(called, rest, at), ...rest], at);
        const place = line.findIndex(({ arrival }) => arrival === called.arrival);
        const first = rest[0];
        // Alone, or with people whose appointments are not due yet: nobody to wait for.
        expect(place).toBe(first && spotOf(first, at).class < 2 ? 1 : 0);
      }),
    );
  });

  test('takes nobody forward: whoever was called from further back stays where he was', () => {
    const line = [walkIn(10), walkIn(20), walkIn(40)];
    const calledOutOfOrder = walkIn(30);
    const after = missed(calledOutOfOrder, line, 50);
    expect(after).toEqual(calledOutOfOrder);
    expect(inOrder([...line, after], 50)).toEqual([line[0], line[1], after, line[2]]);
  });

  test('is behind the first again when that one had been put there by a miss himself, however often it goes round', () => {
    let [one, other] = [walkIn(10), walkIn(20)];
    for (let round = 0; round < 6; round += 1) {
      expect(inOrder([one, other], 50)).toEqual([one, other]);
      one = missed(one, [other], 50);
      [one, other] = [other, one];
    }
  });

  test('is not given up when the first is called away, nor by somebody who comes later', () => {
    const [first, second] = [walkIn(10), walkIn(20)];
    const after = missed(walkIn(5), [first, second], 50);
    expect(inOrder([first, after, second], 50)).toEqual([first, after, second]);
    expect(inOrder([second, after, walkIn(60)], 70)).toEqual([after, second, walkIn(60)]);
  });

  test('in another class is given up for an appointment whose time comes after that, and not for one that had come', () => {
    const [first, second] = [walkIn(10), walkIn(20)];
    const beforeItsTime = missed({ ...holder(60, 5), walkedIn: true }, [first, second], 50);
    expect(inOrder([first, second, beforeItsTime], 59)[1]).toBe(beforeItsTime);
    expect(inOrder([first, second, beforeItsTime], 60)[0]).toBe(beforeItsTime);
    const afterItsTime = missed(holder(40, 5), [first, second], 50);
    expect(inOrder([first, second, afterItsTime], 60)[1]).toBe(afterItsTime);
  });
});
