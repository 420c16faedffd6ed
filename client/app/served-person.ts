import type { CallView } from '../../server/protocol/calls.ts';
import type { ConsoleFacts } from '../calls/call-console.ts';
import { official } from './official.ts';

/** What an official should know of the person in this call, and his next appointment. */
export function consoleFacts({ conversationId, answeredAt, endedAt }: CallView): ConsoleFacts {
  const desk = official.value?.desk.state.value;
  const served = desk?.serving?.conversationId === conversationId ? desk.serving : null;
  const now = Date.now();
  const next = desk?.appointments.find(
    ({ state, startsAt }) => state === 'booked' && startsAt > (endedAt ?? now) && startsAt < now + soonMs,
  );
  return { answeredAt, language: served?.language ?? null, needs: served?.needs ?? [], nextAppointmentAt: next?.startsAt ?? null };
}

const soonMs = 12 * 60 * 60_000;
