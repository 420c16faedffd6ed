import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Somebody } from '../support/people.ts';
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

test('signing in replaces the session that was there', async () => {
  const citizen = await office.addCitizen();
  const line = await citizen.connect();
  const before = citizen.cookies.headers()['cookie'];
  await citizen.signIn();
  expect(citizen.cookies.headers()['cookie']).not.toBe(before);
  expect(await line.next('session:ended')).toEqual({ reason: 'signed-out' });
  const old = await fetch(`${server.origin}/api/session`, { headers: { cookie: before ?? '' } });
  expect(old.status).toBe(204);
});

test.each([
  ['a citizen', '61 minutes', '59 minutes'],
  ['an official', '16 minutes', '14 minutes'],
])('K19: %s who does nothing is signed out after his time, and not before', async (who, tooLong, notYet) => {
  const somebody = who === 'a citizen' ? await office.addCitizen() : await office.enrol();
  const idle = async (time: string): Promise<void> =>
    void (await sql`update sessions set last_seen_at = now() - ${time}::interval where account_id = ${somebody.accountId}`.execute(
      server.database,
    ));
  await idle(notYet);
  expect(await somebody.http('GET /api/session')).toMatchObject({ accountId: somebody.accountId });
  const line = await somebody.connect();
  await idle(tooLong);
  expect(await line.next('session:ended')).toEqual({ reason: 'expired' });
  expect(await line.closed).toBe('io server disconnect');
  expect(await somebody.http('GET /api/session')).toBeNull();
});

test('K19: a session ends at its absolute time whatever is done: a day for citizens, half a day for officials', async () => {
  const [citizen, official] = [await office.addCitizen(), await office.enrol()];
  expect([hoursOf(citizen), hoursOf(official)]).toEqual([24, 12]);
  await sql`update sessions set expires_at = now() where account_id = ${citizen.accountId}`.execute(server.database);
  expect(await citizen.http('GET /api/session')).toBeNull();
});

test('a disabled account is out within two seconds, and cannot come back', async () => {
  const citizen = await office.addCitizen();
  const line = await citizen.connect();
  const disabledAt = performance.now();
  await sql`update accounts set disabled_at = now() where account_id = ${citizen.accountId}`.execute(server.database);
  expect(await line.next('session:ended')).toEqual({ reason: 'revoked' });
  expect(performance.now() - disabledAt).toBeLessThan(2_000);
  await expect(citizen.signIn()).rejects.toHaveProperty('code', 'passkey_refused');
});

function hoursOf({ session }: Somebody): number {
  return Math.round(((session?.expiresAt ?? 0) - Date.now()) / 3_600_000);
}
