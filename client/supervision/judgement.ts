import type { LoadFigures } from '../../server/protocol/supervision.ts';

export type Judgement = 'ok' | 'watch' | 'act';

/** From how long a wait of the first in line the supervisor watches, and from how long he acts. */
export const watchWaitMinutes = 10;
export const actWaitMinutes = 20;

/** So many people in line for each available person are still a usual day. */
export const waitingPerOfficial = 3;

/** The figures of an office as a supervisor reads them. */
export interface Overview {
  readonly waiting: number;
  /** Whole minutes; null when nobody waits. */
  readonly longestMinutes: number | null;
  readonly available: number;
  readonly inCall: number;
  readonly judgements: { readonly waiting: Judgement; readonly longest: Judgement; readonly available: Judgement };
}

/** Sums up the figures. `now` is by the server's clock, in ms since 1970. */
export function overviewOf({ services, officials }: LoadFigures, now: number): Overview {
  const waiting = services.reduce((sum, service) => sum + service.waiting, 0);
  const since = services.flatMap(({ longestWaitSince }) => longestWaitSince ?? []);
  const longestMinutes = since.length === 0 ? null : minutesSince(Math.min(...since), now);
  const count = (wanted: 'available' | 'in-call'): number => officials.filter(({ state }) => state === wanted).length;
  const [available, inCall] = [count('available'), count('in-call')];
  const unserved = waiting > 0 && available + inCall === 0;
  return {
    waiting,
    longestMinutes,
    available,
    inCall,
    judgements: {
      waiting: unserved ? 'act' : waiting > waitingPerOfficial * (available + inCall) ? 'watch' : 'ok',
      longest: judgeWait(longestMinutes),
      available: unserved ? 'act' : available + inCall === 0 ? 'watch' : 'ok',
    },
  };
}

export function judgeWait(minutes: number | null): Judgement {
  if (minutes === null || minutes < watchWaitMinutes) return 'ok';
  return minutes < actWaitMinutes ? 'watch' : 'act';
}

export function minutesSince(since: number, now: number): number {
  return Math.max(0, Math.floor((now - since) / 60_000));
}
