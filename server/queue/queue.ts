import type { AccountId, AppointmentId, CallId, ConversationId, OfficeId, QueueEntryId, ServiceId } from '../protocol/ids.ts';
import type { Locale } from '../protocol/locale.ts';
import { AppError } from '../platform/app-error.ts';

/** The appointment an entry was checked in for. */
export interface EntryAppointment {
  readonly appointmentId: AppointmentId;
  readonly startsAt: number;
}

/** What stays as long as the entry exists. Times are milliseconds since 1970. */
export interface Ticket {
  readonly entryId: QueueEntryId;
  readonly serviceId: ServiceId;
  readonly officeId: OfficeId;
  readonly conversationId: ConversationId;
  readonly citizenId: AccountId;
  readonly language: Locale;
  /** What is displayed: "A17". */
  readonly ticketNumber: string;
  readonly joinedAt: number;
}

interface Acceptance {
  readonly acceptedAt: number;
  readonly acceptedBy: AccountId;
  readonly callId: CallId;
}

interface Placed extends Ticket {
  readonly appointment: EntryAppointment | null;
  /** By this the line is ordered. */
  readonly dueAt: number;
}

export type WaitingState = Placed & { readonly state: 'waiting' };
export type AcceptedState = Placed & Acceptance & { readonly state: 'accepted' };
export type EndedState = Placed & Acceptance & { readonly state: 'ended'; readonly endedAt: number };
export type LeftState = Placed & { readonly state: 'left'; readonly endedAt: number };

/** waiting → accepted → ended; waiting → left. */
export type QueueEntry = WaitingState | AcceptedState | EndedState | LeftState;

/** A walk-in is due when he joins; an appointment holder from his appointment's time, if that is earlier. */
export function join(ticket: Ticket, appointment: EntryAppointment | null): WaitingState {
  return { ...ticket, state: 'waiting', appointment, dueAt: Math.min(ticket.joinedAt, appointment?.startsAt ?? ticket.joinedAt) };
}

/** Somebody who already waits checks in for an appointment with the same service: he keeps the better of both places. */
export function attachAppointment(entry: QueueEntry, appointment: EntryAppointment): WaitingState {
  if (entry.state !== 'waiting') throw new AppError('bad_state', `an entry that is ${entry.state} takes no appointment`);
  if (entry.appointment !== null && entry.appointment.appointmentId !== appointment.appointmentId) {
    throw new AppError('bad_state', 'the entry is for another appointment');
  }
  return { ...entry, appointment, dueAt: Math.min(entry.dueAt, appointment.startsAt) };
}

/** The first official wins; his repeat changes nothing, the others get `conflict`. `bad_state` when the citizen has left. */
export function accept(entry: QueueEntry, by: { officialId: AccountId; callId: CallId; at: number }): AcceptedState | EndedState {
  if (entry.state === 'left') throw new AppError('bad_state', 'the citizen has left the line');
  if (entry.state === 'waiting') return { ...entry, state: 'accepted', acceptedAt: by.at, acceptedBy: by.officialId, callId: by.callId };
  if (entry.acceptedBy !== by.officialId) throw new AppError('conflict', 'another official was quicker');
  return entry;
}

/** Twice is answered alike. `bad_state` once it was accepted: then there is a call to hang up. */
export function leave(entry: QueueEntry, at: number): LeftState {
  if (entry.state === 'left') return entry;
  if (entry.state !== 'waiting') throw new AppError('bad_state', `an entry that is ${entry.state} cannot leave the line`);
  return { ...entry, state: 'left', endedAt: at };
}

/** When its call has ended. Twice is answered alike. */
export function end(entry: QueueEntry, at: number): EndedState {
  if (entry.state === 'ended') return entry;
  if (entry.state !== 'accepted') throw new AppError('bad_state', `an entry that is ${entry.state} has no call to end`);
  return { ...entry, state: 'ended', endedAt: at };
}
