import { sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import { newId, type ServiceId } from '../../../server/protocol/ids.ts';
import { limits } from '../../../server/protocol/limits.ts';
import { minuteMs, monday, startTestCounter, type Person, type TestCounter, type TestCounterOptions } from '../../support/counter.ts';
import { codeOf } from '../../support/refusal.ts';
import { healthFund, passport, refund, residence } from '../../support/town.ts';

let counter: TestCounter;
const start = async (options: TestCounterOptions = {}): Promise<void> => {
  counter = await startTestCounter(options);
};
afterEach(async () => await counter.close());

const hold = async (citizen: Person, startsAt: number, serviceId: ServiceId = passport) =>
  await citizen.request('appointment:hold', { appointmentId: newId<'appointment'>(), serviceId, startsAt });
const bookFor = async (citizen: Person, startsAt: number, serviceId: ServiceId = passport) => {
  const { appointmentId } = await hold(citizen, startsAt, serviceId);
  return await citizen.request('appointment:book', {
    appointmentId,
    conversationId: await counter.openConversation(citizen, serviceId),
    needs: [],
  });
};
const times = async <Value>(count: number, make: (index: number) => Promise<Value>): Promise<Value[]> =>
  await Promise.all(Array.from({ length: count }, (_, index) => make(index)));
const counts = (outcomes: readonly string[]): Record<string, number> =>
  Object.fromEntries(
    Array.from(
      Map.groupBy(outcomes, (outcome) => outcome),
      ([outcome, all]) => [outcome, all.length],
    ),
  );
/** 11:00 on that Monday. */
const eleven = monday + 60 * minuteMs;

describe('slots', () => {
  test('follow the opening hours of two weeks, leave out the lunch break, the weekend and the holiday, and start in a quarter of an hour', async () => {
    await start();
    const ana = await counter.addCitizen();
    const { slots } = await ana.request('appointment:list-slots', { serviceId: passport });
    const local = slots.map(({ startsAt }) => new Date(startsAt).toLocaleString('sv', { timeZone: 'Europe/Luxembourg' }));
    expect(local.slice(0, 5)).toEqual([
      '2026-11-23 10:20:00',
      '2026-11-23 10:40:00',
      '2026-11-23 11:00:00',
      '2026-11-23 11:20:00',
      '2026-11-23 11:40:00',
    ]);
    expect(local[5]).toBe('2026-11-23 13:00:00');
    expect(new Set(local.map((text) => text.slice(0, 10)))).toEqual(
      new Set([
        '2026-11-23',
        '2026-11-24',
        '2026-11-25',
        '2026-11-26',
        '2026-11-30',
        '2026-12-01',
        '2026-12-02',
        '2026-12-03',
        '2026-12-04',
        '2026-12-07',
      ]),
    );
    expect(slots.every(({ startsAt, endsAt }) => endsAt - startsAt === 20 * minuteMs)).toBe(true);
  });

  test('in the past, outside of hours, on a holiday, half-overlapping, too soon or too far are invalid_slot', async () => {
    await start();
    const ana = await counter.addCitizen();
    const friday = monday + 4 * 24 * 60 * minuteMs;
    for (const startsAt of [
      monday - 60 * minuteMs,
      monday,
      monday + 12 * 60 * minuteMs,
      friday,
      eleven + 10 * minuteMs,
      eleven + 1,
      monday + 15 * 24 * 60 * minuteMs,
      0,
    ]) {
      expect(await codeOf(hold(ana, startsAt))).toBe('invalid_slot');
    }
    expect(
      await codeOf(ana.request('appointment:hold', { appointmentId: newId<'appointment'>(), serviceId: passport, startsAt: eleven + 0.5 })),
    ).toBe('bad_request');
    expect(await codeOf(hold(ana, eleven, newId<'service'>()))).toBe('bad_request');
  });

  test('a length sent along is refused', async () => {
    await start();
    const ana = await counter.addCitizen();
    for (const extra of [{ endsAt: eleven }, { minutes: 1_440 }, { desk: 2 }]) {
      expect(
        await codeOf(
          ana.request('appointment:hold', { appointmentId: newId<'appointment'>(), serviceId: passport, startsAt: eleven, ...extra }),
        ),
      ).toBe('bad_request');
    }
  });
});

describe('holding and booking', () => {
  test('two hundred clients want twenty slots: twenty get one, a hundred and eighty are told that it is taken, nothing else happens', async () => {
    await start({ desks: 2 });
    const citizens = await times(200, async () => await counter.addCitizen());
    const [probe] = citizens;
    const slots = (await probe?.request('appointment:list-slots', { serviceId: passport }))?.slots.slice(0, 10) ?? [];
    const outcomes = await times(
      200,
      async (index) => await codeOf(hold(citizens[index] ?? (await counter.addCitizen()), slots[index % 10]?.startsAt ?? 0)),
    );
    expect(counts(outcomes)).toEqual({ accepted: 20, slot_taken: 180 });
    const { rows } = await sql<{ held: number; places: number }>`
      select count(*)::int as held, count(distinct (starts_at, desk))::int as places from appointments where state = 'held'`.execute(
      counter.database,
    );
    expect(rows).toEqual([{ held: 20, places: 20 }]);
  });

  test('two hundred clients want one slot: one gets it', async () => {
    await start();
    const citizens = await times(200, async () => await counter.addCitizen());
    expect(counts(await Promise.all(citizens.map(async (citizen) => await codeOf(hold(citizen, eleven)))))).toEqual({
      accepted: 1,
      slot_taken: 199,
    });
  });

  test('the table itself refuses two appointments at one desk, also such that only overlap', async () => {
    await start({ desks: 3 });
    const [ana, ben] = await times(2, async () => await counter.addCitizen());
    if (!ana || !ben) throw new Error('two citizens');
    await hold(ana, eleven);
    const { appointmentId } = await hold(ben, eleven + 20 * minuteMs);
    await expect(
      sql`update appointments set starts_at = starts_at - interval '1 second' where appointment_id = ${appointmentId}`.execute(
        counter.database,
      ),
    ).rejects.toMatchObject({
      constraint: 'one_appointment_a_desk',
    });
    await sql`update appointments set starts_at = starts_at - interval '1 second', desk = 2 where appointment_id = ${appointmentId}`.execute(
      counter.database,
    );
    // Desk 1 and desk 2 are taken at eleven now; the third is free, and then none is.
    const others = await times(3, async () => await counter.addCitizen());
    expect(counts(await Promise.all(others.map(async (citizen) => await codeOf(hold(citizen, eleven)))))).toEqual({
      accepted: 1,
      slot_taken: 2,
    });
  });

  test('one client who reserves two hundred slots holds the last one only', async () => {
    await start();
    const ana = await counter.addCitizen();
    const { slots } = await ana.request('appointment:list-slots', { serviceId: residence });
    const wanted = slots.slice(0, 200);
    for (const { startsAt } of wanted.slice(0, 40)) await hold(ana, startsAt, residence);
    await Promise.all(wanted.slice(40).map(async ({ startsAt }) => await hold(ana, startsAt, residence)));
    const { rows } = await sql<{
      state: string;
      count: number;
    }>`select state, count(*)::int from appointments group by state order by state`.execute(counter.database);
    expect(rows).toEqual([
      { state: 'held', count: 1 },
      { state: 'released', count: 199 },
    ]);
    expect((await ana.request('appointment:list-slots', { serviceId: residence })).slots).toHaveLength(slots.length - 1);
  });

  test('two people who swap their holds at the same time both get an answer, and no desk is held twice', async () => {
    await start();
    const probe = await counter.addCitizen();
    const { slots } = await probe.request('appointment:list-slots', { serviceId: passport });
    for (let round = 0; round < 20; round += 1) {
      const [ana, ben] = await times(2, async () => await counter.addCitizen());
      const [early, late] = slots.slice(round * 2, round * 2 + 2).map(({ startsAt }) => startsAt);
      if (!ana || !ben || !early || !late) throw new Error('two citizens, two slots');
      await hold(ana, early);
      await hold(ben, late);
      const outcomes = await Promise.all([codeOf(hold(ana, late)), codeOf(hold(ben, early))]);
      for (const outcome of outcomes) expect(['accepted', 'slot_taken']).toContain(outcome);
    }
    const { rows } = await sql<{
      held: number;
      desks: number;
    }>`select count(*)::int as held, count(distinct starts_at)::int as desks from appointments where state = 'held'`.execute(
      counter.database,
    );
    expect(rows[0]?.held).toBe(rows[0]?.desks);
  });

  test('a hold ends after ten minutes: another may have the slot at once, and its holder can no longer book it', async () => {
    await start();
    const [ana, ben] = await times(2, async () => await counter.addCitizen());
    if (!ana || !ben) throw new Error('two citizens');
    const held = await hold(ana, eleven);
    expect(held).toMatchObject({ state: 'held', holdExpiresAt: monday + limits.holdMs, conversationId: null });
    const conversationId = await counter.openConversation(ana);
    expect(await codeOf(hold(ben, eleven))).toBe('slot_taken');
    counter.clock.at += limits.holdMs;
    expect((await ben.request('appointment:list-slots', { serviceId: passport })).slots).toContainEqual({
      startsAt: eleven,
      endsAt: eleven + 20 * minuteMs,
    });
    expect(await codeOf(ana.request('appointment:book', { appointmentId: held.appointmentId, conversationId, needs: [] }))).toBe(
      'invalid_slot',
    );
    expect(await hold(ben, eleven)).toMatchObject({ state: 'held' });
    expect(await codeOf(ana.request('appointment:book', { appointmentId: held.appointmentId, conversationId, needs: [] }))).toBe(
      'invalid_slot',
    );
  });

  test('holds that are over are released by the sweep, and leave the list', async () => {
    await start();
    const ana = await counter.addCitizen();
    await hold(ana, eleven);
    expect((await ana.request('appointment:list', {})).appointments).toHaveLength(1);
    counter.clock.at += limits.holdMs;
    expect((await ana.request('appointment:list', {})).appointments).toEqual([]);
    await counter.counter.sweep();
    const { rows } = await sql`select state from appointments`.execute(counter.database);
    expect(rows).toEqual([{ state: 'released' }]);
  });

  test('the same id twice is one appointment; for another slot, service or person it is a conflict', async () => {
    await start({ desks: 5 });
    const [ana, ben] = await times(2, async () => await counter.addCitizen());
    if (!ana || !ben) throw new Error('two citizens');
    const request = { appointmentId: newId<'appointment'>(), serviceId: passport, startsAt: eleven };
    const [first, ...others] = await times(5, async () => await ana.request('appointment:hold', request));
    for (const other of others) expect(other).toEqual(first);
    expect(await codeOf(ana.request('appointment:hold', { ...request, startsAt: eleven + 20 * minuteMs }))).toBe('conflict');
    expect(await codeOf(ana.request('appointment:hold', { ...request, serviceId: residence }))).toBe('conflict');
    expect(await codeOf(ben.request('appointment:hold', request))).toBe('conflict');
  });

  test('three bookings are the most one person may have open, also when he books at once', async () => {
    await start();
    const ana = await counter.addCitizen();
    for (let booked = 0; booked < limits.openBookingsPerAccount; booked += 1) await bookFor(ana, eleven + booked * 20 * minuteMs);
    expect(await codeOf(bookFor(ana, eleven + 240 * minuteMs))).toBe('bad_state');
    await ana.request('appointment:cancel', {
      appointmentId: (await ana.request('appointment:list', {})).appointments[0]?.appointmentId ?? newId<'appointment'>(),
    });
    expect(await bookFor(ana, eleven + 240 * minuteMs)).toMatchObject({ state: 'booked' });
  });

  test('booking is answered alike twice, recorded once, told to the citizen and found in both lists', async () => {
    await start();
    const ana = await counter.addCitizen();
    const official = await counter.addOfficial();
    const stranger = await counter.addOfficial(healthFund);
    const booked = await bookFor(ana, eleven);
    const { appointmentId, conversationId } = booked;
    if (!conversationId) throw new Error('booked into a conversation');
    expect(booked).toMatchObject({
      state: 'booked',
      startsAt: eleven,
      endsAt: eleven + 20 * minuteMs,
      holdExpiresAt: null,
      checkInFrom: eleven - limits.checkInEarlyMs,
      checkInUntil: eleven + limits.checkInLateMs,
    });
    expect(await ana.request('appointment:book', { appointmentId, conversationId, needs: [] })).toEqual(booked);
    expect(counter.events).toEqual([{ conversationId, event: { type: 'appointment-booked', appointmentId, startsAt: eleven } }]);
    expect(ana.told('appointment:changed')).toEqual([{ appointment: booked }]);
    for (const person of [ana, official]) expect(await person.request('appointment:list', {})).toEqual({ appointments: [booked] });
    expect(await stranger.request('appointment:list', {})).toEqual({ appointments: [] });
  });

  test('booking into the conversation of another person or office is refused', async () => {
    await start();
    const [ana, ben] = await times(2, async () => await counter.addCitizen());
    if (!ana || !ben) throw new Error('two citizens');
    const { appointmentId } = await hold(ana, eleven);
    expect(
      await codeOf(ana.request('appointment:book', { appointmentId, conversationId: await counter.openConversation(ben), needs: [] })),
    ).toBe('not_found');
    expect(
      await codeOf(
        ana.request('appointment:book', { appointmentId, conversationId: await counter.openConversation(ana, refund), needs: [] }),
      ),
    ).toBe('bad_request');
    expect(
      await codeOf(ben.request('appointment:book', { appointmentId, conversationId: await counter.openConversation(ben), needs: [] })),
    ).toBe('not_found');
  });
});
