import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Core } from '../../client/app/core.ts';
import { toBase64Url } from '../../server/protocol/base64url.ts';
import { homeBrowser, messengerOf } from '../support/household.ts';
import type { PrfManner } from '../support/passkeys.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { TestOffice } from '../support/test-office.ts';

let server: TestServer;
let office: TestOffice;
let opened: Core[];

beforeEach(async () => {
  opened = [];
  server = await startTestServer();
});

afterEach(async () => {
  for (const core of opened) core.close();
  office.close();
  await server.close();
});

async function enrol(passkeys: PrfManner): Promise<Core> {
  const { token, secret } = await office.invite('official', 'Anne Muller');
  const core = await homeBrowser({ origin: server.origin, passkeys, onOpen: (one) => opened.push(one) }).open();
  const invitation = await core.readInvitation(`#${token}.${toBase64Url(secret)}`);
  await invitation.accept();
  return core;
}

test('an inbox that wants keys under a passkey lets an official in whose passkey can hold them, and nobody else', async () => {
  office = await TestOffice.create(server, { policy: { addsRequire: 1, requirePrf: true } });
  const weak = await enrol('none');
  expect(weak.session.value).toMatchObject({ state: 'no-keys', because: 'weak-passkey' });
  const changing = await enrol('changing');
  expect(changing.session.value).toMatchObject({ state: 'no-keys', because: 'weak-passkey' });
  await messengerOf(await enrol('stable'));
});

test('without that rule the browser’s own key will do', async () => {
  office = await TestOffice.create(server);
  const core = await enrol('none');
  await messengerOf(core);
  expect(core.ownDevice.value).toBe('unknown');
});
