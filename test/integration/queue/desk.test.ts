import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Response } from '../../../server/protocol/commands.ts';
import { newId } from '../../../server/protocol/ids.ts';
import { startTestCounter, minuteMs, monday, type Person, type TestCounter } from '../../support/counter.ts';
import { codeOf } from '../../support/refusal.ts';
import { licence, passport, refund } from '../../support/town.ts';

let counter: TestCounter;
beforeEach(async () => {
  counter = await startTestCounter();
});
afterEach(async () => await counter.close());

const addCitizens = async (count: number): Promise<Person[]> =>
  await Promise.all(Array.from({ length: count }, async () => await counter.addCitizen()));

describe('redirecting', () => {
  test('keeps the place, the number and the conversation, and is refused to services of other offices and to nobody', async () => {
    const [ana, ben] = await addCitizens(2);
    const official = await counter.addOfficial();
    if (!ana || !ben) throw new Error('two citizens');
    const { entryId, ticketNumber, conversationId } = await counter.join(ana);
    await counter.join(ben, licence);
    await official.request('queue:redirect', { entryId, serviceId: licence });
    await official.request('queue:redirect', { entryId, serviceId: licence });
    expect(await ana.request('queue:list-mine', {})).toMatchObject({
      entries: [{ entryId, ticketNumber, conversationId, serviceId: licence, place: 1 }],
    });
    expect(await codeOf(official.request('queue:redirect', { entryId, serviceId: refund }))).toBe('forbidden');
    // Whoever has a ticket of the office has one for all of its services; only an appointment brings another.
    for (const serviceId of [licence, passport]) expect(await counter.join(ana, serviceId)).toMatchObject({ entryId });
    const startsAt = monday + 20 * minuteMs;
    const request = { appointmentId: newId<'appointment'>(), serviceId: passport, startsAt };
    const { appointmentId } = await ana.request('appointment:hold', request);
    await ana.request('appointment:book', { appointmentId, conversationId: await counter.openConversation(ana), needs: [] });
    counter.clock.at = startsAt - minuteMs;
    const { entry } = await ana.request('appointment:check-in', { appointmentId, language: 'fr' });
    expect(entry).toMatchObject({ ticketNumber: 'A2', place: 3 });
    expect(await codeOf(official.request('queue:redirect', { entryId, serviceId: passport }))).toBe('bad_state');
  });

  test('Q08: to and fro ends after five times', async () => {
    const [ana] = await addCitizens(1);
    const official = await counter.addOfficial();
    if (!ana) throw new Error('a citizen');
    const { entryId } = await counter.join(ana);
    for (let count = 0; count < 5; count += 1)
      await official.request('queue:redirect', { entryId, serviceId: count % 2 === 0 ? licence : passport });
    expect(await codeOf(official.request('queue:redirect', { entryId, serviceId: passport }))).toBe('bad_state');
  });
});

describe('serving somebody first', () => {
  test('puts him before those who came earlier, tells them, and keeps for ever who did so, when and why', async () => {
    const citizens = await addCitizens(3);
    const [ana, ben, cleo] = citizens;
    const [paul, mia] = [await counter.addOfficial(), await counter.addOfficial()];
    if (!ana || !ben || !cleo) throw new Error('three citizens');
    const entries: Response<'queue:join'>[] = [];
    for (const citizen of citizens) {
      entries.push(await counter.join(citizen));
      counter.clock.at += minuteMs;
    }
    const entryId = entries[2]?.entryId ?? newId<'queue entry'>();
    const moved = counter.next('queue:moved', ({ entry }) => entry.entryId === entries[0]?.entryId && entry.place === 2);
    await paul.request('queue:prioritise', { entryId, reason: 'need' });
    await paul.request('queue:prioritise', { entryId, reason: 'need' });
    await moved;
    expect(await cleo.request('queue:list-mine', {})).toMatchObject({ entries: [{ place: 1, priority: 'need' }] });
    expect((await mia.request('queue:list', {})).entries[0]).toMatchObject({
      entryId,
      priority: 'need',
      prioritised: { by: paul.caller.displayName, at: counter.clock.at },
      place: 1,
    });
    counter.clock.at += minuteMs;
    await mia.request('queue:prioritise', { entryId, reason: null });
    expect(await cleo.request('queue:list-mine', {})).toMatchObject({ entries: [{ place: 3, priority: null }] });
    await cleo.request('queue:leave', { entryId });
    const { rows } = await sql`select entry_id, official_id, reason, set_at from queue_priorities order by priority_id`.execute(
      counter.database,
    );
    expect(rows).toEqual([
      { entryId, officialId: paul.accountId, reason: 'need', setAt: new Date(monday + 3 * minuteMs) },
      { entryId, officialId: mia.accountId, reason: null, setAt: new Date(monday + 4 * minuteMs) },
    ]);
  });
});

test('what is needed and what the device can do are told to officials as they are stated, and each need once', async () => {
  const [ana] = await addCitizens(1);
  const official = await counter.addOfficial();
  if (!ana) throw new Error('a citizen');
  const { entryId } = await counter.join(ana);
  await ana.request('queue:set-needs', { entryId, needs: ['sign-language', 'text-only'] });
  expect(await ana.request('queue:set-readiness', { entryId, readiness: 'sound-only' })).toMatchObject({
    place: 1,
    needs: ['sign-language', 'text-only'],
    readiness: 'sound-only',
  });
  expect((await official.request('queue:list', {})).entries).toMatchObject([
    { needs: ['sign-language', 'text-only'], readiness: 'sound-only' },
  ]);
  expect(await codeOf(ana.request('queue:set-needs', { entryId, needs: ['text-only', 'text-only'] }))).toBe('bad_request');
});

test('officials see whom they serve by service and language, and keep what they said through a break', async () => {
  const [ana, ben] = await addCitizens(2);
  const official = await counter.addOfficial();
  if (!ana || !ben) throw new Error('two citizens');
  await counter.join(ana);
  await counter.join(ben, licence);
  const said = { state: 'break', services: [licence], languages: ['fr', 'lb'] } as const;
  expect(await official.request('availability:set', said)).toEqual(said);
  expect(await official.request('queue:list', {})).toMatchObject({
    availability: said,
    entries: [
      { serviceId: passport, servable: false },
      { serviceId: licence, servable: true },
    ],
  });
  expect(await codeOf(official.request('availability:set', { ...said, services: [refund] }))).toBe('forbidden');
  expect(await codeOf(official.request('availability:set', { ...said, languages: ['fr', 'fr'] }))).toBe('bad_request');
});
