import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { RequestError } from '../../client/net/request-error.ts';
import { currentGeneration } from '../../server/protocol/user-chain.ts';
import { newId } from '../../server/protocol/ids.ts';
import { Authenticator, flags, type Tampering } from '../support/authenticator.ts';
import { Somebody, TestOffice } from '../support/people.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let office: TestOffice;

beforeAll(async () => {
  server = await startTestServer();
  office = await TestOffice.create(server);
});
afterEach(() => {
  for (const close of vanish.splice(0)) close();
});
afterAll(async () => {
  office.close();
  await server.close();
});

const vanish: (() => void)[] = [];

function newcomer(authenticator?: Authenticator): Somebody {
  const somebody = new Somebody(server, office.world.person(), authenticator);
  vanish.push(() => somebody.close());
  return somebody;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'accepted',
    (error: unknown) => (error instanceof RequestError ? error.code : String(error)),
  );
}

async function countAccounts(): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*)::integer as count from accounts`.execute(server.database);
  return rows[0]?.count ?? 0;
}

test.each(['ES256', 'EdDSA'] as const)('a citizen registers with a passkey of %s, signs out, and signs in again', async (algorithm) => {
  const citizen = await newcomer(new Authenticator({ origin: server.origin, algorithm })).register();
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
  const citizen = await newcomer().register();
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

test('a complete registration sent twice, even at the same time, makes one account', async () => {
  const citizen = newcomer();
  const body = await citizen.prepareRegistration();
  const before = await countAccounts();
  const codes = await Promise.all([1, 2, 3].map(async () => await codeOf(citizen.http('POST /api/passkeys/registration', body))));
  expect(codes.toSorted()).toEqual(['accepted', 'passkey_refused', 'passkey_refused']);
  expect(await countAccounts()).toBe(before + 1);
});

const forgeries: [string, Tampering][] = [
  ['another origin', { origin: 'https://gov.example.evil' }],
  ['the same host over another port', { origin: 'http://localhost:1' }],
  ['a subdomain', { origin: 'http://a.localhost' }],
  ['another relying party', { rpId: 'example.evil' }],
  ['a frame of another site', { crossOrigin: true, topOrigin: 'https://gov.example.evil' }],
  ['a frame without a name', { crossOrigin: true }],
  ['a top origin without a frame', { topOrigin: 'https://gov.example.evil' }],
  ['an authenticator that did not verify its user', { flipFlags: flags.userVerified }],
  ['an authenticator that nobody touched', { flipFlags: flags.userPresent }],
  ['a backup without eligibility', { flipFlags: flags.backedUp }],
  ['another challenge', { challenge: Buffer.alloc(32).toString('base64url') }],
  ['the other ceremony', { type: 'webauthn.other' }],
];

test.each(forgeries)('a registration from %s is refused, with the answer of all refusals', async (_, tampering) => {
  const citizen = newcomer();
  const { challengeId, options } = await citizen.http('POST /api/passkeys/registration/options', {});
  const body = {
    challengeId,
    response: citizen.authenticator.create(options, tampering),
    root: citizen.root,
    device: citizen.prove(options.challenge),
  };
  expect(await codeOf(citizen.http('POST /api/passkeys/registration', body))).toBe('passkey_refused');
});

test.each([
  ...forgeries,
  ['another account', { userHandle: Buffer.alloc(32).toString('base64url') }],
  ['nobody by handle', { userHandle: null }],
  ['a forger', { signature: Buffer.alloc(70).toString('base64url') }],
] as [string, Tampering][])('a sign-in from %s is refused, with the answer of all refusals', async (_, tampering) => {
  const citizen = await newcomer().register();
  const { challengeId, options } = await citizen.http('POST /api/passkeys/authentication/options', {});
  const response = citizen.authenticator.get(options, tampering);
  expect(await codeOf(citizen.http('POST /api/passkeys/authentication', { challengeId, response }))).toBe('passkey_refused');
});

test('no answer to a refused ceremony names challenge, origin, credential or account', async () => {
  const citizen = await newcomer().register();
  const { challengeId, options } = await citizen.http('POST /api/passkeys/authentication/options', {});
  const response = citizen.authenticator.get(options, { origin: 'https://gov.example.evil' });
  const answer = await citizen.cookies.fetch(`${server.origin}/api/passkeys/authentication`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ challengeId, response }),
  });
  const text = await answer.text();
  expect(answer.status).toBe(401);
  expect(JSON.parse(text)).toEqual({ error: { code: 'passkey_refused', retryable: false, ref: expect.any(String) } });
  for (const secret of [options.challenge, response.id, citizen.accountId, 'evil', 'origin']) expect(text).not.toContain(secret);
});

test('the challenge of another browser, of the other ceremony, or that has expired, is refused', async () => {
  const [citizen, thief] = [await newcomer().register(), newcomer()];
  await thief.http('POST /api/passkeys/authentication/options', {});
  const stolen = await citizen.http('POST /api/passkeys/authentication/options', {});
  const stolenBody = { challengeId: stolen.challengeId, response: citizen.authenticator.get(stolen.options) };
  expect(await codeOf(thief.http('POST /api/passkeys/authentication', stolenBody))).toBe('passkey_refused');

  const { challengeId, options } = await citizen.http('POST /api/passkeys/registration/options', {});
  const crossed = { challengeId, response: citizen.authenticator.get({ challenge: options.challenge }) };
  expect(await codeOf(citizen.http('POST /api/passkeys/authentication', crossed))).toBe('passkey_refused');

  const late = await citizen.http('POST /api/passkeys/authentication/options', {});
  await sql`update challenges set expires_at = now() where challenge_id = ${late.challengeId}`.execute(server.database);
  const lateBody = { challengeId: late.challengeId, response: citizen.authenticator.get(late.options) };
  expect(await codeOf(citizen.http('POST /api/passkeys/authentication', lateBody))).toBe('passkey_refused');
});

test('a counter that does not go up is refused and raises an alarm; one that synchronises stays 0', async () => {
  const citizen = await newcomer().register();
  await citizen.signIn();
  const { challengeId, options } = await citizen.http('POST /api/passkeys/authentication/options', {});
  const copy = citizen.authenticator.get(options, { counter: 1 });
  expect(await codeOf(citizen.http('POST /api/passkeys/authentication', { challengeId, response: copy }))).toBe('passkey_refused');

  const synchronised = await newcomer(new Authenticator({ origin: server.origin, synchronises: true })).register();
  await synchronised.signIn();
  await synchronised.signIn();
  expect(synchronised.session).not.toBeNull();
});

test('of two sign-ins with one counter at the same time, one is accepted', async () => {
  const citizen = await newcomer().register();
  const offers = await Promise.all([1, 2].map(async () => await citizen.http('POST /api/passkeys/authentication/options', {})));
  const attempts = offers.map(({ challengeId, options }) => ({
    challengeId,
    response: citizen.authenticator.get(options, { counter: 7 }),
  }));
  const codes = await Promise.all(attempts.map(async (body) => await codeOf(citizen.http('POST /api/passkeys/authentication', body))));
  expect(codes.toSorted()).toEqual(['accepted', 'passkey_refused']);
});

test('a passkey whose backup eligibility has changed is refused', async () => {
  const citizen = await newcomer().register();
  const { challengeId, options } = await citizen.http('POST /api/passkeys/authentication/options', {});
  const response = citizen.authenticator.get(options, { flipFlags: flags.backupEligible });
  expect(await codeOf(citizen.http('POST /api/passkeys/authentication', { challengeId, response }))).toBe('passkey_refused');
});

test('a credential of one account cannot be registered for another', async () => {
  const first = await newcomer().register();
  const second = newcomer();
  const { challengeId, options } = await second.http('POST /api/passkeys/registration/options', {});
  const response = second.authenticator.create(options, { credentialId: first.authenticator.credentialId });
  const body = { challengeId, response, root: second.root, device: second.prove(options.challenge) };
  expect(await codeOf(second.http('POST /api/passkeys/registration', body))).toBe('passkey_refused');
});

test('a root with another box, a root of another account, or a challenge its device has not signed, is refused', async () => {
  const [citizen, other] = [newcomer(), newcomer()];
  const body = await citizen.prepareRegistration();
  const swapped = { ...body, root: { ...body.root, boxes: other.root.boxes } };
  expect(await codeOf(citizen.http('POST /api/passkeys/registration', swapped))).toBe('bad_request');
  const unsigned = { ...(await citizen.prepareRegistration()), device: other.prove(body.challengeId) };
  expect(await codeOf(citizen.http('POST /api/passkeys/registration', unsigned))).toBe('passkey_refused');
  const foreign = { ...(await citizen.prepareRegistration()), root: other.root };
  expect(await codeOf(citizen.http('POST /api/passkeys/registration', foreign))).toBe('passkey_refused');
  expect(await codeOf(citizen.register())).toBe('accepted');
});

test('key material of a passkey is refused and raises an alarm', async () => {
  const citizen = newcomer();
  const body = await citizen.prepareRegistration();
  const leaking = {
    ...body,
    response: { ...body.response, clientExtensionResults: { prf: { enabled: true, results: { first: 'secret' } } } },
  };
  const answer = await citizen.cookies.fetch(`${server.origin}/api/passkeys/registration`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(leaking),
  });
  expect(answer.status).toBe(400);
  expect(server.log.some((line) => line.includes('prf-results-received'))).toBe(true);
});

test('attestations that are too large, malformed or of another algorithm are refused within the second', async () => {
  const citizen = newcomer();
  const objects = [
    new Uint8Array(17_000),
    new Uint8Array([0xa1, 0x9f, 0xff]),
    Buffer.concat([Buffer.alloc(200, 0x81), Buffer.from([0])]),
    new Uint8Array(),
  ];
  for (const attestationObject of objects) {
    const { challengeId, options } = await citizen.http('POST /api/passkeys/registration/options', {});
    const response = citizen.authenticator.create(options, { attestationObject });
    const body = { challengeId, response, root: citizen.root, device: citizen.prove(options.challenge) };
    expect(['bad_request', 'passkey_refused']).toContain(await codeOf(citizen.http('POST /api/passkeys/registration', body)));
  }
});

test('an unknown field in a registration is refused', async () => {
  const citizen = newcomer();
  const body: object = { ...(await citizen.prepareRegistration()), role: 'admin' };
  const answer = await citizen.cookies.fetch(`${server.origin}/api/passkeys/registration`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(400);
});

test('an invitation makes an official of the office, once', async () => {
  const invitation = await office.invite('official', 'Luc Schmit');
  const official = newcomer();
  const { invitation: shown } = await official.http('POST /api/passkeys/registration/options', { invitationToken: invitation.token });
  expect(shown).toMatchObject({ role: 'official', displayName: 'Luc Schmit', officeId: office.officeId });
  await official.register(invitation);
  expect(official.session).toMatchObject({
    role: 'official',
    displayName: 'Luc Schmit',
    officeId: office.officeId,
    inboxId: office.inboxId,
  });
  expect(await codeOf(newcomer().register(invitation))).toBe('invitation_invalid');
});

test('of two people who use one invitation at the same time, one enrols', async () => {
  const invitation = await office.invite();
  const people = [newcomer(), newcomer()];
  const bodies = await Promise.all(people.map(async (somebody) => await somebody.prepareRegistration(invitation)));
  const codes = await Promise.all(
    people.map(async (somebody, index) => await codeOf(somebody.http('POST /api/passkeys/registration', bodies[index]!))),
  );
  expect(codes.toSorted()).toEqual(['accepted', 'invitation_invalid']);
});

test('an invitation that is unknown or has expired, and one that was not asked for, are refused', async () => {
  const invitation = await office.invite();
  expect(await codeOf(newcomer().register({ ...invitation, token: 'x'.repeat(43) }))).toBe('invitation_invalid');
  const citizen = newcomer();
  const body = await citizen.prepareRegistration();
  const smuggled = { ...body, invitation: { token: invitation.token, proof: 'A'.repeat(43) as typeof body.root.link } };
  expect(await codeOf(citizen.http('POST /api/passkeys/registration', smuggled))).toBe('passkey_refused');
  await sql`update invitations set expires_at = now() where used_at is null`.execute(server.database);
  expect(await codeOf(newcomer().register(invitation))).toBe('invitation_invalid');
});

test('signing in with a device key is for accounts without a passkey', async () => {
  const citizen = await newcomer().register();
  expect(await codeOf(citizen.signInWithDevice())).toBe('passkey_refused');
  expect(office.owner.session).toMatchObject({ role: 'owner', accountId: office.owner.accountId });
});

test('officials whose passkey can leave its device are refused where the installation asks for that', async () => {
  const strict = await startTestServer({ officialsNeedDeviceBoundKeys: true, databaseUrl: server.databaseUrl });
  try {
    const enrol = async (synchronises: boolean): Promise<string> => {
      const official = new Somebody(strict, office.world.person(), new Authenticator({ origin: strict.origin, synchronises }));
      return await codeOf(official.register(await office.invite()));
    };
    expect(await enrol(true)).toBe('passkey_refused');
    expect(await enrol(false)).toBe('accepted');
  } finally {
    await strict.close();
  }
});

test('one address has at most so many ceremonies open: the oldest are forgotten', async () => {
  const small = await startTestServer({ maxChallengesPerAddress: 3, databaseUrl: server.databaseUrl });
  try {
    const citizen = new Somebody(small, office.world.person());
    const bodies = [
      await citizen.prepareRegistration(),
      await citizen.prepareRegistration(),
      await citizen.prepareRegistration(),
      await citizen.prepareRegistration(),
    ];
    const { rows } = await sql<{ count: number }>`select count(*)::integer as count from challenges`.execute(small.database);
    expect(rows[0]?.count).toBe(3);
    expect(await codeOf(citizen.http('POST /api/passkeys/registration', bodies[0]!))).toBe('passkey_refused');
    expect(await codeOf(citizen.http('POST /api/passkeys/registration', bodies[3]!))).toBe('accepted');
  } finally {
    await small.close();
  }
});

function newIdOfNobody(): Somebody['accountId'] {
  return `${newId()}${newId()}`.slice(0, 42).padEnd(43, 'A') as Somebody['accountId'];
}
