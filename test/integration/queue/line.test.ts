import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newId } from '../../../server/protocol/ids.ts';
import { startTestCounter, minuteMs, monday, type Person, type TestCounter } from '../../support/counter.ts';
import { codeOf } from '../../support/refusal.ts';
import { archive, card, healthFund, licence, passport, refund, residence, taxes } from '../../support/town.ts';

let counter: TestCounter;
beforeEach(async () => {
  counter = await startTestCounter();
});
afterEach(async () => await counter.close());

const addCitizens = async (count: number): Promise<Person[]> =>
  await Promise.all(Array.from({ length: count }, async () => await counter.addCitizen()));

describe('joining', () => {
  test('gives a ticket number of the service and day, a place, and is recorded in the conversation', async () => {
    const [ana, ben, cleo] = await addCitizens(3);
    if (!ana || !ben || !cleo) throw new Error('three citizens');
    const first = await counter.join(ana);
    counter.clock.at += minuteMs;
    const second = await counter.join(ben, licence);
    counter.clock.at += 24 * 60 * minuteMs;
    const tomorrow = await counter.join(cleo);
    expect(first).toMatchObject({ ticketNumber: 'A1', place: 1, state: 'waiting', callId: null, joinedAt: monday });
    expect(second).toMatchObject({ ticketNumber: 'B1', place: 2 });
    expect(tomorrow.ticketNumber).toBe('A1');
    expect(counter.events[0]).toEqual({
      conversationId: first.conversationId,
      event: { type: 'ticket-joined', entryId: first.entryId, ticketNumber: 'A1' },
    });
  });

  test('a hundred at once get a hundred numbers and places, in the same order', async () => {
    const citizens = await addCitizens(100);
    const joined = await Promise.all(citizens.map(async (citizen) => await counter.join(citizen)));
    expect(new Set(joined.map(({ ticketNumber }) => ticketNumber))).toEqual(
      new Set(Array.from({ length: 100 }, (_, index) => `A${index + 1}`)),
    );
    const official = await counter.addOfficial();
    const { entries } = await official.request('queue:list', {});
    expect(entries.map(({ place }) => place)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    expect(entries.map(({ ticketNumber }) => ticketNumber)).toEqual(entries.map(({ place }) => `A${place}`));
  });

  test('Q01: a second ticket while one is open, however it is asked for, is the first one', async () => {
    const ana = await counter.addCitizen();
    const conversationId = await counter.openConversation(ana);
    const request = { entryId: newId<'queue entry'>(), serviceId: passport, conversationId, language: 'lb' as const, needs: [] };
    const all = await Promise.all(
      [
        ...Array.from({ length: 5 }, () => request),
        ...Array.from({ length: 5 }, () => ({ ...request, entryId: newId<'queue entry'>() })),
      ].map(async (each) => await ana.request('queue:join', each)),
    );
    expect(new Set(all.map(({ entryId }) => entryId)).size).toBe(1);
    expect(new Set(all.map(({ ticketNumber }) => ticketNumber))).toEqual(new Set(['A1']));
    expect(counter.events).toHaveLength(1);
  });

  test('a repeat is answered with the first entry after closing time too; a new join is refused with closed', async () => {
    const [ana, ben] = await addCitizens(2);
    if (!ana || !ben) throw new Error('two citizens');
    const entry = await counter.join(ana);
    counter.clock.at = monday + 10 * 60 * minuteMs;
    const { entryId, serviceId, conversationId } = entry;
    expect(await ana.request('queue:join', { entryId, serviceId, conversationId, language: 'lb', needs: [] })).toMatchObject({
      entryId,
      place: 1,
    });
    expect(await codeOf(counter.join(ben))).toBe('closed');
  });

  test('after the last admission is refused with closed, though the office is open; at that moment it is not', async () => {
    const [ana, ben] = await addCitizens(2);
    if (!ana || !ben) throw new Error('two citizens');
    await sql`update services set last_admission_minutes = 15`.execute(counter.database);
    // Until noon there are 15 minutes.
    counter.clock.at = monday + 105 * minuteMs;
    expect(await codeOf(counter.join(ana))).toBe('accepted');
    counter.clock.at += 1;
    expect(await codeOf(counter.join(ben))).toBe('closed');
  });

  test('is refused for the conversation of another person, of another office, and under the id of another entry', async () => {
    const [ana, ben] = await addCitizens(2);
    if (!ana || !ben) throw new Error('two citizens');
    const conversationId = await counter.openConversation(ana);
    const request = { entryId: newId<'queue entry'>(), serviceId: passport, conversationId, language: 'lb' as const, needs: [] };
    expect(await codeOf(ben.request('queue:join', request))).toBe('not_found');
    expect(await codeOf(ana.request('queue:join', { ...request, conversationId: newId<'conversation'>() }))).toBe('not_found');
    expect(await codeOf(ana.request('queue:join', { ...request, serviceId: refund }))).toBe('bad_request');
    const { entryId } = await ana.request('queue:join', request);
    expect(await codeOf(ben.request('queue:join', { ...request, entryId, conversationId: await counter.openConversation(ben) }))).toBe(
      'conflict',
    );
    expect(await codeOf(ana.request('queue:join', { ...request, entryId, serviceId: licence }))).toBe('conflict');
  });

  test('Q01: three open tickets are the most, one an office, also when all are asked for at once', async () => {
    const ana = await counter.addCitizen();
    const joins = [passport, refund, taxes, card].map(async (serviceId) => await codeOf(counter.join(ana, serviceId)));
    expect((await Promise.all(joins)).toSorted()).toEqual(['accepted', 'accepted', 'accepted', 'bad_state']);
    const ben = await counter.addCitizen();
    const atOneOffice = [passport, licence, residence, archive].map(async (serviceId) => await counter.join(ben, serviceId));
    expect(new Set((await Promise.all(atOneOffice)).map(({ entryId }) => entryId)).size).toBe(1);
  });

  test('Q02: whoever joins and leaves again and again waits after five times in an hour, and is told how long', async () => {
    const ana = await counter.addCitizen();
    for (let round = 0; round < 5; round += 1) {
      await ana.request('queue:leave', { entryId: (await counter.join(ana)).entryId });
      counter.clock.at += minuteMs;
    }
    await expect(counter.join(ana)).rejects.toMatchObject({ code: 'slow_down', retryAfterMs: 55 * minuteMs });
    counter.clock.at += 55 * minuteMs + 1;
    expect(await counter.join(ana)).toMatchObject({ state: 'waiting', ticketNumber: 'A6' });
  });

  test('Q06: a place, time, number or priority sent by the client is refused', async () => {
    const ana = await counter.addCitizen();
    const request = {
      entryId: newId<'queue entry'>(),
      serviceId: passport,
      conversationId: await counter.openConversation(ana),
      language: 'lb' as const,
      needs: [],
    };
    for (const extra of [
      { place: 1 },
      { dueAt: 0 },
      { joinedAt: 0 },
      { ticketNumber: 'A0' },
      { priority: 9 },
      { appointmentId: newId() },
    ]) {
      expect(await codeOf(ana.request('queue:join', { ...request, ...extra }))).toBe('bad_request');
    }
  });
});

test('Q02: whoever leaves and joins again stands behind those who stayed', async () => {
  const [ana, ben] = await addCitizens(2);
  if (!ana || !ben) throw new Error('two citizens');
  const { entryId } = await counter.join(ana);
  await counter.join(ben);
  await ana.request('queue:leave', { entryId });
  expect(await counter.join(ana)).toMatchObject({ place: 2 });
});

test('R37, Q07: scripts that ask for four hundred tickets get one a person, and take none from those who really wait', async () => {
  const [scripts, citizens] = [await addCitizens(10), await addCitizens(10)];
  const attempts = scripts.map(async (script) => {
    const conversationId = await counter.openConversation(script);
    const services = [passport, licence, residence, archive];
    const codes: string[] = [];
    for (let attempt = 0; attempt < 40; attempt += 1) {
      const serviceId = services[attempt % services.length] ?? passport;
      const request = { entryId: newId<'queue entry'>(), serviceId, conversationId, language: 'en' as const, needs: [] };
      codes.push(await codeOf(script.request('queue:join', request)));
    }
    return codes;
  });
  const real = await Promise.all(citizens.map(async (citizen) => await codeOf(counter.join(citizen))));
  expect(real).toEqual(real.map(() => 'accepted'));
  // Asking again is answered with the ticket that is there.
  expect(new Set((await Promise.all(attempts)).flat())).toEqual(new Set(['accepted']));
  const { rows } = await sql<{ citizenId: string; open: number }>`
    select citizen_id, count(*)::int as open from queue_entries where state = 'waiting' group by citizen_id`.execute(counter.database);
  expect(rows.map(({ open }) => open)).toEqual(Array.from({ length: 20 }, () => 1));
}, 60_000);

describe('the line', () => {
  test('tells those behind that they moved up, and nobody else', async () => {
    const citizens = await addCitizens(4);
    const entries: Awaited<ReturnType<typeof counter.join>>[] = [];
    for (const citizen of citizens) entries.push(await counter.join(citizen));
    const before = citizens.map((citizen) => citizen.told('queue:moved').length);
    const [, second] = entries;
    if (!second) throw new Error('four entries');
    const lastMoved = counter.next('queue:moved', ({ entry }) => entry.entryId === entries[3]?.entryId && entry.place === 3);
    await citizens[1]?.request('queue:leave', { entryId: second.entryId });
    await lastMoved;
    const after = citizens.map((citizen) =>
      citizen
        .told('queue:moved')
        .slice(before[citizens.indexOf(citizen)])
        .map(({ entry }) => [entry.state, entry.place]),
    );
    expect(after).toEqual([[], [['left', null]], [['waiting', 2]], [['waiting', 3]]]);
  });

  test('is the same after a restart, in the same order, with the same numbers and nothing told twice', async () => {
    const citizens = await addCitizens(3);
    for (const citizen of citizens) {
      await counter.join(citizen);
      counter.clock.at += 1_000;
    }
    const official = await counter.addOfficial();
    await counter.counter.sweep();
    const before = (await official.request('queue:list', {})).entries;
    const told = citizens.map((citizen) => citizen.told('queue:moved').length);
    await counter.restart();
    await counter.counter.sweep();
    expect((await official.request('queue:list', {})).entries).toEqual(before);
    expect(citizens.map((citizen) => citizen.told('queue:moved').length)).toEqual(told);
    expect(await citizens[1]?.request('queue:list-mine', {})).toMatchObject({ entries: [{ ticketNumber: 'A2', place: 2 }] });
  });

  test('shows the other office nothing, and lets none of its officials in', async () => {
    const ana = await counter.addCitizen();
    const { entryId } = await counter.join(ana);
    const stranger = await counter.addOfficial(healthFund);
    expect(await stranger.request('queue:list', {})).toEqual({
      entries: [],
      serving: null,
      at: counter.clock.at,
      availability: { state: 'available', services: [], languages: [] },
    });
    expect(await codeOf(stranger.request('queue:accept', { entryId }))).toBe('forbidden');
  });
});

test('the tables refuse an entry in two states at once, whatever the code does', async () => {
  const ana = await counter.addCitizen();
  const { entryId } = await counter.join(ana);
  await expect(
    sql`update queue_entries set state = 'accepted' where entry_id = ${entryId}`.execute(counter.database),
  ).rejects.toMatchObject({ code: '23514' });
  await expect(sql`update queue_entries set state = 'left' where entry_id = ${entryId}`.execute(counter.database)).rejects.toMatchObject({
    code: '23514',
  });
});
