import type { QueueEntryView } from '../../server/protocol/queue.ts';

/** What of an entry tells one ring from another. */
export type Ring = Pick<QueueEntryView, 'callId' | 'answerBy' | 'extended'>;

/** Whether a called entry rings (again): another call, or called once more; not when its owner has asked for more time. */
export function ringsAnew(told: Ring | null, now: Ring): boolean {
  if (told?.callId !== now.callId) return true;
  return told.extended === now.extended && (now.answerBy ?? 0) > (told.answerBy ?? 0);
}
