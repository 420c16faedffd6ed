import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { toBase64Url } from '../../server/protocol/base64url.ts';
import { limits } from '../../server/protocol/limits.ts';
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

const label = toBase64Url(new TextEncoder().encode('sealed'));

async function add(somebody: Somebody, authenticator = new Authenticator({ origin: server.origin })): Promise<Authenticator> {
  const { challengeId, options } = await somebody.http('POST /api/passkeys/registration/options', { addition: true });
  await somebody.http('POST /api/passkeys', { challengeId, response: authenticator.create(options), label });
  return authenticator;
}

async function unconfirm({ accountId }: Somebody): Promise<void> {
  await sql`update sessions set confirmed_at = now() - interval '5 minutes 1 second' where account_id = ${accountId}`.execute(
    server.database,
  );
}

function idOfPasskey({ credentialId }: Authenticator): string {
  return Buffer.from(credentialId).toString('base64url');
}

test('a second passkey is added, opens the same account, is listed, named and removed', async () => {
  const citizen = await office.addCitizen();
  const line = await citizen.connect();
  const second = await add(citizen);
  expect(await line.next('account:changed')).toEqual({ accountId: citizen.accountId, head: 1 });
  const { passkeys } = await line.request('passkey:list', {});
  expect(passkeys).toMatchObject([
    { credentialId: idOfPasskey(citizen.authenticator), label: null, isSynced: false, isCurrent: true },
    { credentialId: idOfPasskey(second), label, isCurrent: false },
  ]);
  await line.request('passkey:rename', { credentialId: idOfPasskey(citizen.authenticator), label });
  expect((await line.request('passkey:list', {})).passkeys[0]?.label).toBe(label);
  const { challengeId, options } = await citizen.http('POST /api/passkeys/authentication/options', {});
  const session = await citizen.http('POST /api/passkeys/authentication', { challengeId, response: second.get(options) });
  expect(session.accountId).toBe(citizen.accountId);
});

test('K14: adding a passkey without one shown in this session five minutes ago at most is refused, at both steps', async () => {
  const citizen = await office.addCitizen();
  await unconfirm(citizen);
  expect(await codeOf(add(citizen))).toBe('step_up_needed');
  await citizen.confirm();
  const { challengeId, options } = await citizen.http('POST /api/passkeys/registration/options', { addition: true });
  await unconfirm(citizen);
  const body = { challengeId, response: new Authenticator({ origin: server.origin }).create(options), label };
  expect(await codeOf(citizen.http('POST /api/passkeys', body))).toBe('step_up_needed');
  await citizen.confirm();
  expect(await codeOf(add(citizen))).toBe('accepted');
  expect(await codeOf(add(office.newcomer()))).toBe('unauthenticated');
});

test('K15: the last passkey cannot be removed, and one in use elsewhere ends the sessions it opened there', async () => {
  const citizen = await office.addCitizen();
  const line = await citizen.connect();
  const remove = async (passkey: Authenticator) => await codeOf(line.request('passkey:remove', { credentialId: idOfPasskey(passkey) }));
  expect(await remove(citizen.authenticator)).toBe('last_way_in');
  const second = await add(citizen);
  const elsewhere = office.elsewhere(citizen);
  const { challengeId, options } = await elsewhere.http('POST /api/passkeys/authentication/options', {});
  await elsewhere.http('POST /api/passkeys/authentication', {
    challengeId,
    response: second.get(options),
    device: elsewhere.prove(options.challenge),
  });
  const elsewhereLine = await elsewhere.connect();
  await unconfirm(citizen);
  expect(await remove(second)).toBe('step_up_needed');
  await citizen.confirm();
  expect(await remove(second)).toBe('accepted');
  expect(await elsewhereLine.next('session:ended')).toEqual({ reason: 'revoked' });
  expect(await elsewhere.http('GET /api/session')).toBeNull();
  expect(line.socket.connected).toBe(true);
  expect(await remove(second)).toBe('accepted');
  expect(await remove(citizen.authenticator)).toBe('last_way_in');
});

test('K15: of two that remove the last two passkeys at the same time, one is told that it is the last', async () => {
  const citizen = await office.addCitizen();
  const second = await add(citizen);
  const line = await citizen.connect();
  const codes = await Promise.all(
    [citizen.authenticator, second].map(
      async (passkey) => await codeOf(line.request('passkey:remove', { credentialId: idOfPasskey(passkey) })),
    ),
  );
  expect(codes.toSorted()).toEqual(['accepted', 'last_way_in']);
});

test("K02: a confirmation takes a passkey of one's own account, in one's own session, once", async () => {
  const [citizen, other] = [await office.addCitizen(), await office.addCitizen()];
  const confirm = async (by: Authenticator, from = citizen, asked = citizen) => {
    const { challengeId, options } = await asked.http('POST /api/session/confirmation/options', {});
    return await codeOf(from.http('POST /api/session/confirmation', { challengeId, response: by.get(options) }));
  };
  expect(await confirm(other.authenticator)).toBe('passkey_refused');
  expect(await confirm(citizen.authenticator, citizen, other)).toBe('passkey_refused');
  const { challengeId, options } = await citizen.http('POST /api/passkeys/authentication/options', {});
  const signIn = { challengeId, response: citizen.authenticator.get(options) };
  expect(await codeOf(citizen.http('POST /api/session/confirmation', signIn))).toBe('passkey_refused');
  const twice = await citizen.http('POST /api/session/confirmation/options', {});
  const body = { challengeId: twice.challengeId, response: citizen.authenticator.get(twice.options) };
  const codes = [
    await codeOf(citizen.http('POST /api/session/confirmation', body)),
    await codeOf(citizen.http('POST /api/session/confirmation', body)),
  ];
  expect(codes).toEqual(['accepted', 'passkey_refused']);
  const [old] = [citizen.cookies.headers()['cookie'] ?? ''];
  await citizen.confirm();
  expect((await fetch(`${server.origin}/api/session`, { headers: { cookie: old } })).status).toBe(204);
});

test('the passkeys of others are neither shown, named, removed nor registered again', async () => {
  const [citizen, other] = [await office.addCitizen(), await office.addCitizen()];
  const line = await other.connect();
  const credentialId = idOfPasskey(citizen.authenticator);
  await add(other);
  expect(await codeOf(line.request('passkey:rename', { credentialId, label }))).toBe('not_found');
  expect(await codeOf(line.request('passkey:remove', { credentialId }))).toBe('accepted');
  expect((await (await citizen.connect()).request('passkey:list', {})).passkeys).toHaveLength(1);
  const { challengeId, options } = await other.http('POST /api/passkeys/registration/options', { addition: true });
  const response = new Authenticator({ origin: server.origin }).create(options, { credentialId: citizen.authenticator.credentialId });
  expect(await codeOf(other.http('POST /api/passkeys', { challengeId, response, label }))).toBe('passkey_refused');
});

test('an account has so many passkeys at most, and those it has are not made twice in one authenticator', async () => {
  const citizen = await office.addCitizen();
  const { options } = await citizen.http('POST /api/passkeys/registration/options', { addition: true });
  expect(options.excludeCredentials).toMatchObject([{ id: idOfPasskey(citizen.authenticator) }]);
  for (let count = 1; count < limits.passkeysPerAccount; count += 1) await add(citizen);
  expect(await codeOf(add(citizen))).toBe('bad_state');
});

test('K21: somebody else’s session is in the list and can be ended there; a stolen cookie alone changes nothing', async () => {
  const citizen = await office.addCitizen();
  const thief = { cookie: citizen.cookies.headers()['cookie'] ?? '', 'content-type': 'application/json' };
  await unconfirm(citizen);
  const answer = await fetch(`${server.origin}/api/passkeys/registration/options`, {
    method: 'POST',
    headers: { ...thief, 'user-agent': 'another browser' },
    body: JSON.stringify({ addition: true }),
  });
  expect(await answer.json()).toMatchObject({ error: { code: 'step_up_needed' } });
  const elsewhere = await office.elsewhere(citizen).signIn();
  const elsewhereLine = await elsewhere.connect();
  const line = await citizen.connect();
  const { sessions } = await line.request('session:list', {});
  expect(sessions.filter(({ isCurrent }) => isCurrent)).toHaveLength(1);
  expect(sessions).toHaveLength(2);
  const other = sessions.find(({ isCurrent }) => !isCurrent)!;
  await line.request('session:end', { sessionId: other.sessionId });
  await line.request('session:end', { sessionId: other.sessionId });
  expect(await elsewhereLine.next('session:ended')).toEqual({ reason: 'revoked' });
  expect(await elsewhere.http('GET /api/session')).toBeNull();
});

test('all other sessions end at once; those of other people do not', async () => {
  const [citizen, other] = [await office.addCitizen(), await office.addCitizen()];
  const browsers = [await office.elsewhere(citizen).signIn(), await office.elsewhere(citizen).signIn()];
  const line = await citizen.connect();
  const foreign = (await (await other.connect()).request('session:list', {})).sessions[0]!;
  await line.request('session:end', { sessionId: foreign.sessionId });
  expect(await line.request('session:end-others', {})).toEqual({ ended: 2 });
  expect(await Promise.all(browsers.map(async ({ http }) => await http('GET /api/session')))).toEqual([null, null]);
  expect(await other.http('GET /api/session')).not.toBeNull();
  expect(await citizen.http('GET /api/session')).not.toBeNull();
});
