import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectSfu, type SfuClient } from '../../../server/calls/sfu-client.ts';
import { createLog } from '../../../server/platform/log.ts';
import { newId } from '../../../server/protocol/ids.ts';
import { startTestCounter, type TestCounter } from '../../support/counter.ts';
import { codeOf } from '../../support/refusal.ts';
import { dtlsParameters } from '../../support/rtp-parameters.ts';
import { startTestSfu, type TestSfu } from '../../support/sfu.ts';

let sfu: TestSfu;
/** A second pair of eyes on the sfu. */
let watcher: SfuClient;
let counter: TestCounter;

beforeAll(async () => {
  sfu = await startTestSfu();
  watcher = connectSfu({ ...sfu, log: createLog('silent') });
  counter = await startTestCounter({ sfu });
});
afterAll(async () => {
  await counter.close();
  watcher.close();
  await sfu.close();
});

const openRooms = async (): Promise<readonly string[]> => (await watcher.request('room:list', {})).rooms.map(({ roomId }) => roomId);

describe('a check of the line', () => {
  test('opens what a call would open, for its owner alone, survives the sweep, and leaves nothing behind', async () => {
    const [citizen, other] = [await counter.addCitizen(), await counter.addCitizen()];
    const checkId = newId<'line check'>();
    const { send, routerRtpCapabilities } = await citizen.request('call:open-check', { checkId });
    expect(send.iceCandidates.length).toBeGreaterThan(0);
    expect(routerRtpCapabilities.codecs?.length).toBeGreaterThan(0);
    expect(await openRooms()).toEqual([`check-${checkId}`]);
    await counter.pass(10_000);
    expect(await openRooms()).toEqual([`check-${checkId}`]);

    const connect = { checkId, transportId: send.transportId, dtlsParameters };
    expect(await codeOf(other.request('call:connect-check', connect))).toBe('not_found');
    expect(await codeOf(other.request('call:open-check', { checkId }))).toBe('conflict');
    await other.request('call:close-check', { checkId });
    await citizen.request('call:connect-check', connect);

    await citizen.request('call:close-check', { checkId });
    expect(await openRooms()).toEqual([]);
    expect(await codeOf(citizen.request('call:connect-check', connect))).toBe('not_found');
  });
});
