import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Core } from '../../client/app/core.ts';
import type { AccountDevice } from '../../client/account/device-list.ts';
import { createRecoveryCode } from '../../client/crypto/recovery-code.ts';
import { waitUntil } from '../../client/net/observable.ts';
import { history, Household, messengerOf } from '../support/household.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let people: Household;

beforeEach(async () => {
  server = await startTestServer();
  people = await Household.create(server);
});

afterEach(async () => {
  await people.close();
  await server.close();
});

const isOther = ({ kind, isOwn }: AccountDevice): boolean => kind === 'browser' && !isOwn;

/** The person's other browser, as this one's list shows it. */
async function otherBrowser(core: Core): Promise<AccountDevice> {
  const { security } = await messengerOf(core);
  const { devices } = await waitUntil(security.devices.state, (state) => state.devices.some(isOther));
  const [found] = devices.filter(isOther);
  if (!found) throw new Error('no other browser');
  return found;
}

async function generationOfInbox(core: Core): Promise<number> {
  const { generations } = await core.request('inbox:load-boxes', { inboxId: people.office.inboxId });
  return Math.max(...generations.map(({ generation }) => generation));
}

test('an official who removes a stolen laptop gives the office a new key with it, and everybody goes on', async () => {
  const home = people.browser();
  const official = await people.official(home, 'Nora Weber');
  const colleague = await people.official(people.browser(), 'Luc Klein');
  const citizen = await people.browser().open();
  await citizen.registerCitizen();
  const asked = await people.write(citizen, 'before');
  expect(await history(official)).toEqual(['before']);

  const laptop = await people.browser(home.passkeys).open();
  expect(await laptop.signIn()).toBe('signed-in');
  expect(await history(laptop)).toEqual(['before']);
  const before = await generationOfInbox(official);
  const { security } = await messengerOf(official);
  await security.devices.revoke([(await otherBrowser(official)).deviceId]);
  const ended = await waitUntil(laptop.session, ({ state }) => state === 'signed-out');
  expect(ended).toMatchObject({ reason: 'revoked' });
  expect(await generationOfInbox(official)).toBe(before + 1);

  await asked.send('after', 'en');
  for (const core of [official, colleague]) {
    const messenger = await messengerOf(core);
    const { state } = messenger.conversation(asked.conversationId);
    const { items, problems } = await waitUntil(state, (log) => log.items.some((item) => item.kind === 'message' && item.text === 'after'));
    // The message was not sealed before the citizen's page had the new key.
    expect(items.map(({ kind }) => kind)).toContain('readers');
    expect(problems).toEqual([]);
    expect(core.alarms.value).toEqual([]);
  }
  // The passkey is the person's still, but this browser's keys are in the chain no more.
  const back = await people.browser(home.passkeys).open();
  expect(await back.signIn()).toBe('signed-in');
  expect((await messengerOf(back)).security.devices.state.value.unknown).toEqual([]);
});

test('a citizen’s removed browser is out, and the next message has keys that it never saw', async () => {
  const home = people.browser();
  const citizen = await home.open();
  await citizen.registerCitizen();
  const conversation = await people.write(citizen, 'before');
  const away = people.browser(home.passkeys);
  const other = await away.open();
  await other.signIn();
  expect(await history(other)).toEqual(['before']);
  const { security } = await messengerOf(citizen);
  await security.devices.revoke([(await otherBrowser(citizen)).deviceId]);
  expect(await waitUntil(other.session, ({ state }) => state === 'signed-out')).toMatchObject({ reason: 'revoked' });
  await conversation.send('after', 'en');
  const { items } = await waitUntil(conversation.state, (log) =>
    log.items.some((item) => item.kind === 'message' && item.text === 'after' && item.position !== null),
  );
  expect(items.map(({ kind }) => kind)).toEqual(['message', 'readers', 'message']);
});

test('somebody told of a device that is not his removes it with one press, and it is signed out', async () => {
  const home = people.browser();
  const citizen = await home.open();
  await citizen.registerCitizen();
  const { security } = await messengerOf(citizen);
  await waitUntil(security.devices.state, ({ devices }) => devices.length === 2);
  const thief = await people.browser(home.passkeys).open();
  await thief.signIn();
  const { unknown } = await waitUntil(security.devices.state, (state) => state.unknown.length > 0);
  expect(unknown).toMatchObject([{ kind: 'browser', label: 'Firefox, Windows' }]);
  await security.devices.revoke(unknown.map(({ deviceId }) => deviceId));
  expect(security.devices.state.value.unknown).toEqual([]);
  expect(await waitUntil(thief.session, ({ state }) => state === 'signed-out')).toMatchObject({ reason: 'revoked' });
});

test('a lost answer does no harm: what was done is done once, and tried again it is done already', async () => {
  const citizen = await people.browser().open();
  await citizen.registerCitizen();
  const { security } = await messengerOf(citizen);
  const { device } = createRecoveryCode();
  await security.devices.saveRecoveryCode(device);
  await security.devices.saveRecoveryCode(device);
  const { devices } = security.devices.state.value;
  expect(devices.filter(({ kind }) => kind === 'recovery')).toHaveLength(1);
  expect((await citizen.request('account:load-boxes', {})).generations).toHaveLength(1);
});
