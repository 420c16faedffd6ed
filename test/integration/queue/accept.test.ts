import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newId } from '../../../server/protocol/ids.ts';
import { startTestCounter, type Person, type TestCounter } from '../../support/counter.ts';
import { codeOf } from '../../support/refusal.ts';
import { townHall } from '../../support/town.ts';

let counter: TestCounter;
beforeEach(async () => {
  counter = await startTestCounter();
});
afterEach(async () => await counter.close());

const times = async <Value>(count: number, make: () => Promise<Value>): Promise<Value[]> =>
  await Promise.all(Array.from({ length: count }, make));

test('of twenty officials who accept the same entry, one wins and the others get conflict; his repeat gets the same call', async () => {
  const ana = await counter.addCitizen();
  const { entryId, conversationId } = await counter.join(ana);
  const officials = await times(20, async () => await counter.addOfficial());
  const codes = await Promise.all(officials.map(async (official) => await codeOf(official.request('queue:accept', { entryId }))));
  expect(codes.toSorted()).toEqual(['accepted', ...Array.from({ length: 19 }, () => 'conflict')]);

  const winner = officials[codes.indexOf('accepted')];
  const first = await winner?.request('queue:accept', { entryId });
  expect(await winner?.request('queue:accept', { entryId })).toEqual(first);
  expect(first?.conversationId).toBe(conversationId);
  expect(await ana.request('queue:list-mine', {})).toMatchObject({ entries: [{ state: 'accepted', place: null, callId: first?.callId }] });
  expect(await ana.request('call:list-mine', {})).toMatchObject({
    calls: [{ callId: first?.callId, state: 'connecting', official: { accountId: winner?.accountId } }],
  });
  expect(counter.events.filter(({ event }) => event.type === 'call-started')).toEqual([
    { conversationId, event: { type: 'call-started', callId: first?.callId, official: winner?.caller.displayName } },
  ]);
});

/** Joins one citizen after the other, a second apart. */
async function fillLine(count: number): Promise<void> {
  for (let joined = 0; joined < count; joined += 1) {
    await counter.join(await counter.addCitizen());
    counter.clock.at += 1_000;
  }
}

test('thirty officials empty a line of a hundred: a hundred accepts, each ticket has one owner and one call, all others get conflict', async () => {
  const officials = await times(30, async () => await counter.addOfficial());
  await fillLine(100);
  const outcomes = new Map<string, number>();
  const serve = async (official: Person): Promise<void> => {
    // All begin with the same list and hurry through it.
    const { entries } = await official.request('queue:list', {});
    for (const { entryId } of entries) {
      const outcome = await codeOf(official.request('queue:accept', { entryId }));
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (outcome === 'accepted')
        await official.request('call:hang-up', { callId: (await official.request('queue:accept', { entryId })).callId });
    }
  };
  await Promise.all(officials.map(serve));
  expect(outcomes).toEqual(
    new Map([
      ['accepted', 100],
      ['conflict', 2_900],
    ]),
  );
  const { rows } = await sql<{ tickets: number; calls: number; owners: number; unended: number }>`
    select count(*)::int as tickets, count(distinct call_id)::int as calls, count(accepted_by)::int as owners, count(*) filter (where state <> 'ended')::int as unended
    from queue_entries`.execute(counter.database);
  expect(rows).toEqual([{ tickets: 100, calls: 100, owners: 100, unended: 0 }]);
}, 60_000);

/** Takes the first he sees until nobody is left. */
const serveInOrder = async (official: Person): Promise<void> => {
  for (;;) {
    const [next] = (await official.request('queue:list', {})).entries;
    if (!next) return;
    if ((await codeOf(official.request('queue:accept', { entryId: next.entryId }))) !== 'accepted') continue;
    await official.request('call:hang-up', { callId: (await official.request('queue:accept', { entryId: next.entryId })).callId });
  }
};

test('officials who each take the first they see serve everybody in the order of coming', async () => {
  const officials = await times(5, async () => await counter.addOfficial());
  await fillLine(30);
  await Promise.all(officials.map(serveInOrder));
  const started = counter.events.flatMap(({ event }) => (event.type === 'call-started' ? event.callId : []));
  const { rows } = await sql<{ callId: string; ticketNumber: string }>`select call_id, ticket_number from queue_entries`.execute(
    counter.database,
  );
  const numbers = new Map(rows.map(({ callId, ticketNumber }) => [callId, ticketNumber]));
  expect(started.map((callId) => numbers.get(callId))).toEqual(Array.from({ length: 30 }, (_, index) => `A${index + 1}`));
}, 60_000);

test('an official who takes a break, of no team, or without the role is refused, and the ticket stays', async () => {
  const ana = await counter.addCitizen();
  const { entryId } = await counter.join(ana);
  const paused = await counter.addOfficial();
  await paused.request('availability:set', { available: false });
  const neverAvailable = await counter.addOfficial(townHall, { available: false });
  const supervisor = await counter.addSupervisor();
  for (const person of [paused, neverAvailable, supervisor, ana])
    expect(await codeOf(person.request('queue:accept', { entryId }))).toBe('forbidden');

  const removed = await counter.addOfficial();
  const handlers = counter.counter.handlers;
  const callerOutsideTheTeam = { ...removed.caller, inboxRoles: new Map() };
  expect(await codeOf(handlers['queue:accept'].run({ entryId }, callerOutsideTheTeam))).toBe('forbidden');
  expect(await codeOf(handlers['queue:list'].run({}, callerOutsideTheTeam))).toBe('forbidden');
  expect(await codeOf(handlers['availability:set'].run({ available: true }, callerOutsideTheTeam))).toBe('forbidden');
  expect(await ana.request('queue:list-mine', {})).toMatchObject({ entries: [{ state: 'waiting', place: 1 }] });
});

test('an official in a call takes nobody else, even when he accepts ten at once', async () => {
  const official = await counter.addOfficial();
  const entries = await times(10, async () => await counter.join(await counter.addCitizen()));
  const codes = await Promise.all(entries.map(async ({ entryId }) => await codeOf(official.request('queue:accept', { entryId }))));
  expect(codes.toSorted()).toEqual(['accepted', ...Array.from({ length: 9 }, () => 'bad_state')]);
  expect((await official.request('queue:list', {})).entries).toHaveLength(9);
  expect((await official.request('call:list-mine', {})).calls).toHaveLength(1);
});

test('accepting and leaving at the same instant: one of them happens, and the state is a legal one', async () => {
  const rounds = await times(20, async () => {
    const citizen = await counter.addCitizen();
    const { entryId } = await counter.join(citizen);
    return { citizen, entryId, official: await counter.addOfficial() };
  });
  for (const { citizen, entryId, official } of rounds) {
    const [accepted, left] = await Promise.all([
      codeOf(official.request('queue:accept', { entryId })),
      codeOf(citizen.request('queue:leave', { entryId })),
    ]);
    expect([accepted, left].toSorted()).toEqual(['accepted', 'bad_state']);
    const { rows } = await sql<{
      state: string;
      calls: number;
    }>`select state, (select count(*)::int from calls where calls.entry_id = queue_entries.entry_id) as calls from queue_entries where entry_id = ${entryId}`.execute(
      counter.database,
    );
    expect(rows).toEqual([accepted === 'accepted' ? { state: 'accepted', calls: 1 } : { state: 'left', calls: 0 }]);
  }
});

test("leaving another person's place is refused as if it were not there; leaving twice is answered alike and recorded once", async () => {
  const [ana, ben] = await times(2, async () => await counter.addCitizen());
  if (!ana || !ben) throw new Error('two citizens');
  const { entryId } = await counter.join(ana);
  expect(await codeOf(ben.request('queue:leave', { entryId }))).toBe('not_found');
  expect(await codeOf(ben.request('queue:leave', { entryId: newId<'queue entry'>() }))).toBe('not_found');
  expect(await ana.request('queue:leave', { entryId })).toMatchObject({ state: 'left', place: null });
  expect(await ana.request('queue:leave', { entryId })).toMatchObject({ state: 'left', place: null });
  expect(counter.events.filter(({ event }) => event.type === 'ticket-left')).toHaveLength(1);
});
