import { idOf } from '../../server/protocol/ids.ts';
import type { DeviceHere } from '../account/keys-here.ts';
import type { Passkeys } from '../account/passkeys.ts';
import type { Security } from '../account/security.ts';
import { createFileTasks, type FileTasks } from '../attachments/file-tasks.ts';
import { blobStaging } from '../attachments/staging.ts';
import type { CallIdentities } from '../calls/people/call-identities.ts';
import { type Messenger, openMessenger } from '../conversations/messenger.ts';
import type { Reader } from '../conversations/reader.ts';
import { Registrar } from '../inbox/registrar.ts';
import { createTeams, type Teams } from '../inbox/teams.ts';
import { createAttachmentTransfer } from '../net/attachment-transfer.ts';
import type { Http } from '../net/http.ts';
import type { Lock } from '../net/lock.ts';
import type { Connection } from '../net/socket.ts';
import type { RaiseAlarm } from '../storage/alarm.ts';
import { type Comparisons, createComparisons } from '../storage/comparisons.ts';
import { createConversationMarks } from '../storage/conversation-marks.ts';
import { createEntryCache } from '../storage/entry-cache.ts';
import { createInvitationSecrets } from '../storage/invitation-secrets.ts';
import { createOutboxStore } from '../storage/outbox-store.ts';
import { createTexts } from '../storage/texts.ts';
import { createUploadStore } from '../storage/upload-store.ts';
import { openAccountSecurity } from './account-security.ts';
import type { Account } from './account.ts';
import { createCallIdentities } from './call-identities.ts';
import { type CoreRetention, openCoreRetention } from './core-retention.ts';

/** What a session has opened: the account's conversations, its safety, and the teams it may belong to. */
export interface CoreMessenger extends Messenger {
  readonly security: Security;
  readonly teams: Teams;
  readonly registrar: Registrar;
  readonly retention: CoreRetention['retention'];
  /** Who this account is in calls, and how it knows the others. */
  readonly callIdentities: CallIdentities;
  /** What is remembered of comparing calls' numbers with people. */
  readonly comparisons: Comparisons;
}

export interface CoreMessengerOptions {
  readonly here: DeviceHere;
  readonly account: Account;
  readonly connection: Connection;
  readonly http: Http;
  readonly passkeys: Passkeys;
  readonly fileTasks: (options: { readonly isPassing: boolean }) => FileTasks;
  readonly lock: Lock;
  readonly raise: RaiseAlarm;
  readonly now: () => number;
}

/** Brings an account to life whose keys are at hand. The caller closes the account itself. */
export async function openCoreMessenger(options: CoreMessengerOptions): Promise<CoreMessenger> {
  const { here, account, connection, http, passkeys, fileTasks, lock, raise, now } = options;
  const { storage, session } = here;
  const { accountId } = session;
  const line = { request: connection.request, on: connection.on, connection: connection.state };
  const secrets = createInvitationSecrets({ ...storage, accountId });
  const security = openAccountSecurity({ ...line, account, here, http, passkeys, now });
  const teams = createTeams({ ...line, account, secrets, now });
  const { keyring: own, directory: people, registrars: loadRegistrars } = account;
  const registrar = new Registrar({ ...line, own, people, loadRegistrars, now });
  const reader: Reader = {
    ...account.reader,
    readersWanted: async (parties, ...rest) => {
      teams.audit.requireSound(idOf(parties.inboxId));
      return await account.reader.readersWanted(parties, ...rest);
    },
  };
  const messenger = await openMessenger({
    ...line,
    reader,
    cache: createEntryCache({ database: storage.database, accountId }),
    marks: createConversationMarks({ database: storage.database, accountId }),
    receiptKey: async () => await account.registry.receiptKey(),
    raise,
    outboxStore: createOutboxStore({ ...storage, accountId }),
    files: { store: createUploadStore({ ...storage, accountId }), tasks: fileTasks({ isPassing: storage.isPassing }) },
    ...createTexts({ ...storage, accountId }),
    lock,
    now,
    onInboxChanged: async (inboxId) => void (await account.inboxChains.load(inboxId, { fresh: true })),
  });
  const cuts = openCoreRetention({ ...line, account, reader, onForgotten: () => messenger.forgetKeys(), now });
  return {
    ...messenger,
    security,
    teams,
    registrar,
    retention: (inboxId) => cuts.retention(inboxId),
    callIdentities: createCallIdentities(account, (conversationId) => messenger.conversation(conversationId)),
    comparisons: createComparisons({ ...storage, accountId }),
    close: () => {
      cuts.close();
      registrar.close();
      security.close();
      teams.close();
      messenger.close();
    },
  };
}

/** Work on files in this thread: for programs. */
export function fileTasksHere({ origin, fetch }: { readonly origin: string; readonly fetch: typeof globalThis.fetch }): FileTasks {
  // One staging for sealing and sending: what the one puts there the other takes from there.
  const staging = blobStaging();
  return createFileTasks({ staging: async () => staging, transfer: createAttachmentTransfer({ origin, fetch }), pictures: null });
}
