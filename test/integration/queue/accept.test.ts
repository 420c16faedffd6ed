import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { newId, type QueueEntryId } from '../../../server/protocol/ids.ts';
import { startTestCounter, type Person, type TestCounter } from '../../support/counter.ts';
import { printFigures } from '../../support/figures.ts';
import { codeOf } from '../../support/refusal.ts';
import { startTestSfu, type TestSfu } from '../../support/sfu.ts';
import { archive, licence, passport, townHall } from '../../support/town.ts';

let sfu: TestSfu;
let counter: TestCounter;
beforeAll(async () => {
  sfu = await startTestSfu();
});
afterAll(async () => await sfu.close());
beforeEach(async () => {
  counter = await startTestCounter({ sfu });
});
afterEach(async () => await counter.close());

const times = async <Value>(count: number, make: () => Promise<Value>): Promise<Value[]> =>
  await Promise.all(Array.from({ length: count }, make));

test('R31: of twenty officials who take the same ticket, one wins and the others get conflict; his repeat gets the same call', async () => {
  const ana = await counter.addCitizen();
  const { entryId, conversationId } = await counter.join(ana);
  const officials = await times(20, async () => await counter.addOfficial());
  const codes = await Promise.all(officials.map(async (official) => await codeOf(official.request('queue:accept', { entryId }))));
  expect(codes.toSorted()).toEqual(['accepted', ...Array.from({ length: 19 }, () => 'conflict')]);

  const winner = officials[codes.indexOf('accepted')];
  const first = await winner?.request('queue:accept', { entryId });
  expect(await winner?.request('queue:accept', { entryId })).toEqual(first);
  expect(first?.conversationId).toBe(conversationId);
  expect(await ana.request('queue:list-mine', {})).toMatchObject({ entries: [{ state: 'called', place: null, callId: first?.callId }] });
  expect(await ana.request('call:list-mine', {})).toMatchObject({
    calls: [{ callId: first?.callId, state: 'connecting', official: { accountId: winner?.accountId } }],
  });
  const started = () => counter.events.filter(({ event }) => event.type === 'call-started');
  expect(started()).toEqual([]);
  if (first) await counter.answer(ana, first.callId);
  expect(started()).toEqual([
    { conversationId, event: { type: 'call-started', callId: first?.callId, official: winner?.caller.displayName } },
  ]);
});

/** Joins one citizen after the other, a second apart. Whose ticket each is. */
async function fillLine(count: number): Promise<ReadonlyMap<string, Person>> {
  const citizens = new Map<string, Person>();
  for (let joined = 0; joined < count; joined += 1) {
    const citizen = await counter.addCitizen();
    citizens.set((await counter.join(citizen)).entryId, citizen);
    counter.clock.at += 1_000;
  }
  return citizens;
}

/** Whoever was called answers, and they are done. */
async function serve(
  official: Person,
  { entryId }: { readonly entryId: QueueEntryId },
  citizens: ReadonlyMap<string, Person>,
): Promise<void> {
  const { callId } = await counter.call(official, entryId);
  const citizen = citizens.get(entryId);
  if (citizen) await counter.answer(citizen, callId);
  await official.request('call:hang-up', { callId });
}

test('R31: thirty officials empty a line of a hundred: a hundred calls, each ticket has one owner and one call, all others get conflict', async () => {
  const officials = await times(30, async () => await counter.addOfficial());
  const citizens = await fillLine(100);
  const outcomes = new Map<string, number>();
  const losersWaitedMs: number[] = [];
  const hurry = async (official: Person): Promise<void> => {
    // All begin with the same list and hurry through it.
    const { entries } = await official.request('queue:list', {});
    for (const entry of entries) {
      const askedAt = performance.now();
      const outcome = await codeOf(counter.call(official, entry.entryId));
      if (outcome === 'conflict') losersWaitedMs.push(performance.now() - askedAt);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (outcome === 'accepted') await serve(official, entry, citizens);
    }
  };
  await Promise.all(officials.map(hurry));
  printFigures('a loser was told after', losersWaitedMs);
  expect(outcomes).toEqual(
    new Map([
      ['accepted', 100],
      ['conflict', 2_900],
    ]),
  );
  const { rows } = await sql<{ tickets: number; calls: number; owners: number; unended: number }>`
    select count(*)::int as tickets, count(distinct call_id)::int as calls, count(official_id)::int as owners, count(*) filter (where state <> 'ended')::int as unended
    from queue_entries`.execute(counter.database);
  expect(rows).toEqual([{ tickets: 100, calls: 100, owners: 100, unended: 0 }]);
}, 60_000);

/** Takes the first he sees until nobody is left. */
const serveInOrder = async (official: Person, citizens: ReadonlyMap<string, Person>, called: string[]): Promise<void> => {
  for (;;) {
    const next = (await official.request('queue:list', {})).entries.find(({ state }) => state === 'waiting');
    if (!next) return;
    if ((await codeOf(counter.call(official, next.entryId))) !== 'accepted') continue;
    called.push(next.ticketNumber);
    await serve(official, next, citizens);
  }
};

test('officials who each take the first they see serve everybody in the order of coming', async () => {
  const officials = await times(5, async () => await counter.addOfficial());
  const citizens = await fillLine(30);
  const called: string[] = [];
  await Promise.all(officials.map(async (official) => await serveInOrder(official, citizens, called)));
  expect(called).toEqual(Array.from({ length: 30 }, (_, index) => `A${index + 1}`));
}, 60_000);

test('Q04: an official who takes a break, of no team, of another service or language, or without the role is refused, and the ticket stays', async () => {
  const ana = await counter.addCitizen();
  const { entryId } = await counter.join(ana);
  const paused = await counter.addOfficial();
  await paused.request('availability:set', { state: 'break', services: [], languages: [] });
  const neverAvailable = await counter.addOfficial(townHall, { available: false });
  const ofOtherServices = await counter.addOfficial();
  await ofOtherServices.request('availability:set', { state: 'available', services: [licence, archive], languages: [] });
  const ofOtherLanguages = await counter.addOfficial();
  await ofOtherLanguages.request('availability:set', { state: 'available', services: [passport], languages: ['lb', 'pt'] });
  const supervisor = await counter.addSupervisor();
  for (const person of [paused, neverAvailable, ofOtherServices, ofOtherLanguages, supervisor, ana])
    expect(await codeOf(person.request('queue:accept', { entryId }))).toBe('forbidden');

  const removed = await counter.addOfficial();
  const handlers = counter.counter.handlers;
  const callerOutsideTheTeam = { ...removed.caller, inboxRoles: new Map() };
  expect(await codeOf(handlers['queue:accept'].run({ entryId }, callerOutsideTheTeam))).toBe('forbidden');
  expect(await codeOf(handlers['queue:list'].run({}, callerOutsideTheTeam))).toBe('forbidden');
  expect(await codeOf(handlers['availability:set'].run({ state: 'available', services: [], languages: [] }, callerOutsideTheTeam))).toBe(
    'forbidden',
  );
  expect(await ana.request('queue:list-mine', {})).toMatchObject({ entries: [{ state: 'waiting', place: 1 }] });
});

test('an official in a call takes nobody else, even when he accepts ten at once', async () => {
  const official = await counter.addOfficial();
  const entries = await times(10, async () => await counter.join(await counter.addCitizen()));
  const codes = await Promise.all(entries.map(async ({ entryId }) => await codeOf(official.request('queue:accept', { entryId }))));
  expect(codes.toSorted()).toEqual(['accepted', ...Array.from({ length: 9 }, () => 'bad_state')]);
  expect((await official.request('queue:list', {})).entries.filter(({ state }) => state === 'waiting')).toHaveLength(9);
  expect((await official.request('call:list-mine', {})).calls).toHaveLength(1);
});

test('Q05: taking and leaving at the same instant: the citizen has left, and nothing rings', async () => {
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
    expect(['accepted', 'bad_state']).toContain(accepted);
    expect(left).toBe('accepted');
    expect((await official.request('call:list-mine', {})).calls).toEqual([]);
    const { rows } = await sql<{ state: string }>`select state from queue_entries where entry_id = ${entryId}`.execute(counter.database);
    expect(rows).toEqual([{ state: 'left' }]);
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
