import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createDevice } from '../../client/crypto/device.ts';
import { toSignedLink } from '../../client/net/wire.ts';
import { type Base64Url, fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { idOf, newId, type ResetId } from '../../server/protocol/ids.ts';
import { resetDelayMs } from '../../server/protocol/reset-statement.ts';
import { extendUserChain, replayUserChain } from '../../server/protocol/user-chain.ts';
import { activeDevices } from '../../server/protocol/user-state.ts';
import { Authenticator } from '../support/authenticator.ts';
import type { Somebody } from '../support/people.ts';
import { codeOf } from '../support/refusal.ts';
import type { PendingReset } from '../support/registrars.ts';
import { RegistrarsOffice } from '../support/registrars-office.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { TestOffice } from '../support/test-office.ts';

let server: TestServer;
let office: TestOffice;
let registry: RegistrarsOffice;
/** How far the server's clock is ahead: a day need not be waited for. */
let aheadMs = 0;
const now = (): number => Date.now() + aheadMs;

beforeAll(async () => {
  server = await startTestServer({ now });
  office = await TestOffice.create(server);
  registry = await RegistrarsOffice.create(office);
});
afterEach(() => {
  aheadMs = 0;
});
afterAll(async () => {
  registry.close();
  office.close();
  await server.close();
});

interface Asked {
  /** The person's old self, with an open conversation. */
  readonly citizen: Somebody;
  /** The person at a browser that has nothing. */
  readonly browser: Somebody;
  readonly resetId: ResetId;
  readonly number: string;
}

async function ask(): Promise<Asked> {
  const citizen = await office.addCitizen();
  const { conversationId } = await office.open(citizen, await citizen.connect());
  const { rows } = await sql<{ reference: string }>`select reference from conversations where conversation_id = ${conversationId}`.execute(
    server.database,
  );
  const browser = office.elsewhere(citizen);
  const resetId = newId<'reset'>();
  const { number } = await browser.http('POST /api/resets', { resetId, about: ` ${rows[0]!.reference.toLowerCase()}` });
  return { citizen, browser, resetId, number };
}

async function draft({ citizen, browser, resetId, number }: Asked): Promise<PendingReset> {
  await (await registry.line(registry.first)).request('reset:find', { number });
  const pending = registry.registrars.draft(citizen.gim);
  await browser.http('POST /api/resets/draft', { resetId, draft: toBase64Url(pending.draft) });
  return pending;
}

async function attest(by: Somebody, { citizen, resetId }: Asked, pending: PendingReset, at = now()): Promise<Base64Url> {
  const attestation = toBase64Url(registry.registrars.attest(by.gim, citizen.gim, pending, at));
  await (await registry.line(by)).request('reset:attest', { resetId, attestation });
  return attestation;
}

async function attested(asked: Asked): Promise<{ pending: PendingReset; link: ReturnType<typeof toSignedLink>; notBefore: number }> {
  const pending = await draft(asked);
  const attestations = [await attest(registry.first, asked, pending), await attest(registry.second, asked, pending)];
  const { reset } = await asked.browser.http('POST /api/resets/status', { resetId: asked.resetId });
  const notBefore = reset.notBefore!;
  const link = registry.registrars.finish(pending, attestations.map(fromBase64Url), { notBefore, createdAt: notBefore });
  return { pending, link: toSignedLink(link), notBefore };
}

test('two registrars and a day give an account back: old devices, sessions and passkeys end, and a first passkey follows', async () => {
  const asked = await ask();
  const { citizen, browser, resetId } = asked;
  const oldLine = await citizen.connect();
  const { pending, link, notBefore } = await attested(asked);
  expect(notBefore).toBeGreaterThanOrEqual(now() + resetDelayMs - 60_000);
  expect(await codeOf(browser.http('POST /api/resets/finish', { resetId, link }))).toBe('bad_state');
  expect(await codeOf(browser.http('POST /api/passkeys/registration/options', { resetId }))).toBe('not_found');
  expect(await oldLine.next('reset:changed')).toEqual({ accountId: citizen.accountId });

  aheadMs = resetDelayMs + 60_000;
  await browser.http('POST /api/resets/finish', { resetId, link });
  await browser.http('POST /api/resets/finish', { resetId, link });
  expect(await oldLine.next('session:ended')).toEqual({ reason: 'revoked' });
  expect(await citizen.http('GET /api/session')).toBeNull();
  expect(await codeOf(office.elsewhere(citizen).signIn())).toBe('passkey_refused');

  citizen.gim.device = pending.device;
  const { challengeId, options } = await browser.http('POST /api/passkeys/registration/options', { resetId });
  const passkey = new Authenticator({ origin: server.origin });
  const body = { challengeId, response: passkey.create(options), label: null, device: browser.prove(options.challenge) };
  const session = await browser.http('POST /api/passkeys', body);
  expect(session).toMatchObject({ accountId: citizen.accountId, deviceId: idOf(pending.device.deviceId) });
  expect(await codeOf(browser.http('POST /api/passkeys/registration/options', { resetId }))).toBe('not_found');

  const line = await browser.connect();
  const { accounts } = await line.request('account:load', { accountIds: [citizen.accountId] });
  const chain = replayUserChain(accounts[0]!.links.map(fromBase64Url), citizen.gim.id, registry.registrars.context({ now: now() }));
  expect(activeDevices(chain).map(({ deviceId }) => idOf(deviceId))).toEqual([idOf(pending.device.deviceId)]);
  const { generations } = await line.request('account:load-boxes', {});
  expect(generations.map(({ generation, box, previousBox }) => [generation, box !== null, previousBox])).toEqual([
    [2, true, null],
    [1, false, null],
  ]);
});

async function postPasskey(browser: Somebody, resetId: ResetId): Promise<void> {
  const { challengeId, options } = await browser.http('POST /api/passkeys/registration/options', { resetId });
  const response = new Authenticator({ origin: server.origin }).create(options);
  await browser.http('POST /api/passkeys', { challengeId, response, label: null, device: browser.prove(options.challenge) });
}

test('after a reset the new device changes the chain as any other, and others read it', async () => {
  const asked = await ask();
  const { citizen, browser, resetId } = asked;
  const { pending, link } = await attested(asked);
  aheadMs = resetDelayMs + 60_000;
  await browser.http('POST /api/resets/finish', { resetId, link });
  const before = citizen.gim.state;
  const sealed = { link: fromBase64Url(link.link), boxes: link.boxes.map(fromBase64Url), prevBox: null };
  citizen.gim.adopt(sealed, extendUserChain(before, sealed.link, registry.registrars.context({ now: now() })), pending.device);
  await postPasskey(browser, resetId);
  citizen.gim.admit(createDevice('browser'));
  const line = await browser.connect();
  expect(await line.request('account:extend', { links: [browser.newest], inboxLinks: [] })).toEqual({ seqno: 3 });
});

test('a reference that nobody has is answered like any other, and the account is told to nobody before a registrar looks', async () => {
  const asked = await ask();
  const stranger = office.newcomer();
  const resetId = newId<'reset'>();
  const answer = await stranger.http('POST /api/resets', { resetId, about: '2026-9999-Z' });
  expect(answer).toEqual({ number: expect.stringMatching(/^\d{8}$/), expiresAt: expect.any(Number) });
  const [known, unknown] = [
    await asked.browser.http('POST /api/resets/status', { resetId: asked.resetId }),
    await stranger.http('POST /api/resets/status', { resetId }),
  ];
  expect({ ...known.reset, about: null, resetId: null, requestedAt: null }).toEqual({
    ...unknown.reset,
    about: null,
    resetId: null,
    requestedAt: null,
  });
  expect([known.links, unknown.links]).toEqual([[], []]);
  expect((await (await asked.citizen.connect()).request('reset:own', {})).resets).toEqual([]);
  const line = await registry.line(registry.first);
  expect((await line.request('reset:find', { number: answer.number })).reset.accountId).toBeNull();
  expect((await line.request('reset:find', { number: asked.number })).reset.accountId).toBe(asked.citizen.accountId);
  const seen = await asked.browser.http('POST /api/resets/status', { resetId: asked.resetId });
  expect([seen.reset.accountId, seen.links]).toEqual([asked.citizen.accountId, [asked.citizen.root.link]]);
  expect((await line.request('reset:list', {})).resets.map(({ resetId: id }) => id).slice(0, 2)).toEqual([resetId, asked.resetId]);
});

test('whoever still has a device of the account hears of it and refuses; another account cannot', async () => {
  const asked = await ask();
  const { citizen, browser, resetId } = asked;
  const { link } = await attested(asked);
  const [line, otherLine] = [await citizen.connect(), await (await office.addCitizen()).connect()];
  const { resets } = await line.request('reset:own', {});
  expect(resets).toMatchObject([{ resetId, state: 'attested', attestations: [{}, {}] }]);
  expect(await codeOf(otherLine.request('reset:refuse', { resetId }))).toBe('not_found');
  await line.request('reset:refuse', { resetId });
  await line.request('reset:refuse', { resetId });
  aheadMs = resetDelayMs + 60_000;
  expect(await codeOf(browser.http('POST /api/resets/finish', { resetId, link }))).toBe('bad_state');
  expect((await browser.http('POST /api/resets/status', { resetId })).reset.state).toBe('cancelled');
});

test('one registrar is one, however often; nobody else attests, nor anything else than the draft', async () => {
  const asked = await ask();
  const { citizen, resetId } = asked;
  const pending = await draft(asked);
  const attestation = await attest(registry.first, asked, pending);
  const line = await registry.line(registry.first);
  expect((await line.request('reset:attest', { resetId, attestation })).reset).toMatchObject({ state: 'requested', attestations: [{}] });
  expect(await codeOf(attest(registry.first, asked, pending, now() + 1))).toBe('conflict');
  const second = await registry.line(registry.second);
  expect(await codeOf(second.request('reset:attest', { resetId, attestation }))).toBe('forbidden');
  const otherDraft = registry.registrars.draft(citizen.gim);
  expect(await codeOf(attest(registry.second, asked, otherDraft))).toBe('forbidden');
  expect(await codeOf(attest(registry.second, asked, pending, now() - 3_600_000))).toBe('bad_request');
  const official = await office.addOfficial();
  expect(await codeOf((await official.connect()).request('reset:attest', { resetId, attestation }))).toBe('forbidden');
  expect(await codeOf((await official.connect()).request('reset:find', { number: asked.number }))).toBe('forbidden');
  expect(await codeOf((await citizen.connect()).request('reset:list', {}))).toBe('forbidden');
  await attest(registry.second, asked, pending);
});

test('a draft comes after the registrar’s look and before the first signature, from the browser that asked', async () => {
  const asked = await ask();
  const { citizen, browser, resetId, number } = asked;
  const pending = registry.registrars.draft(citizen.gim);
  const send = async (from: Somebody, bytes: Uint8Array) =>
    await codeOf(from.http('POST /api/resets/draft', { resetId, draft: toBase64Url(bytes) }));
  expect(await send(browser, pending.draft)).toBe('bad_state');
  await (await registry.line(registry.first)).request('reset:find', { number });
  expect(await send(citizen, pending.draft)).toBe('not_found');
  const other = await office.addCitizen();
  expect(await send(browser, registry.registrars.draft(other.gim).draft)).toBe('bad_request');
  expect(await send(browser, registry.registrars.draft(citizen.gim).draft)).toBe('accepted');
  expect(await send(browser, pending.draft)).toBe('accepted');
  await attest(registry.first, asked, pending);
  expect(await send(browser, pending.draft)).toBe('accepted');
  expect(await send(browser, registry.registrars.draft(citizen.gim).draft)).toBe('bad_state');
});

test('somebody who still signs in keeps that passkey and session, and binds it to the new device', async () => {
  const citizen = await office.addCitizen();
  const browser = office.elsewhere(citizen);
  const resetId = newId<'reset'>();
  expect(await codeOf(browser.http('POST /api/resets', { resetId, about: null }))).toBe('unauthenticated');
  expect(await codeOf(citizen.http('POST /api/resets', { resetId, about: null }))).toBe('bad_state');
  const { challengeId, options } = await browser.http('POST /api/passkeys/authentication/options', {});
  await browser.http('POST /api/passkeys/authentication', { challengeId, response: citizen.authenticator.get(options) });
  const told = await citizen.connect();
  const { number } = await browser.http('POST /api/resets', { resetId, about: null });
  await told.next('reset:changed');
  const asked = { citizen, browser, resetId, number };
  const { pending, link } = await attested(asked);
  aheadMs = resetDelayMs + 60_000;
  await browser.http('POST /api/resets/finish', { resetId, link });
  expect(await citizen.http('GET /api/session')).toBeNull();
  citizen.gim.device = pending.device;
  await browser.bindSession();
  expect(browser.session?.deviceId).toBe(idOf(pending.device.deviceId));
  expect((await (await browser.connect()).request('passkey:list', {})).passkeys).toHaveLength(1);
});

test('what nobody came for is over, and the person may give up', async () => {
  const [late, given] = [await ask(), await ask()];
  await sql`update resets set expires_at = now() where reset_id = ${late.resetId}`.execute(server.database);
  const line = await registry.line(registry.first);
  expect(await codeOf(line.request('reset:find', { number: late.number }))).toBe('not_found');
  await given.browser.http('POST /api/resets/cancel', { resetId: given.resetId });
  expect(await codeOf(line.request('reset:find', { number: given.number }))).toBe('not_found');
  const { reset } = await given.browser.http('POST /api/resets/status', { resetId: given.resetId });
  expect(reset.state).toBe('cancelled');
});

test('the registry says which inbox the registrars are', async () => {
  const { registrars } = await registry.first.http('GET /api/registry');
  expect(registrars).toBe(idOf(registry.registrars.inbox.id));
});
