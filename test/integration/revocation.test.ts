import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createDevice } from '../../client/crypto/device.ts';
import { connectSfu, type SfuClient } from '../../server/calls/sfu-client.ts';
import { type Bus, createRedisBus } from '../../server/platform/bus.ts';
import { openRedis } from '../../server/platform/redis.ts';
import { newId, type CallId } from '../../server/protocol/ids.ts';
import type { Line, Somebody } from '../support/people.ts';
import { codeOf } from '../support/refusal.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { startTestSfu, type TestSfu } from '../support/sfu.ts';
import { TestOffice } from '../support/test-office.ts';

let redis: TestRedis;
let sfu: TestSfu;
/** A second pair of eyes on the sfu. */
let watcher: SfuClient;
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
  [redis, sfu] = await Promise.all([startTestRedis(), startTestSfu()]);
  watcher = connectSfu({ ...sfu, log: pino({ level: 'silent' }) });
  here = await startTestServer({ bus: await connectBus(), sfu });
  there = await startTestServer({ bus: await connectBus(), sfu, databaseUrl: here.databaseUrl });
  office = await TestOffice.create(here);
});
afterAll(async () => {
  office.close();
  await there.close();
  await here.close();
  for (const close of closers) await close();
  await redis.close();
  watcher.close();
  await sfu.close();
});

/** An official with a line to each node, in a call that he has joined over the far one. */
async function inCall(): Promise<{ official: Somebody; lines: readonly Line[]; callId: CallId; left: Promise<number> }> {
  const [citizen, official] = [await office.addCitizen(), await office.addOfficial()];
  const [citizenLine, near, far] = [await citizen.connect(), await official.connect(), await official.connect(there.origin)];
  const { conversationId } = await office.open(citizen, citizenLine);
  await near.request('availability:set', { state: 'available', services: [], languages: [] });
  const { entryId } = await citizenLine.request('queue:join', {
    entryId: newId<'queue entry'>(),
    serviceId: office.serviceId,
    conversationId,
    language: 'pt',
    needs: [],
  });
  const { callId } = await near.request('queue:accept', { entryId });
  const peerId = newId<'peer'>();
  await citizenLine.request('call:join', { callId, peerId: newId<'peer'>() });
  await far.request('call:join', { callId, peerId });
  const left = new Promise<number>((resolve) => {
    watcher.on('peer-closed', (peer) => {
      if (peer.roomId === callId && peer.peerId === peerId) resolve(performance.now());
    });
  });
  return { official, lines: [near, far], callId, left };
}

async function peersOf(callId: CallId): Promise<readonly string[]> {
  const { rooms } = await watcher.request('room:list', {});
  return rooms.find(({ roomId }) => roomId === callId)?.peers.map(({ ownerId }) => ownerId) ?? [];
}

test('R57: a disabled official is out of both nodes within two seconds, and of his call within five', async () => {
  const { official, lines, callId, left } = await inCall();
  expect(await peersOf(callId)).toContain(official.accountId);
  const disabledAt = performance.now();
  await sql`update accounts set disabled_at = now() where account_id = ${official.accountId}`.execute(here.database);
  expect(await codeOf(official.http('POST /api/session/device/options', {}))).toBe('unauthenticated');
  expect(await Promise.all(lines.map(async (line) => await line.next('session:ended')))).toEqual([
    { reason: 'revoked' },
    { reason: 'revoked' },
  ]);
  expect(await Promise.all(lines.map(async ({ closed }) => await closed))).toEqual(['io server disconnect', 'io server disconnect']);
  expect(performance.now() - disabledAt).toBeLessThan(2_000);
  expect((await left) - disabledAt).toBeLessThan(5_000);
  expect(await peersOf(callId)).not.toContain(official.accountId);
});

test('R57: a revoked device is out of both nodes within two seconds, and of its call within five; the other one stays', async () => {
  const { official, lines, callId, left } = await inCall();
  const [lost, kept] = [official.gim.device, createDevice('browser')];
  official.gim.moveTo(kept);
  await lines[0]!.request('account:extend', { links: [official.newest], inboxLinks: [] });
  const other = await office.elsewhere(official).signIn();
  const otherLine = await other.connect();
  official.gim.revoke(lost.deviceId);
  const revokedAt = performance.now();
  await otherLine.request('account:extend', { links: [official.newest], inboxLinks: [] });
  expect(await codeOf(official.http('POST /api/session/device/options', {}))).toBe('unauthenticated');
  expect(await Promise.all(lines.map(async (line) => await line.next('session:ended')))).toEqual([
    { reason: 'revoked' },
    { reason: 'revoked' },
  ]);
  expect(performance.now() - revokedAt).toBeLessThan(2_000);
  expect((await left) - revokedAt).toBeLessThan(5_000);
  expect(await peersOf(callId)).not.toContain(official.accountId);
  expect(otherLine.socket.connected).toBe(true);
});

test('R57: with Redis away a revoked device is out of both nodes within five seconds', async () => {
  const official = await office.addOfficial();
  const lines = [await official.connect(), await official.connect(there.origin)];
  const lost = official.gim.device;
  official.gim.moveTo(createDevice('browser'));
  await lines[0]!.request('account:extend', { links: [official.newest], inboxLinks: [] });
  const otherLine = await (await office.elsewhere(official).signIn()).connect();
  official.gim.revoke(lost.deviceId);
  redis.pause();
  try {
    const revokedAt = performance.now();
    await otherLine.request('account:extend', { links: [official.newest], inboxLinks: [] });
    await Promise.all(lines.map(async (line) => await line.next('session:ended')));
    expect(performance.now() - revokedAt).toBeLessThan(5_000);
  } finally {
    redis.resume();
  }
});
