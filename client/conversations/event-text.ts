import type { CallEndReason, ConversationEvent } from '../../server/protocol/conversations.ts';
import { fmt } from '../i18n/fmt.ts';
import type { MessageKey } from '../i18n/areas.ts';
import { t } from '../i18n/translate.ts';

/** What happened in the conversation, as one line. */
export function eventText(event: ConversationEvent): string {
  switch (event.type) {
    case 'ticket-joined':
      return t('conversations.ticketJoined', { ticket: event.ticketNumber });
    case 'ticket-left':
      return t('conversations.ticketLeft', { ticket: event.ticketNumber });
    case 'turn-missed':
      return t(event.parked ? 'conversations.turnMissedParked' : 'conversations.turnMissed', { ticket: event.ticketNumber });
    case 'call-started':
      return t('conversations.callStarted', { name: event.official });
    case 'call-joined':
      return t(joinedAs[event.role] ?? 'conversations.joinedCall', { name: event.name });
    case 'call-ended':
      return t(callEndings[event.reason], { duration: fmt.duration(event.durationMs) });
    case 'appointment-booked':
      return t('conversations.appointmentBooked', { when: fmt.dateTime(event.startsAt) });
    case 'appointment-cancelled':
      return t('conversations.appointmentCancelled', { when: fmt.dateTime(event.startsAt) });
    default:
      return event satisfies never;
  }
}

const callEndings = {
  'hung-up': 'conversations.callEnded',
  network: 'conversations.callLost',
  'node-lost': 'conversations.callLost',
  moderator: 'conversations.callClosedByModerator',
  missed: 'conversations.callMissed',
  'official-lost': 'conversations.callOfficialLost',
} as const satisfies Record<CallEndReason, string>;

const joinedAs: Readonly<Record<string, MessageKey>> = {
  relative: 'conversations.joinedRelative',
  interpreter: 'conversations.joinedInterpreter',
  captioner: 'conversations.joinedCaptioner',
  colleague: 'conversations.joinedColleague',
};
