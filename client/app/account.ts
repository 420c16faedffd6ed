import type { SessionView } from '../../server/protocol/accounts.ts';
import { idOf } from '../../server/protocol/ids.ts';
import { createDirectory, type Directory } from '../account/directory.ts';
import { type Keyring, openKeyring } from '../account/keyring.ts';
import type { Reader } from '../conversations/reader.ts';
import { createInboxChains, type InboxChains } from '../inbox/inbox-chain.ts';
import { createInboxKeys, type InboxKeys } from '../inbox/inbox-keys.ts';
import { createRegistry } from '../inbox/registry.ts';
import type { Http } from '../net/http.ts';
import type { RequestFunction } from '../net/request.ts';
import type { AccountKeys } from '../storage/account-keys.ts';
import type { RaiseAlarm } from '../storage/alarm.ts';
import { createChainStore } from '../storage/chain-store.ts';
import type { Database } from '../storage/database.ts';
import { createRegistryPin } from '../storage/registry-pin.ts';
import { createReader } from './reader.ts';

/** An account with its keys, and everybody it can verify. */
export interface Account {
  readonly session: SessionView;
  readonly keyring: Keyring;
  readonly directory: Directory;
  readonly inboxChains: InboxChains;
  readonly inboxKeys: InboxKeys;
  readonly reader: Reader;
}

export interface AccountOptions {
  readonly session: SessionView;
  readonly http: Http;
  readonly request: RequestFunction;
  readonly database: Database;
  readonly accountKeys: AccountKeys;
  readonly raise: RaiseAlarm;
}

/** Null when this browser holds no keys of the account, or the session is not bound to them. Throws a CryptoError or a RequestError. */
export async function openAccount({ session, http, request, database, accountKeys, raise }: AccountOptions): Promise<Account | null> {
  const record = await accountKeys.find(session.accountId);
  if (!record || record.deviceId !== session.deviceId) return null;
  const chains = createChainStore(database);
  const directory = createDirectory({ request, chains, raise });
  const keyring = await openKeyring({ record, accountKeys, request, chains, directory });
  const inboxChains = createInboxChains({
    request,
    chains,
    raise,
    registryPks: createRegistry({ http, pin: createRegistryPin(database), raise }),
    loadUsers: async (accountIds) => await directory.load(accountIds),
    findUser: (userId) => directory.find(idOf(userId))?.chain,
  });
  const inboxKeys = createInboxKeys({ request, chains, inboxChains, userId: keyring.userId, userKeys: () => keyring.generations() });
  const reader = createReader({ session, keyring, directory, inboxChains, inboxKeys });
  return { session, keyring, directory, inboxChains, inboxKeys, reader };
}
