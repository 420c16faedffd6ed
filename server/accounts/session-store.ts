import { sql } from 'kysely';
import type { SessionCaller } from '../platform/caller.ts';
import type { Database } from '../platform/database.ts';
import type { AccountId, DeviceId, OfficeId, SessionId } from '../protocol/ids.ts';
import type { Role } from '../protocol/roles.ts';

type Tables = {
  sessions: {
    sessionId: SessionId;
    tokenHash: Uint8Array;
    accountId: AccountId;
    deviceId: DeviceId | null;
    createdAt: Date;
    lastSeenAt: Date;
    expiresAt: Date;
  };
  accounts: { accountId: AccountId; role: Role; displayName: string | null; officeId: OfficeId | null; disabledAt: Date | null };
};

/** How long a session lasts without anything being done, and in all (NIST 800-63B-4 §2.2.3, §2.3.3). */
const lifetimeOf = (role: Role): { idleMinutes: number; hours: number } =>
  role === 'citizen' ? { idleMinutes: 60, hours: 24 } : { idleMinutes: 15, hours: 12 };

export interface NewSession {
  readonly sessionId: SessionId;
  readonly tokenHash: Uint8Array;
  readonly accountId: AccountId;
  readonly role: Role;
  readonly deviceId: DeviceId | null;
}

/** A session as it stands; `isOver` by the database's clock. */
export type SessionRow = SessionCaller & { readonly isOver: boolean };

/** Sessions in SQL: what ends there has ended, on every node. All times are the database's. */
export class SessionStore {
  readonly #database;

  constructor(database: Database) {
    this.#database = database.withTables<Tables>();
  }

  async add({ sessionId, tokenHash, accountId, role, deviceId }: NewSession): Promise<void> {
    const expiresAt = sql<Date>`now() + make_interval(hours => ${lifetimeOf(role).hours})`;
    await this.#database
      .insertInto('sessions')
      .values({ sessionId, tokenHash, accountId, deviceId, expiresAt, createdAt: sql`now()`, lastSeenAt: sql`now()` })
      .execute();
  }

  async findByToken(tokenHash: Uint8Array): Promise<SessionRow | null> {
    return (await this.#rows().where('tokenHash', '=', tokenHash).executeTakeFirst()) ?? null;
  }

  async find(sessionIds: readonly SessionId[]): Promise<SessionRow[]> {
    return await this.#rows()
      .where('sessionId', '=', sql<SessionId>`any(${sessionIds}::text[])`)
      .execute();
  }

  /** The ids of those that were there. */
  async removeByToken(tokenHash: Uint8Array): Promise<SessionId | null> {
    const removed = await this.#database
      .deleteFrom('sessions')
      .where('tokenHash', '=', tokenHash)
      .returning('sessionId')
      .executeTakeFirst();
    return removed?.sessionId ?? null;
  }

  /** The idle time begins anew, unless the session is over already. */
  async touch(sessionIds: readonly SessionId[]): Promise<void> {
    await sql`
      update sessions set last_seen_at = now() from accounts
      where sessions.account_id = accounts.account_id and session_id = any(${sessionIds}::text[]) and not ${isOver}`.execute(
      this.#database,
    );
  }

  /** As `touch`, for all sessions of the accounts. */
  async touchAccounts(accountIds: readonly AccountId[]): Promise<void> {
    await sql`
      update sessions set last_seen_at = now() from accounts
      where sessions.account_id = accounts.account_id and sessions.account_id = any(${accountIds}::text[]) and not ${isOver}`.execute(
      this.#database,
    );
  }

  /** Rows of sessions that have been over for a day are of no use to anybody. */
  async sweep(): Promise<void> {
    await sql`delete from sessions where expires_at < now() - interval '1 day'`.execute(this.#database);
  }

  #rows() {
    return this.#database
      .selectFrom('sessions')
      .innerJoin('accounts', 'accounts.accountId', 'sessions.accountId')
      .select(['sessionId', 'accounts.accountId', 'role', 'displayName', 'officeId', 'deviceId'])
      .select(sql<number>`(extract(epoch from expires_at) * 1000)::float8`.as('expiresAt'))
      .select(sql<boolean>`${isOver}`.as('isOver'))
      .where('disabledAt', 'is', null);
  }
}

const citizen = lifetimeOf('citizen');
const staff = lifetimeOf('official');
const isOver = sql`(expires_at <= now() or last_seen_at <= now() - make_interval(mins => case when role = 'citizen' then ${sql.lit(citizen.idleMinutes)} else ${sql.lit(staff.idleMinutes)} end))`;
