import { openAccount } from '../../client/app/account.ts';
import { openMessenger, type Messenger } from '../../client/conversations/messenger.ts';
import type { Http } from '../../client/net/http.ts';
import { type Lock, memoryLock } from '../../client/net/lock.ts';
import { createAccountKeys } from '../../client/storage/account-keys.ts';
import type { Alarm } from '../../client/storage/alarm.ts';
import type { Database } from '../../client/storage/database.ts';
import { createEntryCache } from '../../client/storage/entry-cache.ts';
import { memoryDatabase } from '../../client/storage/memory-database.ts';
import { createOutboxStore } from '../../client/storage/outbox-store.ts';
import { createTexts } from '../../client/storage/texts.ts';
import { openVault } from '../../client/storage/vault.ts';
import { type Chance, LossyLine } from './lossy-line.ts';
import type { Member, MemoryServer } from './memory-server.ts';

/** What a browser keeps over a reload: its database, with the device's keys in it. */
export interface Browser {
  readonly database: Database;
  readonly lock: Lock;
  readonly member: Member;
}

export interface Page {
  readonly messenger: Messenger;
  readonly line: LossyLine;
  readonly alarms: Alarm[];
  close(): void;
}

const reliable: Chance = { delay: () => 1, isLost: () => false, isDoubled: () => false };

export async function openBrowser(member: Member): Promise<Browser> {
  const database = memoryDatabase();
  const { accountId, deviceId } = member.session;
  if (deviceId === null) throw new Error('a member has a device');
  const accountKeys = createAccountKeys({ database, vault: await openVault(database) });
  await accountKeys.add({ accountId, deviceId, credentialIds: [], seed: member.person.device.seed });
  return { database, lock: memoryLock(), member };
}

/** Loads the page: everything that is not in the browser's database is new. */
export async function openPage(server: MemoryServer, { database, lock, member }: Browser, chance: Chance = reliable): Promise<Page> {
  const line = new LossyLine(server, member, chance);
  const alarms: Alarm[] = [];
  const vault = await openVault(database);
  const { request, on } = line;
  const { session } = member;
  const { accountId } = session;
  const account = await openAccount({
    session,
    request: async (name, payload) => server.answer(name, payload, member),
    http: registryOnly(server),
    database,
    accountKeys: createAccountKeys({ database, vault }),
    raise: (alarm) => void alarms.push(alarm),
  });
  if (!account) throw new Error('the browser holds the keys');
  const messenger = await openMessenger({
    request,
    on,
    connection: line.state,
    reader: account.reader,
    cache: createEntryCache({ database, accountId }),
    outboxStore: createOutboxStore({ database, vault, accountId }),
    ...createTexts({ database, vault, accountId }),
    lock,
    onInboxChanged: async (inboxId) => void (await account.inboxChains.load(inboxId, { fresh: true })),
  });
  const close = () => {
    messenger.close();
    line.close();
  };
  return { messenger, line, alarms, close };
}

function registryOnly(server: MemoryServer): Http {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return (async () => server.registry) as unknown as Http;
}
