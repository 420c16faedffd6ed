import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import { RequestError } from '../../client/net/request-error.ts';
import { openDatabase } from '../../server/platform/database.ts';
import { startEmbeddedPostgres } from '../../server/platform/embedded-postgres.ts';
import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import type { ConversationId } from '../../server/protocol/ids.ts';
import { decodeEnvelope } from '../../server/protocol/envelope.ts';
import { createTestDatabase } from '../support/database.ts';
import type { Somebody } from '../support/people.ts';
import { type ServerProcess, startServerProcess } from '../support/server.ts';
import { TestOffice } from '../support/test-office.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const quiet = pino({ level: 'silent' });

/** Sends without pause until the server is gone; what was acknowledged, by position. */
async function sendUntilKilled(
  office: TestOffice,
  citizen: Somebody,
  server: ServerProcess,
  killAfter: number,
): Promise<{ acknowledged: Map<number, string>; conversationId: ConversationId }> {
  const line = await citizen.connect();
  const { conversation, conversationId } = await office.open(citizen, line);
  const acknowledged = new Map<number, string>();
  const send = async (): Promise<void> => {
    for (;;) {
      const envelope = toBase64Url(conversation.send(citizen.gim, 'under way'));
      const { position } = await line.request('message:send', { conversationId, envelope });
      acknowledged.set(position, envelope);
      if (acknowledged.size === killAfter) void server.kill();
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: 8 }, send));
  for (const end of ends)
    expect(end.status === 'rejected' && end.reason instanceof RequestError ? end.reason.code : end.status).toMatch(/unavailable|slow_down/);
  return { acknowledged, conversationId };
}

test("what was acknowledged survives kill -9, on a PostgreSQL of somebody else's", async () => {
  const testDatabase = await createTestDatabase();
  closers.push(testDatabase.drop);
  const database = openDatabase({ url: testDatabase.url, log: quiet });
  closers.push(async () => await database.destroy());
  const env = { DATABASE_URL: testDatabase.url };
  const first = await startServerProcess(env);
  closers.push(first.kill);
  const office = await TestOffice.create({ origin: first.origin, database, databaseUrl: testDatabase.url, log: [], close: first.kill });
  const citizen = await office.addCitizen();
  const { acknowledged, conversationId } = await sendUntilKilled(office, citizen, first, 20);
  expect(acknowledged.size).toBeGreaterThanOrEqual(20);

  const second = await startServerProcess(env, { origin: first.origin });
  closers.push(second.kill);
  const line = await citizen.connect();
  const { entries } = await line.request('conversation:pull', { conversationId, after: 0 });
  for (const [position, envelope] of acknowledged) expect(entries[position - 1]).toMatchObject({ position, envelope });
  const ids = entries.flatMap((entry) =>
    entry.kind === 'message' ? [String(decodeEnvelope(fromBase64Url(entry.envelope)).header.messageId)] : [],
  );
  expect(new Set(ids).size).toBe(ids.length);
  office.close();
  expect(await second.stop()).toBe(0);
});

test('after kill -9 the next server joins the embedded PostgreSQL that still runs, and SIGTERM stops both', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'schalter-restart-'));
  closers.push(async () => await rm(dataDir, { recursive: true, force: true }));
  const env = { SCHALTER_DATA: dataDir };
  const first = await startServerProcess(env);
  closers.push(first.kill);
  await first.kill();
  const second = await startServerProcess(env, { origin: first.origin });
  closers.push(second.kill);
  expect(await (await fetch(`${second.origin}/readyz`)).json()).toEqual({ ok: true });
  expect(await second.stop()).toBe(0);
  // Nobody holds it any more: it was shut down, and starts again.
  const messages: string[] = [];
  const postgres = await startEmbeddedPostgres({ dataDir, log: (message) => messages.push(message) });
  closers.push(postgres.stop);
  expect(messages).toEqual([]);
});

test('a configuration that is wrong is told in one line each, with the exit code that says so', async () => {
  const attempt = startServerProcess({
    PORT: 'no number',
    SCHALTER_ORIGIN: 'http://localhost:1/path',
    SCHALTER_TIME_ZONE: 'Europe/Luxemburg',
  });
  await expect(attempt).rejects.toThrow(/ended with 78: PORT: .*\nSCHALTER_ORIGIN: .*\nSCHALTER_TIME_ZONE: .*\n$/);
});
