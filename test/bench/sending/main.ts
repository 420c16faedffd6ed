import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createAccounts } from '../../../server/accounts/accounts.ts';
import { Receipts } from '../../../server/conversations/receipts.ts';
import { MessageSending, type SendingDependencies } from '../../../server/conversations/sending.ts';
import { InboxChains } from '../../../server/offices/inbox-chains.ts';
import type { Caller } from '../../../server/platform/caller.ts';
import { startEmbeddedPostgres } from '../../../server/platform/embedded-postgres.ts';
import { migrate } from '../../../server/platform/migrate.ts';
import { type ConversationId, idOf, newId } from '../../../server/protocol/ids.ts';
import { startTestServer } from '../../support/server.ts';
import { openScene } from '../../support/scene.ts';
import { TestOffice } from '../../support/test-office.ts';

const conversations = 8;
const messagesEach = 250;

const holdNobody = async (): Promise<void> => undefined;

interface Prepared {
  readonly conversationId: ConversationId;
  readonly caller: Caller;
  readonly envelopes: readonly Uint8Array[];
}

/**
 * Messages a core of the server takes in a second: checked, stored and signed; PostgreSQL is a process of its own and not counted, nor are
 * sockets. Each way of doing it sends other messages of the same conversations.
 */
async function main(): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), 'schalter-bench-'));
  const postgres = await startEmbeddedPostgres({ dataDir: data, log: () => undefined });
  try {
    await migrate({ url: postgres.url });
    await compare(postgres.url);
  } finally {
    await postgres.stop();
    await rm(data, { recursive: true, force: true });
  }
}

async function compare(databaseUrl: string): Promise<void> {
  const server = await startTestServer({ databaseUrl });
  const office = await TestOffice.create(server);
  const { database } = server;
  const accounts = createAccounts({ database });
  // As chains are after some years: each citizen has had three devices, the team forty changes.
  for (let change = 0; change < 20; change += 1) {
    const official = await office.addOfficial();
    await office.removeOfficial(official);
  }
  const measure = async (
    name: string,
    isReadOnly: boolean,
    options: Pick<SendingDependencies, 'receipts' | 'holdAccounts'>,
  ): Promise<number> => {
    const prepared: Prepared[] = [];
    for (let index = 0; index < conversations; index += 1) prepared.push(await prepare(office));
    const inboxChains = new InboxChains({ loadUserChains: accounts.loadChains });
    const own = createAccounts({ database });
    const sending = new MessageSending({
      ...options,
      database,
      chains: {
        loadUserChains: async (within, ids) => await own.loadChains(within, ids, { isReadOnly }),
        loadInboxChain: async (within, id) => await inboxChains.load(within, id, { isReadOnly }),
      },
      now: Date.now,
      announce: () => undefined,
    });
    const cpu = process.cpuUsage();
    const begun = performance.now();
    // Everybody writes as fast as he is answered.
    await Promise.all(
      prepared.map(async ({ conversationId, caller, envelopes }) => {
        for (const envelope of envelopes) await sending.send(conversationId, envelope, caller);
      }),
    );
    const wallMs = performance.now() - begun;
    const { user, system } = process.cpuUsage(cpu);
    const perCoreSecond = (conversations * messagesEach) / ((user + system) / 1e6);
    console.log(
      `${name.padEnd(44)} ${perCoreSecond.toFixed(0).padStart(6)} messages a core-second, ${((conversations * messagesEach * 1000) / wallMs).toFixed(0)} a second by the clock`,
    );
    return perCoreSecond;
  };
  const receipts = new Receipts({ database });
  const before = await measure('chains replayed, accounts not held', false, { receipts, holdAccounts: holdNobody });
  const cached = await measure('chains kept, accounts not held', true, { receipts, holdAccounts: holdNobody });
  const after = await measure('chains kept, accounts held (as it runs)', true, { receipts, holdAccounts: accounts.hold });
  console.log(`kept chains: ${(cached / before).toFixed(2)} times as many; held accounts: ${(after / cached).toFixed(2)}`);
  const signMs = signing(generateKeyPairSync('ed25519').privateKey);
  console.log(
    `a receipt: ${(signMs * 1000).toFixed(0)} µs; without receipts ${(1 / (1 / after - signMs / 1000)).toFixed(0)} messages a core-second, with them ${(1 - (signMs / 1000) * after).toFixed(3)} of that`,
  );
  office.close();
  await server.close();
}

async function prepare(office: TestOffice): Promise<Prepared> {
  const { citizen, conversation, conversationId } = await openScene(office);
  const session = citizen.session;
  if (!session) throw new Error('the citizen is signed in');
  const caller: Caller = {
    ...session,
    sessionId: newId(),
    deviceId: idOf(citizen.gim.device.deviceId),
    inboxId: null,
    inboxRoles: new Map(),
  };
  return {
    conversationId,
    caller,
    envelopes: Array.from({ length: messagesEach }, (_, index) => conversation.send(citizen.gim, `message ${index}`)),
  };
}

/** Milliseconds one receipt takes to sign. */
function signing(key: KeyObject): number {
  const claim = { conversationId: new Uint8Array(16), position: 7, run: new Uint8Array(32) };
  const count = 2_000;
  const { user } = process.cpuUsage();
  for (let index = 0; index < count; index += 1) Receipts.sign(key, claim);
  return (process.cpuUsage().user - user) / 1000 / count;
}

await main();
