import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CrossingAnnouncer } from '../../../client/supervision/crossing-announcer.ts';
import { judgeWait, overviewOf } from '../../../client/supervision/judgement.ts';
import type { Id } from '../../../server/protocol/ids.ts';
import type { LoadFigures } from '../../../server/protocol/supervision.ts';

const minute = 60_000;
const now = 100 * minute;
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const serviceId = 'passport' as Id<'service'>;

function figures(waiting: number, waitMinutes: number | null, states: readonly LoadFigures['officials'][number]['state'][]): LoadFigures {
  const longestWaitSince = waitMinutes === null ? null : now - waitMinutes * minute;
  return {
    at: now,
    services: [{ serviceId, waiting, longestWaitSince, accuracy: null }],
    officials: states.map((state) => ({ displayName: 'Somebody', state })),
  };
}

describe('the judgement of a figure', () => {
  test('a wait is watched from ten minutes on and acted upon from twenty', () => {
    expect([null, 0, 9, 10, 19, 20].map(judgeWait)).toEqual(['ok', 'ok', 'ok', 'watch', 'watch', 'act']);
  });

  test('nobody to serve those who wait is to be acted upon; nobody at all is to be watched', () => {
    expect(overviewOf(figures(1, 0, ['away']), now).judgements).toEqual({ waiting: 'act', longest: 'ok', available: 'act' });
    expect(overviewOf(figures(0, null, ['away']), now).judgements).toEqual({ waiting: 'ok', longest: 'ok', available: 'watch' });
  });

  test('somebody in a call serves too: three in line for each are a usual day, four are not', () => {
    expect(overviewOf(figures(6, 1, ['available', 'in-call']), now).judgements.waiting).toBe('ok');
    expect(overviewOf(figures(7, 1, ['available', 'in-call']), now).judgements.waiting).toBe('watch');
  });

  test('the longest wait is in whole minutes, and never negative when two clocks differ', () => {
    expect(overviewOf(figures(1, 12.9, ['available']), now).longestMinutes).toBe(12);
    expect(overviewOf(figures(1, -1, ['available']), now).longestMinutes).toBe(0);
  });
});

describe('what a supervisor hears', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('is nothing at first, then each crossing, and within a minute of one only what is still true after it', () => {
    const told: (readonly string[])[] = [];
    const announcer = new CrossingAnnouncer<'waiting' | 'longest'>((crossed) => void told.push(crossed));
    announcer.judged({ waiting: 'ok', longest: 'ok' });
    expect(told).toEqual([]);
    announcer.judged({ waiting: 'act', longest: 'ok' });
    expect(told).toEqual([['waiting']]);
    announcer.judged({ waiting: 'ok', longest: 'watch' });
    announcer.judged({ waiting: 'act', longest: 'watch' });
    expect(told).toHaveLength(1);
    vi.advanceTimersByTime(minute);
    expect(told).toEqual([['waiting'], ['longest']]);
    announcer.close();
  });
});
