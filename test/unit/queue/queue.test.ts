import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AppError } from '../../../server/platform/app-error.ts';
import { accept, attachAppointment, end, join, leave, type QueueEntry, type Ticket } from '../../../server/queue/queue.ts';
import { newId, type AccountId, type OfficeId, type ServiceId } from '../../../server/protocol/ids.ts';

const ticket: Ticket = {
  entryId: newId<'queue entry'>(),
  serviceId: newId<'service'>() satisfies ServiceId,
  officeId: newId<'office'>() satisfies OfficeId,
  conversationId: newId<'conversation'>(),
  citizenId: newId<'account'>(),
  language: 'lb',
  ticketNumber: 'A17',
  joinedAt: 1_000_000,
};
const officials: readonly AccountId[] = [newId<'account'>(), newId<'account'>(), newId<'account'>()];
const appointment = { appointmentId: newId<'appointment'>(), startsAt: 900_000 };

type Action = { readonly kind: 'accept'; readonly officialId: AccountId } | { readonly kind: 'leave' | 'end' | 'attach' };

/** The whole table of what may happen, said a second time and independently: what each action makes of a state, or how it is refused. */
const allowed: Readonly<Record<QueueEntry['state'], Readonly<Record<Action['kind'], QueueEntry['state'] | 'bad_state'>>>> = {
  waiting: { accept: 'accepted', leave: 'left', end: 'bad_state', attach: 'waiting' },
  accepted: { accept: 'accepted', leave: 'bad_state', end: 'ended', attach: 'bad_state' },
  ended: { accept: 'ended', leave: 'bad_state', end: 'ended', attach: 'bad_state' },
  left: { accept: 'bad_state', leave: 'left', end: 'bad_state', attach: 'bad_state' },
};

function apply(entry: QueueEntry, action: Action, at: number): QueueEntry {
  if (action.kind === 'accept') return accept(entry, { officialId: action.officialId, callId: newId<'call'>(), at });
  return { leave: () => leave(entry, at), end: () => end(entry, at), attach: () => attachAppointment(entry, appointment) }[action.kind]();
}

const anyAction: fc.Arbitrary<Action> = fc.oneof(
  fc.constantFrom(...officials).map((officialId) => ({ kind: 'accept' as const, officialId })),
  fc.constantFrom('leave' as const, 'end' as const, 'attach' as const).map((kind) => ({ kind })),
);

function codeOf(act: () => unknown): string {
  try {
    act();
    return 'nothing was thrown';
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
}

describe('a queue entry', () => {
  test('goes through no sequence of actions into a state the table does not allow, and has one official and one call for ever', () => {
    fc.assert(
      fc.property(fc.array(anyAction, { maxLength: 40 }), (actions) => {
        let entry: QueueEntry = join(ticket, null);
        let winner: AccountId | null = null;
        actions.forEach((action, at) => {
          const expected = allowed[entry.state][action.kind];
          const isLate = action.kind === 'accept' && winner !== null && winner !== action.officialId;
          if (isLate || expected === 'bad_state') {
            expect(codeOf(() => apply(entry, action, at))).toBe(isLate && expected !== 'bad_state' ? 'conflict' : 'bad_state');
            return;
          }
          const next = apply(entry, action, at);
          expect(next.state).toBe(expected);
          if (action.kind === 'accept' && winner === null) winner = action.officialId;
          if ('callId' in entry)
            expect(next).toMatchObject({ callId: entry.callId, acceptedBy: entry.acceptedBy, acceptedAt: entry.acceptedAt });
          entry = next;
        });
      }),
      { numRuns: 5_000 },
    );
  });

  test('is due when its citizen joined, or at the time of his appointment when that is earlier', () => {
    expect(join(ticket, null).dueAt).toBe(ticket.joinedAt);
    expect(join(ticket, { ...appointment, startsAt: ticket.joinedAt + 60_000 }).dueAt).toBe(ticket.joinedAt);
    expect(join(ticket, { ...appointment, startsAt: ticket.joinedAt - 60_000 }).dueAt).toBe(ticket.joinedAt - 60_000);
  });

  test('keeps the better of two places when its citizen checks in while he waits', () => {
    const waiting = join(ticket, null);
    expect(attachAppointment(waiting, appointment).dueAt).toBe(appointment.startsAt);
    expect(attachAppointment(waiting, { ...appointment, startsAt: ticket.joinedAt + 1 }).dueAt).toBe(ticket.joinedAt);
  });

  test('takes one appointment and no second one', () => {
    const other = { appointmentId: newId<'appointment'>(), startsAt: 1 };
    expect(codeOf(() => attachAppointment(join(ticket, appointment), other))).toBe('bad_state');
  });
});
