import fastify from 'fastify';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RequestError } from '../../client/net/request-error.ts';
import { createOffices } from '../../server/offices/offices.ts';
import { officeRoutes } from '../../server/offices/routes.ts';
import { fromBase64Url } from '../../server/protocol/base64url.ts';
import { replayInboxChain } from '../../server/protocol/inbox-chain.ts';
import { newId } from '../../server/protocol/ids.ts';
import { isEnrolmentProof } from '../../client/crypto/enrolment-proof.ts';
import { registryPks } from '../support/gim-world.ts';
import { TestOffice, type Somebody } from '../support/people.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
const clock = { at: Date.now() };
const closers: (() => void)[] = [];

beforeAll(async () => {
  server = await startTestServer({ now: () => clock.at });
});
afterAll(async () => {
  for (const close of closers) close();
  await server.close();
});

let count = 0;
async function createOffice(): Promise<TestOffice> {
  count += 1;
  const office = await TestOffice.create(server, { name: `office-${count}` });
  closers.push(() => office.close());
  return office;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'accepted',
    (error: unknown) => (error instanceof RequestError ? error.code : String(error)),
  );
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
  const offices: unknown = await answer.json();
  expect(offices).toContainEqual(
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
          opening: { state: 'open', closesAt: expect.any(Number) },
          waiting: 0,
          wait: null,
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
  expect(await openingOf(office, '2026-12-23T08:00:00Z')).toEqual({ state: 'open', closesAt: Date.parse('2026-12-23T11:00:00Z') });
  expect(await openingOf(office, '2026-12-23T11:00:00Z')).toEqual({ state: 'closed', opensAt: Date.parse('2026-12-23T13:00:00Z') });
  expect(await openingOf(office, '2026-12-24T16:00:00Z')).toEqual({ state: 'closed', opensAt: Date.parse('2026-12-28T07:30:00Z') });
  expect(await openingOf(office, '2026-07-01T06:30:00Z')).toEqual({ state: 'open', closesAt: Date.parse('2026-07-01T10:00:00Z') });
});

test('on the night the clocks change, hours are as long as they really are', async () => {
  const office = await createOffice();
  await setHours(office, [{ weekday: 7, opens: '00:00', closes: '06:00' }]);
  expect(await openingOf(office, '2026-10-25T00:30:00Z')).toEqual({ state: 'open', closesAt: Date.parse('2026-10-25T05:00:00Z') });
  expect(await openingOf(office, '2027-03-28T00:30:00Z')).toEqual({ state: 'open', closesAt: Date.parse('2027-03-28T04:00:00Z') });
});

test('a service without hours never opens', async () => {
  const office = await createOffice();
  await setHours(office, []);
  expect(await openingOf(office, '2026-07-01T06:30:00Z')).toEqual({ state: 'closed', opensAt: null });
});

test('the owner hears of an enrolment, checks its proof and makes the official a member', async () => {
  const office = await createOffice();
  const line = await office.owner.connect();
  const invitation = await office.invite('official', 'Nora Weber');
  const official = await office.enrolWith(invitation);
  await line.next('inbox:enrolled', ({ inboxId }) => inboxId === office.inboxId);
  const { enrolments } = await line.request('inbox:list-enrolments', { inboxId: office.inboxId });
  expect(enrolments).toEqual([
    { invitationId: expect.any(String), accountId: official.accountId, displayName: 'Nora Weber', proof: expect.any(String) },
  ]);
  expect(isEnrolmentProof(fromBase64Url(enrolments[0]!.proof), invitation.secret, official.gim.id)).toBe(true);

  const officialLine = await official.connect();
  expect(await codeOf(officialLine.request('inbox:load-boxes', { inboxId: office.inboxId }))).toBe('not_found');
  office.inbox.add(office.owner.gim, official.gim);
  await office.append(office.owner);
  await officialLine.next('inbox:changed', ({ head }) => head === 2);
  expect((await line.request('inbox:list-enrolments', { inboxId: office.inboxId })).enrolments).toEqual([]);
  const { generations } = await officialLine.request('inbox:load-boxes', { inboxId: office.inboxId });
  expect(generations).toEqual([{ generation: 1, box: office.lastLink.boxes[0], recipientGeneration: 1, previousBox: null }]);
});

test('what is loaded of an inbox replays to the same state, link by link', async () => {
  const office = await createOffice();
  const [first, second] = [await office.addOfficial(), await office.addOfficial('admin')];
  await office.removeOfficial(first);
  const line = await second.connect();
  const { links, head } = await line.request('inbox:load', { inboxId: office.inboxId, afterSeqno: 0 });
  const state = replayInboxChain(links.map(fromBase64Url), office.world.at('past'), office.inbox.id);
  expect(head).toBe(4);
  expect(String(state.tails.at(-1))).toBe(String(office.inbox.state.tails.at(-1)));
  expect((await line.request('inbox:load', { inboxId: office.inboxId, afterSeqno: 3 })).links).toEqual(links.slice(3));
  const { generations } = await line.request('inbox:load-boxes', { inboxId: office.inboxId });
  expect(generations.map(({ generation, box, previousBox }) => [generation, box !== null, previousBox !== null])).toEqual([
    [2, true, true],
    [1, true, false],
  ]);
});

test('the same link twice is answered alike, another link at its place is a conflict', async () => {
  const office = await createOffice();
  const [one, other] = [await office.enrol(), await office.enrol()];
  const before = office.inbox.state;
  office.inbox.add(office.owner.gim, one.gim);
  const link = office.lastLink;
  office.inbox.state = before;
  office.inbox.add(office.owner.gim, other.gim);
  const rival = office.lastLink;
  const line = await office.owner.connect();
  const { inboxId } = office;
  expect(await line.request('inbox:append', { inboxId, link })).toEqual({ seqno: 2 });
  expect(await line.request('inbox:append', { inboxId, link })).toEqual({ seqno: 2 });
  expect(await codeOf(line.request('inbox:append', { inboxId, link: rival }))).toBe('conflict');
});

test('of six links for one place sent at the same time, one is stored and the others are conflicts', async () => {
  const office = await createOffice();
  const people: Somebody[] = [];
  while (people.length < 6) people.push(await office.enrol());
  const line = await office.owner.connect();
  const before = office.inbox.state;
  const links = people.map((official) => {
    office.inbox.state = before;
    office.inbox.add(office.owner.gim, official.gim);
    return office.lastLink;
  });
  const codes = await Promise.all(links.map(async (link) => await codeOf(line.request('inbox:append', { inboxId: office.inboxId, link }))));
  expect(codes.toSorted()).toEqual(['accepted', ...Array.from({ length: 5 }, () => 'conflict')]);
});

test('an official who is removed loses the inbox at once: he is told nothing more and may ask for nothing', async () => {
  const office = await createOffice();
  const [leaver, stayer, citizen] = [await office.addOfficial(), await office.addOfficial(), await office.addCitizen()];
  const [leaverLine, stayerLine, citizenLine] = [await leaver.connect(), await stayer.connect(), await citizen.connect()];
  await office.removeOfficial(leaver);
  // He asks for the line again, and is told that it is no longer his.
  await leaverLine.next('queue:changed');
  expect(await codeOf(leaverLine.request('queue:list', {}))).toBe('forbidden');
  const { conversationId } = await office.open(citizen, citizenLine);
  await stayerLine.next('conversation:changed', ({ conversation }) => conversation.conversationId === conversationId);
  // An answer to the leaver comes after anything he could have been told before.
  expect(await codeOf(leaverLine.request('conversation:pull', { conversationId, after: 0 }))).toBe('not_found');
  expect(await codeOf(leaverLine.request('inbox:load-boxes', { inboxId: office.inboxId }))).toBe('not_found');
  expect((await leaverLine.request('conversation:list', {})).conversations).toEqual([]);
  expect(leaverLine.told('conversation:changed')).toEqual([]);
  expect(leaverLine.told('conversation:advanced')).toEqual([]);
});

test('of appointments and the line only the team is told: nobody who is not in it yet, nor any more', async () => {
  const office = await createOffice();
  const [newcomer, leaver, member, citizen] = [
    await office.enrol(),
    await office.addOfficial(),
    await office.addOfficial(),
    await office.addCitizen(),
  ];
  const [memberLine, citizenLine, ...outside] = [
    await member.connect(),
    await citizen.connect(),
    await newcomer.connect(),
    await leaver.connect(),
  ];
  await office.removeOfficial(leaver);
  const { conversationId } = await office.open(citizen, citizenLine);
  const { serviceId } = office;
  const [slot] = (await citizenLine.request('appointment:list-slots', { serviceId })).slots;
  const { appointmentId } = await citizenLine.request('appointment:hold', {
    appointmentId: newId<'appointment'>(),
    serviceId,
    startsAt: slot?.startsAt ?? 0,
  });
  await citizenLine.request('appointment:book', { appointmentId, conversationId });
  await memberLine.next('appointment:changed');
  for (const line of outside) {
    // This answer comes after anything they could have been told before.
    expect(await codeOf(line.request('appointment:list', {}))).toBe('forbidden');
    expect(line.told('appointment:changed')).toEqual([]);
  }
});

test('links by somebody else, of an unknown official, or with other boxes, are refused and change nothing', async () => {
  const office = await createOffice();
  const [official, stranger, citizen] = [await office.addOfficial(), await office.enrol(), await office.addCitizen()];
  const { inboxId } = office;
  const before = office.inbox.state;
  const ownerLine = await office.owner.connect();
  const officialLine = await official.connect();

  office.inbox.add(office.owner.gim, stranger.gim);
  const signedByOwner = office.lastLink;
  expect(await codeOf(officialLine.request('inbox:append', { inboxId, link: signedByOwner }))).toBe('forbidden');
  expect(await codeOf(ownerLine.request('inbox:append', { inboxId, link: { ...signedByOwner, boxes: [] } }))).toBe('bad_request');
  expect(await codeOf(ownerLine.request('inbox:append', { inboxId, link: { ...signedByOwner, boxes: official.root.boxes } }))).toBe(
    'bad_request',
  );

  office.inbox.state = before;
  office.inbox.add(office.owner.gim, citizen.gim);
  expect(await codeOf(ownerLine.request('inbox:append', { inboxId, link: office.lastLink }))).toBe('forbidden');
  office.inbox.state = before;
  office.inbox.add(office.owner.gim, office.world.person());
  expect(await codeOf(ownerLine.request('inbox:append', { inboxId, link: office.lastLink }))).toBe('bad_request');
  expect((await ownerLine.request('inbox:load', { inboxId, afterSeqno: 0 })).head).toBe(2);
  office.inbox.state = before;
});

test('an official of another office cannot be made a member, nor anybody who is not in the office', async () => {
  const [office, other] = [await createOffice(), await createOffice()];
  const stranger = await other.enrol();
  const ownerLine = await office.owner.connect();
  const boxes = await codeOf((await stranger.connect()).request('inbox:load-boxes', { inboxId: office.inboxId }));
  expect(boxes).toBe('not_found');
  // Both worlds are one for the server; the owner's program has been told the stranger's chain.
  const before = office.inbox.state;
  const known = office.world.user;
  Object.assign(office.world, { user: (id: Uint8Array) => known(id) ?? other.world.user(id) });
  office.inbox.add(office.owner.gim, stranger.gim);
  expect(await codeOf(ownerLine.request('inbox:append', { inboxId: office.inboxId, link: office.lastLink }))).toBe('forbidden');
  office.inbox.state = before;
});

test('only owners of the inbox invite, and only to their office', async () => {
  const [office, other] = [await createOffice(), await createOffice()];
  const official: Somebody = await office.addOfficial('admin');
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
