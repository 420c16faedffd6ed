import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NewStart } from '../../client/account/new-start.ts';
import type { Core } from '../../client/app/core.ts';
import { attestReset } from '../../client/crypto/reset.ts';
import { resetNumber } from '../../client/crypto/reset-number.ts';
import { waitUntil } from '../../client/net/observable.ts';
import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { resetDelayMs } from '../../server/protocol/reset-statement.ts';
import { replayUserChain } from '../../server/protocol/user-chain.ts';
import { homeBrowser, type HomeBrowser, messengerOf } from '../support/household.ts';
import type { Somebody } from '../support/people.ts';
import { RegistrarsOffice } from '../support/registrars-office.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { TestOffice } from '../support/test-office.ts';

let server: TestServer;
let office: TestOffice;
let registry: RegistrarsOffice;
let opened: Core[];
let aheadMs: number;
let core: Core;
let reference: string;
const now = (): number => Date.now() + aheadMs;

beforeEach(async () => {
  aheadMs = 0;
  opened = [];
  server = await startTestServer({ now });
  office = await TestOffice.create(server);
  registry = await RegistrarsOffice.create(office);
  core = await browser().open();
  await core.registerCitizen();
  const messenger = await messengerOf(core);
  const conversation = await messenger.startConversation({ serviceId: office.serviceId, inboxId: office.inboxId });
  await conversation.send('Moien', 'lb');
  const { rows } = await waitUntil(messenger.conversations.state, (state) => state.rows.length === 1);
  reference = rows[0]!.view.reference;
});

afterEach(async () => {
  for (const one of opened) one.close();
  registry.close();
  office.close();
  await server.close();
});

function browser(): HomeBrowser {
  return homeBrowser({ origin: server.origin, now, onOpen: (one) => opened.push(one) });
}

/** The registrar looks at the request, sees the number to compare, and signs. */
async function attest(by: Somebody, number: string, compare: string): Promise<void> {
  const line = await registry.line(by);
  const { reset } = await line.request('reset:find', { number });
  const draft = fromBase64Url(reset.draft!);
  expect(resetNumber(draft)).toBe(compare);
  const { accounts } = await line.request('account:load', { accountIds: [reset.accountId!] });
  const attestation = attestReset({
    draft,
    state: replayUserChain(accounts[0]!.links.map(fromBase64Url)),
    registrars: registry.registrars.inbox.state,
    signer: { ...by.gim.signer, createdAt: now() },
  });
  await line.request('reset:attest', { resetId: reset.resetId, attestation: toBase64Url(attestation) });
}

async function stepOf<Step extends NewStart['state']['value']['step']>(start: NewStart, step: Step) {
  const state = await waitUntil(start.state, (one) => one.step === step || one.step === 'failed');
  if (state.step !== step) throw new Error(JSON.stringify(state));
  return state as Extract<typeof state, { step: Step }>;
}

test('whoever has lost everything goes on after two signatures and a day, in the browser that asked, even if it was closed meanwhile', async () => {
  const home = browser();
  const page = await home.open();
  await waitUntil(page.session, ({ state }) => state === 'signed-out');
  const asking = page.ways.startAnew();
  await asking.resume();
  expect(asking.state.value).toEqual({ step: 'asking' });
  const following = asking.ask(reference);
  const { number } = await stepOf(asking, 'asked');
  await (await registry.line(registry.first)).request('reset:find', { number });
  const { compare } = await stepOf(asking, 'comparing');
  await attest(registry.first, number, compare);
  await attest(registry.second, number, compare);
  const { notBefore } = await stepOf(asking, 'waiting');
  expect(notBefore).toBeGreaterThanOrEqual(now() + resetDelayMs - 60_000);
  asking.close();
  page.close();
  await following;

  aheadMs = resetDelayMs + 60_000;
  const later = await home.open();
  await waitUntil(later.session, ({ state }) => state === 'signed-out');
  const start = later.ways.startAnew();
  await start.resume();
  expect(start.state.value).toEqual({ step: 'passkey' });
  await waitUntil(core.session, ({ state }) => state === 'signed-out');
  await start.createPasskey(() => {});
  expect(start.state.value).toEqual({ step: 'done' });
  const { security } = await messengerOf(later);
  await waitUntil(security.devices.state, ({ devices }) => devices.length === 2);
  expect(security.devices.state.value.devices.map(({ kind }) => kind).toSorted()).toEqual(['browser', 'passkey']);
  expect(later.alarms.value).toEqual([]);
  await expect(core.signIn()).rejects.toMatchObject({ code: 'passkey_refused' });
});

test('a device of the account that refuses ends the request', async () => {
  const page = await browser().open();
  await waitUntil(page.session, ({ state }) => state === 'signed-out');
  const start = page.ways.startAnew();
  await start.resume();
  const following = start.ask(reference);
  const { number } = await stepOf(start, 'asked');
  await (await registry.line(registry.first)).request('reset:find', { number });
  await stepOf(start, 'comparing');
  const { resets } = await core.request('reset:own', {});
  await core.request('reset:refuse', { resetId: resets[0]!.resetId });
  await following;
  expect(start.state.value).toEqual({ step: 'failed', failure: 'cancelled' });
});
