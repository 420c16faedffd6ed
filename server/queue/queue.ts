import type { AccountId, AppointmentId, CallId, ConversationId, OfficeId, QueueEntryId, ServiceId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import type { Locale } from '../protocol/locale.ts';
import type { LostTurn, Need, PriorityReason, Readiness } from '../protocol/queue.ts';
import { AppError } from '../platform/app-error.ts';
import type { Behind } from './place.ts';

/** The appointment an entry was checked in for. */
export interface EntryAppointment {
  readonly appointmentId: AppointmentId;
  readonly startsAt: number;
}

/** Who wants to be served, and what for. Times are milliseconds since 1970. */
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
  readonly needs: readonly Need[];
}

/** What is true of a ticket in every state. */
export interface Placed extends Ticket {
  readonly walkedIn: boolean;
  readonly appointment: EntryAppointment | null;
  readonly priority: PriorityReason | null;
  readonly behind: Behind | null;
  readonly readiness: Readiness | null;
  readonly missedTurns: number;
  readonly lostTurn: LostTurn | null;
  readonly redirects: number;
  /** When it was rung at, within the last ten minutes. */
  readonly rings: readonly number[];
}

/** An official calls, or is with, the ticket's citizen. */
export interface Turn {
  readonly calledAt: number;
  readonly officialId: AccountId;
  readonly callId: CallId;
}
export type RingingTurn = Turn & { readonly answerBy: number; readonly extended: boolean };
export type AnsweredTurn = Turn & { readonly answeredAt: number };

export type WaitingState = Placed & { readonly state: 'waiting' };
export type ParkedState = Placed & { readonly state: 'parked' };
export type CalledState = Placed & { readonly state: 'called'; readonly turn: RingingTurn };
export type AcceptedState = Placed & { readonly state: 'accepted'; readonly turn: AnsweredTurn };
export type EndedState = Placed & { readonly state: 'ended'; readonly turn: AnsweredTurn; readonly endedAt: number };
export type LeftState = Placed & { readonly state: 'left'; readonly endedAt: number };

/** The transitions are told at QueueEntryState (protocol/queue.ts), and each in its function here. */
export type QueueEntry = WaitingState | CalledState | ParkedState | AcceptedState | EndedState | LeftState;

export const openStates = ['waiting', 'called', 'parked', 'accepted'] as const satisfies readonly QueueEntry['state'][];

const ringsMs = 10 * 60_000;
/** A request to ring that comes this soon after a ring is the same one, sent twice. */
const sameRingMs = 3_000;

/** → waiting. */
export function join(ticket: Ticket, appointment: EntryAppointment | null): WaitingState {
  return {
    ...ticket,
    state: 'waiting',
    walkedIn: appointment === null,
    appointment,
    priority: null,
    behind: null,
    readiness: null,
    missedTurns: 0,
    lostTurn: null,
    redirects: 0,
    rings: [],
  };
}

/** Somebody who already waits checks in for an appointment with the same service: he keeps the better of both places. */
export function attachAppointment(entry: QueueEntry, appointment: EntryAppointment, needs: readonly Need[] = []): WaitingState {
  if (entry.state !== 'waiting') throw new AppError('bad_state', `an entry that is ${entry.state} takes no appointment`);
  if (entry.appointment !== null && entry.appointment.appointmentId !== appointment.appointmentId) {
    throw new AppError('bad_state', 'the entry is for another appointment');
  }
  return { ...entry, appointment, needs: [...new Set([...entry.needs, ...needs])] };
}

/** waiting → called. The first official wins; his repeat changes nothing, the others get `conflict`. `bad_state` when the citizen has left or is parked. */
export function call(
  entry: QueueEntry,
  by: { readonly officialId: AccountId; readonly callId: CallId; readonly at: number },
): CalledState | AcceptedState | EndedState {
  if (entry.state === 'left' || entry.state === 'parked') throw new AppError('bad_state', `an entry that is ${entry.state} is not called`);
  if (entry.state === 'waiting') {
    const { officialId, callId, at } = by;
    const turn = { officialId, callId, calledAt: at, answerBy: at + limits.answerMs, extended: false };
    return { ...entry, state: 'called', turn, rings: [...recentRings(entry, at), at] };
  }
  if (entry.turn.officialId !== by.officialId) throw new AppError('conflict', 'another official was quicker');
  return entry;
}

/** called → accepted, also when the time is over and nobody has said so yet. `closed` when it is not called with this call any more. */
export function answer(entry: QueueEntry, callId: CallId, at: number): AcceptedState {
  if (entry.state === 'accepted' && entry.turn.callId === callId) return entry;
  if (entry.state !== 'called' || entry.turn.callId !== callId) throw new AppError('closed', 'the ticket is not called any more');
  const { calledAt, officialId } = entry.turn;
  return { ...entry, state: 'accepted', turn: { calledAt, officialId, callId, answeredAt: at } };
}

/** More time to answer, once; a second time changes nothing. */
export function extend(entry: QueueEntry): CalledState {
  const called = requireCalled(entry);
  const { turn } = called;
  return turn.extended ? called : { ...called, turn: { ...turn, extended: true, answerBy: turn.answerBy + limits.answerMs } };
}

/** The whole time to answer from now. Throws `slow_down` after three rings in ten minutes, `forbidden` for another official. */
export function ringAgain(entry: QueueEntry, officialId: AccountId, at: number): CalledState {
  const called = requireCalled(entry, officialId);
  const rings = recentRings(called, at);
  if (at - (rings.at(-1) ?? 0) < sameRingMs) return called;
  if (rings.length >= limits.ringsPerTenMinutes)
    throw new AppError('slow_down', 'rung often enough', { retryAfterMs: Math.max(1, (rings[0] ?? at) + ringsMs - at) });
  const answerBy = Math.max(called.turn.answerBy, at + limits.answerMs);
  return { ...called, rings: [...rings, at], turn: { ...called.turn, answerBy } };
}

/** called → waiting at place 2 (`behind`), or, the third time, parked. */
export function miss(
  entry: QueueEntry,
  { outcome, behind }: { readonly outcome: 'missed' | 'passed'; readonly behind: Behind | null },
): WaitingState | ParkedState {
  const { turn, ...placed } = requireCalled(entry);
  const missedTurns = placed.missedTurns + 1;
  const state = missedTurns >= limits.missedTurns ? 'parked' : 'waiting';
  return { ...placed, state, missedTurns, behind, lostTurn: { calledAt: turn.calledAt, outcome } };
}

/** called | accepted → waiting at the old place: its official has vanished, or thought better of it before the citizen answered. */
export function release(entry: QueueEntry): WaitingState {
  if (entry.state !== 'called' && entry.state !== 'accepted')
    throw new AppError('bad_state', `an entry that is ${entry.state} has no official`);
  const { turn, ...placed } = entry;
  return { ...placed, state: 'waiting', lostTurn: { calledAt: turn.calledAt, outcome: 'official-lost' } };
}

/** accepted → accepted by somebody else: its call was transferred. */
export function transfer(entry: QueueEntry, officialId: AccountId): AcceptedState {
  if (entry.state !== 'accepted') throw new AppError('bad_state', `an entry that is ${entry.state} is nobody's to hand over`);
  return entry.turn.officialId === officialId ? entry : { ...entry, turn: { ...entry.turn, officialId } };
}

/** waiting → parked. Twice is answered alike. */
export function park(entry: QueueEntry): ParkedState {
  if (entry.state === 'parked') return entry;
  if (entry.state !== 'waiting') throw new AppError('bad_state', `an entry that is ${entry.state} is not parked`);
  return { ...entry, state: 'parked' };
}

/** parked → waiting at place 2 (`behind`). Whoever is back already stays where he is. */
export function comeBack(entry: QueueEntry, behind: Behind | null): WaitingState | CalledState {
  if (entry.state === 'waiting' || entry.state === 'called') return entry;
  if (entry.state !== 'parked') throw new AppError('bad_state', `an entry that is ${entry.state} is not parked`);
  return { ...entry, state: 'waiting', behind };
}

/** Served first for a reason, or no longer (null): then where it was by itself. */
export function prioritise(entry: QueueEntry, reason: PriorityReason | null): WaitingState | CalledState | ParkedState {
  const open = requireUnanswered(entry);
  return open.priority === reason ? open : { ...open, priority: reason, behind: null };
}

/** To another service of the office at the same place, a few times at most. The same once more changes nothing. */
export function redirect(entry: QueueEntry, serviceId: ServiceId): WaitingState | ParkedState {
  if (entry.state !== 'waiting' && entry.state !== 'parked')
    throw new AppError('bad_state', `an entry that is ${entry.state} is not redirected`);
  if (entry.serviceId === serviceId) return entry;
  if (entry.redirects >= limits.redirects) throw new AppError('bad_state', 'redirected often enough: somebody has to decide');
  return { ...entry, serviceId, redirects: entry.redirects + 1 };
}

export function stateNeeds(entry: QueueEntry, needs: readonly Need[]): WaitingState | CalledState | ParkedState {
  return { ...requireUnanswered(entry), needs };
}

export function stateReadiness(entry: QueueEntry, readiness: Readiness): QueueEntry {
  if (entry.state === 'ended' || entry.state === 'left') throw new AppError('bad_state', `an entry that is ${entry.state} is over`);
  return { ...entry, readiness };
}

/** waiting | called | parked → left. Twice is answered alike. `bad_state` once it was answered: then there is a call to hang up. */
export function leave(entry: QueueEntry, at: number): LeftState {
  if (entry.state === 'left') return entry;
  const open = requireUnanswered(entry);
  if (open.state !== 'called') return { ...open, state: 'left', endedAt: at };
  const { turn: _, ...placed } = open;
  return { ...placed, state: 'left', endedAt: at };
}

/** accepted → ended, when its call has ended. Twice is answered alike. */
export function end(entry: QueueEntry, at: number): EndedState {
  if (entry.state === 'ended') return entry;
  if (entry.state !== 'accepted') throw new AppError('bad_state', `an entry that is ${entry.state} has no call to end`);
  return { ...entry, state: 'ended', endedAt: at };
}

/** Throws `bad_state` when it is not called, `forbidden` when somebody else than `officialId` calls. */
export function requireCalled(entry: QueueEntry, officialId: AccountId | null = null): CalledState {
  if (entry.state !== 'called') throw new AppError('bad_state', `an entry that is ${entry.state} is not called`);
  if (officialId !== null && entry.turn.officialId !== officialId) throw new AppError('forbidden', 'called by another official');
  return entry;
}

function requireUnanswered(entry: QueueEntry): WaitingState | CalledState | ParkedState {
  if (entry.state === 'waiting' || entry.state === 'called' || entry.state === 'parked') return entry;
  throw new AppError('bad_state', `an entry that is ${entry.state} waits no longer`);
}

function recentRings({ rings }: QueueEntry, at: number): readonly number[] {
  return rings.filter((rungAt) => rungAt > at - ringsMs);
}
