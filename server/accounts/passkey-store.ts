import { sql } from 'kysely';
import type { Database } from '../platform/database.ts';
import type { AccountId } from '../protocol/ids.ts';
import type { Role } from '../protocol/roles.ts';

export interface Passkey {
  /** Base64url, as WebAuthn names it. */
  readonly credentialId: string;
  readonly accountId: AccountId;
  /** The account's WebAuthn user handle. */
  readonly handle: Uint8Array;
  /** COSE key. */
  readonly publicKey: Uint8Array;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly backupEligible: boolean;
  readonly backedUp: boolean;
}

type Tables = {
  passkeys: {
    credentialId: string;
    accountId: AccountId;
    publicKey: Uint8Array;
    counter: number;
    transports: readonly string[];
    backupEligible: boolean;
    backedUp: boolean;
    lastUsedAt: Date | null;
  };
  accounts: { accountId: AccountId; handle: Uint8Array | null; role: Role; disabledAt: Date | null };
};

export class PasskeyStore {
  readonly #database;

  constructor(database: Database) {
    this.#database = database.withTables<Tables>();
  }

  async add({ credentialId, accountId, publicKey, counter, transports, backupEligible, backedUp }: Omit<Passkey, 'handle'>): Promise<void> {
    await this.#database
      .insertInto('passkeys')
      .values({ credentialId, accountId, publicKey, counter, transports, backupEligible, backedUp, lastUsedAt: sql`now()` })
      .execute();
  }

  /** With the account's role; null when there is no such passkey or the account is disabled. */
  async find(credentialId: string): Promise<(Passkey & { readonly role: Role }) | null> {
    const row = await this.#database
      .selectFrom('passkeys')
      .innerJoin('accounts', 'accounts.accountId', 'passkeys.accountId')
      .select(['credentialId', 'passkeys.accountId', 'handle', 'publicKey', 'transports', 'backupEligible', 'backedUp', 'role'])
      .select(sql<number>`counter::float8`.as('counter'))
      .where('credentialId', '=', credentialId)
      .where('disabledAt', 'is', null)
      .executeTakeFirst();
    return row?.handle ? { ...row, handle: row.handle } : null;
  }

  /** False when the counter does not go up: of two sign-ins with the same one, one has a copy of the key (K07). */
  async use(credentialId: string, { counter, backedUp }: { counter: number; backedUp: boolean }): Promise<boolean> {
    const { numUpdatedRows } = await this.#database
      .updateTable('passkeys')
      .set({ counter, backedUp, lastUsedAt: sql`now()` })
      .where('credentialId', '=', credentialId)
      // Passkeys that are synchronised do not count: theirs stays 0.
      .where((where) =>
        where.or([where('counter', '<', counter), where.and([where('counter', '=', 0), where(sql<number>`${counter}::bigint`, '=', 0)])]),
      )
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }
}
