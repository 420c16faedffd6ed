import { encode } from 'cborg';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Authenticator, flags, type Tampering } from '../support/authenticator.ts';
import { Somebody } from '../support/people.ts';
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

const forgeries: [string, string, Tampering][] = [
  ['K03', 'another origin', { origin: 'https://gov.example.evil' }],
  ['K03', 'the same host over another port', { origin: 'http://localhost:1' }],
  ['K03', 'the same host by another scheme', { origin: 'https://localhost' }],
  ['K03', 'a subdomain', { origin: 'http://a.localhost' }],
  ['K03', 'a name that looks alike', { origin: 'http://xn--lcalhost-c7a' }],
  ['K04', 'another relying party', { rpId: 'example.evil' }],
  ['K05', 'a frame of another site', { crossOrigin: true, topOrigin: 'https://gov.example.evil' }],
  ['K05', 'a frame without a name', { crossOrigin: true }],
  ['K05', 'a top origin without a frame', { topOrigin: 'https://gov.example.evil' }],
  ['K06', 'an authenticator that did not verify its user', { flipFlags: flags.userVerified }],
  ['K06', 'an authenticator that nobody touched', { flipFlags: flags.userPresent }],
  ['K10', 'a backup without eligibility', { flipFlags: flags.backedUp }],
  ['K02', 'another challenge', { challenge: Buffer.alloc(32).toString('base64url') }],
  ['K02', 'the other ceremony', { type: 'webauthn.other' }],
];

test.each(forgeries)('%s: a registration from %s is refused, with the answer of all refusals', async (_row, _name, tampering) => {
  const citizen = office.newcomer();
  const { challengeId, options } = await citizen.http('POST /api/passkeys/registration/options', {});
  const body = {
    challengeId,
    response: citizen.authenticator.create(options, tampering),
    root: citizen.root,
    links: [],
    device: citizen.prove(options.challenge),
  };
  expect(await codeOf(citizen.http('POST /api/passkeys/registration', body))).toBe('passkey_refused');
});

test.each([
  ...forgeries,
  ['K08', 'another account', { userHandle: Buffer.alloc(32).toString('base64url') }],
  ['K08', 'nobody by handle', { userHandle: null }],
  ['K08', 'a handle that is too long', { userHandle: Buffer.alloc(65).toString('base64url') }],
  ['K06', 'a forger', { signature: Buffer.alloc(70).toString('base64url') }],
] as [string, string, Tampering][])('%s: a sign-in from %s is refused, with the answer of all refusals', async (_row, _name, tampering) => {
  const citizen = await office.newcomer().register();
  const { challengeId, options } = await citizen.http('POST /api/passkeys/authentication/options', {});
  const response = citizen.authenticator.get(options, tampering);
  expect(await codeOf(citizen.http('POST /api/passkeys/authentication', { challengeId, response }))).toBe('passkey_refused');
});

test('K20: no answer to a refused ceremony names challenge, origin, credential or account', async () => {
  const citizen = await office.newcomer().register();
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

test('K02: the challenge of another browser, of the other ceremony, or that has expired, is refused', async () => {
  const [citizen, thief] = [await office.newcomer().register(), office.newcomer()];
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

test('K07: a counter that does not go up is refused and raises an alarm; one that synchronises stays 0', async () => {
  const citizen = await office.newcomer().register();
  await citizen.signIn();
  const { challengeId, options } = await citizen.http('POST /api/passkeys/authentication/options', {});
  const copy = citizen.authenticator.get(options, { counter: 1 });
  expect(await codeOf(citizen.http('POST /api/passkeys/authentication', { challengeId, response: copy }))).toBe('passkey_refused');

  const synchronised = await office.newcomer(new Authenticator({ origin: server.origin, synchronises: true })).register();
  await synchronised.signIn();
  await synchronised.signIn();
  expect(synchronised.session).not.toBeNull();
});

test('K07: of two sign-ins with one counter at the same time, one is accepted', async () => {
  const citizen = await office.newcomer().register();
  const offers = await Promise.all([1, 2].map(async () => await citizen.http('POST /api/passkeys/authentication/options', {})));
  const attempts = offers.map(({ challengeId, options }) => ({
    challengeId,
    response: citizen.authenticator.get(options, { counter: 7 }),
  }));
  const codes = await Promise.all(attempts.map(async (body) => await codeOf(citizen.http('POST /api/passkeys/authentication', body))));
  expect(codes.toSorted()).toEqual(['accepted', 'passkey_refused']);
});

test('K10: a passkey whose backup eligibility has changed is refused and raises an alarm', async () => {
  const citizen = await office.newcomer().register();
  const { challengeId, options } = await citizen.http('POST /api/passkeys/authentication/options', {});
  const response = citizen.authenticator.get(options, { flipFlags: flags.backupEligible });
  expect(await codeOf(citizen.http('POST /api/passkeys/authentication', { challengeId, response }))).toBe('passkey_refused');
  expect(server.log.some((line) => line.includes('passkey-backup-changed'))).toBe(true);
});

test('K11: keys of other algorithms, and keys of a size no algorithm has, are refused', async () => {
  const rsa = { n: Buffer.alloc(256, 0xff), e: Buffer.from([1]) };
  const keys: [number, number | Uint8Array][][] = [
    [
      [1, 3],
      [3, -257],
      [-1, rsa.n],
      [-2, rsa.e],
    ],
    [
      [1, 2],
      [3, -65_535],
      [-1, 1],
      [-2, Buffer.alloc(32, 1)],
      [-3, Buffer.alloc(32, 2)],
    ],
    [
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, Buffer.alloc(16_000, 1)],
      [-3, Buffer.alloc(32, 2)],
    ],
  ];
  for (const fields of keys) {
    const citizen = office.newcomer();
    const { challengeId, options } = await citizen.http('POST /api/passkeys/registration/options', {});
    expect(options.pubKeyCredParams.map(({ alg }) => alg).toSorted((a, b) => a - b)).toEqual([-8, -7]);
    const response = citizen.authenticator.create(options, { coseKey: encode(new Map(fields)) });
    const body = { challengeId, response, root: citizen.root, links: [], device: citizen.prove(options.challenge) };
    expect(['bad_request', 'passkey_refused']).toContain(await codeOf(citizen.http('POST /api/passkeys/registration', body)));
  }
});

test('K13: of transports only known names are kept, and thousands of them are refused', async () => {
  const citizen = office.newcomer();
  const body = await citizen.prepareRegistration();
  const withTransports = (transports: string[]) => ({
    ...body,
    response: { ...body.response, response: { ...body.response.response, transports } },
  });
  const many = withTransports(Array.from({ length: 10_000 }, () => 'usb'));
  expect(await codeOf(citizen.http('POST /api/passkeys/registration', many as typeof body))).toBe('bad_request');
  const odd = withTransports(['internal', '<script>', 'telepathy']);
  expect(await codeOf(citizen.http('POST /api/passkeys/registration', odd as typeof body))).toBe('accepted');
  const { rows } = await sql<{ transports: string[] }>`select transports from passkeys where account_id = ${citizen.accountId}`.execute(
    server.database,
  );
  expect(rows).toEqual([{ transports: ['internal'] }]);
});

test('K01: a complete sign-in that is sent twice at the same time signs in once', async () => {
  const citizen = await office.addCitizen();
  const { challengeId, options } = await citizen.http('POST /api/passkeys/authentication/options', {});
  const body = { challengeId, response: citizen.authenticator.get(options) };
  const codes = await Promise.all([1, 2].map(async () => await codeOf(citizen.http('POST /api/passkeys/authentication', body))));
  expect(codes.toSorted()).toEqual(['accepted', 'passkey_refused']);
});

test('K09: a credential of one account cannot be registered for another', async () => {
  const first = await office.newcomer().register();
  const second = office.newcomer();
  const { challengeId, options } = await second.http('POST /api/passkeys/registration/options', {});
  const response = second.authenticator.create(options, { credentialId: first.authenticator.credentialId });
  const body = { challengeId, response, root: second.root, links: [], device: second.prove(options.challenge) };
  expect(await codeOf(second.http('POST /api/passkeys/registration', body))).toBe('passkey_refused');
});

test('key material of a passkey is refused and raises an alarm', async () => {
  const citizen = office.newcomer();
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

test('K12: attestations that are too large, malformed, endless or followed by more are refused within the second', async () => {
  const citizen = office.newcomer();
  const objects = [
    new Uint8Array(17_000),
    new Uint8Array([0xa1, 0x9f, 0xff]),
    Buffer.concat([Buffer.alloc(200, 0x81), Buffer.from([0])]),
    new Uint8Array(),
  ];
  for (const attestationObject of objects) {
    const { challengeId, options } = await citizen.http('POST /api/passkeys/registration/options', {});
    const response = citizen.authenticator.create(options, { attestationObject });
    const body = { challengeId, response, root: citizen.root, links: [], device: citizen.prove(options.challenge) };
    expect(['bad_request', 'passkey_refused']).toContain(await codeOf(citizen.http('POST /api/passkeys/registration', body)));
  }
});

test('K10: officials whose passkey can leave its device are refused where the installation asks for that', async () => {
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

test('K16: one address has at most so many ceremonies open: the oldest are forgotten, and those that are over are swept', async () => {
  const small = await startTestServer({ maxChallengesPerAddress: 3, databaseUrl: server.databaseUrl });
  try {
    const citizen = new Somebody(small, office.world.person());
    const bodies = [
      await citizen.prepareRegistration(),
      await citizen.prepareRegistration(),
      await citizen.prepareRegistration(),
      await citizen.prepareRegistration(),
    ];
    const count = async (): Promise<number | undefined> =>
      (await sql<{ count: number }>`select count(*)::integer as count from challenges`.execute(small.database)).rows[0]?.count;
    expect(await count()).toBe(3);
    expect(await codeOf(citizen.http('POST /api/passkeys/registration', bodies[0]!))).toBe('passkey_refused');
    expect(await codeOf(citizen.http('POST /api/passkeys/registration', bodies[3]!))).toBe('accepted');
    await sql`update challenges set expires_at = now()`.execute(small.database);
    await citizen.prepareRegistration();
    expect(await count()).toBe(1);
  } finally {
    await small.close();
  }
});
