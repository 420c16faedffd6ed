import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRecoveryCode } from '../../client/crypto/recovery-code.ts';
import { createDevice } from '../../client/crypto/device.ts';
import { waitUntil } from '../../client/net/observable.ts';
import { createFollowOwnKey } from '../../client/inbox/follow-own-key.ts';
import { fromBase64Url } from '../../server/protocol/base64url.ts';
import { idOf, newId } from '../../server/protocol/ids.ts';
import { replayUserChain } from '../../server/protocol/user-chain.ts';
import { activeDevices, currentGeneration, type UserChainState } from '../../server/protocol/user-state.ts';
import type { Line, Somebody } from '../support/people.ts';
import { openSecurityDesk, type SecurityDesk } from '../support/security.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { TestOffice } from '../support/test-office.ts';

let server: TestServer;
let office: TestOffice;
let desks: SecurityDesk[];

beforeEach(async () => {
  desks = [];
  server = await startTestServer();
  office = await TestOffice.create(server);
});

afterEach(async () => {
  for (const desk of desks) desk.close();
  office.close();
  await server.close();
});

async function deskOf(somebody: Somebody, options?: Parameters<typeof openSecurityDesk>[1]): Promise<SecurityDesk> {
  const desk = await openSecurityDesk(somebody, options);
  desks.push(desk);
  return desk;
}

/** The chain as everybody is shown it. */
async function chainOf(line: Line, { accountId }: Somebody): Promise<UserChainState> {
  const { accounts } = await line.request('account:load', { accountIds: [accountId] });
  return replayUserChain((accounts[0]?.links ?? []).map(fromBase64Url), fromBase64Url(accountId));
}

const kinds = ({ security }: SecurityDesk): string[] => security.devices.state.value.devices.map(({ kind }) => kind);

describe('a recovery code', () => {
  test('becomes a device of the account, and a new one takes its place under a new key', async () => {
    const citizen = await office.addCitizen();
    const desk = await deskOf(citizen);
    const first = createRecoveryCode();
    await desk.security.devices.saveRecoveryCode(first.device);
    expect(kinds(desk)).toEqual(['browser', 'recovery']);
    expect(currentGeneration(await chainOf(desk.line, citizen)).generation).toBe(1);

    const second = createRecoveryCode();
    await desk.security.devices.saveRecoveryCode(second.device);
    const chain = await chainOf(desk.line, citizen);
    expect(currentGeneration(chain).generation).toBe(2);
    const recovery = activeDevices(chain).filter(({ kind }) => kind === 'recovery');
    expect(recovery.map(({ deviceId }) => idOf(deviceId))).toEqual([idOf(second.device.deviceId)]);
    // Nobody is asked about what was just made here.
    expect(desk.security.devices.state.value.unknown).toEqual([]);
    expect(desk.keyring.generations().map(({ generation }) => generation)).toEqual([1, 2]);
  });

  test('asks for the passkey once more when the sign-in was a while ago', async () => {
    const citizen = await office.addCitizen();
    citizen.session = null;
    await server.database
      .withTables<{ sessions: { confirmedAt: Date } }>()
      .updateTable('sessions')
      .set({ confirmedAt: new Date(0) })
      .execute();
    const desk = await deskOf(citizen);
    await desk.security.devices.saveRecoveryCode(createRecoveryCode().device);
    expect(desk.shown.count).toBe(1);
    expect(kinds(desk)).toEqual(['browser', 'recovery']);
  });
});

describe('a device that is removed', () => {
  test('is signed out, and the account and its inboxes have new keys that it does not get, in one transaction', async () => {
    const official = await office.addOfficial();
    const first = official.gim.device;
    const phone = createDevice('browser');
    const line = await official.connect();
    official.gim.admit(phone);
    await line.request('account:extend', { links: [official.newest], inboxLinks: [] });
    const desk = await deskOf(official, {
      followOwnKey: createFollowOwnKey({
        inboxIds: async () => [office.inboxId],
        inboxChains: { find: () => office.inbox.state, load: async () => office.inbox.state, signedAt: () => null },
        inboxKeys: { open: async () => office.inbox.ring(official.gim) },
        loadUsers: async () => {},
        findUser: (id) => office.world.user(id),
      }),
    });
    await waitUntil(desk.security.devices.state, ({ devices }) => devices.length === 2);
    const atPhone = office.elsewhere(official);
    atPhone.gim.device = phone;
    await atPhone.signIn();
    official.gim.device = first;
    const phoneLine = await atPhone.connect();
    await desk.security.devices.revoke([idOf(phone.deviceId)]);
    await phoneLine.closed;
    expect(phoneLine.told('session:ended')).toEqual([{ reason: 'revoked' }]);

    const chain = await chainOf(desk.line, official);
    expect(currentGeneration(chain).boxes.map(({ recipient }) => idOf(recipient))).toEqual([idOf(first.deviceId)]);
    const { links } = await desk.line.request('inbox:load', { inboxId: office.inboxId, afterSeqno: office.inbox.state.seqno });
    expect(links).toHaveLength(1);
    const { generations } = await desk.line.request('inbox:load-boxes', { inboxId: office.inboxId });
    expect(generations[0]).toMatchObject({ generation: 2 });
    expect(generations[0]?.box).not.toBeNull();
  });

  test('that somebody else has removed already is no error, and that nobody added is none of ours', async () => {
    const citizen = await office.addCitizen();
    const desk = await deskOf(citizen);
    await desk.security.devices.revoke([idOf(createDevice('browser').deviceId)]);
    expect((await chainOf(desk.line, citizen)).seqno).toBe(1);
  });

  test('is built anew when another link of the account came first', async () => {
    const citizen = await office.addCitizen();
    const desk = await deskOf(citizen);
    await waitUntil(desk.security.devices.state, ({ devices }) => devices.length === 1);
    // A link this browser has not seen: the first try loses against it.
    citizen.gim.admit(createDevice('browser'));
    const line = await citizen.connect();
    const [, seen] = await Promise.all([
      line.request('account:extend', { links: [citizen.newest], inboxLinks: [] }),
      desk.security.devices.saveRecoveryCode(createRecoveryCode().device).then(async () => await chainOf(desk.line, citizen)),
    ]);
    expect(seen.seqno).toBe(3);
  });
});

describe('a device that came from elsewhere', () => {
  test('is asked about until the person knows it, also after a reload', async () => {
    const citizen = await office.addCitizen();
    const desk = await deskOf(citizen);
    const { devices } = desk.security;
    await waitUntil(devices.state, (state) => state.devices.length === 1);
    const stranger = createDevice('browser');
    citizen.gim.admit(stranger);
    await (await citizen.connect()).request('account:extend', { links: [citizen.newest], inboxLinks: [] });
    const { unknown } = await waitUntil(devices.state, (state) => state.unknown.length > 0);
    expect(unknown).toMatchObject([{ label: 'Tablet', kind: 'browser' }]);
    desk.close();

    const reloaded = await deskOf(citizen, { database: desk.database });
    await waitUntil(reloaded.security.devices.state, (state) => state.unknown.length === 1);
    await reloaded.security.devices.acknowledge([idOf(stranger.deviceId)]);
    expect(reloaded.security.devices.state.value.unknown).toEqual([]);
    expect(reloaded.security.devices.state.value.devices).toHaveLength(2);
    expect(reloaded.alarms).toEqual([]);
  });
});

describe('passkeys', () => {
  test('are named for their owner alone, renamed and removed, and the last one stays', async () => {
    const citizen = await office.addCitizen();
    const desk = await deskOf(citizen);
    const { passkeys } = desk.security;
    const [first] = await waitUntil(passkeys.state, (list) => list.length === 1);
    if (!first) throw new Error('no passkey');
    expect(first).toMatchObject({ name: '', isCurrent: true, deviceId: null });
    expect(passkeys.refusalToRemove(first)).toBe('last-passkey');
    await expect(passkeys.remove(first)).rejects.toMatchObject({ code: 'last_way_in' });

    await passkeys.add('Schlësselbond', () => {});
    expect(passkeys.state.value.map(({ name }) => name)).toEqual(['', 'Schlësselbond']);
    await passkeys.rename(first.credentialId, 'Telefon');
    expect(passkeys.state.value.map(({ name }) => name)).toEqual(['Telefon', 'Schlësselbond']);
    expect(server.log.join('')).not.toContain('Schlësselbond');

    const second = passkeys.state.value[1];
    if (!second) throw new Error('no second passkey');
    expect(passkeys.refusalToRemove(second)).toBeNull();
    await passkeys.remove(second);
    expect(passkeys.state.value.map(({ name }) => name)).toEqual(['Telefon']);
  });
});

describe('sessions', () => {
  test('are listed with their device, and ended one by one or all but this', async () => {
    const citizen = await office.addCitizen();
    const desk = await deskOf(citizen);
    const { sessions } = desk.security;
    const second = await office.elsewhere(citizen).signIn();
    const third = await office.elsewhere(citizen).signIn();
    const [secondLine, thirdLine] = [await second.connect(), await third.connect()];
    await sessions.refresh();
    expect(sessions.state.value.map(({ isCurrent }) => isCurrent)).toEqual([true, false, false]);
    const deviceId = idOf(citizen.gim.device.deviceId);
    expect(sessions.state.value.every((session) => session.deviceId === deviceId)).toBe(true);

    const [, one] = sessions.state.value;
    if (!one) throw new Error('no other session');
    await sessions.end(one.sessionId);
    expect(sessions.state.value).toHaveLength(2);
    expect(await sessions.endOthers()).toBe(1);
    await Promise.all([secondLine.closed, thirdLine.closed]);
    expect(sessions.state.value).toHaveLength(1);
    await desk.line.request('session:list', {});
  });
});

describe('a request to reset the account', () => {
  test('is shown to its owner at once, and refused', async () => {
    const citizen = await office.addCitizen();
    const desk = await deskOf(citizen);
    const { resets } = desk.security;
    // Somebody with the passkey alone, who says that all keys are lost.
    const elsewhere = office.elsewhere(citizen);
    const { challengeId, options } = await elsewhere.http('POST /api/passkeys/authentication/options', {});
    await elsewhere.http('POST /api/passkeys/authentication', { challengeId, response: elsewhere.authenticator.get(options) });
    const resetId = newId<'reset'>();
    await elsewhere.http('POST /api/resets', { resetId, about: null });
    const [asked] = await waitUntil(resets.state, (open) => open.length === 1);
    expect(asked).toMatchObject({ resetId, state: 'requested', notBefore: null });
    await resets.refuse(resetId);
    expect(resets.state.value).toEqual([]);
    const { reset } = await elsewhere.http('POST /api/resets/status', { resetId });
    expect(reset.state).toBe('cancelled');
  });
});
