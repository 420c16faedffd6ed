import { afterAll, beforeAll, expect, test } from 'vitest';
import { addMember, signInboxLink } from '../../client/crypto/inbox-keys.ts';
import { coSignLink } from '../../client/crypto/sign-link.ts';
import { toSignedLink } from '../../client/net/wire.ts';
import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { newId } from '../../server/protocol/ids.ts';
import type { SignedLink } from '../../server/protocol/offices.ts';
import type { Somebody } from '../support/people.ts';
import { codeOf } from '../support/refusal.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { TestOffice } from '../support/test-office.ts';

let server: TestServer;
const offices: TestOffice[] = [];
let now = Date.now();

beforeAll(async () => {
  server = await startTestServer({ now: () => now });
});
afterAll(async () => {
  for (const office of offices) office.close();
  await server.close();
});

/** An office where two must sign. */
async function createOffice(): Promise<TestOffice & { readonly second: Somebody }> {
  const name = `office-${offices.length + 1}`;
  const office = await TestOffice.create(server, { name, coOwners: 1, policy: { addsRequire: 2, requirePrf: false } });
  offices.push(office);
  const [second] = office.coOwners;
  if (!second) throw new Error('no second owner');
  await second.signInWithDevice();
  return Object.assign(office, { second });
}

function addition({ inbox, owner, second }: Awaited<ReturnType<typeof createOffice>>, member: Pick<Somebody, 'gim'>): SignedLink {
  const coSigners = [{ userId: second.gim.id, deviceId: second.gim.device.deviceId }];
  const { state } = inbox;
  const signed = { state, signer: owner.gim.signer, keys: inbox.keys(owner.gim), member: member.gim.state, role: 'member' as const };
  return toSignedLink(addMember({ ...signed, coSigners }));
}

function coSigned(signed: SignedLink, by: Somebody): SignedLink {
  return { ...signed, link: toBase64Url(coSignLink(fromBase64Url(signed.link), by.gim.device)) };
}

test('what two must sign waits for the second one, who appends it under the first one`s name', async () => {
  const office = await createOffice();
  const { inboxId, owner, second } = office;
  const newcomer = await office.enrol();
  const [ownerLine, secondLine, newcomerLine] = [await owner.connect(), await second.connect(), await newcomer.connect()];
  const link = addition(office, newcomer);
  expect(await codeOf(ownerLine.request('inbox:append', { inboxId, link }))).toBe('forbidden');

  const proposalId = newId<'proposal'>();
  const { expiresAt } = await ownerLine.request('inbox:propose', { proposalId, inboxId, link });
  expect(expiresAt).toBe(now + 14 * 24 * 60 * 60_000);
  expect(await ownerLine.request('inbox:propose', { proposalId, inboxId, link })).toEqual({ expiresAt });
  await secondLine.next('inbox:proposed');
  const { proposals } = await secondLine.request('inbox:list-proposals', { inboxId });
  expect(proposals).toEqual([{ proposalId, link, proposedBy: owner.accountId, proposedAt: now }]);

  await secondLine.request('inbox:append', { inboxId, link: coSigned(link, second) });
  await newcomerLine.next('inbox:changed');
  expect((await newcomerLine.request('inbox:load-boxes', { inboxId })).generations).toHaveLength(1);
  expect(await ownerLine.request('inbox:list-proposals', { inboxId })).toEqual({ proposals: [] });
});

test('a proposal is void when the chain has moved on, when it is withdrawn, and after two weeks', async () => {
  const office = await createOffice();
  const { inbox, inboxId, owner, second } = office;
  const newcomer = await office.enrol();
  const [ownerLine, secondLine] = [await owner.connect(), await second.connect()];
  const propose = async () => {
    const proposalId = newId<'proposal'>();
    const link = addition(office, newcomer);
    await ownerLine.request('inbox:propose', { proposalId, inboxId, link });
    return { proposalId, link };
  };
  const list = async () => (await ownerLine.request('inbox:list-proposals', { inboxId })).proposals.map(({ proposalId }) => proposalId);

  const overtaken = await propose();
  inbox.rotate(owner.gim);
  await office.append(owner);
  expect(await list()).toEqual([]);
  expect(await codeOf(secondLine.request('inbox:append', { inboxId, link: coSigned(overtaken.link, second) }))).toBe('conflict');

  const declined = await propose();
  expect(await list()).toEqual([declined.proposalId]);
  await secondLine.request('inbox:withdraw-proposal', { proposalId: declined.proposalId });
  expect(await list()).toEqual([]);
  await secondLine.request('inbox:withdraw-proposal', { proposalId: declined.proposalId });

  await propose();
  now += 14 * 24 * 60 * 60_000;
  expect(await list()).toEqual([]);
});

test('nobody proposes what nobody could sign, what is not his, or to others than owners and admins', async () => {
  const office = await createOffice();
  const { inbox, inboxId, owner, second } = office;
  const [newcomer, other] = [await office.enrol(), await office.enrol()];
  const ownerLine = await owner.connect();
  const refused = async (link: SignedLink, by = ownerLine) =>
    await codeOf(by.request('inbox:propose', { proposalId: newId(), inboxId, link }));

  const link = addition(office, newcomer);
  expect(await refused(link, await second.connect())).toBe('forbidden');
  expect(await refused({ ...link, boxes: [] })).toBe('bad_request');
  expect(await refused(addition(office, { gim: office.world.person() }))).not.toBe('accepted');
  const alone = signInboxLink(inbox.state, owner.gim.signer, { type: 'close' });
  expect(await refused(toSignedLink({ link: alone, boxes: [], prevBox: null }))).toBe('bad_request');
  // Named as a second signer, and no member at all.
  const stranger = addMember({
    state: inbox.state,
    signer: owner.gim.signer,
    keys: inbox.keys(owner.gim),
    member: newcomer.gim.state,
    role: 'member',
    coSigners: [{ userId: other.gim.id, deviceId: other.gim.device.deviceId }],
  });
  expect(await refused(toSignedLink(stranger))).toBe('forbidden');
  expect(await codeOf((await newcomer.connect()).request('inbox:list-proposals', { inboxId }))).toBe('not_found');
  expect(await ownerLine.request('inbox:list-proposals', { inboxId })).toEqual({ proposals: [] });
});
