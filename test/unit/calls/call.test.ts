import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  answer,
  connect,
  durationMs,
  end,
  handOver,
  hold,
  requireRunning,
  roleIn,
  start,
  viewOf,
  type Call,
} from '../../../server/calls/call.ts';
import { newId } from '../../../server/protocol/ids.ts';

const citizenId = newId<'account'>();
const official = { accountId: newId<'account'>(), displayName: 'Nora Weber', officeId: newId<'office'>() };
const stranger = newId<'account'>();
const interpreter = newId<'account'>();
const begin = (): Call =>
  start({
    callId: newId<'call'>(),
    conversationId: newId<'conversation'>(),
    entryId: newId<'queue entry'>(),
    serviceId: newId<'service'>(),
    citizenId,
    official,
    startedAt: 0,
  });
const reasons = ['hung-up', 'network', 'node-lost', 'moderator'] as const;

const anyStep = fc.oneof(
  fc.constantFrom(citizenId, official.accountId).map((accountId) => ({ kind: 'connect' as const, accountId })),
  fc.constantFrom(...reasons).map((reason) => ({ kind: 'end' as const, reason })),
);

test('a call becomes active when the media of both came through, in whatever order and however often, and ends once, for the first reason', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 30 }), (steps) => {
      let call = begin();
      const connected = new Map<string, number>();
      let ended: { reason: string; endedAt: number } | null = null;
      steps.forEach((step, at) => {
        if (step.kind === 'connect') {
          call = connect(call, step.accountId, at);
          if (!ended && !connected.has(step.accountId)) connected.set(step.accountId, at);
        } else {
          call = end(call, { reason: step.reason, at });
          ended ??= { reason: step.reason, endedAt: at };
        }
        expect(call.state).toBe(ended ? 'ended' : connected.size === 2 ? 'active' : 'connecting');
        if (ended) expect(call).toMatchObject(ended);
      });
      if (call.state === 'ended') expect(durationMs(call)).toBe(connected.size === 2 ? call.endedAt - Math.max(...connected.values()) : 0);
    }),
    { numRuns: 2_000 },
  );
});

test('only those who belong to it may touch it, in their own role, and nobody joins once it has ended', () => {
  const call: Call = {
    ...begin(),
    companions: [{ accountId: interpreter, role: 'interpreter', displayName: 'Ines Dias', inviterId: citizenId, hasJoined: false }],
  };
  expect(connect(call, stranger, 1)).toBe(call);
  expect(connect(call, interpreter, 1)).toBe(call);
  expect(() => requireRunning(call, stranger)).toThrow(expect.objectContaining({ code: 'forbidden' }));
  expect(requireRunning(call, citizenId)).toBe(call);
  expect(requireRunning(call, interpreter)).toBe(call);
  expect(() => requireRunning(call, interpreter, ['citizen', 'official'])).toThrow(expect.objectContaining({ code: 'forbidden' }));
  const ended = end(call, { reason: 'hung-up', at: 5 });
  expect(() => requireRunning(ended, citizenId)).toThrow(expect.objectContaining({ code: 'closed' }));
  expect(() => requireRunning(ended, stranger)).toThrow(expect.objectContaining({ code: 'forbidden' }));
  expect(viewOf(ended)).toMatchObject({ state: 'ended', reason: 'hung-up', endedAt: 5 });
  expect(viewOf(call).participants.map(({ role }) => role)).toEqual(['citizen', 'official', 'interpreter']);
});

test('whoever takes a call over leads it, off hold; the first answer counts', () => {
  const call = answer(requireRunning(begin(), citizenId), 3);
  expect(answer(call, 9)).toBe(call);
  const taken = handOver(hold(call, true), { accountId: stranger, displayName: 'Ben Roth' });
  expect(viewOf(taken)).toMatchObject({
    held: false,
    answeredAt: 3,
    official: { accountId: stranger, displayName: 'Ben Roth', officeId: official.officeId },
  });
  expect(roleIn(taken, official.accountId)).toBeNull();
});
