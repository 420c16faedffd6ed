import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DeviceJoining } from '../../client/account/device-joining.ts';
import type { Core } from '../../client/app/core.ts';
import { createRecoveryCode } from '../../client/crypto/recovery-code.ts';
import { waitUntil } from '../../client/net/observable.ts';
import { type Database, storeNames } from '../../client/storage/database.ts';
import { Authenticator } from '../support/authenticator.ts';
import { Household, history, messengerOf, type HomeBrowser } from '../support/household.ts';
import { SoftwarePasskeys } from '../support/passkeys.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let people: Household;
let home: HomeBrowser;
let core: Core;

beforeEach(async () => {
  server = await startTestServer();
  people = await Household.create(server);
  home = people.browser();
  core = await home.open();
  await core.registerCitizen();
});

afterEach(async () => {
  await people.close();
  await server.close();
});

function kindsOf(one: Core): Promise<string[]> {
  return messengerOf(one).then(({ security }) => security.devices.state.value.devices.map(({ kind }) => kind).toSorted());
}

async function makeCode(one: Core): Promise<string> {
  const { text, device } = createRecoveryCode();
  await (await messengerOf(one)).security.devices.saveRecoveryCode(device);
  return text;
}

function because(one: Core): string | null {
  const state = one.session.value;
  return state.state === 'no-keys' ? state.because : null;
}

test('a citizen whose passkey holds keys reads the history in another browser right after signing in', async () => {
  await people.write(core, 'Moien');
  const second = await people.browser(home.passkeys).open();
  expect(await second.signIn()).toBe('signed-in');
  expect(await history(second)).toEqual(['Moien']);
  await waitUntil((await messengerOf(second)).security.devices.state, ({ devices }) => devices.length === 3);
  expect(await kindsOf(second)).toEqual(['browser', 'browser', 'passkey']);
  expect(second.alarms.value).toEqual([]);
});

test('what a passkey evaluates to is in nothing that is posted', async () => {
  const second = people.browser(home.passkeys);
  await (await second.open()).signIn();
  const posted = [...home.posted, ...second.posted].join('\n');
  expect(home.passkeys.outputs.length).toBeGreaterThan(2);
  for (const output of home.passkeys.outputs) {
    for (const encoding of ['base64url', 'base64', 'hex'] as const) expect(posted).not.toContain(Buffer.from(output).toString(encoding));
    expect(posted).not.toContain(Array.from(output).join(','));
  }
  expect(posted).not.toContain('"results"');
});

test('a passkey that evaluates to something else opens nothing and overwrites nothing, and the right value opens it later', async () => {
  await people.write(core, 'Moien');
  const away = people.browser(home.passkeys);
  const second = await away.open();
  home.passkeys.manner = 'changing';
  expect(await second.signIn()).toBe('no-keys');
  expect(because(second)).toBe('passkey-cannot');
  expect(await away.database.list('accounts', '')).toEqual([]);
  home.passkeys.manner = 'none';
  await second.signIn();
  expect(because(second)).toBe('no-keys');
  // Where the keys are, none of this is in the way.
  await core.signOut();
  expect(await core.signIn()).toBe('signed-in');
  expect(await history(core)).toEqual(['Moien']);
});

test.each(['none', 'changing', 'refuses'] as const)('with PRF that is %s an account is made without it, and works', async (manner) => {
  const other = await people.browser(manner).open();
  await other.registerCitizen();
  await people.write(other, 'Bonjour');
  await waitUntil((await messengerOf(other)).security.devices.state, ({ devices }) => devices.length === 1);
  expect(await kindsOf(other)).toEqual(['browser']);
});

test('an official whose authenticator evaluates only when used has keys under the passkey all the same', async () => {
  const desk = people.browser('only-at-use');
  const official = await people.official(desk, 'Anne Muller');
  await messengerOf(official);
  expect(await desk.database.list('accounts', '')).toMatchObject([{ protection: 'passkey' }]);
});

test('a recovery code opens the history where the passkey cannot, once, and is used up by it', async () => {
  await people.write(core, 'Moien');
  const code = await makeCode(core);
  home.passkeys.manner = 'none';
  const second = await people.browser(home.passkeys).open();
  await second.signIn();
  expect(await second.ways.useCode(code.toLowerCase().replaceAll('-', ' '))).toBe(true);
  expect(await history(second)).toEqual(['Moien']);
  const third = await people.browser(home.passkeys).open();
  await third.signIn();
  expect(await third.ways.useCode(code)).toBe(false);
  expect(because(third)).toBe('code-cannot');
  // The account has new keys since, and the first browser has followed.
  await (await messengerOf(core)).security.devices.refresh();
  expect((await history(core)).length).toBe(1);
});

test('the code of an official gives his inbox a new key as well', async () => {
  const desk = people.browser();
  const official = await people.official(desk, 'Anne Muller');
  const code = await makeCode(official);
  const { inboxId } = people.office;
  const headOf = async (one: Core): Promise<number> => (await one.request('inbox:load', { inboxId, afterSeqno: 0 })).head;
  const before = await headOf(official);
  desk.passkeys.manner = 'none';
  const second = await people.browser(desk.passkeys).open();
  await second.signIn();
  expect(await second.ways.useCode(code)).toBe(true);
  expect(await headOf(second)).toBe(before + 1);
  await people.write(core, 'Moien');
  expect(await history(second)).toEqual(['Moien']);
});

test("a typing error is found without asking anybody, and somebody else's code opens nothing", async () => {
  const code = await makeCode(core);
  const last = code.endsWith('7') ? '8' : '7';
  expect(() => core.ways.checkCode(`${code.slice(0, -1)}${last}`)).toThrow(expect.objectContaining({ code: 'malformed' }));
  expect(() => core.ways.checkCode(code.slice(0, -5))).toThrow(expect.objectContaining({ code: 'malformed' }));
  const other = people.browser('none');
  await (await other.open()).registerCitizen();
  const stranger = await people.browser(other.passkeys).open();
  await stranger.signIn();
  expect(await stranger.ways.useCode(code)).toBe(false);
  expect(because(stranger)).toBe('code-cannot');
  await waitUntil((await messengerOf(core)).security.devices.state, ({ devices }) => devices.some(({ kind }) => kind === 'recovery'));
});

test('whoever has lost the passkey too comes back with nothing but the code', async () => {
  await people.write(core, 'Moien');
  const code = await makeCode(core);
  const second = await people.browser().open();
  expect(await second.ways.useCode(code)).toBe(true);
  expect(await history(second)).toEqual(['Moien']);
  await expect((await people.browser().open()).ways.useCode(code)).rejects.toMatchObject({ code: 'passkey_refused' });
});

async function showing(joining: DeviceJoining): Promise<{ code: string; number: string }> {
  const state = await waitUntil(joining.state, ({ step }) => step !== 'preparing');
  if (state.step !== 'showing') throw new Error(state.step);
  return state;
}

test('another device lets a new browser in by its code, which makes a passkey and reads the history', async () => {
  await people.write(core, 'Moien');
  const second = await people.browser().open();
  await waitUntil(second.session, ({ state }) => state === 'signed-out');
  const joining = second.ways.joinDevice();
  const listening = joining.begin();
  const { code } = await showing(joining);
  const letIn = (await messengerOf(core)).security.letIn();
  await letIn.begin(code);
  await letIn.admit('Phone');
  await listening;
  expect(joining.state.value.step).toBe('passkey');
  await joining.createPasskey(() => {});
  expect(joining.state.value.step).toBe('done');
  expect(await history(second)).toEqual(['Moien']);
  await waitUntil((await messengerOf(second)).security.devices.state, ({ devices }) => devices.length === 4);
  expect(await kindsOf(second)).toEqual(['browser', 'browser', 'passkey', 'passkey']);
});

test('a browser that is signed in without keys is let in by number and digits, and into its own account only', async () => {
  await people.write(core, 'Moien');
  home.passkeys.manner = 'none';
  const second = await people.browser(home.passkeys).open();
  await second.signIn();
  const joining = second.ways.joinDevice();
  const listening = joining.begin();
  const { number } = await showing(joining);
  const letIn = (await messengerOf(core)).security.letIn();
  const finding = letIn.begin(number);
  const comparing = await waitUntil(joining.state, ({ step }) => step === 'comparing');
  await finding;
  expect(letIn.state.value).toMatchObject({ step: 'deciding', digits: comparing.step === 'comparing' ? comparing.digits : '' });
  await joining.confirm();
  await letIn.admit('Phone');
  await listening;
  expect(joining.state.value.step).toBe('done');
  expect(await history(second)).toEqual(['Moien']);

  const other = people.browser('none');
  await (await other.open()).registerCitizen();
  const stranger = await people.browser(other.passkeys).open();
  await stranger.signIn();
  const wrong = stranger.ways.joinDevice();
  const failing = wrong.begin();
  const { code } = await showing(wrong);
  const refused = (await messengerOf(core)).security.letIn();
  await refused.begin(code);
  await failing;
  expect(wrong.state.value).toEqual({ step: 'failed', failure: 'other-account' });
  expect(refused.state.value).toMatchObject({ step: 'asking', failure: 'over' });
});

test('what staff keep in a browser is unreadable without their passkey, and a passkey that has changed opens none of it', async () => {
  const desk = people.browser(new SoftwarePasskeys(new Authenticator({ origin: server.origin })));
  const official = await people.official(desk, 'Anne Muller');
  await people.write(core, 'Moien');
  expect(await history(official)).toEqual(['Moien']);
  await (await messengerOf(official)).drafts.save('service:x', 'canary-draft');
  const kept = JSON.stringify(await desk.database.rows('sealed', ''), (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
  );
  expect(kept.length).toBeGreaterThan(2_000);
  for (const word of ['canary', 'Moien', 'Anne', 'reference', 'displayName']) expect(kept).not.toContain(word);
  for (const store of ['texts', 'entries', 'conversations', 'outbox', 'chains', 'boxes', 'heads'] as const)
    expect(await desk.database.list(store, '')).toEqual([]);

  await official.lock();
  expect(official.session.value).toEqual({ state: 'signed-out', reason: 'locked' });
  await expect(official.http('GET /api/session')).resolves.toBeNull();
  const before = await desk.database.rows('accounts', '');
  desk.passkeys.manner = 'changing';
  expect(await official.signIn()).toBe('no-keys');
  expect(because(official)).toBe('passkey-cannot');
  expect(await desk.database.rows('accounts', '')).toEqual(before);
});

test('staff are locked after a reload, and unlock with the same passkey to what they had', async () => {
  const desk = people.browser();
  const official = await people.official(desk, 'Anne Muller');
  await (await messengerOf(official)).drafts.save('service:x', 'half a sentence');
  official.close();
  const reloaded = await desk.open();
  await waitUntil(reloaded.session, ({ state }) => state !== 'starting');
  expect(reloaded.session.value).toEqual({ state: 'signed-out', reason: 'locked' });
  expect(await reloaded.signIn()).toBe('signed-in');
  expect(await (await messengerOf(reloaded)).drafts.load('service:x')).toBe('half a sentence');
});

async function rowsIn(database: Database): Promise<number> {
  const counts = await Promise.all(storeNames.map(async (store) => (await database.list(store, '')).length));
  return counts.reduce((sum, count) => sum + count, 0);
}

test('on a device that is not the own one everything goes on in memory, and nothing is left behind', async () => {
  await people.write(core, 'Moien');
  const messenger = await messengerOf(core);
  await messenger.drafts.save('service:x', 'half a sentence');
  expect(core.ownDevice.value).toBe('unknown');
  await core.answerOwnDevice(false);
  expect(core.ownDevice.value).toBe('passing');
  expect(await history(core)).toEqual(['Moien']);
  expect(await (await messengerOf(core)).drafts.load('service:x')).toBe('half a sentence');
  await (await messengerOf(core)).drafts.save('service:y', 'more');
  expect(await rowsIn(home.database)).toBe(0);
  await core.signOut();
  expect(await rowsIn(home.database)).toBe(0);
  // The passkey brings it back all the same.
  expect(await core.signIn()).toBe('signed-in');
  expect(await history(core)).toEqual(['Moien']);
  expect(core.ownDevice.value).toBe('unknown');
});
