import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../../server/platform/database.ts';
import { fromBase64Url } from '../../../server/protocol/base64url.ts';
import type { Response } from '../../../server/protocol/commands.ts';
import { newId, type ConversationId } from '../../../server/protocol/ids.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import type { Line, Somebody } from '../../support/people.ts';
import { codeOf } from '../../support/refusal.ts';
import { type ServerProcess, startServerProcess } from '../../support/server.ts';
import { startTestSfu, type TestSfu } from '../../support/sfu.ts';
import { TestOffice } from '../../support/test-office.ts';

let sfu: TestSfu;
let own: TestDatabase;
let database: Database;
let server: ServerProcess;
let office: TestOffice;

const environment = () => ({ DATABASE_URL: own.url, SFU_URL: sfu.url, SFU_SECRET: sfu.secret });

beforeAll(async () => {
  sfu = await startTestSfu();
});
afterAll(async () => await sfu.close());
beforeEach(async () => {
  own = await createTestDatabase();
  database = openDatabase({ url: own.url, log: pino({ level: 'silent' }) });
  server = await startServerProcess(environment());
  office = await TestOffice.create({ origin: server.origin, database, databaseUrl: own.url, log: [], close: async () => undefined });
});
afterEach(async () => {
  office.close();
  await server.stop();
  await database.destroy();
  await own.drop();
});

interface Waiting {
  readonly citizen: Somebody;
  readonly line: Line;
  readonly conversationId: ConversationId;
  readonly entry: Response<'queue:join'>;
}

async function joinLine(): Promise<Waiting> {
  const citizen = await office.addCitizen();
  const line = await citizen.connect();
  const { conversationId } = await office.open(citizen, line);
  const entry = await line.request('queue:join', {
    entryId: newId<'queue entry'>(),
    serviceId: office.serviceId,
    conversationId,
    language: 'pt',
    needs: ['interpreter'],
  });
  return { citizen, line, conversationId, entry };
}

async function eventsOf(line: Line, conversationId: ConversationId): Promise<unknown[]> {
  const { entries } = await line.request('conversation:pull', { conversationId, after: 0 });
  return entries.flatMap((entry) => (entry.kind === 'event' ? [JSON.parse(Buffer.from(fromBase64Url(entry.event)).toString())] : []));
}

test('a server that is killed and started again has every ticket at its place, and the line goes on to the end of a call', async () => {
  const [ana, ben] = [await joinLine(), await joinLine()];
  expect([ana.entry, ben.entry]).toMatchObject([
    { ticketNumber: 'A1', place: 1 },
    { ticketNumber: 'A2', place: 2 },
  ]);

  await server.kill();
  server = await startServerProcess(environment(), server);
  const [anaLine, benLine] = [await ana.citizen.connect(), await ben.citizen.connect()];
  const before = { wait: null, updatedAt: expect.any(Number) };
  expect(await anaLine.request('queue:list-mine', {})).toEqual({ entries: [{ ...ana.entry, ...before }] });
  expect(await benLine.request('queue:list-mine', {})).toEqual({ entries: [{ ...ben.entry, ...before }] });
  // Everybody can see how many wait, signed in or not.
  expect(await (await fetch(`${server.origin}/api/offices`)).json()).toMatchObject([
    { officeId: office.officeId, services: [{ waiting: 2, wait: null }] },
  ]);
  // What was under way is sent again, and changes nothing.
  const { entryId, serviceId, conversationId } = ben.entry;
  expect(await benLine.request('queue:join', { entryId, serviceId, conversationId, language: 'pt', needs: [] })).toMatchObject({
    ticketNumber: 'A2',
    place: 2,
  });

  const official = await office.addOfficial();
  const officialLine = await official.connect();
  await officialLine.request('availability:set', { state: 'available', services: [], languages: [] });
  const { entries } = await officialLine.request('queue:list', {});
  expect(entries.map(({ ticketNumber, present }) => [ticketNumber, present])).toEqual([
    ['A1', true],
    ['A2', true],
  ]);
  const { callId } = await officialLine.request('queue:accept', { entryId: ana.entry.entryId });
  expect(await anaLine.next('call:changed')).toMatchObject({ call: { callId, state: 'connecting' } });
  expect(await anaLine.next('queue:moved', ({ entry }) => entry.state === 'called')).toMatchObject({ entry: { callId } });
  await benLine.next('queue:moved', ({ entry }) => entry.place === 1);

  // Killed while it rings: it rings on.
  await server.kill();
  server = await startServerProcess(environment(), server);
  const [anaAgain, officialAgain] = [await ana.citizen.connect(), await official.connect()];
  expect(await anaAgain.request('queue:list-mine', {})).toMatchObject({ entries: [{ state: 'called', callId }] });
  const { members } = await anaAgain.request('call:join', { callId, peerId: newId<'peer'>() });
  expect(members.members).toMatchObject([{ accountId: ana.citizen.accountId, role: 'citizen' }]);
  const ended = officialAgain.next('call:changed', ({ call }) => call.state === 'ended');
  await anaAgain.request('call:hang-up', { callId });
  expect(await ended).toMatchObject({ call: { callId, reason: 'hung-up' } });
  for (const line of [anaAgain, officialAgain])
    expect(await eventsOf(line, ana.conversationId)).toMatchObject([
      { type: 'ticket-joined' },
      { type: 'call-started', callId },
      { type: 'call-ended', callId },
    ]);
}, 60_000);

test('R33: the ticket of an official whose line is cut while it rings is at its old place within thirty seconds', async () => {
  const [ana] = [await joinLine(), await joinLine()];
  const officialLine = await (await office.addOfficial()).connect();
  await officialLine.request('availability:set', { state: 'available', services: [], languages: [] });
  const { callId } = await officialLine.request('queue:accept', { entryId: ana.entry.entryId });
  const back = ana.line.next('queue:moved', ({ entry }) => entry.lostTurn !== null);
  const cutAt = performance.now();
  officialLine.socket.disconnect();
  expect(await back).toMatchObject({
    entry: { entryId: ana.entry.entryId, state: 'waiting', place: 1, missedTurns: 0, lostTurn: { outcome: 'official-lost' } },
  });
  expect(performance.now() - cutAt).toBeLessThan(30_000);
  expect(await codeOf(ana.line.request('call:join', { callId, peerId: newId<'peer'>() }))).toBe('closed');
}, 60_000);

test('a closed line shows officials that somebody is away, and his return that he is back', async () => {
  const ana = await joinLine();
  const officialLine = await (await office.addOfficial()).connect();
  const isPresent = async (): Promise<boolean | undefined> => (await officialLine.request('queue:list', {})).entries[0]?.present;
  const untilPresent = async (wanted: boolean): Promise<void> => {
    let changes = officialLine.told('queue:changed').length;
    while ((await isPresent()) !== wanted) {
      const seen = changes;
      await officialLine.next('queue:changed', () => officialLine.told('queue:changed').length > seen);
      changes = officialLine.told('queue:changed').length;
    }
  };
  expect(await isPresent()).toBe(true);
  ana.line.socket.disconnect();
  await untilPresent(false);
  await ana.citizen.connect();
  await untilPresent(true);
}, 60_000);

test('a supervisor sees the figures move, and can send nothing that shows more', async () => {
  const supervisor = await office.enrol('supervisor', 'Marc Faber');
  const line = await supervisor.connect();
  expect(await line.request('load:watch', {})).toMatchObject({ services: [{ serviceId: office.serviceId, waiting: 0 }], officials: [] });
  const ana = await joinLine();
  expect(await line.next('load:changed')).toMatchObject({ services: [{ waiting: 1, longestWaitSince: ana.entry.joinedAt }] });
  const { conversationId, entry } = ana;
  const refused = await Promise.all([
    codeOf(line.request('conversation:list', {})),
    codeOf(line.request('conversation:pull', { conversationId, after: 0 })),
    codeOf(line.request('queue:list', {})),
    codeOf(line.request('queue:accept', { entryId: entry.entryId })),
    codeOf(line.request('availability:set', { state: 'available', services: [], languages: [] })),
    codeOf(line.request('appointment:list', {})),
    codeOf(line.request('call:list-mine', {})),
  ]);
  expect(new Set(refused)).toEqual(new Set(['forbidden']));
  expect(line.told('conversation:advanced')).toEqual([]);
  expect(line.told('queue:changed')).toEqual([]);
}, 60_000);
