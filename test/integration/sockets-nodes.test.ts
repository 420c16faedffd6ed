import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Bus, createRedisBus } from '../../server/platform/bus.ts';
import { openRedis } from '../../server/platform/redis.ts';
import { toBase64Url } from '../../server/protocol/base64url.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { TestOffice } from '../support/test-office.ts';

let redis: TestRedis;
let here: TestServer;
let there: TestServer;
let office: TestOffice;
const closers: (() => Promise<void>)[] = [];

async function connectBus(): Promise<Bus> {
  const log = pino({ level: 'silent' });
  const client = openRedis({ url: redis.url, log });
  const bus = createRedisBus(client, log);
  closers.push(async () => {
    await bus.close();
    client.disconnect();
  });
  // Each node listens before anything is said.
  await vi.waitFor(async () => expect(await client.publish('gim:node:nobody', '[]')).toBe(closers.length));
  return bus;
}

beforeAll(async () => {
  redis = await startTestRedis();
  here = await startTestServer({ bus: await connectBus() });
  there = await startTestServer({ bus: await connectBus(), databaseUrl: here.databaseUrl });
  office = await TestOffice.create(here);
});
afterAll(async () => {
  office.close();
  redis.resume();
  await there.close();
  await here.close();
  for (const close of closers) await close();
  await redis.close();
});

test('a message stored by one node is told by the other, with what was said in it', async () => {
  const [citizen, official] = [await office.addCitizen(), await office.addOfficial()];
  const [citizenLine, officialLine] = [await citizen.connect(), await official.connect(there.origin)];
  const { conversation, conversationId } = await office.open(citizen, citizenLine);
  const envelope = toBase64Url(conversation.send(citizen.gim, 'Moien'));
  await citizenLine.request('message:send', { conversationId, envelope });
  expect(
    await officialLine.next('conversation:advanced', (fact) => fact.conversationId === conversationId && fact.head === 2),
  ).toMatchObject({ entries: [{ envelope }] });
});

test('a session that is ended on one node is closed on the other', async () => {
  const citizen = await office.addCitizen();
  const line = await citizen.connect(there.origin);
  await citizen.http('DELETE /api/session');
  expect(await line.next('session:ended')).toEqual({ reason: 'signed-out' });
});

test('while Redis does not answer, messages of the same node come at once, those of the other within seconds, and revocation too', async () => {
  const [citizen, near, far] = [await office.addCitizen(), await office.addOfficial(), await office.addOfficial()];
  const [citizenLine, nearLine, farLine] = [await citizen.connect(), await near.connect(), await far.connect(there.origin)];
  const { conversation, conversationId } = await office.open(citizen, citizenLine);
  redis.pause();
  const sentAt = performance.now();
  await citizenLine.request('message:send', { conversationId, envelope: toBase64Url(conversation.send(citizen.gim, 'Moien')) });
  await nearLine.next('conversation:advanced', (fact) => fact.conversationId === conversationId && fact.head === 2);
  const nearAfterMs = performance.now() - sentAt;
  await farLine.next('conversation:advanced', (fact) => fact.conversationId === conversationId && fact.head === 2);
  const { entries } = await farLine.request('conversation:pull', { conversationId, after: 1 });
  expect(entries).toMatchObject([{ position: 2, kind: 'message' }]);
  expect(nearAfterMs).toBeLessThan(performance.now() - sentAt);
  await sql`delete from sessions where account_id = ${far.accountId}`.execute(here.database);
  expect(await farLine.next('session:ended')).toEqual({ reason: 'revoked' });
  redis.resume();
});
