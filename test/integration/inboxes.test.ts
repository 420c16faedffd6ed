import { afterAll, beforeAll, expect, test } from 'vitest';
import { isEnrolmentProof } from '../../client/crypto/enrolment-proof.ts';
import { fromBase64Url } from '../../server/protocol/base64url.ts';
import { newId } from '../../server/protocol/ids.ts';
import { replayInboxChain } from '../../server/protocol/inbox-chain.ts';
import type { Somebody } from '../support/people.ts';
import { codeOf } from '../support/refusal.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { TestOffice } from '../support/test-office.ts';

let server: TestServer;
const offices: TestOffice[] = [];

beforeAll(async () => {
  server = await startTestServer();
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
  await citizenLine.request('appointment:book', { appointmentId, conversationId, needs: [] });
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
