import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDevice } from '../../client/crypto/device.ts';
import { type Base64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { type DeviceLinkId, idOf, newId } from '../../server/protocol/ids.ts';
import { limits } from '../../server/protocol/limits.ts';
import { Authenticator } from '../support/authenticator.ts';
import type { Line, Somebody } from '../support/people.ts';
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

const message = (bytes = 200): Base64Url => toBase64Url(randomBytes(bytes));

async function begin(browser: Somebody): Promise<{ deviceLinkId: DeviceLinkId; number: string }> {
  const deviceLinkId = newId<'device link'>();
  const { number, expiresAt } = await browser.http('POST /api/device-links', { deviceLinkId });
  expect(expiresAt).toBeGreaterThan(Date.now());
  return { deviceLinkId, number };
}

/** The link's claim by the old device, and the new device in its chain. */
async function letIn(citizen: Somebody, line: Line, number: string): Promise<void> {
  await line.request('device-link:find', { number });
  citizen.gim.moveTo(createDevice('browser'));
  await line.request('account:extend', { links: [citizen.newest], inboxLinks: [] });
}

test('two devices exchange what the server does not understand, each message once and in order', async () => {
  const citizen = await office.addCitizen();
  const [line, browser] = [await citizen.connect(), office.newcomer()];
  const { deviceLinkId, number } = await begin(browser);
  expect(await browser.http('POST /api/device-links', { deviceLinkId })).toMatchObject({ number });
  expect(await line.request('device-link:find', { number })).toEqual({ deviceLinkId });
  const [first, second, answer] = [message(), message(), message(limits.deviceLinkMessageBytes)];
  await browser.http('POST /api/device-links/send', { deviceLinkId, index: 0, message: first });
  await browser.http('POST /api/device-links/send', { deviceLinkId, index: 0, message: first });
  await browser.http('POST /api/device-links/send', { deviceLinkId, index: 1, message: second });
  expect(await line.request('device-link:receive', { deviceLinkId, after: 0 })).toEqual({ messages: [first, second], isOver: false });
  expect(await line.request('device-link:receive', { deviceLinkId, after: 1 })).toEqual({ messages: [second], isOver: false });
  await line.request('device-link:send', { deviceLinkId, index: 0, message: answer });
  expect(await browser.http('POST /api/device-links/receive', { deviceLinkId, after: 0 })).toEqual({ messages: [answer], isOver: false });
  await browser.http('POST /api/device-links/end', { deviceLinkId });
  expect(await line.request('device-link:receive', { deviceLinkId, after: 2 })).toEqual({ messages: [], isOver: true });
  expect(await codeOf(line.request('device-link:send', { deviceLinkId, index: 1, message: answer }))).toBe('closed');
});

test('another message under the same index, a gap, a long one and one too many are refused', async () => {
  const browser = office.newcomer();
  const { deviceLinkId } = await begin(browser);
  const send = async (index: number, text = message()) =>
    await codeOf(browser.http('POST /api/device-links/send', { deviceLinkId, index, message: text }));
  expect(await send(1)).toBe('conflict');
  expect(await send(0)).toBe('accepted');
  expect(await send(0)).toBe('conflict');
  expect(await send(1, message(limits.deviceLinkMessageBytes + 1))).toBe('bad_request');
  for (let index = 1; index < limits.deviceLinkMessages; index += 1) expect(await send(index)).toBe('accepted');
  expect(await send(limits.deviceLinkMessages)).toBe('bad_request');
});

test('a link is of the browser that began it and of the account that claimed it, and of nobody else', async () => {
  const [citizen, thief] = [await office.addCitizen(), await office.addCitizen()];
  const [line, thiefLine, browser] = [await citizen.connect(), await thief.connect(), office.newcomer()];
  const { deviceLinkId, number } = await begin(browser);
  await line.request('device-link:find', { number });
  expect(await codeOf(thiefLine.request('device-link:find', { number }))).toBe('not_found');
  expect(await codeOf(thiefLine.request('device-link:receive', { deviceLinkId, after: 0 }))).toBe('not_found');
  expect(await codeOf(thiefLine.request('device-link:send', { deviceLinkId, index: 0, message: message() }))).toBe('not_found');
  expect(await codeOf(thiefLine.request('device-link:end', { deviceLinkId }))).toBe('not_found');
  const stranger = office.newcomer();
  expect(await codeOf(stranger.http('POST /api/device-links', { deviceLinkId }))).toBe('conflict');
  expect(await codeOf(stranger.http('POST /api/device-links/receive', { deviceLinkId, after: 0 }))).toBe('not_found');
  expect(await codeOf(stranger.http('POST /api/device-links/end', { deviceLinkId }))).toBe('not_found');
});

test('a browser without keys claims nothing, and a link that is over or out of time is not found', async () => {
  const citizen = await office.addCitizen();
  const [line, browser] = [await citizen.connect(), office.newcomer()];
  const { deviceLinkId, number } = await begin(browser);
  const keyless = office.elsewhere(citizen);
  const { challengeId, options } = await keyless.http('POST /api/passkeys/authentication/options', {});
  await keyless.http('POST /api/passkeys/authentication', { challengeId, response: citizen.authenticator.get(options) });
  expect(await codeOf((await keyless.connect()).request('device-link:find', { number }))).toBe('forbidden');
  await sql`update device_links set expires_at = now() where device_link_id = ${deviceLinkId}`.execute(server.database);
  expect(await codeOf(line.request('device-link:find', { number }))).toBe('not_found');
  expect(await browser.http('POST /api/device-links/receive', { deviceLinkId, after: 0 })).toEqual({ messages: [], isOver: true });
});

test('a device that was let in makes its first passkey, once, and is signed in with its keys', async () => {
  const citizen = await office.addCitizen();
  const [line, browser] = [await citizen.connect(), office.elsewhere(citizen)];
  const { deviceLinkId, number } = await begin(browser);
  await letIn(citizen, line, number);
  const { challengeId, options } = await browser.http('POST /api/passkeys/registration/options', { deviceLinkId });
  const passkey = new Authenticator({ origin: server.origin });
  const body = { challengeId, response: passkey.create(options), label: null, device: browser.prove(options.challenge) };
  const session = await browser.http('POST /api/passkeys', body);
  expect(session).toMatchObject({ accountId: citizen.accountId, deviceId: idOf(citizen.gim.device.deviceId) });
  expect((await line.request('passkey:list', {})).passkeys).toHaveLength(2);
  expect(await codeOf(browser.http('POST /api/passkeys/registration/options', { deviceLinkId }))).toBe('not_found');
});

test('no passkey for another browser, before the device is in, with a device that was there before, or twice', async () => {
  const citizen = await office.addCitizen();
  const old = citizen.gim.device;
  const [line, browser] = [await citizen.connect(), office.elsewhere(citizen)];
  const { deviceLinkId, number } = await begin(browser);
  const ask = async (from = browser) => await from.http('POST /api/passkeys/registration/options', { deviceLinkId });
  const post = async ({ challengeId, options }: Awaited<ReturnType<typeof ask>>, isProven = true) =>
    await codeOf(
      browser.http('POST /api/passkeys', {
        challengeId,
        response: new Authenticator({ origin: server.origin }).create(options),
        label: null,
        ...(isProven ? { device: browser.prove(options.challenge) } : {}),
      }),
    );
  expect(await codeOf(ask())).toBe('not_found');
  await line.request('device-link:find', { number });
  expect(await post(await ask())).toBe('passkey_refused');
  await letIn(citizen, line, number);
  expect(await codeOf(ask(office.newcomer()))).toBe('not_found');
  expect(await post(await ask(), false)).toBe('passkey_refused');
  const device = citizen.gim.device;
  citizen.gim.device = old;
  expect(await post(await ask())).toBe('passkey_refused');
  citizen.gim.device = device;
  const offers = [await ask(), await ask()];
  const codes = await Promise.all(offers.map(async (offer) => await post(offer)));
  expect(codes.toSorted()).toEqual(['accepted', 'passkey_refused']);
});
