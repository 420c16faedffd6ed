import type { ServiceId } from './ids.ts';

export interface ServiceLoad {
  readonly serviceId: ServiceId;
  readonly waiting: number;
  /** When the person who waits longest joined; null when nobody waits. */
  readonly longestWaitSince: number | null;
}

/** Figures only: nothing here names a citizen or a conversation. */
export interface LoadFigures {
  /** When they were computed. */
  readonly at: number;
  readonly services: readonly ServiceLoad[];
  readonly officials: readonly { readonly displayName: string; readonly state: 'available' | 'in-call' | 'away' }[];
}

export interface SupervisionCommands {
  /** Supervisors only; from then on `load:changed` comes as the figures change. */
  'load:watch': (request: Record<string, never>) => LoadFigures;
}
