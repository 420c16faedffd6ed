import { afterEach, beforeEach, expect, test } from 'vitest';
import { minuteMs, startTestCounter, type Person, type TestCounter } from '../../support/counter.ts';
import { passport } from '../../support/town.ts';

let counter: TestCounter;
beforeEach(async () => {
  counter = await startTestCounter();
});
afterEach(async () => await counter.close());

const leave = (person: Person): void => counter.disconnect(person);
const comeBack = (person: Person): void => counter.connect(person);
const pass = async (ms: number): Promise<void> => await counter.pass(ms, { stepMs: 20_000 });

test('officials see who is away, and who came back', async () => {
  const ana = await counter.addCitizen();
  await counter.join(ana);
  const official = await counter.addOfficial();
  expect((await official.request('queue:list', {})).entries).toMatchObject([{ present: true }]);
  const away = counter.next('queue:changed');
  leave(ana);
  await away;
  expect((await official.request('queue:list', {})).entries).toMatchObject([{ present: false, place: 1 }]);
  const back = counter.next('queue:changed');
  comeBack(ana);
  await back;
  expect((await official.request('queue:list', {})).entries).toMatchObject([{ present: true, place: 1 }]);
});

test('Q03: a citizen keeps his place for five minutes without a connection, and loses it after that, told and on record', async () => {
  const [ana, ben] = [await counter.addCitizen(), await counter.addCitizen()];
  const { entryId } = await counter.join(ana);
  await counter.join(ben);
  await pass(6 * minuteMs);
  leave(ana);
  await pass(5 * minuteMs);
  expect(await ben.request('queue:list-mine', {})).toMatchObject({ entries: [{ place: 2 }] });
  await pass(40_000);
  expect(await ana.request('queue:list-mine', {})).toEqual({ entries: [] });
  expect(await ben.request('queue:list-mine', {})).toMatchObject({ entries: [{ place: 1 }] });
  expect(ana.told('queue:moved').at(-1)).toMatchObject({ entry: { entryId, state: 'left', place: null } });
  expect(counter.events.at(-1)).toMatchObject({ event: { type: 'ticket-left', entryId } });
});

test('Q03: whoever gives no sign of life for a minute is shown as away, though nobody saw him go', async () => {
  const ana = await counter.addCitizen();
  await counter.join(ana);
  const official = await counter.addOfficial();
  // As when the node he was connected to dies.
  counter.connected.delete(ana.accountId);
  await pass(40_000);
  expect((await official.request('queue:list', {})).entries).toMatchObject([{ present: true }]);
  const away = counter.next('queue:changed');
  await pass(20_000);
  await away;
  expect((await official.request('queue:list', {})).entries).toMatchObject([{ present: false, place: 1 }]);
});

test('a parked citizen is dropped after five minutes like one who waits, and one whom a push reaches after fifteen', async () => {
  const [ana, ben, cleo] = [await counter.addCitizen(), await counter.addCitizen(), await counter.addCitizen()];
  const official = await counter.addOfficial();
  for (const citizen of [ana, ben, cleo]) await counter.join(citizen);
  const { entries } = await official.request('queue:list', {});
  for (const { entryId, citizenId } of entries) if (citizenId !== ben.accountId) await official.request('queue:park', { entryId });
  counter.reachable.add(cleo.accountId);
  await pass(6 * minuteMs);
  for (const citizen of [ana, ben, cleo]) leave(citizen);
  await pass(5 * minuteMs + 40_000);
  expect((await official.request('queue:list', {})).entries).toMatchObject([{ citizenId: cleo.accountId, state: 'parked' }]);
  await pass(9 * minuteMs);
  expect((await official.request('queue:list', {})).entries).toHaveLength(1);
  await pass(minuteMs);
  expect((await official.request('queue:list', {})).entries).toEqual([]);
});

test('a citizen who comes back within five minutes is where he was', async () => {
  const ana = await counter.addCitizen();
  await counter.join(ana);
  await pass(6 * minuteMs);
  leave(ana);
  await pass(4 * minuteMs);
  comeBack(ana);
  await pass(10 * minuteMs);
  expect(await ana.request('queue:list-mine', {})).toMatchObject({ entries: [{ ticketNumber: 'A1', place: 1 }] });
});

test('nobody is dropped because the server was away: the five minutes count from its return', async () => {
  const ana = await counter.addCitizen();
  await counter.join(ana);
  counter.connected.clear();
  counter.clock.at += 60 * minuteMs;
  await counter.restart();
  await pass(4 * minuteMs);
  expect(await ana.request('queue:list-mine', {})).toMatchObject({ entries: [{ place: 1 }] });
  await pass(2 * minuteMs);
  expect(await ana.request('queue:list-mine', {})).toEqual({ entries: [] });
});

test('nor because the server stood still', async () => {
  const ana = await counter.addCitizen();
  await counter.join(ana);
  await pass(10 * minuteMs);
  counter.connected.clear();
  counter.clock.at += 60 * minuteMs;
  await pass(4 * minuteMs);
  expect(await ana.request('queue:list-mine', {})).toMatchObject({ entries: [{ place: 1 }] });
});

test('an official who has gone serves nobody, and serves again when he is back', async () => {
  const official = await counter.addOfficial();
  const waitNow = async () => (await counter.counter.loads()).get(passport)?.wait;
  expect(await waitNow()).toEqual({ fromMinutes: 0, toMinutes: 5 });
  const away = counter.next('queue:changed');
  leave(official);
  await away;
  expect(await waitNow()).toBeNull();
  const back = counter.next('queue:changed');
  comeBack(official);
  await back;
  expect(await waitNow()).toEqual({ fromMinutes: 0, toMinutes: 5 });
});

test('waiting, being parked, being called and calling count as activity of a session', async () => {
  const [ana, ben, cleo] = [await counter.addCitizen(), await counter.addCitizen(), await counter.addCitizen()];
  const [paul] = [await counter.addOfficial(), await counter.addOfficial()];
  // Connected as well, but in no line.
  await counter.addCitizen();
  await counter.join(ana);
  await paul.request('queue:park', { entryId: (await counter.join(ben)).entryId });
  await counter.call(paul, (await counter.join(cleo)).entryId);
  await counter.counter.sweep();
  expect(counter.keptAlive).toEqual(new Set([ana, ben, cleo, paul].map(({ accountId }) => accountId)));
});
