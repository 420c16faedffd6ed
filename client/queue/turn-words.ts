import { limits } from '../../server/protocol/limits.ts';
import type { PriorityReason, QueueEntryView } from '../../server/protocol/queue.ts';
import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';

/** What became of the last call to a ticket, and where it stands now; null when there is nothing to explain. */
export function lostTurnText({ lostTurn, place, state, missedTurns }: QueueEntryView): string | null {
  if (state === 'parked') {
    const why = missedTurns >= limits.missedTurns ? t('queue.parkedMissed', { count: missedTurns }) : t('queue.parkedByTeam');
    return `${why} ${t('queue.parkedBack')}`;
  }
  if (lostTurn === null || state !== 'waiting') return null;
  const why = t(lostTurns[lostTurn.outcome], { time: fmt.time(lostTurn.calledAt) });
  return place === null ? why : `${why} ${t('queue.missedPlace', { place })}`;
}

const lostTurns = {
  missed: 'queue.missedNote',
  passed: 'queue.passedNote',
  'official-lost': 'queue.officialLostNote',
} as const;

export function priorityText(reason: PriorityReason): string {
  return t(priorities[reason]);
}

const priorities = {
  need: 'needs.priorityNeed',
  deadline: 'needs.priorityDeadline',
  mistake: 'needs.priorityMistake',
  emergency: 'needs.priorityEmergency',
} as const satisfies Record<PriorityReason, string>;

/** Whole seconds somebody who is called has left to answer; 0 when the time is over. */
export function secondsLeft({ answerBy }: Pick<QueueEntryView, 'answerBy'>, now: number): number {
  return Math.max(0, Math.ceil(((answerBy ?? now) - now) / 1_000));
}
