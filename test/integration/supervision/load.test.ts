import { pino } from 'pino';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { newId } from '../../../server/protocol/ids.ts';
import { Load, type OfficeLoad } from '../../../server/supervision/load.ts';
import { minuteMs, monday, startTestCounter, type TestCounter } from '../../support/counter.ts';
import { codeOf } from '../../support/refusal.ts';
import { healthFund, licence, passport, refund, residence, townHall } from '../../support/town.ts';

let counter: TestCounter;
beforeEach(async () => {
  counter = await startTestCounter();
});
afterEach(async () => await counter.close());

test('shows how many wait, since when, and who is available, of the own office alone; and tells of each change', async () => {
  const [nora, paul] = [await counter.addOfficial(), await counter.addOfficial()];
  await counter.addOfficial(healthFund);
  await paul.request('availability:set', { state: 'off', services: [], languages: [] });
  const supervisor = await counter.addSupervisor();
  expect(await supervisor.request('load:watch', {})).toEqual({
    at: monday,
    services: expect.arrayContaining(
      [passport, licence, residence].map((serviceId) => ({ serviceId, waiting: 0, longestWaitSince: null, accuracy: null })),
    ),
    officials: [
      { displayName: nora.caller.displayName, state: 'available' },
      { displayName: paul.caller.displayName, state: 'away' },
    ],
  });

  const changed = counter.next('load:changed', ({ services }) =>
    services.some(({ serviceId, waiting }) => serviceId === passport && waiting === 2),
  );
  const first = await counter.join(await counter.addCitizen());
  counter.clock.at += minuteMs;
  await counter.join(await counter.addCitizen());
  await counter.join(await counter.addCitizen(), refund);
  const figures = await changed;
  expect(figures.services.find(({ serviceId }) => serviceId === passport)).toEqual({
    serviceId: passport,
    waiting: 2,
    longestWaitSince: monday,
    accuracy: null,
  });
  expect(figures.services.map(({ serviceId }) => serviceId)).not.toContain(refund);

  const inCall = counter.next('load:changed', ({ officials }) => officials.some(({ state }) => state === 'in-call'));
  await nora.request('queue:accept', { entryId: first.entryId });
  expect((await inCall).services.find(({ serviceId }) => serviceId === passport)).toMatchObject({
    waiting: 1,
    longestWaitSince: monday + minuteMs,
  });
});

test('names no citizen, conversation, ticket or call', async () => {
  const supervisor = await counter.addSupervisor();
  const official = await counter.addOfficial();
  const entry = await counter.join(await counter.addCitizen());
  await official.request('queue:accept', { entryId: entry.entryId });
  const text = JSON.stringify(await supervisor.request('load:watch', {}));
  for (const secret of [entry.entryId, entry.conversationId, entry.ticketNumber, official.accountId]) expect(text).not.toContain(secret);
});

test('no other command of line, appointments and calls is open to a supervisor, and watching to nobody else', async () => {
  const open = Object.entries(counter.counter.handlers).filter(([, { allow }]) => allow.includes('supervisor'));
  expect(open.map(([name]) => name)).toEqual(['load:watch']);
  const supervisor = await counter.addSupervisor();
  expect(await codeOf(supervisor.request('queue:list', {}))).toBe('forbidden');
  for (const person of [await counter.addCitizen(), await counter.addOfficial()])
    expect(await codeOf(person.request('load:watch', {}))).toBe('forbidden');
});

test('nobody is told who does not watch any more', async () => {
  const [watching, gone] = [await counter.addSupervisor(healthFund), await counter.addSupervisor()];
  await watching.request('load:watch', {});
  await gone.request('load:watch', {});
  counter.connected.delete(gone.accountId);
  counter.counter.notePresence(gone.accountId, false);
  const offices: string[] = [];
  const told = counter.next('load:changed', (figures) => {
    offices.push(...figures.services.filter(({ waiting }) => waiting > 0).map(({ serviceId }) => serviceId));
    return offices.includes(refund);
  });
  await counter.join(await counter.addCitizen());
  await counter.join(await counter.addCitizen(), refund);
  await told;
  expect(offices).toEqual([refund]);
});

test('a supervisor who goes while his figures are being read leaves no watching behind', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const read = Promise.withResolvers<void>();
  let reads = 0;
  const readLoad = async (): Promise<OfficeLoad> => {
    reads += 1;
    await read.promise;
    return { at: 0, services: [], available: new Set(), onBreak: new Set(), inCall: new Set() };
  };
  const load = new Load({ readLoad, officialsOf: async () => [], notify: () => undefined, log: pino({ level: 'silent' }) });
  const accountId = newId<'account'>();
  const watching = load.watch(townHall, accountId);
  load.unwatch(accountId);
  read.resolve();
  await watching;
  load.sweep();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(reads).toBe(1);
});
