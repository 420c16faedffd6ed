import { afterEach, beforeEach, expect, test } from 'vitest';
import { LetIn } from '../../client/account/let-in.ts';
import { requireJoined } from '../../client/crypto/joining-device.ts';
import { createDevice } from '../../client/crypto/device.ts';
import { waitUntil } from '../../client/net/observable.ts';
import { fromBase64Url } from '../../server/protocol/base64url.ts';
import { idOf } from '../../server/protocol/ids.ts';
import { replayUserChain } from '../../server/protocol/user-chain.ts';
import { NewDevice } from '../support/joining.ts';
import type { Somebody } from '../support/people.ts';
import { openSecurityDesk, type SecurityDesk } from '../support/security.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { TestOffice } from '../support/test-office.ts';

let server: TestServer;
let office: TestOffice;
let citizen: Somebody;
let desk: SecurityDesk;
let phone: NewDevice;

beforeEach(async () => {
  server = await startTestServer();
  office = await TestOffice.create(server);
  citizen = await office.addCitizen();
  desk = await openSecurityDesk(citizen);
  phone = new NewDevice(server.origin);
});

afterEach(async () => {
  desk.close();
  office.close();
  await server.close();
});

const labels = (): string[] => desk.security.devices.state.value.devices.map(({ label }) => label);

test('a device whose code was scanned is added when the person says so, and knows which account it is in', async () => {
  await phone.begin();
  const letIn = desk.security.letIn();
  const joined = phone.until('joined');
  await letIn.begin(`${server.origin}/en/account/add-device#${phone.code}`);
  expect(letIn.state.value).toEqual({ step: 'deciding', digits: null, suggestedLabel: 'Firefox, Android' });
  expect(labels()).toHaveLength(1);
  await letIn.admit('My phone');
  expect(letIn.state.value).toEqual({ step: 'done', label: 'My phone' });
  expect(labels()).toEqual(['Phone', 'My phone']);
  expect(desk.security.devices.state.value.unknown).toEqual([]);
  await joined;
  const { accounts } = await desk.line.request('account:load', { accountIds: [citizen.accountId] });
  const chain = replayUserChain((accounts[0]?.links ?? []).map(fromBase64Url));
  expect(phone.joining.userId && idOf(phone.joining.userId)).toBe(citizen.accountId);
  requireJoined(phone.joining, chain);
});

test('a number that was typed needs the digits on both screens to be the same', async () => {
  const number = await phone.begin();
  const letIn = desk.security.letIn();
  const comparing = phone.until('comparing');
  await letIn.begin(`${number.slice(0, 4)} ${number.slice(4)}`);
  await comparing;
  const state = letIn.state.value;
  if (state.step !== 'deciding') throw new Error(`not deciding but ${state.step}`);
  expect(state.digits).toMatch(/^\d{9}$/);
  expect(state.digits).toBe(phone.joining.digits);
  await phone.confirm();
  const joined = phone.until('joined');
  await letIn.admit('');
  await joined;
  expect(labels()).toEqual(['Phone', '']);
});

test('nothing is added before the new device’s side has confirmed too', async () => {
  const number = await phone.begin();
  const letIn = desk.security.letIn();
  const comparing = phone.until('comparing');
  await letIn.begin(number);
  await comparing;
  const admitting = letIn.admit('My phone');
  await waitUntil(letIn.state, ({ step }) => step === 'adding');
  // The digits differ on the other screen: its person says no.
  await phone.end();
  await admitting;
  expect(letIn.state.value).toEqual({ step: 'asking', failure: 'over' });
  expect((await desk.line.request('account:load', { accountIds: [citizen.accountId] })).accounts[0]?.links).toHaveLength(1);
});

test.each([
  ['a word', 'hello', 'not-a-code'],
  ['too few digits', '1234567', 'not-a-code'],
  ['a number nobody has', '00000000', 'not-found'],
])('%s lets nobody in', async (_, text, failure) => {
  const letIn = desk.security.letIn();
  await letIn.begin(text);
  expect(letIn.state.value).toEqual({ step: 'asking', failure });
});

test('a server that puts another device in the place of the scanned one is found out', async () => {
  // The code of one device, under the link of another: what the server would have to do.
  await phone.begin();
  const other = new NewDevice(server.origin);
  await other.begin();
  const letIn = new LetIn({
    userId: fromBase64Url(citizen.accountId),
    devices: desk.security.devices,
    request: async (name, payload) => {
      const forged = 'deviceLinkId' in payload ? { ...payload, deviceLinkId: other.deviceLinkId } : payload;
      return await desk.line.request(name, forged);
    },
  });
  await letIn.begin(phone.code);
  expect(letIn.state.value).toEqual({ step: 'asking', failure: 'refused' });
});

test('whoever is asked may say no, and the new device hears of it', async () => {
  await phone.begin();
  const letIn = desk.security.letIn();
  const over = expect(phone.until('joined')).rejects.toThrow('over');
  await letIn.begin(phone.code);
  await letIn.cancel();
  await over;
  expect(letIn.state.value).toEqual({ step: 'asking', failure: null });
  expect(labels()).toHaveLength(1);
});

test('whoever goes while the new device is still awaited leaves no trace of it', async () => {
  const other = new NewDevice(server.origin);
  await other.begin();
  const letIn = desk.security.letIn();
  const heard: string[] = [];
  letIn.state.subscribe((state) => void heard.push(state.step === 'asking' ? `asking ${state.failure}` : state.step));
  // It has shown itself, and says nothing more.
  const begun = letIn.begin(other.code);
  await waitUntil(letIn.state, ({ step }) => step === 'connecting');
  await letIn.cancel();
  await begun;
  expect(heard).toEqual(['connecting', 'asking null']);
});

test('a device is added although another link of the account came first', async () => {
  await phone.begin();
  const letIn = desk.security.letIn();
  const joined = phone.until('joined');
  await letIn.begin(phone.code);
  citizen.gim.admit(createDevice('browser'));
  const line = await citizen.connect();
  desk.line.socket.off('account:changed');
  await line.request('account:extend', { links: [citizen.newest], inboxLinks: [] });
  await letIn.admit('My phone');
  await joined;
  expect(labels().toSorted()).toEqual(['My phone', 'Phone', 'Tablet']);
});
