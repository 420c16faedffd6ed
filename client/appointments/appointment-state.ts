import type { TemplateResult } from 'lit';
import type { AppointmentState, AppointmentView } from '../../server/protocol/appointments.ts';
import { t } from '../i18n/translate.ts';
import { badge } from '../ui/badge.ts';

const states = {
  held: ['watch', 'appointments.stateHeld'],
  booked: ['ok', 'appointments.stateBooked'],
  'checked-in': ['ok', 'appointments.stateCheckedIn'],
  completed: ['off', 'appointments.stateCompleted'],
  released: ['off', 'appointments.stateReleased'],
  cancelled: ['off', 'appointments.stateCancelled'],
  missed: ['act', 'appointments.stateMissed'],
} as const satisfies Record<AppointmentState, readonly [string, string]>;

export function stateBadge({ state }: AppointmentView): TemplateResult {
  const [kind, key] = states[state];
  return badge(kind, t(key));
}

/** Whether it still lies before its citizen. */
export function isComing({ state }: AppointmentView): boolean {
  return state === 'booked' || state === 'checked-in';
}

export function canCheckIn({ state, checkInFrom, checkInUntil }: AppointmentView, now: number): boolean {
  return state === 'booked' && now >= checkInFrom && now <= checkInUntil;
}
