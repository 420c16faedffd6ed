import { afterAll, beforeAll, expect, test } from 'vitest';
import { signInboxLink } from '../../client/crypto/inbox-keys.ts';
import type { BoxAudit } from '../../client/inbox/box-audit.ts';
import { waitUntil } from '../../client/net/observable.ts';
import { RequestError } from '../../client/net/request-error.ts';
import { toSignedLink } from '../../client/net/wire.ts';
import { fromBase64Url } from '../../server/protocol/base64url.ts';
import { decodeInboxBody } from '../../server/protocol/inbox-bodies.ts';
import { decodeLink } from '../../server/protocol/link.ts';
import { currentGeneration } from '../../server/protocol/user-state.ts';
import type { Line, Somebody } from '../support/people.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { openTeams, type TeamHand } from '../support/team-hand.ts';
import { TestOffice } from '../support/test-office.ts';

let server: TestServer;
const offices: TestOffice[] = [];
const hands: TeamHand[] = [];

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  for (const { teams } of hands) teams.close();
  for (const office of offices) office.close();
  await server.close();
});

async function createOffice(): Promise<TestOffice> {
  const office = await TestOffice.create(server, { name: `office-${offices.length + 1}` });
  offices.push(office);
  return office;
}

async function open(...request: Parameters<typeof openTeams>): Promise<TeamHand> {
  const hand = await openTeams(...request);
  hands.push(hand);
  return hand;
}

async function leave({ inbox, inboxId }: TestOffice, somebody: Somebody): Promise<void> {
  const sealed = { link: signInboxLink(inbox.state, somebody.gim.signer, { type: 'leave' }), boxes: [], prevBox: null };
  inbox.append(sealed);
  await (await somebody.connect()).request('inbox:append', { inboxId, link: toSignedLink(sealed) });
}

async function bodies(line: Line, { inboxId }: TestOffice) {
  const { links } = await line.request('inbox:load', { inboxId, afterSeqno: 0 });
  return links.map(fromBase64Url).map((link) => {
    const { outer, body } = decodeLink(link);
    return decodeInboxBody(outer.type, body!);
  });
}

async function sound(audit: BoxAudit, { inboxId }: TestOffice): Promise<void> {
  await waitUntil(audit.state(inboxId), (state) => state === 'sound');
}

test('after somebody has left, the next member online gives the inbox a new key without him', async () => {
  const office = await createOffice();
  const [stayer, leaver] = [await office.addOfficial(), await office.addOfficial()];
  await leave(office, leaver);
  const { teams, line } = await open(stayer);
  await sound(teams.audit, office);
  const last = (await bodies(line, office)).at(-1);
  expect(last).toMatchObject({ type: 'rotate_ptk', reason: 'somebody_left' });
  const recipients = last?.type === 'rotate_ptk' ? last.ptk.boxes.map(({ recipient }) => String(recipient)) : [];
  expect(recipients.toSorted()).toEqual([office.owner.gim.id, stayer.gim.id].map(String).toSorted());
});

test('a member who is there already does it while the inbox is open', async () => {
  const office = await createOffice();
  const [stayer, leaver] = [await office.addOfficial(), await office.addOfficial()];
  const { teams, line } = await open(stayer);
  await sound(teams.audit, office);
  await leave(office, leaver);
  await line.next('inbox:changed', ({ head }) => head === office.inbox.state.seqno + 1);
  expect((await bodies(line, office)).at(-1)).toMatchObject({ type: 'rotate_ptk' });
});

test('of six members who notice at once, one gives the new key and the others take it', async () => {
  const office = await createOffice();
  const members: Somebody[] = [];
  while (members.length < 6) members.push(await office.addOfficial());
  const leaver = await office.addOfficial();
  const opened = await Promise.all(members.map(async (member) => await open(member)));
  await leave(office, leaver);
  await Promise.all(opened.map(async ({ teams }) => await sound(teams.audit, office)));
  const rotations = (await bodies(opened[0]!.line, office)).filter(({ type }) => type === 'rotate_ptk');
  expect(rotations).toHaveLength(1);
  expect(opened.flatMap(({ alarms }) => alarms)).toEqual([]);
});

test('a member`s newer key of his own makes the inbox`s one outdated, and it is renewed', async () => {
  const office = await createOffice();
  const [auditing, rotating] = [await office.addOfficial(), await office.addOfficial()];
  const { teams, line } = await open(auditing);
  await sound(teams.audit, office);
  rotating.gim.rotate();
  await (await rotating.connect()).request('account:extend', { links: [toSignedLink(rotating.gim.newest)], inboxLinks: [] });
  await teams.audit.check(office.inboxId);
  const last = (await bodies(line, office)).at(-1);
  expect(last).toMatchObject({ type: 'rotate_ptk', reason: 'member_key' });
  const box = last?.type === 'rotate_ptk' && last.ptk.boxes.find(({ recipient }) => String(recipient) === String(rotating.gim.id));
  expect(box && box.recipientGeneration).toBe(currentGeneration(rotating.gim.state).generation);
});

test('an inbox whose key cannot be renewed, again and again, is not sealed to until it can', async () => {
  const office = await createOffice();
  const [stayer, leaver] = [await office.addOfficial(), await office.addOfficial()];
  await leave(office, leaver);
  let isRefused = true;
  const { teams } = await open(stayer, (request) => async (name, payload) => {
    if (name === 'inbox:append' && isRefused) throw new RequestError({ code: 'forbidden', retryable: false, ref: 'test' });
    return await request(name, payload);
  });
  const { audit } = teams;
  const { inboxId } = office;
  audit.state(inboxId);
  await audit.check(inboxId);
  expect(audit.state(inboxId).value).toBe('renewing');
  expect(() => audit.requireSound(inboxId)).not.toThrow();
  await audit.check(inboxId);
  expect(audit.state(inboxId).value).toBe('failed');
  expect(() => audit.requireSound(inboxId)).toThrow(expect.objectContaining({ code: 'stale_key' }));
  isRefused = false;
  await audit.check(inboxId);
  expect(audit.state(inboxId).value).toBe('sound');
  audit.requireSound(inboxId);
});
