import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newId, type QueueEntryId, type ServiceId } from '../../../server/protocol/ids.ts';
import { minuteMs, monday, startTestCounter, type Person, type TestCounter } from '../../support/counter.ts';
import { licence, passport, townHall } from '../../support/town.ts';

let counter: TestCounter;
let official: Person;
beforeEach(async () => {
  counter = await startTestCounter();
  official = await counter.addOfficial();
  // The staff has been as it is for longer than two minutes.
  counter.clock.at += 10 * minuteMs;
  await counter.counter.sweep();
});
afterEach(async () => await counter.close());

interface Past {
  readonly serviceId?: ServiceId;
  readonly endedMinutesAgo: number;
  readonly serviceMinutes: number;
}

/** Somebody who was served before, as his entry tells. */
async function addServed({ serviceId = passport, endedMinutesAgo, serviceMinutes }: Past): Promise<QueueEntryId> {
  const citizen = await counter.addCitizen();
  const endedAt = counter.clock.at - endedMinutesAgo * minuteMs;
  const calledAt = new Date(endedAt - serviceMinutes * minuteMs);
  const entryId = newId<'queue entry'>();
  await sql`
    insert into queue_entries (entry_id, service_id, office_id, conversation_id, citizen_id, language, ticket_number, state, walked_in,
      joined_at, called_at, accepted_at, official_id, call_id, ended_at, present, last_present_at)
    values (${entryId}, ${serviceId}, ${townHall}, ${await counter.openConversation(citizen)}, ${citizen.accountId}, 'fr', 'A0', 'ended', true,
      ${new Date(calledAt.getTime() - 10 * minuteMs)}, ${calledAt}, ${calledAt}, ${official.accountId}, ${newId<'call'>()}, ${new Date(endedAt)}, false, ${new Date(endedAt)})`.execute(
    counter.database,
  );
  return entryId;
}

/** Time passes, and the official's page is open all the while. */
async function laterWithOfficial(ms: number): Promise<void> {
  counter.clock.at += ms;
  await sql`update availability set last_present_at = ${new Date(counter.clock.at)}`.execute(counter.database);
}

/** Thirty services of ten minutes, with breaks between them. */
async function addRecord(): Promise<void> {
  for (let index = 0; index < 30; index += 1) await addServed({ endedMinutesAgo: 600 - 20 * index, serviceMinutes: 10 });
}

/** Somebody who joined some time ago and was told this; called after so many minutes, or gone. */
async function addAnnounced(from: number, to: number, waitedMinutes: number | 'left', serviceId = passport): Promise<void> {
  const entryId = await addServed({ serviceId, endedMinutesAgo: 30, serviceMinutes: 10 });
  const joined = sql`called_at - ${waitedMinutes === 'left' ? 1 : waitedMinutes} * interval '1 minute'`;
  await sql`update queue_entries set joined_at = ${joined} where entry_id = ${entryId}`.execute(counter.database);
  // As calculated, a minute less at both ends.
  await sql`
    insert into wait_forecasts select entry_id, service_id, joined_at, ${from}, ${to}, ${from}::float8 + 1, ${to}::float8 - 1
    from queue_entries where entry_id = ${entryId}`.execute(counter.database);
  if (waitedMinutes === 'left') {
    await sql`
      update queue_entries set state = 'left', called_at = null, accepted_at = null, official_id = null, call_id = null
      where entry_id = ${entryId}`.execute(counter.database);
  }
}

const announced = async () =>
  (
    await sql<{
      entryId: QueueEntryId;
      fromMinutes: number;
      toMinutes: number;
    }>`select entry_id, from_minutes, to_minutes from wait_forecasts`.execute(counter.database)
  ).rows;

test('a wait is told from what was served before, and the first told one is kept', async () => {
  await addRecord();
  const first = await counter.join(await counter.addCitizen());
  expect(first.wait).toEqual({ fromMinutes: 0, toMinutes: 5 });
  await counter.call(official, first.entryId);
  const second = await counter.join(await counter.addCitizen());
  const third = await counter.join(await counter.addCitizen());
  // One official, services of ten minutes: the first of them has just begun.
  expect(second.wait).toMatchObject({ fromMinutes: expect.any(Number), toMinutes: expect.any(Number) });
  expect(third.wait?.toMinutes).toBeGreaterThan(second.wait?.toMinutes ?? Number.NaN);
  counter.clock.at += 4 * minuteMs;
  await counter.counter.sweep();
  expect((await announced()).toSorted((one, other) => one.toMinutes - other.toMinutes)).toEqual(
    [first, second, third].map(({ entryId, wait }) => ({ entryId, ...wait })),
  );
  const { rows } = await sql<{ entryId: QueueEntryId; isInside: boolean | null }>`
    select entry_id, likely_from_minutes >= from_minutes and likely_to_minutes <= to_minutes as is_inside from wait_forecasts`.execute(
    counter.database,
  );
  // The first was told that it is his turn at once: nothing was calculated that could be missed.
  expect(new Map(rows.map(({ entryId, isInside }) => [entryId, isInside]))).toEqual(
    new Map([
      [first.entryId, null],
      [second.entryId, true],
      [third.entryId, true],
    ]),
  );
});

test('nothing is told, and nothing kept, while it would be a guess', async () => {
  const first = await counter.join(await counter.addCitizen());
  await counter.call(official, first.entryId);
  expect((await counter.join(await counter.addCitizen())).wait).toBeNull();
  await addRecord();
  await official.request('availability:set', { state: 'available', services: [passport], languages: [] });
  const unsettled = await counter.join(await counter.addCitizen());
  expect(unsettled.wait).toBeNull();
  await laterWithOfficial(3 * minuteMs);
  const settled = await counter.join(await counter.addCitizen());
  expect(settled.wait).not.toBeNull();
  expect((await counter.join(await counter.addCitizen(), licence)).wait).toBeNull();
  expect((await announced()).map(({ entryId }) => entryId).toSorted()).toEqual([first.entryId, settled.entryId].toSorted());
});

test('an official on a break is not counted on once he is free', async () => {
  await addRecord();
  const first = await counter.join(await counter.addCitizen());
  await counter.call(official, first.entryId);
  await official.request('availability:set', { state: 'break', services: [], languages: [] });
  await laterWithOfficial(3 * minuteMs);
  expect((await counter.join(await counter.addCitizen())).wait).toBeNull();
});

test('supervisors see how many of the announced waits came true; who left before his turn is not counted', async () => {
  for (const waited of [5, 6, 7, 11, 25] as const) await addAnnounced(5, 10, waited);
  await addAnnounced(5, 10, 'left');
  await addAnnounced(0, 5, 2, licence);
  const supervisor = await counter.addSupervisor();
  const { services } = await supervisor.request('load:watch', {});
  const accuracyOf = (serviceId: ServiceId) => services.find((service) => service.serviceId === serviceId)?.accuracy;
  // Off the middle, 7.5 minutes: 0.5, 1.5, 2.5, 3.5 and 17.5.
  expect(accuracyOf(passport)).toEqual({ announced: 5, within: 3, longer: 2, calculated: 5, asCalculated: 2, medianErrorMinutes: 2.5 });
  expect(accuracyOf(licence)).toEqual({ announced: 1, within: 1, longer: 0, calculated: 1, asCalculated: 1, medianErrorMinutes: 0.5 });
});

test('what is published of that rests on twenty waits at least, and on none of long ago', async () => {
  for (let index = 0; index < 19; index += 1) await addAnnounced(5, 10, index < 15 ? 6 : 12);
  expect((await counter.counter.loads()).get(passport)?.waitsWithin).toBeNull();
  await addAnnounced(5, 10, 6);
  counter.clock.at += 6 * minuteMs;
  expect((await counter.counter.loads()).get(passport)?.waitsWithin).toBe(80);
  counter.clock.at += 31 * 24 * 60 * minuteMs;
  expect((await counter.counter.loads()).get(passport)?.waitsWithin).toBeNull();
});

test('somebody who is asked for how long he would wait is told by the service he comes for', async () => {
  await addRecord();
  await official.request('availability:set', { state: 'available', services: [passport], languages: [] });
  counter.clock.at = monday + 30 * minuteMs;
  await counter.counter.sweep();
  const loads = await counter.counter.loads();
  expect(loads.get(passport)?.wait).toEqual({ fromMinutes: 0, toMinutes: 5 });
  expect(loads.get(licence)?.wait).toBeNull();
});
