import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { limits } from '../../../server/protocol/limits.ts';
import { startTestCounter, minuteMs, type Person, type TestCounter } from '../../support/counter.ts';
import { codeOf } from '../../support/refusal.ts';
import { startTestSfu, type TestSfu } from '../../support/sfu.ts';

/** reliability.md R33. */
let sfu: TestSfu;
let counter: TestCounter;
beforeAll(async () => {
  sfu = await startTestSfu();
});
afterAll(async () => await sfu.close());
beforeEach(async () => {
  counter = await startTestCounter({ sfu });
  await counter.pass(30_000);
});
afterEach(async () => await counter.close());

/** Small steps: that somebody has gone is written at the clock's next one. */
const stepMs = 5_000;

const mine = async (citizen: Person) => (await citizen.request('queue:list-mine', {})).entries[0];

/** Three wait, the first is called. */
async function ring() {
  const citizens = [await counter.addCitizen(), await counter.addCitizen(), await counter.addCitizen()] as const;
  const [ana] = citizens;
  const { entryId } = await counter.join(ana);
  counter.clock.at += 1_000;
  for (const other of citizens.slice(1)) {
    await counter.join(other);
    counter.clock.at += 1_000;
  }
  const official = await counter.addOfficial();
  return { ana, entryId, official, callId: (await counter.call(official, entryId)).callId };
}

test('R33: the ticket of an official who vanishes while it rings is at its old place within 30 seconds, and both are told', async () => {
  const { ana, official, entryId, callId } = await ring();
  counter.disconnect(official);
  await counter.pass(20_000, { stepMs });
  expect(await mine(ana)).toMatchObject({ state: 'called', callId });
  await counter.pass(10_000, { stepMs });
  expect(await mine(ana)).toMatchObject({
    state: 'waiting',
    place: 1,
    missedTurns: 0,
    callId: null,
    lostTurn: { outcome: 'official-lost' },
  });
  await expect.poll(() => ana.told('queue:moved').at(-1)).toMatchObject({ entry: { entryId, state: 'waiting', place: 1 } });
  expect(ana.told('call:changed').at(-1)).toMatchObject({ call: { callId, state: 'ended', reason: 'official-lost' } });
});

test('an official who vanishes out of an answered call loses it too; when he comes back he can do nothing in it, and take it anew', async () => {
  const { ana, official, entryId, callId } = await ring();
  await counter.answer(ana, callId);
  counter.disconnect(official);
  await counter.pass(30_000, { stepMs });
  expect(await mine(ana)).toMatchObject({ state: 'waiting', place: 1 });
  counter.connect(official);
  expect(await codeOf(counter.answer(official, callId))).toBe('closed');
  expect(await codeOf(official.request('call:hold', { callId, held: true }))).toBe('closed');
  expect(await official.request('call:list-mine', {})).toEqual({ calls: [] });
  const again = await counter.call(official, entryId);
  expect(again.callId).not.toBe(callId);
});

test('an official whose socket is gone but who is in the call has not vanished', async () => {
  const { ana, official, callId } = await ring();
  await counter.answer(ana, callId);
  await counter.answer(official, callId);
  counter.disconnect(official);
  await counter.pass(2 * minuteMs);
  expect(await mine(ana)).toMatchObject({ state: 'accepted', callId });
});

test('an official who reloads his page, again and again, keeps his ticket', async () => {
  const { ana, official, callId } = await ring();
  await counter.answer(ana, callId);
  for (let round = 0; round < 4; round += 1) {
    counter.disconnect(official);
    await counter.pass(limits.leaseMs - 5_000);
    counter.connect(official);
    await counter.pass(5_000);
  }
  expect(await mine(ana)).toMatchObject({ state: 'accepted', callId });
});

test('no ticket goes back because the server was away: the time counts from its return', async () => {
  const { ana, official, callId } = await ring();
  await counter.answer(ana, callId);
  counter.connected.clear();
  counter.clock.at += 10 * minuteMs;
  await counter.restart();
  await counter.pass(limits.leaseMs - 5_000);
  expect(await mine(ana)).toMatchObject({ state: 'accepted', callId });
  counter.connect(official);
  await counter.pass(minuteMs);
  expect(await mine(ana)).toMatchObject({ state: 'accepted', callId });
});

test('two nodes that see the same official vanish give the ticket back once', async () => {
  const { ana, official, entryId, callId } = await ring();
  const second = counter.addNode();
  await counter.pass(minuteMs / 2, { nodes: [second] });
  counter.disconnect(official);
  await counter.pass(limits.leaseMs - 1_000, { nodes: [second], stepMs });
  counter.clock.at += 6_000;
  await Promise.all([counter.counter.sweep(), second.sweep()]);
  expect(await mine(ana)).toMatchObject({ entryId, state: 'waiting', place: 1, missedTurns: 0 });
  expect(ana.told('call:changed').filter(({ call }) => call.callId === callId && call.state === 'ended')).toHaveLength(1);
});
