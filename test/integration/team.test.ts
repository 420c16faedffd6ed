import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDevice } from '../../client/crypto/device.ts';
import { waitUntil } from '../../client/net/observable.ts';
import type { RequestFunction } from '../../client/net/request.ts';
import { toSignedLink } from '../../client/net/wire.ts';
import { memoryDatabase } from '../../client/storage/memory-database.ts';
import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { type AccountId, newId } from '../../server/protocol/ids.ts';
import type { Proposal } from '../../server/protocol/offices.ts';
import type { Somebody } from '../support/people.ts';
import { codeOf } from '../support/refusal.ts';
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

async function open({ inboxId }: TestOffice, ...request: Parameters<typeof openTeams>) {
  const hand = await openTeams(...request);
  hands.push(hand);
  const team = hand.teams.team(inboxId);
  await waitUntil(team.state, ({ phase }) => phase === 'ready');
  return { ...hand, team };
}

function linkOf(fragment: string): { token: string; secret: Uint8Array } {
  const [token = '', secret = ''] = fragment.split('.');
  return { token, secret: fromBase64Url(secret) };
}

/** A server that shows one account where it should show another. */
function showInstead(request: RequestFunction, victim: () => AccountId | null, liar: Somebody): RequestFunction {
  return async (name, payload) => {
    const answer = await request(name, payload);
    if (name !== 'inbox:list-enrolments') return answer;
    return JSON.parse(JSON.stringify(answer).replaceAll(victim() ?? 'nobody', liar.accountId)) as typeof answer;
  };
}

test('a newcomer is let in by the proof of the link, also after the page was loaded again', async () => {
  const office = await createOffice();
  const admin = await office.addOfficial('admin');
  const database = memoryDatabase();
  const first = await open(office, admin, undefined, database);
  const { fragment } = await first.team.invite('Luc Wagner', office.officeId);
  const { invitations: given } = await waitUntil(first.team.state, ({ invitations }) => invitations.length > 0);
  expect(given).toMatchObject([{ displayName: 'Luc Wagner' }]);
  // Nothing of the link is readable on the device.
  const stored = (await database.list('texts', '')).map((sealed) => Buffer.from(sealed).toString('latin1')).join();
  expect(stored).not.toContain('Luc Wagner');
  expect(stored).not.toContain(Buffer.from(linkOf(fragment).secret).toString('latin1'));
  first.teams.close();

  const { team } = await open(office, admin, undefined, database);
  const newcomer = await office.enrolWith(linkOf(fragment));
  await waitUntil(team.state, ({ applicants }) => applicants.length > 0);
  expect(team.state.value.applicants).toMatchObject([{ accountId: newcomer.accountId, proof: 'proven' }]);
  await team.perform({ type: 'add', accountId: newcomer.accountId, role: 'member' }, null);
  const { people, applicants, invitations } = team.state.value;
  expect(people.find(({ accountId }) => accountId === newcomer.accountId)).toMatchObject({ role: 'member', isMe: false });
  expect([applicants, invitations, await database.list('texts', '')]).toEqual([[], [], []]);
});

test('an account that the server puts in the newcomer`s place is told from his', async () => {
  const office = await createOffice();
  const admin = await office.addOfficial('admin');
  const impostor = await office.enrol('official', 'Luc Wagner');
  let victim: AccountId | null = null;
  const { team } = await open(office, admin, (request) => showInstead(request, () => victim, impostor));
  const { fragment } = await team.invite('Luc Wagner', office.officeId);
  victim = (await office.enrolWith(linkOf(fragment))).accountId;
  await team.refresh();
  expect(team.state.value.applicants.map(({ accountId, proof }) => [accountId, proof])).toEqual([
    [impostor.accountId, 'unknown'],
    [impostor.accountId, 'forged'],
  ]);
});

test('whoever asks for the team while it is being read is answered when it was read once more', async () => {
  const office = await createOffice();
  let reads = 0;
  const { team } = await open(office, await office.addOfficial('admin'), (request) => async (name, payload) => {
    const answer = await request(name, payload);
    if (name === 'inbox:list-enrolments') reads += 1;
    return answer;
  });
  await team.refresh();
  const before = reads;
  void team.refresh();
  await team.refresh();
  expect(reads - before).toBeGreaterThanOrEqual(2);
});

test('who has left or was removed sees nothing of the team any more, and is taken back without a link', async () => {
  const office = await createOffice();
  const [admin, member] = [await office.addOfficial('admin'), await office.addOfficial()];
  const { team } = await open(office, admin);
  const leaving = await open(office, member);
  expect(leaving.team.state.value).toMatchObject({ role: 'member', applicants: [], proposals: [] });
  await leaving.account.inboxKeys.open(office.inboxId);
  await leaving.team.leave();
  expect(leaving.team.state.value.phase).toBe('outside');
  expect(await codeOf(leaving.line.request('inbox:load-boxes', { inboxId: office.inboxId }))).toBe('not_found');
  await waitUntil(team.state, ({ former }) => former.length > 0);
  expect(team.state.value.former).toMatchObject([{ accountId: member.accountId }]);
  await team.perform({ type: 'add', accountId: member.accountId, role: 'auditor' }, null);
  await waitUntil(leaving.team.state, ({ phase }) => phase === 'ready');
  expect(leaving.team.state.value.role).toBe('auditor');
  // Within one generation, with another box.
  const ring = await leaving.account.inboxKeys.open(office.inboxId);
  expect(ring).toHaveLength(1);
});

test('two owners who ask for two signatures cannot change the team alone', async () => {
  const office = await createOffice();
  const [one, other, newcomer] = [await office.addOfficial('owner'), await office.addOfficial('owner'), await office.enrol()];
  const [first, second] = [await open(office, one), await open(office, other)];
  await first.team.perform({ type: 'policy', policy: { addsRequire: 2, requirePrf: false } }, null);
  const act = { type: 'add', accountId: newcomer.accountId, role: 'member' } as const;
  const coSigners = first.team.coSigners(act) ?? [];
  const chosen = coSigners.find(({ userId }) => String(userId) === String(other.gim.id));
  expect(coSigners).toHaveLength(2);
  expect(await codeOf(first.team.perform(act, null))).not.toBe('accepted');
  expect(await first.team.perform(act, chosen ?? null)).toBe('proposed');
  await waitUntil(second.team.state, ({ proposals }) => proposals.length > 0);
  const [proposal] = second.team.state.value.proposals;
  expect(proposal).toMatchObject({ stage: 'to-sign', proposedBy: one.accountId, change: act });
  expect(first.team.state.value.proposals).toMatchObject([{ stage: 'mine' }]);
  await second.team.sign(proposal!.proposalId);
  expect(second.team.state.value.people.some(({ accountId }) => accountId === newcomer.accountId)).toBe(true);
  expect(second.team.state.value.proposals).toEqual([]);
});

test('who is asked on another device proposes the same from this one, and the first one signs it', async () => {
  const office = await createOffice();
  const [one, other, newcomer] = [await office.addOfficial('owner'), await office.addOfficial('owner'), await office.enrol()];
  const first = await open(office, one);
  await first.team.perform({ type: 'policy', policy: { addsRequire: 2, requirePrf: false } }, null);
  const act = { type: 'add', accountId: newcomer.accountId, role: 'member' } as const;
  const asked = first.team.coSigners(act)?.find(({ userId }) => String(userId) === String(other.gim.id));
  await first.team.perform(act, asked!);
  // The other one has come to a new browser since.
  other.gim.moveTo(createDevice('browser'));
  await (await other.connect()).request('account:extend', { links: [toSignedLink(other.gim.newest)], inboxLinks: [] });
  const second = await open(office, await office.elsewhere(other).signIn());
  const [proposal] = second.team.state.value.proposals;
  expect(proposal).toMatchObject({ stage: 'other-device', change: act });
  await second.team.proposeHere(proposal!);
  // Its own proposal is withdrawn: the new one says the same.
  const { proposals } = await waitUntil(first.team.state, (state) => state.proposals.every(({ stage }) => stage === 'to-sign'));
  expect(proposals).toMatchObject([{ stage: 'to-sign', proposedBy: other.accountId, change: act }]);
  await first.team.sign(proposals[0]!.proposalId);
  expect(first.team.state.value.people.map(({ accountId }) => accountId)).toContain(newcomer.accountId);
});

test('what a proposal would do is read from what is signed: the server can neither rename it nor make one up', async () => {
  const office = await createOffice();
  const [one, other, newcomer] = [await office.addOfficial('owner'), await office.addOfficial('owner'), await office.enrol()];
  const first = await open(office, one);
  await first.team.perform({ type: 'policy', policy: { addsRequire: 2, requirePrf: false } }, null);
  const act = { type: 'add', accountId: newcomer.accountId, role: 'member' } as const;
  const asked = first.team.coSigners(act)?.find(({ userId }) => String(userId) === String(other.gim.id));
  await first.team.perform(act, asked!);
  const lied = await open(office, other, (request) => async (name, payload) => {
    const answer = await request(name, payload);
    if (name !== 'inbox:list-proposals') return answer;
    const { proposals } = answer as Awaited<ReturnType<RequestFunction>> & { proposals: Proposal[] };
    const [real] = proposals;
    const link = fromBase64Url(real!.link.link);
    link[link.length - 1]! ^= 1;
    const forged = { ...real, proposalId: newId<'proposal'>(), link: { ...real!.link, link: toBase64Url(link) } };
    return { proposals: [{ ...real, proposedBy: other.accountId }, forged] } as never;
  });
  expect(lied.team.state.value.proposals).toMatchObject([{ stage: 'to-sign', proposedBy: one.accountId, change: act }]);
});
