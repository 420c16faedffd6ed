import type { CallView } from '../../server/protocol/calls.ts';
import { locales } from '../../server/protocol/locale.ts';
import { needs } from '../../server/protocol/queue.ts';
import type { ConsoleFacts } from '../calls/call-console.ts';
import { official } from './official.ts';

type Person = Pick<ConsoleFacts, 'language' | 'needs'>;

/**
 * What an official should know of the person in this call, and his next appointment. The line tells language and needs only until
 * the call is answered: they are kept for a reload, in this tab alone.
 */
export function consoleFacts({ callId, conversationId, answeredAt, endedAt }: CallView): ConsoleFacts {
  const desk = official.value?.desk.state.value;
  const entry = desk?.entries.find((each) => each.conversationId === conversationId);
  if (entry !== undefined) keep(callId, entry);
  const { language, needs: stated } = entry ?? kept(callId);
  const now = Date.now();
  const next = desk?.appointments.find(
    ({ state, startsAt }) => state === 'booked' && startsAt > (endedAt ?? now) && startsAt < now + soonMs,
  );
  return { answeredAt, language, needs: stated, nextAppointmentAt: next?.startsAt ?? null };
}

const soonMs = 12 * 60 * 60_000;

function keep(callId: string, { language, needs: stated }: Person): void {
  sessionStorage.setItem(`call-${callId}`, [language ?? '', ...stated].join(' '));
}

function kept(callId: string): Person {
  const [language, ...stated] = (sessionStorage.getItem(`call-${callId}`) ?? '').split(' ');
  return { language: locales.find((each) => each === language) ?? null, needs: needs.filter((need) => stated.includes(need)) };
}
