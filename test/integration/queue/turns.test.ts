import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { limits } from '../../../server/protocol/limits.ts';
import { startTestCounter, minuteMs, type Person, type TestCounter } from '../../support/counter.ts';
import { codeOf } from '../../support/refusal.ts';
import { startTestSfu, type TestSfu } from '../../support/sfu.ts';
import { healthFund } from '../../support/town.ts';

let sfu: TestSfu;
let counter: TestCounter;
beforeAll(async () => {
  sfu = await startTestSfu();
});
afterAll(async () => await sfu.close());
beforeEach(async () => {
  counter = await startTestCounter({ sfu });
  // The server has been there for a while: it knows who is.
  await counter.pass(30_000);
});
afterEach(async () => await counter.close());

interface Rung {
  readonly citizen: Person;
  readonly official: Person;
  readonly entryId: Awaited<ReturnType<TestCounter['join']>>['entryId'];
  readonly callId: Awaited<ReturnType<TestCounter['call']>>['callId'];
}

/** A line of `count`, a second apart, of which the first is called. */
async function ring(count = 3): Promise<Rung & { readonly others: readonly Person[] }> {
  const citizens = await Promise.all(Array.from({ length: count }, async () => await counter.addCitizen()));
  const entries = [];
  for (const citizen of citizens) {
    entries.push(await counter.join(citizen));
    counter.clock.at += 1_000;
  }
  const [citizen, ...others] = citizens;
  const [entry] = entries;
  if (!citizen || !entry) throw new Error('nobody waits');
  const official = await counter.addOfficial();
  return { citizen, others, official, entryId: entry.entryId, callId: (await counter.call(official, entry.entryId)).callId };
}

const mine = async (citizen: Person) => (await citizen.request('queue:list-mine', {})).entries[0];
const eventTypes = (): string[] => counter.events.map(({ event }) => event.type);

describe('a ticket that is called', () => {
  test('rings at its citizen, who answers by joining the call: only then it is a call on record', async () => {
    const { citizen, others, official, entryId, callId } = await ring();
    expect(await mine(citizen)).toMatchObject({
      state: 'called',
      place: null,
      callId,
      extended: false,
      answerBy: counter.clock.at + limits.answerMs,
    });
    expect(citizen.told('queue:moved').at(-1)).toMatchObject({ entry: { entryId, state: 'called', callId } });
    expect(counter.pushed).toEqual([citizen.accountId]);
    expect((await official.request('queue:list', {})).entries.map(({ state, place, calledBy }) => [state, place, calledBy])).toEqual([
      ['called', null, official.accountId],
      ['waiting', 1, null],
      ['waiting', 2, null],
    ]);
    expect(eventTypes()).not.toContain('call-started');

    await counter.answer(citizen, callId);
    expect(await mine(citizen)).toMatchObject({ state: 'accepted', callId, answerBy: null });
    // On whichever page he opens then: what was stated in the line.
    expect((await official.request('queue:list', {})).serving).toMatchObject({ conversationId: expect.any(String), needs: [] });
    expect(eventTypes().filter((type) => type === 'call-started')).toHaveLength(1);
    await counter.pass(2 * minuteMs);
    expect(await mine(citizen)).toMatchObject({ state: 'accepted', callId });
    await official.request('call:hang-up', { callId });
    expect((await official.request('queue:list', {})).serving).toBeNull();
    expect(await mine(citizen)).toBeUndefined();
    expect(others).toHaveLength(2);
  });

  test('and not answered within 90 seconds goes to place 2, is told so and recorded, and its call has ended as missed', async () => {
    const { citizen, others, official, entryId, callId } = await ring();
    await counter.pass(limits.answerMs - 1);
    expect(await mine(citizen)).toMatchObject({ state: 'called', callId });
    const moved = counter.next(
      'queue:moved',
      ({ entry }) => entry.entryId === entryId && entry.state === 'waiting' && entry.place !== null,
    );
    await counter.pass(1);
    expect(await moved).toMatchObject({ entry: { place: 2, missedTurns: 1, callId: null, lostTurn: { outcome: 'missed' } } });
    expect(await mine(citizen)).toMatchObject({ state: 'waiting', place: 2, missedTurns: 1 });
    expect(counter.events.at(-1)).toMatchObject({ event: { type: 'turn-missed', entryId, parked: false } });
    expect(citizen.told('call:changed').at(-1)).toMatchObject({ call: { callId, state: 'ended', reason: 'missed' } });
    expect(await codeOf(counter.answer(citizen, callId))).toBe('closed');
    // The official is free for the next.
    const next = (await official.request('queue:list', {})).entries[0];
    expect(next).toMatchObject({ citizenId: others[0]?.accountId, place: 1 });
    expect(await codeOf(counter.call(official, next?.entryId ?? entryId))).toBe('accepted');
  });

  test('and missed three times is parked: it counts for nobody, is kept, and comes back to place 2 by itself', async () => {
    const { citizen, official, entryId } = await ring(4);
    for (let turn = 2; turn <= limits.missedTurns; turn += 1) {
      await official.request('queue:mark-missed', { entryId });
      expect(await mine(citizen)).toMatchObject({ state: 'waiting', place: 2 });
      await counter.call(official, entryId);
    }
    await counter.pass(limits.answerMs);
    expect(await mine(citizen)).toMatchObject({ state: 'parked', place: null, missedTurns: 3, callId: null });
    expect(counter.events.at(-1)).toMatchObject({ event: { type: 'turn-missed', parked: true } });
    expect((await official.request('queue:list', {})).entries.map(({ state, place }) => [state, place])).toEqual([
      ['waiting', 1],
      ['waiting', 2],
      ['waiting', 3],
      ['parked', null],
    ]);
    expect(await codeOf(counter.call(official, entryId))).toBe('bad_state');
    expect(await citizen.request('queue:return', { entryId })).toMatchObject({ state: 'waiting', place: 2 });
    expect(await citizen.request('queue:return', { entryId })).toMatchObject({ state: 'waiting', place: 2 });
  });

  test('has 90 seconds more when its citizen asks, once however often he does', async () => {
    const { citizen, entryId } = await ring();
    const first = await citizen.request('queue:extend', { entryId });
    expect(first).toMatchObject({ state: 'called', extended: true, answerBy: counter.clock.at + 2 * limits.answerMs });
    expect((await citizen.request('queue:extend', { entryId })).answerBy).toBe(first.answerBy);
    await counter.pass(2 * limits.answerMs - 1);
    expect(await mine(citizen)).toMatchObject({ state: 'called' });
    await counter.pass(1);
    expect(await mine(citizen)).toMatchObject({ state: 'waiting', missedTurns: 1 });
    expect(await codeOf(citizen.request('queue:extend', { entryId }))).toBe('bad_state');
  });

  test('rings again when its official says so, and three times in ten minutes at most; nobody else of the team may', async () => {
    const { citizen, official, entryId } = await ring();
    const colleague = await counter.addOfficial();
    expect(await codeOf(colleague.request('queue:call-again', { entryId }))).toBe('forbidden');
    counter.clock.at += 60_000;
    expect(await official.request('queue:call-again', { entryId })).toEqual({ answerBy: counter.clock.at + limits.answerMs });
    expect(await official.request('queue:call-again', { entryId })).toEqual({ answerBy: counter.clock.at + limits.answerMs });
    counter.clock.at += 60_000;
    await official.request('queue:call-again', { entryId });
    counter.clock.at += 60_000;
    await expect(official.request('queue:call-again', { entryId })).rejects.toMatchObject({
      code: 'slow_down',
      retryAfterMs: 7 * minuteMs,
    });
    expect(counter.pushed).toEqual([citizen.accountId, citizen.accountId, citizen.accountId]);
  });

  test('is let by when its citizen says so, or hangs up while it rings: place 2, and a missed turn', async () => {
    const { citizen, official, entryId } = await ring();
    expect(await citizen.request('queue:pass', { entryId })).toMatchObject({
      state: 'waiting',
      place: 2,
      missedTurns: 1,
      lostTurn: { outcome: 'passed' },
    });
    expect(await citizen.request('queue:pass', { entryId })).toMatchObject({ place: 2, missedTurns: 1 });
    const { callId } = await counter.call(official, entryId);
    await citizen.request('call:hang-up', { callId });
    expect(await mine(citizen)).toMatchObject({ state: 'waiting', place: 2, missedTurns: 2, lostTurn: { outcome: 'passed' } });
    expect(eventTypes().filter((type) => type === 'turn-missed')).toHaveLength(2);
  });

  test('is where it was, with no missed turn, when its official hangs up before it is answered', async () => {
    const { citizen, official, callId } = await ring();
    await official.request('call:hang-up', { callId });
    expect(await mine(citizen)).toMatchObject({ state: 'waiting', place: 1, missedTurns: 0, lostTurn: { outcome: 'official-lost' } });
  });

  test('can be left while it rings, and its call ends', async () => {
    const { citizen, official, entryId, callId } = await ring();
    expect(await citizen.request('queue:leave', { entryId })).toMatchObject({ state: 'left' });
    expect((await official.request('call:list-mine', {})).calls).toEqual([]);
    expect(official.told('call:changed').at(-1)).toMatchObject({ call: { callId, state: 'ended' } });
    expect(await codeOf(counter.answer(citizen, callId))).toBe('closed');
  });

  test('is not missed because the server was away: its citizen has twenty seconds to come back', async () => {
    const { citizen, callId } = await ring();
    counter.clock.at += 10 * minuteMs;
    await counter.restart();
    await counter.counter.sweep();
    expect(await mine(citizen)).toMatchObject({ state: 'called', callId });
    await counter.pass(25_000);
    expect(await mine(citizen)).toMatchObject({ state: 'waiting', missedTurns: 1 });
  });
});

describe('at the same instant', () => {
  const rounds = Array.from({ length: 10 }, (_, index) => index);

  test('answering and the end of the time: one of them happens, the call says the same, and a missed turn is counted once', async () => {
    for (const round of rounds) {
      const { citizen, official, entryId, callId } = await ring(1);
      counter.clock.at += limits.answerMs;
      const [answered] = await Promise.all([
        codeOf(counter.answer(citizen, callId)),
        ...(round % 2 === 0
          ? [official.request('queue:mark-missed', { entryId }), official.request('queue:mark-missed', { entryId })].map(codeOf)
          : [codeOf(citizen.request('queue:pass', { entryId }))]),
      ]);
      const entry = await mine(citizen);
      const calls = (await citizen.request('call:list-mine', {})).calls.map((call) => call.callId);
      expect([answered, entry?.state, entry?.missedTurns, calls]).toEqual(
        answered === 'accepted' ? ['accepted', 'accepted', 0, [callId]] : ['closed', 'waiting', 1, []],
      );
      if (answered === 'accepted') await official.request('call:hang-up', { callId });
      else await citizen.request('queue:leave', { entryId });
      await official.request('availability:set', { state: 'off', services: [], languages: [] });
    }
  });

  test('Q05: calling, leaving, prioritising, redirecting and parking: the state is a legal one, and the calls agree with it', async () => {
    for (const _ of rounds) {
      const [citizen, one, other] = [await counter.addCitizen(), await counter.addOfficial(), await counter.addOfficial()];
      const { entryId, serviceId } = await counter.join(citizen);
      await Promise.all(
        [
          counter.call(one, entryId),
          counter.call(other, entryId),
          citizen.request('queue:leave', { entryId }),
          other.request('queue:prioritise', { entryId, reason: 'need' }),
          one.request('queue:redirect', { entryId, serviceId }),
          one.request('queue:park', { entryId }),
        ].map(codeOf),
      );
      const { rows } = await sql<{ state: string; running: number }>`
        select state, (select count(*)::int from calls where calls.entry_id = queue_entries.entry_id and calls.state <> 'ended') as running
        from queue_entries where entry_id = ${entryId}`.execute(counter.database);
      expect(rows).toEqual([{ state: 'left', running: 0 }]);
    }
  });
});

test('two nodes that see the same time run out count one missed turn', async () => {
  const { citizen, entryId } = await ring();
  const second = counter.addNode();
  await counter.pass(limits.answerMs - 1, { nodes: [second] });
  counter.clock.at += 1;
  await Promise.all([counter.counter.sweep(), second.sweep()]);
  expect(await mine(citizen)).toMatchObject({ entryId, state: 'waiting', missedTurns: 1 });
  expect(eventTypes().filter((type) => type === 'turn-missed')).toHaveLength(1);
});

test('of another office, or of another person, a ticket is neither rung nor missed nor parked nor put first nor passed', async () => {
  const { entryId, others } = await ring();
  const stranger = await counter.addOfficial(healthFund);
  const [ben] = others;
  if (!ben) throw new Error('others');
  const refused = await Promise.all(
    [
      stranger.request('queue:call-again', { entryId }),
      stranger.request('queue:mark-missed', { entryId }),
      stranger.request('queue:park', { entryId }),
      stranger.request('queue:prioritise', { entryId, reason: 'emergency' }),
    ].map(codeOf),
  );
  expect(refused).toEqual(['forbidden', 'forbidden', 'forbidden', 'forbidden']);
  const hidden = await Promise.all(
    [
      ben.request('queue:extend', { entryId }),
      ben.request('queue:pass', { entryId }),
      ben.request('queue:return', { entryId }),
      ben.request('queue:set-needs', { entryId, needs: [] }),
      ben.request('queue:set-readiness', { entryId, readiness: 'ready' }),
    ].map(codeOf),
  );
  expect(hidden).toEqual(['not_found', 'not_found', 'not_found', 'not_found', 'not_found']);
});
