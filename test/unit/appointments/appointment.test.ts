import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  book,
  cancel,
  checkIn,
  checkInWindow,
  complete,
  hold,
  miss,
  reopen,
  type Appointment,
} from '../../../server/appointments/appointment.ts';
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

const actions = {
  book: (appointment: Appointment, at: number): Appointment =>
    book(appointment, { conversationId: conversations[0], needs: ['interpreter'], at }),
  cancel,
  checkIn,
  complete,
  reopen,
  miss,
} as const;

/** The table of what may happen, said a second time and independently: the next state, or the code of the refusal. */
const expected: Readonly<Record<keyof typeof actions, (appointment: Appointment, at: number) => string>> = {
  book: (appointment, at) => {
    if (appointment.state === 'held') return at < appointment.holdExpiresAt ? 'booked' : 'invalid_slot';
    return appointment.state === 'released' ? 'invalid_slot' : appointment.state;
  },
  cancel: ({ state }) =>
    ({
      held: 'released',
      released: 'released',
      booked: 'cancelled',
      cancelled: 'cancelled',
      'checked-in': 'bad_state',
      completed: 'bad_state',
      missed: 'bad_state',
    })[state],
  checkIn: ({ state }, at) => {
    if (state === 'checked-in') return state;
    if (state !== 'booked') return 'bad_state';
    return at >= from && at <= until ? 'checked-in' : 'closed';
  },
  complete: ({ state }) => (state === 'checked-in' ? 'completed' : 'bad_state'),
  reopen: ({ state }) => (state === 'checked-in' ? 'booked' : 'bad_state'),
  miss: ({ state }, at) => (state === 'booked' && at > until ? 'missed' : state),
};

test('an appointment goes through no sequence of actions into a state the table does not allow', () => {
  const anyStep = fc.record({
    action: fc.constantFrom(
      'book' as const,
      'cancel' as const,
      'checkIn' as const,
      'complete' as const,
      'reopen' as const,
      'miss' as const,
    ),
    waitMs: fc.integer({ min: 0, max: 20 * 60_000 }),
  });
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 40 }), (steps) => {
      let at = startsAt - 30 * 60_000;
      let appointment: Appointment = hold(reservation, at);
      for (const { action, waitMs } of steps) {
        at += waitMs;
        const outcome = expected[action](appointment, at);
        try {
          const next: Appointment = actions[action](appointment, at);
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
  const booking = { conversationId: conversations[0], needs: ['interpreter'] as const };
  expect(held.holdExpiresAt).toBe(limits.holdMs);
  expect(book(held, { ...booking, at: limits.holdMs - 1 }).state).toBe('booked');
  expect(() => book(held, { ...booking, at: limits.holdMs })).toThrow(expect.objectContaining({ code: 'invalid_slot' }));
});

test('booking twice is answered alike, and with another conversation refused', () => {
  const booked = book(hold(reservation, 0), { conversationId: conversations[0], needs: ['interpreter'], at: 1 });
  expect(book(booked, { conversationId: conversations[0], needs: ['interpreter'], at: 2 })).toBe(booked);
  expect(() => book(booked, { conversationId: conversations[1], needs: [], at: 2 })).toThrow(expect.objectContaining({ code: 'conflict' }));
});
