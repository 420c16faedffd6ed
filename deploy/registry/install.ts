import { createAccounts } from '../../server/accounts/accounts.ts';
import { createOwner } from '../../server/accounts/new-account.ts';
import { toSignedLink } from '../../client/net/wire.ts';
import { addRegistryKeys, createInbox } from '../../server/offices/new-office.ts';
import { AppError } from '../../server/platform/app-error.ts';
import { type Database, openDatabase } from '../../server/platform/database.ts';
import { startEmbeddedPostgres } from '../../server/platform/embedded-postgres.ts';
import { createLog } from '../../server/platform/log.ts';
import { migrate } from '../../server/platform/migrate.ts';
import { idOf } from '../../server/protocol/ids.ts';
import { replayUserChain } from '../../server/protocol/user-chain.ts';
import { dataDirectory } from '../directories.ts';
import type { Paper } from './papers.ts';

/** Says once which keys the registry has: every client pins them at its first visit. */
export async function trustRegistry(database: Database, registryPks: readonly Uint8Array[]): Promise<void> {
  await addRegistryKeys(database, registryPks);
}

/** The owner's account: its device key signs in, it has no passkey. One that is there already stays as it is. */
export async function installOwner(database: Database, { name, root }: Paper<'owner'>): Promise<void> {
  const accountId = idOf<'account'>(replayUserChain([root.link]).userId);
  const known = await createAccounts({ database }).loadChains(database, [accountId]);
  if (!known.has(accountId)) await createOwner(database, { root: toSignedLink(root), displayName: name });
}

/** A finished inbox, verified like any link before it is stored. Its owners are installed already. */
export async function installInbox(database: Database, { root }: Paper<'inbox'>): Promise<string> {
  try {
    return await createInbox(database, toSignedLink(root), { loadUserChains: createAccounts({ database }).loadChains });
  } catch (error) {
    if (error instanceof AppError)
      throw new Error(
        `The server does not accept this inbox: ${error.message}. Are its owners installed and the registry's keys trusted?`,
        {
          cause: error,
        },
      );
    throw error;
  }
}

/** The installation's database, migrated: DATABASE_URL, or the embedded one, which may be running already. */
export async function withDatabase<Value>(env: NodeJS.ProcessEnv, task: (database: Database) => Promise<Value>): Promise<Value> {
  const given = env['DATABASE_URL'];
  const embedded = given ? null : await startEmbeddedPostgres({ dataDir: dataDirectory(env), log: console.log });
  const url = given || embedded?.url || '';
  await migrate({ url });
  const database = openDatabase({ url, log: createLog('silent'), maxConnections: 2 });
  try {
    return await task(database);
  } finally {
    await database.destroy();
    await embedded?.stop();
  }
}
