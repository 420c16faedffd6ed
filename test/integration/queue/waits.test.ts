import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { minuteMs, startTestCounter, type TestCounter } from '../../support/counter.ts';
import { startTestSfu, type TestSfu } from '../../support/sfu.ts';
import { licence, passport, refund } from '../../support/town.ts';

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

const nextWait = async (serviceId = passport) => (await counter.counter.loads()).get(serviceId);

test('a wait is now while an official is free, not told when it would be a guess, and a range once five were served', async () => {
  const official = await counter.addOfficial();
  expect(await nextWait()).toMatchObject({ waiting: 0, wait: { fromMinutes: 0, toMinutes: 5 } });
  const serve = async (): Promise<void> => {
    const citizen = await counter.addCitizen();
    const { callId } = await counter.call(official, (await counter.join(citizen)).entryId);
    await counter.answer(citizen, callId);
    await counter.pass(2 * minuteMs);
    if (served < 5) {
      expect(await nextWait(licence)).toMatchObject({ waiting: 0, wait: null });
      await official.request('call:hang-up', { callId });
    }
  };
  let served = 0;
  for (; served <= 5; served += 1) await serve();
  const ana = await counter.addCitizen();
  // One official, two minutes a service, nobody ahead.
  expect(await counter.join(ana, licence)).toMatchObject({ place: 1, wait: { fromMinutes: 0, toMinutes: 5 } });
  expect(await nextWait()).toMatchObject({ waiting: 1 });
  expect(await nextWait(refund)).toMatchObject({ waiting: 0, wait: null });
});
