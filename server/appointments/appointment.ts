import type { AccountId, AppointmentId, ConversationId, OfficeId, ServiceId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import type { Need } from '../protocol/queue.ts';
import { AppError } from '../platform/app-error.ts';

/** A time at a desk. Times are milliseconds since 1970. */
interface Reservation {
  readonly appointmentId: AppointmentId;
  readonly serviceId: ServiceId;
  readonly officeId: OfficeId;
  readonly citizenId: AccountId;
  /** From 1: which of the service's desks. */
  readonly desk: number;
  readonly startsAt: number;
  readonly endsAt: number;
  /** Stated at booking. */
  readonly needs: readonly Need[];
}

export type HeldState = Reservation & { readonly state: 'held'; readonly conversationId: null; readonly holdExpiresAt: number };
export type ReleasedState = Reservation & { readonly state: 'released'; readonly conversationId: null };
type Confirmed<State> = Reservation & { readonly state: State; readonly conversationId: ConversationId };
export type BookedState = Confirmed<'booked'>;
export type CheckedInState = Confirmed<'checked-in'>;
export type CompletedState = Confirmed<'completed'>;
export type CancelledState = Confirmed<'cancelled'>;
export type MissedState = Confirmed<'missed'>;

/**
 * held → booked → checked-in → completed; held → released; booked → cancelled | missed.
 * checked-in → booked when its queue entry leaves the line: until its time is over, its citizen can check in again.
 */
export type Appointment = HeldState | ReleasedState | BookedState | CheckedInState | CompletedState | CancelledState | MissedState;

/** When it can be checked in. */
export function checkInWindow({ startsAt }: { readonly startsAt: number }): { readonly from: number; readonly until: number } {
  return { from: startsAt - limits.checkInEarlyMs, until: startsAt + limits.checkInLateMs };
}

export function hold(reservation: Omit<Reservation, 'needs'>, at: number): HeldState {
  return { ...reservation, needs: [], state: 'held', conversationId: null, holdExpiresAt: at + limits.holdMs };
}

/** Twice is answered alike. `invalid_slot` when the hold is over, `conflict` when it was booked into another conversation. */
export function book(
  appointment: Appointment,
  booking: { readonly conversationId: ConversationId; readonly needs: readonly Need[]; readonly at: number },
): Exclude<Appointment, HeldState | ReleasedState> {
  if (appointment.state === 'released') throw new AppError('invalid_slot', 'the hold is over');
  if (appointment.state === 'held') {
    if (appointment.holdExpiresAt <= booking.at) throw new AppError('invalid_slot', 'the hold is over');
    const { holdExpiresAt: _, ...reservation } = appointment;
    return { ...reservation, state: 'booked', conversationId: booking.conversationId, needs: booking.needs };
  }
  if (appointment.conversationId !== booking.conversationId) throw new AppError('conflict', 'booked into another conversation');
  return appointment;
}

/** Gives a hold back or cancels a booking. Twice is answered alike. `bad_state` once it was checked in or its time is over. */
export function cancel(appointment: Appointment): ReleasedState | CancelledState {
  if (appointment.state === 'released' || appointment.state === 'cancelled') return appointment;
  if (appointment.state === 'held') return release(appointment);
  if (appointment.state === 'booked') return { ...appointment, state: 'cancelled' };
  throw new AppError('bad_state', `an appointment that is ${appointment.state} cannot be cancelled`);
}

/** A hold that was not confirmed, or is given up for another one. */
export function release(appointment: HeldState): ReleasedState {
  const { holdExpiresAt: _, ...reservation } = appointment;
  return { ...reservation, state: 'released' };
}

/** Twice is answered alike. `closed` outside of its window, `bad_state` when there is nothing to check in for. */
export function checkIn(appointment: Appointment, at: number): CheckedInState {
  if (appointment.state === 'checked-in') return appointment;
  if (appointment.state !== 'booked') throw new AppError('bad_state', `an appointment that is ${appointment.state} cannot be checked in`);
  const { from, until } = checkInWindow(appointment);
  if (at < from || at > until) throw new AppError('closed', 'outside the time for checking in');
  return { ...appointment, state: 'checked-in' };
}

/** Its citizen was served. */
export function complete(appointment: Appointment): CompletedState {
  if (appointment.state !== 'checked-in')
    throw new AppError('bad_state', `an appointment that is ${appointment.state} cannot be completed`);
  return { ...appointment, state: 'completed' };
}

/** Its citizen left the line. */
export function reopen(appointment: Appointment): BookedState {
  if (appointment.state !== 'checked-in') throw new AppError('bad_state', `an appointment that is ${appointment.state} was not checked in`);
  return { ...appointment, state: 'booked' };
}

/** Nobody came. One that is not, or not yet, missed stays as it is. */
export function miss(appointment: Appointment, at: number): Appointment {
  return appointment.state === 'booked' && at > checkInWindow(appointment).until ? { ...appointment, state: 'missed' } : appointment;
}
