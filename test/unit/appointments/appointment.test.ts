import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { book, cancel, checkIn, checkInWindow, complete, hold, miss, reopen, type Appointment } from '../../../server/appointments/appointment.ts';
import { AppError } from '../../../server/platform/app-error.ts';
import { limits } from '../../../server/protocol/limits.ts';
import { newId } from '../../../server/protocol/ids.ts';

const startsAt = 100 * 60_000;
const conversations = [newId<'conversation'>(), newId<'conversation'>()] as const;
const reservation = {
  appointmentId: newId<'appointment'>(),
  serviceId: newId<'service'>(),
  officeId: newId<'office'>(),
  citizenId: newId<'account'>(),
  desk: 1,
  startsAt,
  endsAt: startsAt + 20 * 60_000,
};
const { from, until } = checkInWindow(reservation);

type Action = 'book' | 'cancel' | 'check-in' | 'complete' | 'reopen' | 'miss';
const actions: readonly Action[] = ['book', 'cancel', 'check-in', 'complete', 'reopen', 'miss'];

function apply(appointment: Appointment, action: Action, at: number): Appointment {
  switch (action) {
    case 'book':
      return book(appointment, { conversationId: conversations[0], at });
    case 'cancel':
      return cancel(appointment);
    case 'check-in':
      return checkIn(appointment, at);
    case 'complete':
      return complete(appointment);
    case 'reopen':
      return reopen(appointment);
    case 'miss':
      return miss(appointment, at);
  }
}

/** The table of what may happen, said a second time and independently: the next state, or the code of the refusal. */
function expected(appointment: Appointment, action: Action, at: number): string {
  const { state } = appointment;
  switch (action) {
    case 'book':
      if (state === 'held') return at < appointment.holdExpiresAt ? 'booked' : 'invalid_slot';
      return state === 'released' ? 'invalid_slot' : state;
    case 'cancel':
      return { held: 'released', released: 'released', booked: 'cancelled', cancelled: 'cancelled', 'checked-in': 'bad_state', completed: 'bad_state', missed: 'bad_state' }[state];
    case 'check-in':
      if (state === 'checked-in') return state;
      if (state !== 'booked') return 'bad_state';
      return at >= from && at <= until ? 'checked-in' : 'closed';
    case 'complete':
      return state === 'checked-in' ? 'completed' : 'bad_state';
    case 'reopen':
      return state === 'checked-in' ? 'booked' : 'bad_state';
    case 'miss':
      return state === 'booked' && at > until ? 'missed' : state;
  }
}

test('an appointment goes through no sequence of actions into a state the table does not allow', () => {
  const anyStep = fc.record({ action: fc.constantFrom(...actions), waitMs: fc.integer({ min: 0, max: 20 * 60_000 }) });
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 40 }), (steps) => {
      let at = startsAt - 30 * 60_000;
      let appointment: Appointment = hold(reservation, at);
      for (const { action, waitMs } of steps) {
        at += waitMs;
        const outcome = expected(appointment, action, at);
        try {
          const next = apply(appointment, action, at);
          expect(next.state).toBe(outcome);
          appointment = next;
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          expect(error.code).toBe(outcome);
        }
      }
    }),
    { numRuns: 2_000 },
  );
});

test('a hold lasts ten minutes, to the millisecond', () => {
  const held = hold(reservation, 0);
  const booking = { conversationId: conversations[0] };
  expect(held.holdExpiresAt).toBe(limits.holdMs);
  expect(book(held, { ...booking, at: limits.holdMs - 1 }).state).toBe('booked');
  expect(() => book(held, { ...booking, at: limits.holdMs })).toThrow(expect.objectContaining({ code: 'invalid_slot' }));
});

test('booking twice is answered alike, and with another conversation refused', () => {
  const booked = book(hold(reservation, 0), { conversationId: conversations[0], at: 1 });
  expect(book(booked, { conversationId: conversations[0], at: 2 })).toBe(booked);
  expect(() => book(booked, { conversationId: conversations[1], at: 2 })).toThrow(expect.objectContaining({ code: 'conflict' }));
});
