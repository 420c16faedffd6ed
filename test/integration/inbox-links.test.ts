import { afterAll, beforeAll, expect, test } from 'vitest';
import { rotateInboxKey, signInboxLink } from '../../client/crypto/inbox-keys.ts';
import { signRegistryStatement } from '../../client/crypto/registry.ts';
import { toSignedLink } from '../../client/net/wire.ts';
import { toBase64Url } from '../../server/protocol/base64url.ts';
import { newId } from '../../server/protocol/ids.ts';
import { type InboxBody, registryStatement } from '../../server/protocol/inbox-bodies.ts';
import { createInbox } from '../../server/offices/new-office.ts';
import { createAccounts } from '../../server/accounts/accounts.ts';
import type { ResetContext } from '../../server/protocol/reset-statement.ts';
import type { SignedLink } from '../../server/protocol/offices.ts';
import { registrarsName } from '../../server/protocol/inbox-state.ts';
import { registry } from '../support/gim-world.ts';
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

/** A link without boxes on the inbox's present head. */
function plain({ inbox }: TestOffice, by: Somebody, body: InboxBody): SignedLink {
  return toSignedLink({ link: signInboxLink(inbox.state, by.gim.signer, body), boxes: [], prevBox: null });
}

/** Sends a link and, when it is accepted, makes it part of the test's own chain. */
async function send(office: TestOffice, by: Somebody, body: InboxBody): Promise<string> {
  const link = plain(office, by, body);
  const line = await by.connect();
  const code = await codeOf(line.request('inbox:append', { inboxId: office.inboxId, link }));
  line.socket.disconnect();
  if (code === 'accepted') office.inbox.append({ link: signInboxLink(office.inbox.state, by.gim.signer, body), boxes: [], prevBox: null });
  return code;
}

test('every type of link is taken as the chain`s rules say, and rights follow at once', async () => {
  const office = await createOffice();
  const { inboxId, owner } = office;
  const [admin, member, auditor] = [await office.addOfficial('admin'), await office.addOfficial(), await office.addOfficial('auditor')];
  const memberLine = await member.connect();
  const mayManage = async () => await codeOf(memberLine.request('inbox:list-enrolments', { inboxId }));

  expect(await send(office, member, { type: 'change_role', userId: member.gim.id, role: 'admin', coSigners: [] })).toBe('forbidden');
  expect(await mayManage()).toBe('forbidden');
  expect(await send(office, owner, { type: 'change_role', userId: member.gim.id, role: 'admin', coSigners: [] })).toBe('accepted');
  expect(await mayManage()).toBe('accepted');
  expect(await send(office, owner, { type: 'change_role', userId: member.gim.id, role: 'member', coSigners: [] })).toBe('accepted');
  expect(await mayManage()).toBe('forbidden');

  expect(await send(office, admin, { type: 'leave' })).toBe('forbidden');
  expect(await send(office, auditor, { type: 'leave' })).toBe('accepted');
  const auditorLine = await auditor.connect();
  expect(await codeOf(auditorLine.request('inbox:load-boxes', { inboxId }))).toBe('not_found');

  expect(await send(office, admin, { type: 'set_policy', policy: { addsRequire: 1, requirePrf: true }, coSigners: [] })).toBe('forbidden');
  // With one owner nobody could give the second signature.
  expect(await send(office, owner, { type: 'set_policy', policy: { addsRequire: 2, requirePrf: false }, coSigners: [] })).toBe(
    'bad_request',
  );
  expect(await send(office, owner, { type: 'set_policy', policy: { addsRequire: 1, requirePrf: true }, coSigners: [] })).toBe('accepted');

  const { nonce, policy } = office.inbox.state;
  const statement = registryStatement('Registry office', nonce, policy, [owner.gim.id]);
  const rename = (keys: typeof registry): InboxBody => ({
    type: 'rename',
    name: 'Registry office',
    registrySignatures: signRegistryStatement(statement, keys),
  });
  expect(await send(office, owner, rename(registry.slice(0, 1)))).toBe('forbidden');
  expect(await send(office, owner, rename(registry.slice(1)))).toBe('accepted');

  expect(await send(office, admin, { type: 'close' })).toBe('forbidden');
  expect(await send(office, owner, { type: 'close' })).toBe('accepted');
  expect(await send(office, owner, { type: 'change_role', userId: member.gim.id, role: 'admin', coSigners: [] })).toBe('forbidden');
});

test('a new key comes with its boxes; a cut of the history leaves out the way back, and is for owners and admins', async () => {
  const office = await createOffice();
  const { inbox, inboxId, owner } = office;
  const member = await office.addOfficial();
  const rotation = (by: Somebody, reason: 'scheduled' | 'retention_cut') =>
    rotateInboxKey({ state: inbox.state, signer: by.gim.signer, keys: inbox.keys(by.gim), reason, user: office.world.user });
  const [memberLine, ownerLine] = [await member.connect(), await owner.connect()];

  const scheduled = rotation(member, 'scheduled');
  const bare = toSignedLink({ ...scheduled, boxes: [] });
  expect(await codeOf(memberLine.request('inbox:append', { inboxId, link: bare }))).toBe('bad_request');
  expect(await codeOf(memberLine.request('inbox:append', { inboxId, link: toSignedLink({ ...scheduled, prevBox: null }) }))).toBe(
    'bad_request',
  );
  await memberLine.request('inbox:append', { inboxId, link: toSignedLink(scheduled) });
  inbox.append(scheduled);

  expect(await codeOf(memberLine.request('inbox:append', { inboxId, link: toSignedLink(rotation(member, 'retention_cut')) }))).toBe(
    'forbidden',
  );
  const cut = rotation(owner, 'retention_cut');
  await ownerLine.request('inbox:append', { inboxId, link: toSignedLink(cut) });
  inbox.append(cut);
  const { generations } = await memberLine.request('inbox:load-boxes', { inboxId });
  expect(generations.map(({ generation, previousBox }) => [generation, previousBox !== null])).toEqual([
    [3, false],
    [2, true],
    [1, false],
  ]);
});

test('of twenty links for one place sent at the same time, one is stored and nineteen are conflicts', async () => {
  const office = await createOffice();
  const { inbox, inboxId, owner, world } = office;
  const line = await owner.connect();
  const links = Array.from({ length: 20 }, () =>
    toSignedLink(
      rotateInboxKey({ state: inbox.state, signer: owner.gim.signer, keys: inbox.keys(owner.gim), reason: 'scheduled', user: world.user }),
    ),
  );
  const codes = await Promise.all(links.map(async (link) => await codeOf(line.request('inbox:append', { inboxId, link }))));
  expect(codes.toSorted()).toEqual(['accepted', ...Array.from({ length: 19 }, () => 'conflict')]);
  expect((await line.request('inbox:load', { inboxId, afterSeqno: 0 })).head).toBe(2);
});

test('an admin invites officials to his own office and lets them in; a member does neither, nobody does it elsewhere', async () => {
  const [office, other] = [await createOffice(), await createOffice()];
  const [admin, member] = [await office.addOfficial('admin'), await office.addOfficial()];
  const [adminLine, memberLine] = [await admin.connect(), await member.connect()];
  const invitation = (officeId: typeof office.officeId, role: 'official' | 'admin' = 'official') => ({
    invitationId: newId<'invitation'>(),
    tokenHash: toBase64Url(crypto.getRandomValues(new Uint8Array(32))),
    role,
    officeId,
    displayName: 'Nora Weber',
  });
  expect(await codeOf(memberLine.request('invitation:create', invitation(office.officeId)))).toBe('forbidden');
  expect(await codeOf(adminLine.request('invitation:create', invitation(other.officeId)))).toBe('not_found');
  expect(await codeOf(adminLine.request('invitation:create', invitation(office.officeId, 'admin')))).toBe('forbidden');
  expect(await codeOf(adminLine.request('invitation:create', invitation(office.officeId)))).toBe('accepted');

  const newcomer = await office.enrol();
  await adminLine.next('inbox:enrolled');
  const { enrolments } = await adminLine.request('inbox:list-enrolments', { inboxId: office.inboxId });
  expect(enrolments.map(({ accountId }) => accountId)).toEqual([newcomer.accountId]);
  office.inbox.add(admin.gim, newcomer.gim);
  await office.append(admin);
  await office.removeOfficial(newcomer);
  // Whoever was removed does not wait to be let in again.
  expect((await adminLine.request('inbox:list-enrolments', { inboxId: office.inboxId })).enrolments).toEqual([]);
});

test('the registrars` inbox is the one whose name the registry has signed; it takes officials of every office', async () => {
  const office = await createOffice();
  expect((await office.owner.http('GET /api/registry')).registrars).toBeNull();
  const registrars = office.world.inbox(office.owner.gim, { name: registrarsName });
  const { database } = server;
  const { loadChains } = createAccounts({ database, resetContext: noResets });
  const inboxId = await createInbox(database, toSignedLink(registrars.newest), { loadUserChains: loadChains });
  expect((await office.owner.http('GET /api/registry')).registrars).toBe(inboxId);

  const official = await office.addOfficial();
  registrars.add(office.owner.gim, official.gim);
  const line = await office.owner.connect();
  await line.request('inbox:append', { inboxId, link: toSignedLink(registrars.newest) });
  expect((await (await official.connect()).request('inbox:load-boxes', { inboxId })).generations).toHaveLength(1);
});

const noResets = async (): Promise<ResetContext> => ({ registrars: null, user: () => undefined, now: Date.now(), moment: 'past' });
