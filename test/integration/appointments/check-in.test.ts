import { sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import { newId, type AppointmentId, type ServiceId } from '../../../server/protocol/ids.ts';
import { limits } from '../../../server/protocol/limits.ts';
import { minuteMs, monday, startTestCounter, type Person, type TestCounter, type TestCounterOptions } from '../../support/counter.ts';
import { codeOf } from '../../support/refusal.ts';
import { startTestSfu } from '../../support/sfu.ts';
import { licence, passport } from '../../support/town.ts';

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
/** 11:00 on that Monday. */
const eleven = monday + 60 * minuteMs;

const checkIn = async (citizen: Person, appointmentId: AppointmentId) =>
  await citizen.request('appointment:check-in', { appointmentId, language: 'pt' });

describe('cancelling', () => {
  test('gives the slot back, is recorded, and answered alike twice', async () => {
    await start();
    const [ana, ben] = await times(2, async () => await counter.addCitizen());
    if (!ana || !ben) throw new Error('two citizens');
    const { appointmentId } = await bookFor(ana, eleven);
    const first = await ana.request('appointment:cancel', { appointmentId });
    expect(first.state).toBe('cancelled');
    expect(await ana.request('appointment:cancel', { appointmentId })).toEqual(first);
    expect(counter.events.filter(({ event }) => event.type === 'appointment-cancelled')).toHaveLength(1);
    expect(await hold(ben, eleven)).toMatchObject({ state: 'held' });
  });

  test("another person's is not found", async () => {
    await start();
    const [ana, ben] = await times(2, async () => await counter.addCitizen());
    if (!ana || !ben) throw new Error('two citizens');
    const { appointmentId } = await bookFor(ana, eleven);
    expect(await codeOf(ben.request('appointment:cancel', { appointmentId }))).toBe('not_found');
    expect(await codeOf(ben.request('appointment:check-in', { appointmentId, language: 'de' }))).toBe('not_found');
  });

  test('at the instant of checking in, one of the two happens', async () => {
    await start();
    const outcomes: string[] = [];
    for (let round = 0; round < 10; round += 1) {
      const ana = await counter.addCitizen();
      const startsAt = eleven + 120 * minuteMs + round * 20 * minuteMs;
      const { appointmentId } = await bookFor(ana, startsAt);
      counter.clock.at = startsAt;
      const both = await Promise.all([
        codeOf(ana.request('appointment:cancel', { appointmentId })),
        codeOf(ana.request('appointment:check-in', { appointmentId, language: 'de' })),
      ]);
      outcomes.push(both.toSorted().join());
      const { rows } = await sql<{ state: string; entries: number }>`
        select state, (select count(*)::int from queue_entries where queue_entries.appointment_id = appointments.appointment_id) as entries
        from appointments where appointment_id = ${appointmentId}`.execute(counter.database);
      expect(rows).toEqual([both[0] === 'accepted' ? { state: 'cancelled', entries: 0 } : { state: 'checked-in', entries: 1 }]);
    }
    expect(new Set(outcomes)).toEqual(new Set(['accepted,bad_state']));
  });
});

describe('checking in', () => {
  test('is possible from ten minutes before to a quarter of an hour after the start, and not earlier or later', async () => {
    await start({ desks: 4 });
    for (const [offset, outcome] of [
      [-60, 'closed'],
      [-10.001, 'closed'],
      [-10, 'accepted'],
      [15, 'accepted'],
      [15.001, 'closed'],
      [60, 'closed'],
    ] as const) {
      const ana = await counter.addCitizen();
      counter.clock.at = monday;
      const { appointmentId } = await bookFor(ana, eleven);
      counter.clock.at = Math.round(eleven + offset * minuteMs);
      expect(await codeOf(checkIn(ana, appointmentId))).toBe(outcome);
      if (outcome === 'closed') {
        counter.clock.at = monday;
        await ana.request('appointment:cancel', { appointmentId });
      }
    }
  });

  test('puts him first in the line at his time, before all who walked in, once, however often it is asked', async () => {
    await start();
    const [ana, early, late] = await times(3, async () => await counter.addCitizen());
    if (!ana || !early || !late) throw new Error('three citizens');
    const { appointmentId } = await bookFor(ana, eleven);
    counter.clock.at = eleven - minuteMs;
    await counter.join(early);
    counter.clock.at = eleven + minuteMs;
    await counter.join(late);
    counter.clock.at = eleven + 5 * minuteMs;
    const all = await times(5, async () => await checkIn(ana, appointmentId));
    expect(new Set(all.map(({ entry }) => entry.entryId)).size).toBe(1);
    expect(all[0]).toMatchObject({ appointment: { state: 'checked-in' }, entry: { place: 1, appointmentId, ticketNumber: 'A3' } });
    const official = await counter.addOfficial();
    expect((await official.request('queue:list', {})).entries).toMatchObject([
      { ticketNumber: 'A3', appointmentAt: eleven, language: 'pt' },
      { ticketNumber: 'A1', appointmentAt: null },
      { ticketNumber: 'A2', appointmentAt: null },
    ]);
  });

  test('somebody who waits already keeps his ticket, and the better of both places', async () => {
    await start();
    const [ana, ben] = await times(2, async () => await counter.addCitizen());
    if (!ana || !ben) throw new Error('two citizens');
    const { appointmentId } = await bookFor(ana, eleven);
    counter.clock.at = eleven + minuteMs;
    await counter.join(ben);
    counter.clock.at += minuteMs;
    const waiting = await counter.join(ana);
    expect(waiting.place).toBe(2);
    expect(await checkIn(ana, appointmentId)).toMatchObject({
      entry: { entryId: waiting.entryId, ticketNumber: waiting.ticketNumber, place: 1, appointmentId },
    });
  });

  test('an appointment is completed when its call ends', async () => {
    const sfu = await startTestSfu();
    await start({ sfu });
    const ana = await counter.addCitizen();
    const official = await counter.addOfficial();
    const { appointmentId } = await bookFor(ana, eleven);
    counter.clock.at = eleven;
    const { entry } = await checkIn(ana, appointmentId);
    const { callId } = await counter.call(official, entry.entryId);
    await counter.answer(ana, callId);
    await official.request('call:hang-up', { callId });
    expect(await ana.request('appointment:list', {})).toMatchObject({ appointments: [{ appointmentId, state: 'completed' }] });
    expect(ana.told('appointment:changed').map(({ appointment }) => appointment.state)).toEqual(['booked', 'checked-in', 'completed']);
    await sfu.close();
  });

  test('whoever leaves the line can check in again until his time is over; then it is missed', async () => {
    await start();
    const ana = await counter.addCitizen();
    const { appointmentId } = await bookFor(ana, eleven);
    counter.clock.at = eleven;
    const first = await checkIn(ana, appointmentId);
    await ana.request('queue:leave', { entryId: first.entry.entryId });
    expect(await ana.request('appointment:list', {})).toMatchObject({ appointments: [{ state: 'booked' }] });
    const second = await checkIn(ana, appointmentId);
    expect(second.entry.entryId).not.toBe(first.entry.entryId);
    await ana.request('queue:leave', { entryId: second.entry.entryId });
    counter.clock.at = eleven + limits.checkInLateMs + 1;
    await counter.counter.sweep();
    expect(await ana.request('appointment:list', {})).toMatchObject({ appointments: [{ state: 'missed' }] });
    expect(await codeOf(checkIn(ana, appointmentId))).toBe('bad_state');
    expect(ana.told('appointment:changed').at(-1)).toMatchObject({ appointment: { state: 'missed' } });
  });

  test('outside of a place in the line it is not refused by closing time', async () => {
    await start();
    const ana = await counter.addCitizen();
    const noon = monday + 120 * minuteMs;
    const { appointmentId } = await bookFor(ana, noon - 30 * minuteMs, licence);
    counter.clock.at = noon - 16 * minuteMs;
    expect(await checkIn(ana, appointmentId)).toMatchObject({ entry: { place: 1, ticketNumber: 'B1' } });
  });
});
