import type { ConversationEvent } from '../../server/protocol/conversations.ts';

type Fields<Type extends ConversationEvent['type']> = Record<
  Exclude<keyof Extract<ConversationEvent, { type: Type }>, 'type'>,
  'string' | 'number' | 'boolean'
>;

/** What each event must carry, so that a page can show it without looking twice. */
const fields: { readonly [Type in ConversationEvent['type']]: Fields<Type> } = {
  'ticket-joined': { entryId: 'string', ticketNumber: 'string' },
  'ticket-left': { entryId: 'string', ticketNumber: 'string' },
  'turn-missed': { entryId: 'string', ticketNumber: 'string', parked: 'boolean' },
  'call-started': { callId: 'string', official: 'string' },
  'call-joined': { callId: 'string', role: 'string', name: 'string' },
  'call-ended': { callId: 'string', durationMs: 'number', reason: 'string' },
  'appointment-booked': { appointmentId: 'string', startsAt: 'number' },
  'appointment-cancelled': { appointmentId: 'string', startsAt: 'number' },
};

/** The event in these bytes; null when it is none this program knows. */
export function decodeEvent(bytes: Uint8Array): ConversationEvent | null {
  let event: unknown;
  try {
    event = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
  return isEvent(event) ? event : null;
}

function isEvent(value: unknown): value is ConversationEvent {
  if (typeof value !== 'object' || value === null || !('type' in value)) return false;
  const known = Object.entries(fields).find(([type]) => type === value.type);
  const carried = new Map<string, unknown>(Object.entries(value));
  return known !== undefined && Object.entries(known[1]).every(([name, type]) => typeof carried.get(name) === type);
}
