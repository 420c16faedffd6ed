import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Bus } from '../../../server/platform/bus.ts';
import { newId } from '../../../server/protocol/ids.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { startTestSfu, type TestSfu } from '../../support/sfu.ts';
import { TestOffice } from '../../support/test-office.ts';

/** Redis that is down, and stays down: the nodes hear nothing of each other. */
const lostBus: Bus = { isShared: true, publish: () => undefined, onHint: () => undefined, close: async () => undefined };
let sfu: TestSfu;
let here: TestServer;
let there: TestServer;
let office: TestOffice;

beforeAll(async () => {
  sfu = await startTestSfu();
  here = await startTestServer({ bus: lostBus, sfu });
  there = await startTestServer({ bus: lostBus, sfu, databaseUrl: here.databaseUrl });
  office = await TestOffice.create(here);
});
afterAll(async () => {
  office.close();
  await there.close();
  await here.close();
  await sfu.close();
});

test('with Redis away a call still rings at another node, and its people hear who is in it and that it has ended', async () => {
  const [ana, nora] = [await office.addCitizen(), await office.addOfficial()];
  const [official, own, citizen] = [await nora.connect(), await ana.connect(), await ana.connect(there.origin)];
  const { conversationId } = await office.open(ana, own);
  await official.request('availability:set', { state: 'available', services: [], languages: [] });
  const entryId = newId<'queue entry'>();
  await citizen.request('queue:join', { entryId, serviceId: office.serviceId, conversationId, language: 'pt', needs: [] });
  own.socket.disconnect();

  const { callId } = await official.request('queue:accept', { entryId });
  await citizen.next('call:changed', ({ call }) => call.callId === callId && call.answeredAt === null);
  await citizen.next('queue:moved', ({ entry }) => entry.state === 'called' && entry.callId === callId);
  const { members } = await official.request('call:join', { callId, peerId: newId<'peer'>() });
  expect((await citizen.next('call:members-changed')).members).toEqual(members);
  await citizen.request('call:join', { callId, peerId: newId<'peer'>() });
  await official.next('call:changed', ({ call }) => call.answeredAt !== null);
  await official.next('call:members-changed', (fact) => fact.members.members.length === 2);
  await official.request('call:hang-up', { callId });
  await citizen.next('call:changed', ({ call }) => call.state === 'ended');
});
