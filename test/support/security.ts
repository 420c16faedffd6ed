import { createDirectory } from '../../client/account/directory.ts';
import type { FollowOwnKey } from '../../client/account/extend-account.ts';
import { type Keyring, openKeyring } from '../../client/account/keyring.ts';
import { createPasskeys } from '../../client/account/passkeys.ts';
import { openSecurity, type Security } from '../../client/account/security.ts';
import { createConfirmation } from '../../client/account/step-up.ts';
import { Subject } from '../../client/net/observable.ts';
import type { Subscribe } from '../../client/net/subscribe.ts';
import type { Alarm } from '../../client/storage/alarm.ts';
import { createChainStore } from '../../client/storage/chain-store.ts';
import type { Database } from '../../client/storage/database.ts';
import { createKnownDevices } from '../../client/storage/known-devices.ts';
import { memoryDatabase } from '../../client/storage/memory-database.ts';
import { openVault } from '../../client/storage/vault.ts';
import { Authenticator } from './authenticator.ts';
import type { Line, Somebody } from './people.ts';

/** Somebody's security page without the page. */
export interface SecurityDesk {
  readonly security: Security;
  readonly keyring: Keyring;
  readonly line: Line;
  readonly database: Database;
  readonly alarms: readonly Alarm[];
  /** How often a passkey was shown. */
  readonly shown: { count: number };
  /** The passkeys made here, the newest last. */
  readonly made: Authenticator[];
  close(): void;
}

/** Opens it in the browser that holds the keys of `somebody`, who is signed in. */
export async function openSecurityDesk(
  somebody: Somebody,
  {
    followOwnKey = async () => [],
    database = memoryDatabase(),
  }: { readonly followOwnKey?: FollowOwnKey; readonly database?: Database } = {},
): Promise<SecurityDesk> {
  const line = await somebody.connect();
  const { request } = line;
  const { accountId, http } = somebody;
  const alarms: Alarm[] = [];
  const shown = { count: 0 };
  const made: Authenticator[] = [];
  const passkeys = createPasskeys({
    startRegistration: async ({ optionsJSON }) => {
      const authenticator = new Authenticator({ origin: somebody.server.origin });
      made.push(authenticator);
      return authenticator.create(optionsJSON);
    },
    startAuthentication: async ({ optionsJSON }) => {
      shown.count += 1;
      return somebody.authenticator.get(optionsJSON);
    },
  });
  const chains = createChainStore(database);
  const directory = createDirectory({ request, chains, raise: (alarm) => void alarms.push(alarm) });
  const keyring = await openKeyring({ accountId, device: somebody.gim.device, request, chains, directory });
  const confirmation = createConfirmation({
    http,
    passkeys,
    confirmedUntil: somebody.session?.confirmedUntil ?? 0,
  });
  const security = openSecurity({
    request,
    on: listenTo(line),
    connection: new Subject({ status: 'connected' as const }),
    http,
    passkeys,
    hand: keyring,
    loadLinks: async () => (await chains.load(accountId))?.links ?? [],
    followOwnKey,
    confirmation,
    protection: 'browser',
    known: createKnownDevices({ database, vault: await openVault(database), accountId }),
  });
  return { security, keyring, line, database, alarms, shown, made, close: () => security.close() };
}

function listenTo({ socket }: Line): Subscribe {
  return (name, listener) => {
    // Socket.IO's types cannot follow a generic event name.
    const heard = listener as (...facts: unknown[]) => void;
    socket.on(name as 'account:changed', heard);
    return () => void socket.off(name as 'account:changed', heard);
  };
}
