import { sql } from 'kysely';
import type { Database } from '../platform/database.ts';
import type { AccountId, OfficeId } from '../protocol/ids.ts';
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

/** The boxes that came with one generation of an account's key. */
export interface UserBoxes {
  readonly accountId: AccountId;
  readonly generation: number;
  readonly previousBox: Uint8Array | null;
  readonly boxes: readonly { readonly deviceId: string; readonly box: Uint8Array }[];
}

type Tables = {
  accounts: Account & { disabledAt: Date | null };
  userLinks: UserLink;
  userGenerations: { accountId: AccountId; generation: number; previousBox: Uint8Array | null };
  userBoxes: { accountId: AccountId; generation: number; deviceId: string; box: Uint8Array };
};

/** Accounts, their chains of keys, and the boxes beside them. */
export class AccountStore {
  readonly #database;

  constructor(database: Database) {
    this.#database = database.withTables<Tables>();
  }

  /** Refused with the name of the key when account, link or generation is there already. */
  async add(account: Account, root: Uint8Array, { generation, previousBox, boxes, accountId }: UserBoxes): Promise<void> {
    await this.#database.insertInto('accounts').values(account).execute();
    await this.#database.insertInto('userLinks').values({ accountId, seqno: 1, link: root }).execute();
    await this.#database.insertInto('userGenerations').values({ accountId, generation, previousBox }).execute();
    await this.#database
      .insertInto('userBoxes')
      .values(boxes.map((box) => ({ ...box, accountId, generation })))
      .execute();
  }

  async find(accountIds: readonly AccountId[]): Promise<Account[]> {
    return await this.#database
      .selectFrom('accounts')
      .select(['accountId', 'handle', 'role', 'displayName', 'officeId'])
      .where('accountId', '=', sql<AccountId>`any(${accountIds}::text[])`)
      .where('disabledAt', 'is', null)
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

  /** Every account's links beyond those already known, oldest first. */
  async findLinks(known: readonly { readonly accountId: AccountId; readonly seqno: number }[]): Promise<UserLink[]> {
    const { rows } = await sql<UserLink>`
      select links.account_id, links.seqno, links.link
      from unnest(${known.map((chain) => chain.accountId)}::text[], ${known.map((chain) => chain.seqno)}::integer[]) as known (account_id, seqno)
      join user_links as links on links.account_id = known.account_id and links.seqno > known.seqno
      order by links.account_id, links.seqno`.execute(this.#database);
    return rows;
  }

  /** Newest generation first; `box` is the device's own, or null. */
  async findBoxes(
    accountId: AccountId,
    deviceId: string,
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
