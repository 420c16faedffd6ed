import { expect, test } from 'vitest';
import { newId, type AccountId, type OfficeId, type QueueEntryId } from '../../../server/protocol/ids.ts';
import type { Finished } from '../../../server/queue/forecast-store.ts';
import { Forecasts, recordOf } from '../../../server/queue/forecasts.ts';
import type { LineParts } from '../../../server/queue/line.ts';

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

test('a line in which nothing happens is foretold once in ten seconds, and anew with all that happens', async () => {
  const officeId = newId<'office'>();
  let lastFinished: QueueEntryId | null = null;
  const forecasts = new Forecasts({
    store: {
      findLastFinished: async () => lastFinished,
      listFinished: async () => Array.from({ length: 9 }, (_, index) => finished(0, 10, 20 + index)),
      announce: async () => undefined,
      findAccuracy: async () => new Map(),
    },
    servicesOf: async () => [serviceId],
    expectedAppointments: async () => ({ expected: [], showRate: 0.9 }),
  });
  const line = lineOf(officeId);
  const first = await forecasts.read(line);
  expect(first.ofServices.get(serviceId)).toMatchObject({ fromMinutes: expect.any(Number) });
  const later = line.officials.map((official) => ({ ...official, lastPresentAt: line.at }));
  expect(await forecasts.read({ ...line, officials: later, at: line.at + 9_999 })).toBe(first);
  expect(await forecasts.read({ ...line, at: line.at + 10_000 })).not.toBe(first);

  const second = await forecasts.read(line);
  expect(await forecasts.read({ ...line, officials: [] })).not.toBe(second);
  expect(await forecasts.read({ ...line, officeId: newId<'office'>() })).not.toBe(second);
  const third = await forecasts.read(line);
  lastFinished = newId<'queue entry'>();
  expect(await forecasts.read(line)).not.toBe(third);
});

/** One official, who is free, and nobody waits. */
function lineOf(officeId: OfficeId): LineParts {
  const nobody: ReadonlySet<AccountId> = new Set();
  const official = { accountId: newId<'account'>(), state: 'available', services: [], languages: [], changedAt: 0 } as const;
  return {
    at: 600 * minuteMs,
    officeId,
    waiting: [],
    called: [],
    parked: [],
    accepted: [],
    officials: [{ ...official, lastPresentAt: 0, isConnected: true, busy: null }],
    available: nobody,
    onBreak: nobody,
    inCall: nobody,
  };
}
