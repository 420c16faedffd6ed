import { openAccount } from '../../client/app/account.ts';
import { deviceFromSeed } from '../../client/crypto/device.ts';
import { createFileTasks } from '../../client/attachments/file-tasks.ts';
import { blobStaging } from '../../client/attachments/staging.ts';
import { openMessenger, type Messenger } from '../../client/conversations/messenger.ts';
import { createAttachmentTransfer } from '../../client/net/attachment-transfer.ts';
import type { Http } from '../../client/net/http.ts';
import { type Lock, memoryLock } from '../../client/net/lock.ts';
import type { Alarm } from '../../client/storage/alarm.ts';
import type { Database } from '../../client/storage/database.ts';
import { createConversationMarks } from '../../client/storage/conversation-marks.ts';
import { createEntryCache } from '../../client/storage/entry-cache.ts';
import { memoryDatabase } from '../../client/storage/memory-database.ts';
import { createOutboxStore } from '../../client/storage/outbox-store.ts';
import { createTexts } from '../../client/storage/texts.ts';
import { createUploadStore } from '../../client/storage/upload-store.ts';
import { openVault } from '../../client/storage/vault.ts';
import { type Chance, LossyLine } from './lossy-line.ts';
import type { Member, MemoryServer } from './memory-server.ts';

/** What a browser keeps over a reload: its database. The device's keys are the member's. */
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

export function openBrowser(member: Member): Browser {
  return { database: memoryDatabase(), lock: memoryLock(), member };
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
    device: deviceFromSeed(Uint8Array.from(member.person.device.seed), 'browser'),
    request: async (name, payload) => server.answer(name, payload, member),
    http: registryOnly(server),
    database,
    raise: (alarm) => void alarms.push(alarm),
  });
  const messenger = await openMessenger({
    request,
    on,
    connection: line.state,
    reader: account.reader,
    cache: createEntryCache({ database, accountId }),
    marks: createConversationMarks({ database, accountId }),
    receiptKey: account.registry.receiptKey,
    raise: (alarm) => void alarms.push(alarm),
    outboxStore: createOutboxStore({ database, vault, accountId }),
    files: { store: createUploadStore({ database, vault, accountId }), tasks: createFilesOfNobody() },
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

/** This server takes messages only. */
function createFilesOfNobody() {
  const transfer = createAttachmentTransfer({ origin: 'http://localhost', fetch: async () => Promise.reject(new Error('no files here')) });
  return createFileTasks({ staging: async () => blobStaging(), transfer, pictures: null });
}
