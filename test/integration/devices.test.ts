import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createDevice } from '../../client/crypto/device.ts';
import { createAccounts } from '../../server/accounts/accounts.ts';
import { transaction } from '../../server/platform/database.ts';
import { idOf } from '../../server/protocol/ids.ts';
import type { SignedLink } from '../../server/protocol/offices.ts';
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

/** A citizen with a second device, which is signed in at another browser. */
async function withTwoDevices(): Promise<{ first: Somebody; firstLine: Line; second: Somebody; secondLine: Line }> {
  const first = await office.addCitizen();
  const firstLine = await first.connect();
  const [old, device] = [first.gim.device, createDevice('browser')];
  first.gim.admit(device);
  await extend(firstLine, first.newest);
  const second = office.elsewhere(first);
  first.gim.device = device;
  await second.signIn();
  const secondLine = await second.connect();
  first.gim.device = old;
  return { first, firstLine, second, secondLine };
}

async function extend(line: Line, ...links: SignedLink[]): Promise<{ seqno: number }> {
  return await line.request('account:extend', { links, inboxLinks: [] });
}

async function age(somebody: Somebody, time: string): Promise<void> {
  await sql`update sessions set confirmed_at = now() - ${time}::interval where account_id = ${somebody.accountId}`.execute(server.database);
}

test('a device is let in, gets the box that the link names, and the other devices are told', async () => {
  const citizen = await office.addCitizen();
  const line = await citizen.connect();
  const device = createDevice('browser');
  citizen.gim.admit(device);
  expect(await extend(line, citizen.newest)).toEqual({ seqno: 2 });
  expect(await line.next('account:changed')).toEqual({ accountId: citizen.accountId, head: 2 });
  citizen.gim.device = device;
  await citizen.bindSession();
  expect(citizen.session?.deviceId).toBe(idOf(device.deviceId));
  const { generations } = await line.request('account:load-boxes', {});
  expect(generations).toMatchObject([{ generation: 1, box: citizen.newest.boxes[0] }]);
});

test('K14: letting a device in needs a passkey shown at most five minutes ago, in this very session', async () => {
  const citizen = await office.addCitizen();
  const line = await citizen.connect();
  citizen.gim.admit(createDevice('browser'));
  await age(citizen, '5 minutes 1 second');
  expect(await codeOf(extend(line, citizen.newest))).toBe('step_up_needed');
  await office.elsewhere(citizen).signIn();
  expect(await codeOf(extend(line, citizen.newest))).toBe('step_up_needed');
  await citizen.confirm();
  expect(citizen.session?.confirmedUntil).toBeGreaterThan(Date.now());
  expect(await codeOf(extend(line, citizen.newest))).toBe('accepted');
});

test('the same links twice are answered alike; others in their place are a conflict', async () => {
  const { first, firstLine, secondLine } = await withTwoDevices();
  first.gim.revoke(secondOf(first));
  const revocation = first.newest;
  expect(await extend(firstLine, revocation)).toEqual({ seqno: 3 });
  expect(await extend(firstLine, revocation)).toEqual({ seqno: 3 });
  expect(await secondLine.closed).toBe('io server disconnect');
  const { state } = first.gim;
  first.gim.admit(createDevice('browser'));
  expect(await codeOf(extend(firstLine, first.newest))).toBe('accepted');
  first.gim.state = state;
  first.gim.admit(createDevice('browser'));
  expect(await codeOf(extend(firstLine, first.newest))).toBe('conflict');
});

function secondOf({ gim }: Somebody): Uint8Array {
  return gim.state.devices[1]!.deviceId;
}

test('of two devices that change the chain at the same time, one wins and the other gets conflict', async () => {
  const citizen = await office.addCitizen();
  const line = await citizen.connect();
  const before = citizen.gim.state;
  const attempts = [createDevice('browser'), createDevice('browser')].map((device) => {
    citizen.gim.state = before;
    citizen.gim.admit(device);
    return citizen.newest;
  });
  const codes = await Promise.all(attempts.map(async (link) => await codeOf(extend(line, link))));
  expect(codes.toSorted()).toEqual(['accepted', 'conflict']);
});

test('sessions of a revoked device end with the commit, its boxes are of the past, and it cannot sign in or bind a session', async () => {
  const { first, firstLine, second, secondLine } = await withTwoDevices();
  const device = secondOf(first);
  first.gim.revoke(device);
  const revokedAt = performance.now();
  await extend(firstLine, first.newest);
  expect(await second.http('GET /api/session')).toBeNull();
  expect(await secondLine.next('session:ended')).toEqual({ reason: 'revoked' });
  expect(performance.now() - revokedAt).toBeLessThan(2_000);
  expect(firstLine.told('session:ended')).toEqual([]);
  const { generations } = await firstLine.request('account:load-boxes', {});
  expect(generations.map(({ generation, box }) => [generation, box !== null])).toEqual([
    [2, true],
    [1, true],
  ]);
});

test('boxes that the link does not name, a signature of somebody else, and a session without keys, change nothing', async () => {
  const [citizen, other] = [await office.addCitizen(), await office.addCitizen()];
  const [line, otherLine] = [await citizen.connect(), await other.connect()];
  citizen.gim.admit(createDevice('browser'));
  expect(await codeOf(extend(line, { ...citizen.newest, boxes: [] }))).toBe('bad_request');
  expect(await codeOf(extend(line, { ...citizen.newest, boxes: other.root.boxes }))).toBe('bad_request');
  expect(await codeOf(extend(otherLine, citizen.newest))).toBe('forbidden');
  const keyless = office.elsewhere(citizen);
  const { challengeId, options } = await keyless.http('POST /api/passkeys/authentication/options', {});
  await keyless.http('POST /api/passkeys/authentication', { challengeId, response: citizen.authenticator.get(options) });
  expect(await codeOf(extend(await keyless.connect(), citizen.newest))).toBe('forbidden');
  expect(await codeOf(extend(line))).toBe('bad_request');
  expect(await codeOf(extend(line, citizen.newest))).toBe('accepted');
});

test("a revocation goes with the new keys of the person's inboxes, or not at all", async () => {
  const official = await office.addOfficial('member');
  const line = await official.connect();
  const lost = createDevice('browser');
  official.gim.admit(lost);
  await extend(line, official.newest);
  official.gim.revoke(lost.deviceId);
  const revocation = official.newest;
  const before = office.inbox.state.seqno;
  office.inbox.rotate(official.gim);
  const good = { inboxId: office.inboxId, link: office.lastLink };
  const bad = { ...good, link: { ...good.link, boxes: good.link.boxes.slice(1) } };
  expect(await codeOf(line.request('account:extend', { links: [revocation], inboxLinks: [bad] }))).toBe('bad_request');
  const { accounts } = await line.request('account:load', { accountIds: [official.accountId] });
  expect(accounts[0]?.links).toHaveLength(2);
  await line.request('account:extend', { links: [revocation], inboxLinks: [good] });
  expect(await line.request('inbox:load', { inboxId: office.inboxId, afterSeqno: 0 })).toMatchObject({ head: before + 1 });
  expect(await line.next('inbox:changed', ({ head }) => head === before + 1)).toMatchObject({ inboxId: office.inboxId });
});

test('a session goes on with the device that signed last when its own is revoked', async () => {
  const citizen = await office.addCitizen();
  const line = await citizen.connect();
  const [old, device] = [citizen.gim.device, createDevice('browser')];
  citizen.gim.moveTo(device);
  const addition = citizen.newest;
  citizen.gim.revoke(old.deviceId);
  const links = [addition, citizen.newest];
  expect(await line.request('account:extend', { links, inboxLinks: [] })).toEqual({ seqno: 3 });
  expect(await line.request('account:extend', { links, inboxLinks: [] })).toEqual({ seqno: 3 });
  expect(await citizen.http('GET /api/session')).toMatchObject({ deviceId: idOf(device.deviceId) });
  expect(line.socket.connected).toBe(true);
});

test('a session is bound to an active device of its own account only, and its old token is worth nothing after', async () => {
  const [citizen, other] = [await office.addCitizen(), await office.addCitizen()];
  const before = citizen.cookies.headers()['cookie'] ?? '';
  const { challengeId, challenge } = await citizen.http('POST /api/session/device/options', {});
  const foreign = { challengeId, device: other.prove(challenge) };
  expect(await codeOf(citizen.http('POST /api/session/device', foreign))).toBe('passkey_refused');
  await citizen.bindSession();
  const answer = await fetch(`${server.origin}/api/session`, { headers: { cookie: before } });
  expect(answer.status).toBe(204);
});

test('the chain of a disabled account is still there to verify what it signed', async () => {
  const [gone, reader] = [await office.addCitizen(), await office.addCitizen()];
  await sql`update accounts set disabled_at = now() where account_id = ${gone.accountId}`.execute(server.database);
  const { accounts } = await (await reader.connect()).request('account:load', { accountIds: [gone.accountId] });
  expect(accounts).toEqual([{ accountId: gone.accountId, displayName: null, links: [gone.root.link] }]);
});

test('a chain does not grow while something that was verified by it is being stored', async () => {
  const { database } = server;
  const citizen = await office.addCitizen();
  const line = await citizen.connect();
  citizen.gim.rotate();
  const [held, storing] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const stored = transaction(database, async (trx) => {
    await createAccounts({ database }).hold(trx, [citizen.accountId]);
    held.resolve();
    await storing.promise;
  });
  await held.promise;
  const growing = extend(line, citizen.newest);
  await vi.waitFor(async () => {
    const { rows } = await sql`
      select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(database);
    expect(rows).toHaveLength(1);
  });
  storing.resolve();
  await stored;
  expect(await growing).toEqual({ seqno: 2 });
});
