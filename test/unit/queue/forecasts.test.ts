import { expect, test } from 'vitest';
import { newId } from '../../../server/protocol/ids.ts';
import type { Finished } from '../../../server/queue/forecast-store.ts';
import { recordOf } from '../../../server/queue/forecasts.ts';

const minuteMs = 60_000;
const serviceId = newId<'service'>();

/** In minutes of the day. */
function finished(joined: number, called: number | null, ended: number, change: Partial<Finished> = {}): Finished {
  return {
    serviceId,
    joinedAt: joined * minuteMs,
    calledAt: called === null ? null : called * minuteMs,
    endedAt: ended * minuteMs,
    walkedIn: true,
    isPrioritised: false,
    next: null,
    ...change,
  };
}
const next = (joined: number, called: number) => ({ joinedAt: joined * minuteMs, calledAt: called * minuteMs });

test('an official is taken up until he calls the next one who was waiting already; longer pauses are his own', () => {
  const { times } = recordOf([
    finished(0, 10, 20, { next: next(15, 22) }),
    finished(0, 10, 20, { next: next(15, 24) }),
    // Nobody was waiting, and an hour's absence: neither says anything of the time between two services.
    finished(0, 10, 20, { next: next(21, 23) }),
    finished(0, 10, 20, { next: next(15, 80) }),
  ]);
  expect(times.count).toBe(4);
  // Ten minutes and the mean of two and four.
  expect(times.of(serviceId).meanMs).toBe(13 * minuteMs);
});

test('only walk-ins say how patient people are: appointment holders wait for their time', () => {
  const { left, waitedMs } = recordOf([finished(0, 10, 20), finished(5, null, 12), finished(0, 60, 70, { walkedIn: false })]);
  expect(left).toBe(1);
  expect(waitedMs).toBe(17 * minuteMs);
});

test('how often somebody is put first is counted in the time the line was open, not at night', () => {
  const dayMinutes = 24 * 60;
  const { urgentRate } = recordOf([
    finished(0, 10, 60, { isPrioritised: true }),
    finished(0, 10, 60),
    finished(dayMinutes, dayMinutes + 10, dayMinutes + 60, { isPrioritised: true }),
  ]);
  expect(urgentRate * 60 * minuteMs).toBeCloseTo(1);
});
