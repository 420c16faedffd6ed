import { newId } from '../../server/protocol/ids.ts';
import type { QueueEntryView } from '../../server/protocol/queue.ts';

/** A ticket at place 2, and what is to be otherwise. */
export function queueEntry(changes: Partial<QueueEntryView> = {}): QueueEntryView {
  return {
    entryId: newId<'queue entry'>(),
    ticketNumber: 'A1',
    serviceId: newId<'service'>(),
    conversationId: newId<'conversation'>(),
    appointmentId: null,
    state: 'waiting',
    place: 2,
    wait: null,
    callId: null,
    answerBy: null,
    extended: false,
    missedTurns: 0,
    lostTurn: null,
    needs: [],
    priority: null,
    readiness: null,
    joinedAt: 1,
    updatedAt: 1,
    ...changes,
  };
}
