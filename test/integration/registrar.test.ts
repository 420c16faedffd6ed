import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OpenReset, Registrar } from '../../client/inbox/registrar.ts';
import { resetNumber } from '../../client/crypto/reset-number.ts';
import type { RequestFunction } from '../../client/net/request.ts';
import { toBase64Url } from '../../server/protocol/base64url.ts';
import { newId, type ResetId } from '../../server/protocol/ids.ts';
import type { Somebody } from '../support/people.ts';
import { codeOf } from '../support/refusal.ts';
import { RegistrarsOffice } from '../support/registrars-office.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { openTeams } from '../support/team-hand.ts';
import { TestOffice } from '../support/test-office.ts';

let server: TestServer;
let office: TestOffice;
let registry: RegistrarsOffice;
const opened: Registrar[] = [];

beforeAll(async () => {
  server = await startTestServer();
  office = await TestOffice.create(server);
  registry = await RegistrarsOffice.create(office);
});
afterAll(async () => {
  for (const registrar of opened) registrar.close();
  registry.close();
  office.close();
  await server.close();
});

async function open(somebody: Somebody, within?: (request: RequestFunction) => RequestFunction): Promise<Registrar> {
  const { registrar } = await openTeams(somebody, within);
  opened.push(registrar);
  await registrar.refresh();
  return registrar;
}

interface Asked {
  readonly citizen: Somebody;
  readonly browser: Somebody;
  readonly resetId: ResetId;
  readonly number: string;
}

/** Somebody who has lost everything asks, at a browser that has nothing. */
async function ask(): Promise<Asked> {
  const citizen = await office.addCitizen();
  const { conversationId } = await office.open(citizen, await citizen.connect());
  const { rows } = await sql<{ reference: string }>`select reference from conversations where conversation_id = ${conversationId}`.execute(
    server.database,
  );
  const browser = office.elsewhere(citizen);
  const resetId = newId<'reset'>();
  const { number } = await browser.http('POST /api/resets', { resetId, about: rows[0]!.reference });
  return { citizen, browser, resetId, number };
}

function requestOf(registrar: Registrar, resetId: ResetId): OpenReset {
  return registrar.state.value.requests.find((one) => one.resetId === resetId)!;
}

test('two registrars find a request by its number, compare, and sign; the second signature starts the day', async () => {
  const { citizen, browser, resetId, number } = await ask();
  const [first, second] = [await open(registry.first), await open(registry.second)];
  expect(await first.find(number)).toBe(resetId);
  expect(requestOf(first, resetId)).toMatchObject({ accountId: citizen.accountId, number: null, signedBy: [] });
  const pending = registry.registrars.draft(citizen.gim);
  await browser.http('POST /api/resets/draft', { resetId, draft: toBase64Url(pending.draft) });
  await first.refresh();
  expect(requestOf(first, resetId).number).toBe(resetNumber(pending.draft));

  await first.attest(requestOf(first, resetId));
  expect(requestOf(first, resetId)).toMatchObject({ isSignedByMe: true, notBefore: null, hasBadSignature: false });
  await second.find(number);
  expect(requestOf(second, resetId)).toMatchObject({ isSignedByMe: false, signedBy: [{ accountId: registry.first.accountId }] });
  await second.attest(requestOf(second, resetId));
  const done = requestOf(second, resetId);
  expect(done.signedBy).toHaveLength(2);
  expect(done.notBefore! - Date.now()).toBeGreaterThan(23 * 60 * 60_000);
});

test('the server that changes the draft changes the number; a signature for another draft is told from a real one', async () => {
  const { citizen, browser, resetId, number } = await ask();
  const [real, foreign] = [registry.registrars.draft(citizen.gim), registry.registrars.draft(citizen.gim)];
  const first = await open(registry.first);
  await first.find(number);
  await browser.http('POST /api/resets/draft', { resetId, draft: toBase64Url(real.draft) });
  await first.refresh();
  await first.attest(requestOf(first, resetId));
  const lied = await open(registry.second, (request) => async (name, payload) => {
    const answer = await request(name, payload);
    if (name !== 'reset:list') return answer;
    return JSON.parse(JSON.stringify(answer).replaceAll(toBase64Url(real.draft), toBase64Url(foreign.draft))) as typeof answer;
  });
  expect(requestOf(lied, resetId).number).not.toBe(resetNumber(real.draft));
  expect(requestOf(lied, resetId)).toMatchObject({ hasBadSignature: true, signedBy: [] });
});

test('who is no registrar sees no requests; a refused one is gone', async () => {
  const { resetId, number } = await ask();
  const official = await open(await office.addOfficial());
  expect(official.state.value).toEqual({ phase: 'outside', failure: null, requests: [] });
  expect(await codeOf(official.find(number))).toBe('forbidden');
  const first = await open(registry.first);
  await first.find(number);
  await first.refuse(resetId);
  expect(requestOf(first, resetId)).toBeUndefined();
});
