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

/** A passkey as its owner sees it in his list. */
export interface KeptPasskey {
  readonly credentialId: string;
  readonly transports: readonly string[];
  readonly backupEligible: boolean;
  /** Sealed under the account's key. */
  readonly label: Uint8Array | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
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
    label: Uint8Array | null;
    createdAt: Date;
    lastUsedAt: Date | null;
  };
  accounts: { accountId: AccountId; handle: Uint8Array | null; role: Role; disabledAt: Date | null };
};

export class PasskeyStore {
  readonly #database;

  constructor(database: Database) {
    this.#database = database.withTables<Tables>();
  }

  /** Refused with the name of the key when somebody has it already. */
  async add(
    { credentialId, accountId, publicKey, counter, transports, backupEligible, backedUp }: Omit<Passkey, 'handle'>,
    label: Uint8Array | null,
  ): Promise<void> {
    await this.#database
      .insertInto('passkeys')
      .values({
        credentialId,
        accountId,
        publicKey,
        counter,
        transports,
        backupEligible,
        backedUp,
        label,
        createdAt: sql`now()`,
        lastUsedAt: sql`now()`,
      })
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

  /** The oldest first. */
  async list(accountId: AccountId): Promise<KeptPasskey[]> {
    return await this.#database
      .selectFrom('passkeys')
      .select(['credentialId', 'transports', 'backupEligible', 'label', 'createdAt', 'lastUsedAt'])
      .where('accountId', '=', accountId)
      .orderBy('createdAt')
      .orderBy('credentialId')
      .execute();
  }

  /** False when the account has no such passkey. */
  async rename(accountId: AccountId, credentialId: string, label: Uint8Array | null): Promise<boolean> {
    const { numUpdatedRows } = await this.#database
      .updateTable('passkeys')
      .set({ label })
      .where('accountId', '=', accountId)
      .where('credentialId', '=', credentialId)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  async remove(accountId: AccountId, credentialIds: readonly string[]): Promise<void> {
    await this.#database
      .deleteFrom('passkeys')
      .where('accountId', '=', accountId)
      .where('credentialId', '=', sql<string>`any(${credentialIds}::text[])`)
      .execute();
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
