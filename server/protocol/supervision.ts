import type { ServiceId } from './ids.ts';

export interface ServiceLoad {
  readonly serviceId: ServiceId;
  readonly waiting: number;
  /** When the person who waits longest joined; null when nobody waits. */
  readonly longestWaitSince: number | null;
  /** How good the announced waits were; null before there were any. */
  readonly accuracy: WaitAccuracy | null;
}

/** Of the waits of the last 30 days that ended in a call and had been announced as a range when they began, at most the last 500. */
export interface WaitAccuracy {
  readonly announced: number;
  /** Between both ends of the range, as it was shown. */
  readonly within: number;
  /** Longer than announced. */
  readonly longer: number;
  /** Of those announced, the ones that were not "at once", whose range is known as it was calculated, before rounding. */
  readonly calculated: number;
  /** Of `calculated`: between both ends of that range. Four in five are meant to be. */
  readonly asCalculated: number;
  /** Median of |actual wait − middle of the range|. */
  readonly medianErrorMinutes: number;
}

/** Figures only: nothing here names a citizen or a conversation. */
export interface LoadFigures {
  /** When they were computed. */
  readonly at: number;
  readonly services: readonly ServiceLoad[];
  readonly officials: readonly { readonly displayName: string; readonly state: 'available' | 'in-call' | 'break' | 'away' }[];
}

export interface SupervisionCommands {
  /** Supervisors only; from then on `load:changed` comes as the figures change. */
  'load:watch': (request: Record<string, never>) => LoadFigures;
}
