import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../../server/protocol/ids.ts';
import { currentGeneration } from '../../server/protocol/user-state.ts';
import { Authenticator } from '../support/authenticator.ts';
import type { Somebody } from '../support/people.ts';
import { codeOf } from '../support/refusal.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { TestOffice } from '../support/test-office.ts';

let server: TestServer;
let office: TestOffice;

beforeAll(async () => {
  server = await startTestServer();
  office = await TestOffice.create(server);
});
afterAll(async () => {
  office.close();
  await server.close();
});

async function countAccounts(): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*)::integer as count from accounts`.execute(server.database);
  return rows[0]?.count ?? 0;
}

test.each(['ES256', 'EdDSA'] as const)('a citizen registers with a passkey of %s, signs out, and signs in again', async (algorithm) => {
  const citizen = await office.newcomer(new Authenticator({ origin: server.origin, algorithm })).register();
  expect(citizen.session).toMatchObject({
    accountId: citizen.accountId,
    role: 'citizen',
    displayName: null,
    officeId: null,
    inboxId: null,
  });
  expect(await citizen.http('GET /api/session')).toEqual(citizen.session);
  await citizen.http('DELETE /api/session');
  expect(await citizen.http('GET /api/session')).toBeNull();
  await citizen.signIn();
  expect(citizen.session?.deviceId).toBe((await citizen.http('GET /api/session'))?.deviceId);
});

test('the server stores the root of the chain and gives each device its own boxes', async () => {
  const citizen = await office.newcomer().register();
  const line = await citizen.connect();
  const { accounts } = await line.request('account:load', { accountIds: [citizen.accountId, newIdOfNobody()] });
  expect(accounts).toEqual([{ accountId: citizen.accountId, displayName: null, links: [citizen.root.link] }]);
  const { generations } = await line.request('account:load-boxes', {});
  expect(generations).toEqual([
    {
      generation: currentGeneration(citizen.gim.state).generation,
      box: citizen.root.boxes[0],
      recipientGeneration: null,
      previousBox: null,
    },
  ]);
});

test('K01: a complete registration sent twice, even at the same time, makes one account', async () => {
  const citizen = office.newcomer();
  const body = await citizen.prepareRegistration();
  const before = await countAccounts();
  const codes = await Promise.all([1, 2, 3].map(async () => await codeOf(citizen.http('POST /api/passkeys/registration', body))));
  expect(codes.toSorted()).toEqual(['accepted', 'passkey_refused', 'passkey_refused']);
  expect(await countAccounts()).toBe(before + 1);
});

test('a root with another box, a root of another account, or a challenge its device has not signed, is refused', async () => {
  const [citizen, other] = [office.newcomer(), office.newcomer()];
  const body = await citizen.prepareRegistration();
  const swapped = { ...body, root: { ...body.root, boxes: other.root.boxes } };
  expect(await codeOf(citizen.http('POST /api/passkeys/registration', swapped))).toBe('bad_request');
  const unsigned = { ...(await citizen.prepareRegistration()), device: other.prove(body.challengeId) };
  expect(await codeOf(citizen.http('POST /api/passkeys/registration', unsigned))).toBe('passkey_refused');
  const foreign = { ...(await citizen.prepareRegistration()), root: other.root };
  expect(await codeOf(citizen.http('POST /api/passkeys/registration', foreign))).toBe('passkey_refused');
  expect(await codeOf(citizen.register())).toBe('accepted');
});

test('an unknown field in a registration is refused', async () => {
  const citizen = office.newcomer();
  const body: object = { ...(await citizen.prepareRegistration()), role: 'admin' };
  const answer = await citizen.cookies.fetch(`${server.origin}/api/passkeys/registration`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(400);
});

test('K18: an invitation makes an official of the office, once', async () => {
  const invitation = await office.invite('official', 'Luc Schmit');
  const official = office.newcomer();
  const { invitation: shown } = await official.http('POST /api/passkeys/registration/options', { invitationToken: invitation.token });
  expect(shown).toMatchObject({ role: 'official', displayName: 'Luc Schmit', officeId: office.officeId });
  await official.register(invitation);
  expect(official.session).toMatchObject({
    role: 'official',
    displayName: 'Luc Schmit',
    officeId: office.officeId,
    inboxId: office.inboxId,
  });
  expect(await codeOf(office.newcomer().register(invitation))).toBe('invitation_invalid');
});

test('K18: of two people who use one invitation at the same time, one enrols', async () => {
  const invitation = await office.invite();
  const people = [office.newcomer(), office.newcomer()];
  const bodies = await Promise.all(people.map(async (somebody) => await somebody.prepareRegistration(invitation)));
  const codes = await Promise.all(
    people.map(async (somebody, index) => await codeOf(somebody.http('POST /api/passkeys/registration', bodies[index]!))),
  );
  expect(codes.toSorted()).toEqual(['accepted', 'invitation_invalid']);
});

test('K18: an invitation that is unknown or has expired, and one that was not asked for in this browser, are refused', async () => {
  const invitation = await office.invite();
  expect(await codeOf(office.newcomer().register({ ...invitation, token: 'x'.repeat(43) }))).toBe('invitation_invalid');
  const citizen = office.newcomer();
  const body = await citizen.prepareRegistration();
  const smuggled = { ...body, invitation: { token: invitation.token, proof: 'A'.repeat(43) as typeof body.root.link } };
  expect(await codeOf(citizen.http('POST /api/passkeys/registration', smuggled))).toBe('passkey_refused');
  await sql`update invitations set expires_at = now() where used_at is null`.execute(server.database);
  expect(await codeOf(office.newcomer().register(invitation))).toBe('invitation_invalid');
});

test('K18: pages tell no other site where somebody came from, so that a link with an invitation stays where it is', async () => {
  const answer = await fetch(`${server.origin}/api/session`);
  expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
});

test('signing in with a device key is for accounts without a passkey', async () => {
  const citizen = await office.newcomer().register();
  expect(await codeOf(citizen.signInWithDevice())).toBe('passkey_refused');
  expect(office.owner.session).toMatchObject({ role: 'owner', accountId: office.owner.accountId });
});

function newIdOfNobody(): Somebody['accountId'] {
  return `${newId()}${newId()}`.slice(0, 42).padEnd(43, 'A') as Somebody['accountId'];
}
