import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AppError } from '../../../server/platform/app-error.ts';
import { limits } from '../../../server/protocol/limits.ts';
import * as queue from '../../../server/queue/queue.ts';
import type { QueueEntry, Ticket } from '../../../server/queue/queue.ts';
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
  needs: [],
};
const officials: readonly AccountId[] = [newId<'account'>(), newId<'account'>(), newId<'account'>()];
const appointment = { appointmentId: newId<'appointment'>(), startsAt: 900_000 };
const otherService = newId<'service'>() satisfies ServiceId;

const kinds = [
  'call',
  'answer',
  'extend',
  'ring',
  'miss',
  'release',
  'transfer',
  'park',
  'return',
  'prioritise',
  'redirect',
  'needs',
  'readiness',
  'leave',
  'end',
  'attach',
] as const;
type Kind = (typeof kinds)[number];
interface Action {
  readonly kind: Kind;
  readonly officialId: AccountId;
}
type Outcome = QueueEntry['state'] | 'bad_state' | 'closed';

/** The whole table of what may happen, said a second time and independently: what each action makes of a state, or how it is refused. */
const allowed: Readonly<Record<QueueEntry['state'], Readonly<Partial<Record<Kind, Outcome>>>>> = {
  waiting: {
    call: 'called',
    park: 'parked',
    return: 'waiting',
    prioritise: 'waiting',
    redirect: 'waiting',
    needs: 'waiting',
    readiness: 'waiting',
    leave: 'left',
    attach: 'waiting',
    answer: 'closed',
  },
  called: {
    call: 'called',
    answer: 'accepted',
    extend: 'called',
    ring: 'called',
    miss: 'waiting',
    release: 'waiting',
    return: 'called',
    prioritise: 'called',
    needs: 'called',
    readiness: 'called',
    leave: 'left',
  },
  parked: {
    park: 'parked',
    return: 'waiting',
    prioritise: 'parked',
    redirect: 'parked',
    needs: 'parked',
    readiness: 'parked',
    leave: 'left',
    answer: 'closed',
  },
  accepted: { call: 'accepted', answer: 'accepted', release: 'waiting', transfer: 'accepted', readiness: 'accepted', end: 'ended' },
  ended: { call: 'ended', end: 'ended', answer: 'closed' },
  left: { leave: 'left', answer: 'closed' },
};

function apply(entry: QueueEntry, { kind, officialId }: Action, at: number): QueueEntry {
  const acts: Readonly<Record<Kind, () => QueueEntry>> = {
    call: () => queue.call(entry, { officialId, callId: newId<'call'>(), at }),
    answer: () => queue.answer(entry, 'turn' in entry ? entry.turn.callId : newId<'call'>(), at),
    extend: () => queue.extend(entry),
    ring: () => queue.ringAgain(entry, officialId, at),
    miss: () => queue.miss(entry, { outcome: 'missed', behind: null }),
    release: () => queue.release(entry),
    transfer: () => queue.transfer(entry, officialId),
    park: () => queue.park(entry),
    return: () => queue.comeBack(entry, null),
    prioritise: () => queue.prioritise(entry, 'need'),
    redirect: () => queue.redirect(entry, otherService),
    needs: () => queue.stateNeeds(entry, ['interpreter']),
    readiness: () => queue.stateReadiness(entry, 'sound-only'),
    leave: () => queue.leave(entry, at),
    end: () => queue.end(entry, at),
    attach: () => queue.attachAppointment(entry, appointment),
  };
  return acts[kind]();
}

const anyAction: fc.Arbitrary<Action> = fc.record({ kind: fc.constantFrom(...kinds), officialId: fc.constantFrom(...officials) });

function codeOf(act: () => unknown): string {
  try {
    act();
    return 'nothing was thrown';
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
}

/** What the table says of an action, with what it depends on besides the state. */
function expected(entry: QueueEntry, { kind, officialId }: Action): Outcome | 'conflict' | 'forbidden' {
  const outcome = allowed[entry.state][kind] ?? 'bad_state';
  const official = 'turn' in entry ? entry.turn.officialId : null;
  if (kind === 'call' && official !== null && official !== officialId) return 'conflict';
  if (kind === 'ring' && entry.state === 'called' && official !== officialId) return 'forbidden';
  if (kind === 'miss' && entry.state === 'called' && entry.missedTurns === limits.missedTurns - 1) return 'parked';
  return outcome;
}

const called = (at = 0): QueueEntry => queue.call(queue.join(ticket, null), { officialId: officials[0] ?? newId(), callId: newId(), at });

describe('a queue entry', () => {
  test('goes through no sequence of actions into a state the table does not allow, and in a turn has one official and one call', () => {
    fc.assert(
      fc.property(fc.array(anyAction, { maxLength: 40 }), (actions) => {
        let entry: QueueEntry = queue.join(ticket, null);
        actions.forEach((action, minutes) => {
          const outcome = expected(entry, action);
          // Rings are four minutes apart: within ten there are never too many.
          const at = minutes * 240_000;
          if (outcome === 'bad_state' || outcome === 'closed' || outcome === 'conflict' || outcome === 'forbidden') {
            expect(codeOf(() => apply(entry, action, at))).toBe(outcome);
            return;
          }
          const next = apply(entry, action, at);
          expect(next.state).toBe(outcome);
          expect(next).toMatchObject({ entryId: ticket.entryId, ticketNumber: 'A17', joinedAt: ticket.joinedAt, walkedIn: true });
          if ('turn' in entry && 'turn' in next && action.kind !== 'transfer')
            expect(next.turn).toMatchObject({
              callId: entry.turn.callId,
              officialId: entry.turn.officialId,
              calledAt: entry.turn.calledAt,
            });
          expect(next.missedTurns).toBe(entry.missedTurns + (action.kind === 'miss' ? 1 : 0));
          entry = next;
        });
      }),
      { numRuns: 1_000 },
    );
  });

  test('does in each state what the table says, and nothing else', () => {
    const [officialId] = officials;
    if (!officialId) throw new Error('an official');
    const waiting = queue.join(ticket, null);
    const rung = queue.call(waiting, { officialId, callId: newId(), at: 0 });
    if (rung.state !== 'called') throw new Error('called');
    const accepted = queue.answer(rung, rung.turn.callId, 1);
    const entries = [waiting, rung, queue.park(waiting), accepted, queue.end(accepted, 2), queue.leave(waiting, 2)];
    expect(entries.map(({ state }) => state)).toEqual(Object.keys(allowed));
    for (const entry of entries) {
      for (const kind of kinds) {
        const outcome = expected(entry, { kind, officialId });
        if (outcome === 'bad_state' || outcome === 'closed')
          expect([entry.state, kind, codeOf(() => apply(entry, { kind, officialId }, 5_000))]).toEqual([entry.state, kind, outcome]);
        else expect([entry.state, kind, apply(entry, { kind, officialId }, 5_000).state]).toEqual([entry.state, kind, outcome]);
      }
    }
  });

  test('can be answered for 90 seconds, and for 90 more once', () => {
    const entry = called(1_000);
    expect(entry).toMatchObject({ turn: { answerBy: 91_000, extended: false } });
    const extended = queue.extend(entry);
    expect(extended).toMatchObject({ turn: { answerBy: 181_000, extended: true } });
    expect(queue.extend(extended)).toBe(extended);
  });

  test('is rung at three times in ten minutes, each time with 90 seconds at least; the same ring sent twice is one', () => {
    const [official] = officials;
    if (!official) throw new Error('an official');
    const again = queue.ringAgain(called(0), official, 60_000);
    expect(again.turn.answerBy).toBe(150_000);
    expect(queue.ringAgain(again, official, 61_000)).toBe(again);
    const extended = queue.extend(again);
    const third = queue.ringAgain(extended, official, 120_000);
    // An extension is not taken away by a ring.
    expect(third.turn.answerBy).toBe(240_000);
    expect(() => queue.ringAgain(third, official, 130_000)).toThrow(expect.objectContaining({ code: 'slow_down', retryAfterMs: 470_000 }));
    expect(queue.ringAgain(third, official, 600_000).rings).toEqual([60_000, 120_000, 600_000]);
  });

  test('is answered with the call it is called with, and with no other', () => {
    const entry = called();
    expect(codeOf(() => queue.answer(entry, newId<'call'>(), 1))).toBe('closed');
    if (entry.state !== 'called') throw new Error('called');
    const accepted = queue.answer(entry, entry.turn.callId, 5);
    expect(accepted.turn).toMatchObject({ answeredAt: 5, callId: entry.turn.callId });
    expect(queue.answer(accepted, entry.turn.callId, 9)).toBe(accepted);
  });

  test('is redirected five times and no sixth time, however it goes round', () => {
    let entry: QueueEntry = queue.join(ticket, null);
    for (let count = 0; count < limits.redirects; count += 1) {
      const target = count % 2 === 0 ? otherService : ticket.serviceId;
      entry = queue.redirect(entry, target);
      expect(queue.redirect(entry, target)).toBe(entry);
    }
    expect(codeOf(() => queue.redirect(entry, entry.serviceId === otherService ? ticket.serviceId : otherService))).toBe('bad_state');
  });

  test('remembers why its last call brought nothing', () => {
    expect(queue.miss(called(7), { outcome: 'passed', behind: null }).lostTurn).toEqual({ calledAt: 7, outcome: 'passed' });
    expect(queue.release(called(8)).lostTurn).toEqual({ calledAt: 8, outcome: 'official-lost' });
  });

  test('takes one appointment and no second one, and what is needed for it besides', () => {
    const other = { appointmentId: newId<'appointment'>(), startsAt: 1 };
    expect(codeOf(() => queue.attachAppointment(queue.join(ticket, appointment), other))).toBe('bad_state');
    const entry = queue.join({ ...ticket, needs: ['interpreter'] }, null);
    expect(queue.attachAppointment(entry, appointment, ['interpreter', 'text-only']).needs).toEqual(['interpreter', 'text-only']);
  });
});
