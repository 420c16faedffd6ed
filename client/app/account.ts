import type { SessionView } from '../../server/protocol/accounts.ts';
import { idOf } from '../../server/protocol/ids.ts';
import { createDirectory, type Directory } from '../account/directory.ts';
import { createRegistrars, type LoadRegistrars } from '../account/registrars.ts';
import { type Keyring, openKeyring } from '../account/keyring.ts';
import type { DeviceKeys } from '../crypto/device.ts';
import type { Reader } from '../conversations/reader.ts';
import { createInboxChains, type InboxChains } from '../inbox/inbox-chain.ts';
import { createInboxKeys, type InboxKeys } from '../inbox/inbox-keys.ts';
import { createRegistry, type Registry } from '../inbox/registry.ts';
import type { Http } from '../net/http.ts';
import type { RequestFunction } from '../net/request.ts';
import type { RaiseAlarm } from '../storage/alarm.ts';
import { type ChainStore, createChainStore } from '../storage/chain-store.ts';
import type { Database } from '../storage/database.ts';
import { createRegistryPin } from '../storage/registry-pin.ts';
import { createReader } from './reader.ts';

/** Everybody whose chains this browser can verify. */
export interface People {
  readonly chains: ChainStore;
  readonly directory: Directory;
  readonly inboxChains: InboxChains;
  readonly registry: Registry;
  readonly registrars: LoadRegistrars;
}

/** An account with its keys, and everybody it can verify. */
export interface Account extends People {
  readonly session: SessionView;
  readonly keyring: Keyring;
  readonly inboxKeys: InboxKeys;
  readonly reader: Reader;
}

export interface PeopleOptions {
  readonly http: Http;
  readonly request: RequestFunction;
  /** Where what was seen of them is kept. */
  readonly database: Database;
  readonly raise: RaiseAlarm;
  readonly now?: () => number;
}

export interface AccountOptions extends PeopleOptions {
  readonly session: SessionView;
  /** The one the session is bound to. */
  readonly device: DeviceKeys;
}

export function createPeople({ http, request, database, raise, now = Date.now }: PeopleOptions): People {
  const chains = createChainStore(database);
  const registry = createRegistry({ http, pin: createRegistryPin(database), raise });
  const registryPks = async () => await registry.keys();
  const registrars = createRegistrars({ request, registryPks, findInbox: async () => await registry.registrars(), now });
  const directory = createDirectory({ request, chains, raise, registrars, now });
  const inboxChains = createInboxChains({
    request,
    chains,
    raise,
    registryPks,
    loadUsers: async (accountIds, { fresh = false } = {}) => await directory.load(accountIds, fresh ? { maxAgeMs: 0 } : {}),
    findUser: (userId) => directory.find(idOf(userId))?.chain,
  });
  return { chains, directory, inboxChains, registry, registrars };
}

/** The account of the session, with the keys of the session's device. Throws a CryptoError or a RequestError. */
export async function openAccount({ session, device, ...options }: AccountOptions): Promise<Account> {
  const { request } = options;
  const people = createPeople(options);
  const { chains, directory, inboxChains } = people;
  const keyring = await openKeyring({ accountId: session.accountId, device, request, chains, directory });
  const inboxKeys = createInboxKeys({ request, chains, inboxChains, userId: keyring.userId, userKeys: () => keyring.generations() });
  const reader = createReader({ session, keyring, directory, inboxChains, inboxKeys });
  return { ...people, session, keyring, inboxKeys, reader };
}
