import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDevice, type DeviceKeys } from '../../client/crypto/device.ts';
import { signSession } from '../../client/crypto/session-proof.ts';
import type { DeviceProof, SessionView } from '../../server/protocol/accounts.ts';
import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { idOf } from '../../server/protocol/ids.ts';
import { createRateLimit } from '../../server/platform/rate-limit.ts';
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

/** Somebody with a recovery code in his chain, and a browser that has nothing. */
async function withCode(somebody?: Somebody): Promise<{ citizen: Somebody; code: DeviceKeys; browser: Somebody }> {
  const citizen = somebody ?? (await office.addCitizen());
  const code = createDevice('recovery');
  citizen.gim.admit(code);
  await (await citizen.connect()).request('account:extend', { links: [citizen.newest], inboxLinks: [] });
  return { citizen, code, browser: office.elsewhere(citizen) };
}

function proveCode(code: DeviceKeys, challenge: string): DeviceProof {
  const signature = signSession(fromBase64Url(challenge), { userId: new Uint8Array(32), device: code });
  return { deviceId: idOf(code.deviceId), signature: toBase64Url(signature) };
}

async function recover(browser: Somebody, code: DeviceKeys): Promise<SessionView> {
  const { challengeId, challenge } = await browser.http('POST /api/recovery/options', { deviceId: idOf(code.deviceId) });
  return await browser.http('POST /api/recovery', { challengeId, device: proveCode(code, challenge) });
}

test('K17: a recovery code signs in once: its use is one act that lets the browser in, makes a new code and ends the old one', async () => {
  const { citizen, code, browser } = await withCode();
  const told = await citizen.connect();
  const session = await recover(browser, code);
  expect(session).toMatchObject({ accountId: citizen.accountId, deviceId: idOf(code.deviceId) });
  expect(session.confirmedUntil).toBeGreaterThan(Date.now());
  expect(await told.next('account:changed')).toMatchObject({ accountId: citizen.accountId });
  const line = await browser.connect();
  const { generations } = await line.request('account:load-boxes', {});
  expect(generations[0]?.box).not.toBeNull();

  const [fresh, next] = [createDevice('browser'), createDevice('recovery')];
  const { gim } = browser;
  gim.device = code;
  gim.moveTo(fresh);
  const links = [browser.newest];
  gim.admit(next);
  links.push(browser.newest);
  gim.revoke(code.deviceId);
  links.push(browser.newest);
  await line.request('account:extend', { links, inboxLinks: [] });
  expect(await browser.http('GET /api/session')).toMatchObject({ deviceId: idOf(fresh.deviceId) });
  expect(await codeOf(recover(office.elsewhere(citizen), code))).toBe('passkey_refused');
  expect(await codeOf(recover(office.elsewhere(citizen), next))).toBe('accepted');
});

test('K17: of two that use one code at the same time, one changes the account and the other gets conflict', async () => {
  const { citizen, code } = await withCode();
  const [one, two] = [office.elsewhere(citizen), office.elsewhere(citizen)];
  await recover(one, code);
  await recover(two, code);
  const lines = [await one.connect(), await two.connect()];
  const { gim } = citizen;
  gim.device = code;
  const before = gim.state;
  const attempts = lines.map((line) => {
    gim.state = before;
    gim.admit(createDevice('browser'));
    const links = [citizen.newest];
    return async () => await codeOf(line.request('account:extend', { links, inboxLinks: [] }));
  });
  const codes = await Promise.all(attempts.map(async (attempt) => await attempt()));
  expect(codes.toSorted()).toEqual(['accepted', 'conflict']);
});

test('K17: an unknown code, a device that is none, another’s signature and an official’s code have one answer', async () => {
  const { citizen, code, browser } = await withCode();
  expect(await codeOf(recover(browser, createDevice('recovery')))).toBe('passkey_refused');
  expect(await codeOf(recover(browser, citizen.gim.device))).toBe('passkey_refused');
  const { challengeId, challenge } = await browser.http('POST /api/recovery/options', { deviceId: idOf(code.deviceId) });
  const forged = { ...proveCode(createDevice('recovery'), challenge), deviceId: idOf<'device'>(code.deviceId) };
  expect(await codeOf(browser.http('POST /api/recovery', { challengeId, device: forged }))).toBe('passkey_refused');
  const official = await withCode(await office.addOfficial());
  expect(await codeOf(recover(official.browser, official.code))).toBe('passkey_refused');
});

test('K17: five tries a day of one address and of one code, right ones too; the other answers stay the same', async () => {
  const strict = await startTestServer({ rateLimit: createRateLimit(null), databaseUrl: server.databaseUrl });
  try {
    const { citizen, code } = await withCode();
    const browser = new Somebody(strict, citizen.gim, citizen.authenticator);
    const codes: string[] = [];
    for (let tries = 0; tries < 5; tries += 1) codes.push(await codeOf(recover(browser, createDevice('recovery'))));
    codes.push(await codeOf(recover(browser, code)));
    expect(codes).toEqual([...Array.from({ length: 5 }, () => 'passkey_refused'), 'slow_down']);
  } finally {
    await strict.close();
  }
});
