import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { newId } from '../../../server/protocol/ids.ts';
import { minuteMs, monday, startTestCounter, type Person, type TestCounter } from '../../support/counter.ts';
import { codeOf } from '../../support/refusal.ts';
import { startTestSfu, type TestSfu } from '../../support/sfu.ts';
import { licence, passport } from '../../support/town.ts';

/** reliability.md R34. CI serves a hundred tickets; `FAIR_TICKETS=1000` the whole thousand. */
const tickets = Number(process.env['FAIR_TICKETS'] ?? 100);

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

/** Mulberry32: the same numbers in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Served {
  readonly ticket: string;
  readonly order: number;
  readonly isUrgent: boolean;
}

test(`R34: of ${tickets} tickets, with restarts in between, nobody of one class is served before somebody who came earlier`, async () => {
  const random = seeded(34);
  const officials = await Promise.all(Array.from({ length: 5 }, async () => await counter.addOfficial()));
  const urgent = new Set<string>();
  const ofTicket = new Map<string, Person>();
  /** For each call that was made: who was called, and who of his class had come earlier and was passed over. */
  const violations: string[] = [];
  const served: Served[] = [];
  const order = new Map<string, number>();
  let joined = 0;

  const join = async (): Promise<void> => {
    const citizen = await counter.addCitizen();
    const { entryId } = await counter.join(citizen, random() < 0.5 ? passport : licence);
    order.set(entryId, joined);
    ofTicket.set(entryId, citizen);
    joined += 1;
    const [official] = officials;
    if (official && random() < 0.1) {
      await official.request('queue:prioritise', { entryId, reason: 'need' });
      urgent.add(entryId);
    }
  };
  const serveNext = async (official: Person): Promise<void> => {
    for (;;) {
      const waiting = (await official.request('queue:list', {})).entries.filter(({ state }) => state === 'waiting');
      const [next] = waiting;
      if (!next) return;
      const { entryId, ticketNumber } = next;
      if ((await codeOf(counter.call(official, entryId))) !== 'accepted') continue;
      const isUrgent = urgent.has(entryId);
      const own = order.get(entryId) ?? 0;
      // By the test's own count of arrivals, not by what the line says.
      for (const other of waiting)
        if (urgent.has(other.entryId) === isUrgent && (order.get(other.entryId) ?? 0) < own)
          violations.push(`${ticketNumber} before ${other.ticketNumber}`);
      if (!isUrgent && waiting.some((other) => urgent.has(other.entryId))) violations.push(`${ticketNumber} before somebody prioritised`);
      served.push({ ticket: entryId, order: own, isUrgent });
      const citizen = ofTicket.get(entryId);
      const { callId } = await counter.call(official, entryId);
      if (citizen) await counter.answer(citizen, callId);
      await official.request('call:hang-up', { callId });
      return;
    }
  };

  while (served.length < tickets) {
    const arrivals = Math.min(tickets - joined, Math.floor(random() * 12));
    for (let count = 0; count < arrivals; count += 1) await join();
    counter.clock.at += Math.floor(random() * 3_000);
    if (random() < 0.15) await counter.restart();
    await Promise.all(officials.map(async (official) => (random() < 0.8 ? await serveNext(official) : undefined)));
  }
  expect(violations).toEqual([]);
  expect(new Set(served.map(({ ticket }) => ticket)).size).toBe(tickets);
  expect(counter.clock.at).toBeGreaterThan(monday);
}, 600_000);

test('an appointment holder is told that he is first when his time comes, without anything else happening', async () => {
  const [ana, ben, official] = [await counter.addCitizen(), await counter.addCitizen(), await counter.addOfficial()];
  const startsAt = monday + 20 * minuteMs;
  const appointmentId = (await ana.request('appointment:hold', { appointmentId: newId<'appointment'>(), serviceId: passport, startsAt }))
    .appointmentId;
  await ana.request('appointment:book', { appointmentId, conversationId: await counter.openConversation(ana), needs: ['sign-language'] });
  counter.clock.at = startsAt - 5 * minuteMs;
  await counter.join(ben);
  const { entry } = await ana.request('appointment:check-in', { appointmentId, language: 'fr' });
  expect(entry).toMatchObject({ place: 2, needs: ['sign-language'] });
  expect((await official.request('queue:list', {})).entries).toMatchObject([
    { needs: [] },
    { needs: ['sign-language'], appointmentAt: startsAt },
  ]);
  await counter.pass(5 * minuteMs - 10_000);
  expect(ana.told('queue:moved').at(-1)?.entry.place ?? 2).toBe(2);
  const moved = counter.next('queue:moved', (fact) => fact.entry.entryId === entry.entryId && fact.entry.place === 1);
  await counter.pass(10_000);
  await moved;
  expect(await ben.request('queue:list-mine', {})).toMatchObject({ entries: [{ place: 2 }] });
});
