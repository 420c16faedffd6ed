import { sql } from 'kysely';
import type { Database } from '../platform/database.ts';
import type { AccountId, DeviceId, OfficeId } from '../protocol/ids.ts';
import type { Role } from '../protocol/roles.ts';

export interface Account {
  readonly accountId: AccountId;
  /** WebAuthn user handle; null for accounts without passkeys. */
  readonly handle: Uint8Array | null;
  readonly role: Role;
  readonly displayName: string | null;
  readonly officeId: OfficeId | null;
}

export interface UserLink {
  readonly accountId: AccountId;
  readonly seqno: number;
  readonly link: Uint8Array;
}

/** One generation of an account's key; the boxes that hold its seed are beside it. */
export interface UserGeneration {
  readonly accountId: AccountId;
  readonly generation: number;
  readonly previousBox: Uint8Array | null;
}

/** A generation's seed, sealed to one device. */
export interface UserBox {
  readonly accountId: AccountId;
  readonly generation: number;
  readonly deviceId: DeviceId;
  readonly box: Uint8Array;
}

type Tables = {
  accounts: Account & { disabledAt: Date | null };
  userLinks: UserLink;
  userGenerations: UserGeneration;
  userBoxes: UserBox;
};

/** Accounts, their chains of keys, and the boxes beside them. */
export class AccountStore {
  readonly #database;

  constructor(database: Database) {
    this.#database = database.withTables<Tables>();
  }

  /** Refused with the name of the key when it is there already; so are links, generations and boxes. */
  async add(account: Account): Promise<void> {
    await this.#database.insertInto('accounts').values(account).execute();
  }

  async addLink(link: UserLink): Promise<void> {
    await this.#database.insertInto('userLinks').values(link).execute();
  }

  async addGeneration(generation: UserGeneration): Promise<void> {
    await this.#database.insertInto('userGenerations').values(generation).execute();
  }

  async addBoxes(boxes: readonly UserBox[]): Promise<void> {
    if (boxes.length > 0) await this.#database.insertInto('userBoxes').values(boxes).execute();
  }

  /**
   * Until the transaction ends: nobody else extends the account's chain ('update'), or nobody at all does ('share'). In the order of the
   * ids, so that two who lock several wait for each other one way only. False when an account is not there.
   */
  async lock(accountIds: readonly AccountId[], strength: 'update' | 'share'): Promise<boolean> {
    const wanted = new Set(accountIds);
    const query = this.#database
      .selectFrom('accounts')
      .select('accountId')
      .where('accountId', '=', sql<AccountId>`any(${[...wanted]}::text[])`)
      .orderBy('accountId');
    return (await (strength === 'update' ? query.forNoKeyUpdate() : query.forShare()).execute()).length === wanted.size;
  }

  /** Those that are enabled. */
  async find(accountIds: readonly AccountId[]): Promise<Account[]> {
    return await this.#database
      .selectFrom('accounts')
      .select(['accountId', 'handle', 'role', 'displayName', 'officeId'])
      .where('accountId', '=', sql<AccountId>`any(${accountIds}::text[])`)
      .where('disabledAt', 'is', null)
      .execute();
  }

  /** Names of accounts, disabled ones too: what they signed is still there to be verified. */
  async findNames(accountIds: readonly AccountId[]): Promise<{ accountId: AccountId; displayName: string | null }[]> {
    return await this.#database
      .selectFrom('accounts')
      .select(['accountId', 'displayName'])
      .where('accountId', '=', sql<AccountId>`any(${accountIds}::text[])`)
      .execute();
  }

  /** People of an office who answer citizens. */
  async findOfficials(officeId: OfficeId): Promise<{ accountId: AccountId; officeId: OfficeId; displayName: string }[]> {
    const rows = await this.#database
      .selectFrom('accounts')
      .select(['accountId', 'displayName'])
      .where('officeId', '=', officeId)
      .where('role', '=', 'official')
      .where('disabledAt', 'is', null)
      .orderBy('displayName')
      .execute();
    return rows.map(({ accountId, displayName }) => ({ accountId, officeId, displayName: displayName ?? '' }));
  }

  /** Number of the newest link; 0 when there is no such account. */
  async findHead(accountId: AccountId): Promise<number> {
    const row = await this.#database
      .selectFrom('userLinks')
      .select((select) => select.fn.max('seqno').as('head'))
      .where('accountId', '=', accountId)
      .executeTakeFirst();
    return row?.head ?? 0;
  }

  /** Every account's links beyond those already known, oldest first. */
  async findLinks(known: readonly { readonly accountId: AccountId; readonly seqno: number }[]): Promise<UserLink[]> {
    const { rows } = await sql<UserLink>`
      select links.account_id, links.seqno, links.link
      from unnest(${known.map((chain) => chain.accountId)}::text[], ${known.map((chain) => chain.seqno)}::integer[]) as known (account_id, seqno)
      join user_links as links on links.account_id = known.account_id and links.seqno > known.seqno
      order by links.account_id, links.seqno`.execute(this.#database);
    return rows;
  }

  /** Citizens in whose chain a device of this id has been. */
  async findByDevice(deviceId: DeviceId): Promise<AccountId[]> {
    const rows = await this.#database
      .selectFrom('userBoxes')
      .innerJoin('accounts', 'accounts.accountId', 'userBoxes.accountId')
      .select('accounts.accountId')
      .distinct()
      .where('deviceId', '=', deviceId)
      .where('role', '=', 'citizen')
      .where('disabledAt', 'is', null)
      .execute();
    return rows.map(({ accountId }) => accountId);
  }

  /** Newest generation first; `box` is the device's own, or null. */
  async findBoxes(
    accountId: AccountId,
    deviceId: DeviceId,
  ): Promise<{ generation: number; box: Uint8Array | null; previousBox: Uint8Array | null }[]> {
    return await this.#database
      .selectFrom('userGenerations as generations')
      .leftJoin('userBoxes as boxes', (join) =>
        join
          .onRef('boxes.accountId', '=', 'generations.accountId')
          .onRef('boxes.generation', '=', 'generations.generation')
          .on('boxes.deviceId', '=', deviceId),
      )
      .select(['generations.generation', 'box', 'previousBox'])
      .where('generations.accountId', '=', accountId)
      .orderBy('generations.generation', 'desc')
      .execute();
  }
}
