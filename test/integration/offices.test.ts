import fastify from 'fastify';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createOffices } from '../../server/offices/offices.ts';
import { InboxChains } from '../../server/offices/inbox-chains.ts';
import { officeRoutes } from '../../server/offices/routes.ts';
import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { newId } from '../../server/protocol/ids.ts';
import { registryPks } from '../support/gim-world.ts';
import type { Somebody } from '../support/people.ts';
import { codeOf } from '../support/refusal.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { TestOffice } from '../support/test-office.ts';

let server: TestServer;
const clock = { at: Date.now() };
const offices: TestOffice[] = [];

beforeAll(async () => {
  server = await startTestServer({ now: () => clock.at });
});
afterAll(async () => {
  for (const office of offices) office.close();
  await server.close();
});

async function createOffice(): Promise<TestOffice> {
  const office = await TestOffice.create(server, { name: `office-${offices.length + 1}` });
  offices.push(office);
  return office;
}

async function setHours(office: TestOffice, hours: readonly { weekday: number; opens: string; closes: string }[]): Promise<void> {
  await sql`delete from opening_hours where service_id = ${office.serviceId}`.execute(server.database);
  for (const { weekday, opens, closes } of hours) {
    await sql`insert into opening_hours (service_id, weekday, opens, closes) values (${office.serviceId}, ${weekday}, ${opens}, ${closes})`.execute(
      server.database,
    );
  }
}

async function openingOf(office: TestOffice, moment: string): Promise<unknown> {
  clock.at = Date.parse(moment);
  const found = (await office.owner.http('GET /api/offices')).find(({ officeId }) => officeId === office.officeId);
  return found?.services[0]?.opening;
}

test('anybody sees the offices, their services in five languages, and the keys of the registry', async () => {
  const office = await createOffice();
  const answer = await fetch(`${server.origin}/api/offices`);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const listed: unknown = await answer.json();
  expect(listed).toContainEqual(
    expect.objectContaining({
      officeId: office.officeId,
      inboxId: office.inboxId,
      phone: '+352 1234',
      services: [
        {
          serviceId: office.serviceId,
          officeId: office.officeId,
          name: {
            lb: 'Birth certificate',
            fr: 'Birth certificate',
            de: 'Birth certificate',
            en: 'Birth certificate',
            pt: 'Birth certificate',
          },
          summary: expect.any(Object),
          keywords: ['birth'],
          opening: { state: 'open', closesAt: expect.any(Number), admitsUntil: expect.any(Number) },
          waiting: 0,
          wait: null,
          waitsWithin: null,
          appointmentMinutes: 20,
        },
      ],
    }),
  );
  const { keys } = await office.owner.http('GET /api/registry');
  expect(keys.map((key) => String(fromBase64Url(key))).toSorted()).toEqual(registryPks.map(String).toSorted());
});

test('however many ask for the offices at once, the lines are read once', async () => {
  const asked = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  let reads = 0;
  const http = fastify();
  officeRoutes(http, {
    database: server.database,
    offices: createOffices({ database: server.database, timeZone: 'Europe/Luxembourg' }),
    now: () => clock.at,
    chains: new InboxChains({ loadUserChains: async () => new Map() }),
    receiptKey: async () => toBase64Url(new Uint8Array(32)),
    async loads() {
      reads += 1;
      asked.resolve();
      await answered.promise;
      return new Map();
    },
  });
  const visitors = Array.from({ length: 50 }, async () => await http.inject('/api/offices'));
  await asked.promise;
  // Answered after all the others have asked.
  await http.inject('/api/registry');
  answered.resolve();
  expect(new Set((await Promise.all(visitors)).map(({ statusCode }) => statusCode))).toEqual(new Set([200]));
  expect(reads).toBe(1);
  await http.inject('/api/offices');
  expect(reads).toBe(2);
});

const openUntil = (closesAt: number) => ({ state: 'open', closesAt, admitsUntil: closesAt });

test('a service is open at its local hours, with its breaks, and not on closed days', async () => {
  const office = await createOffice();
  await setHours(
    office,
    [1, 2, 3, 4, 5].flatMap((weekday) => [
      { weekday, opens: '08:30', closes: '12:00' },
      { weekday, opens: '14:00', closes: '17:00' },
    ]),
  );
  await sql`insert into closed_days (office_id, day) values (${office.officeId}, '2026-12-25')`.execute(server.database);
  // Luxembourg is an hour ahead of UTC in winter, two in summer.
  expect(await openingOf(office, '2026-12-23T08:00:00Z')).toEqual(openUntil(Date.parse('2026-12-23T11:00:00Z')));
  expect(await openingOf(office, '2026-12-23T11:00:00Z')).toEqual({ state: 'closed', opensAt: Date.parse('2026-12-23T13:00:00Z') });
  expect(await openingOf(office, '2026-12-24T16:00:00Z')).toEqual({ state: 'closed', opensAt: Date.parse('2026-12-28T07:30:00Z') });
  expect(await openingOf(office, '2026-07-01T06:30:00Z')).toEqual(openUntil(Date.parse('2026-07-01T10:00:00Z')));
});

test('numbers are given until some minutes before closing', async () => {
  const office = await createOffice();
  await setHours(office, [{ weekday: 3, opens: '08:30', closes: '12:00' }]);
  await sql`update services set last_admission_minutes = 10 where service_id = ${office.serviceId}`.execute(server.database);
  const noon = Date.parse('2026-12-23T11:00:00Z');
  expect(await openingOf(office, '2026-12-23T08:00:00Z')).toEqual({ state: 'open', closesAt: noon, admitsUntil: noon - 10 * 60_000 });
});

test('on the night the clocks change, hours are as long as they really are', async () => {
  const office = await createOffice();
  await setHours(office, [{ weekday: 7, opens: '00:00', closes: '06:00' }]);
  expect(await openingOf(office, '2026-10-25T00:30:00Z')).toEqual(openUntil(Date.parse('2026-10-25T05:00:00Z')));
  expect(await openingOf(office, '2027-03-28T00:30:00Z')).toEqual(openUntil(Date.parse('2027-03-28T04:00:00Z')));
});

test('a service without hours never opens', async () => {
  const office = await createOffice();
  await setHours(office, []);
  expect(await openingOf(office, '2026-07-01T06:30:00Z')).toEqual({ state: 'closed', opensAt: null });
});

test('members of the inbox invite nobody, and owners only to their office', async () => {
  const [office, other] = [await createOffice(), await createOffice()];
  const official: Somebody = await office.addOfficial();
  const request = {
    invitationId: newId<'invitation'>(),
    tokenHash: 'A'.repeat(43) as typeof office.owner.root.link,
    role: 'official',
    officeId: office.officeId,
    displayName: 'X',
  } as const;
  expect(await codeOf((await official.connect()).request('invitation:create', request))).toBe('forbidden');
  expect(await codeOf((await other.owner.connect()).request('invitation:create', request))).toBe('not_found');
  expect(await codeOf((await office.owner.connect()).request('invitation:create', { ...request, displayName: '‮evil' }))).toBe(
    'bad_request',
  );
});

test('the same invitation twice is one; its id for another link is a conflict', async () => {
  const office = await createOffice();
  const line = await office.owner.connect();
  const hash = (character: string) => `${character.repeat(42)}A` as typeof office.owner.root.link;
  const request = {
    invitationId: newId<'invitation'>(),
    tokenHash: hash('b'),
    role: 'official',
    officeId: office.officeId,
    displayName: 'Anna Thill',
  } as const;
  const first = await line.request('invitation:create', request);
  expect(await line.request('invitation:create', request)).toEqual(first);
  expect(await codeOf(line.request('invitation:create', { ...request, tokenHash: hash('c') }))).toBe('conflict');
});
