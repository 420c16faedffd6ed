import { sql } from 'kysely';
import type { SessionCaller } from '../platform/caller.ts';
import type { Database } from '../platform/database.ts';
import type { AccountId, DeviceId, OfficeId, SessionId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import type { Role } from '../protocol/roles.ts';

type Tables = {
  sessions: {
    sessionId: SessionId;
    tokenHash: Uint8Array;
    accountId: AccountId;
    deviceId: DeviceId | null;
    credentialId: string | null;
    confirmedAt: Date | null;
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
  /** The passkey it is opened with; null for a device's own signature. */
  readonly credentialId: string | null;
}

export interface Renewal {
  readonly deviceId?: DeviceId;
  /** A passkey has just been shown. */
  readonly isConfirmed?: boolean;
}

/** Which of an account's sessions; all when nothing is named. */
export interface Selection {
  readonly sessionId?: SessionId;
  readonly deviceIds?: readonly DeviceId[];
  readonly credentialIds?: readonly string[];
  readonly except?: SessionId;
}

/** A session as it stands; `isOver` by the database's clock. */
export type SessionRow = SessionCaller & { readonly isOver: boolean };

/** Sessions in SQL: what ends there has ended, on every node. All times are the database's. */
export class SessionStore {
  readonly #database;

  constructor(database: Database) {
    this.#database = database.withTables<Tables>();
  }

  /** Whoever has just signed in counts as confirmed. */
  async add({ sessionId, tokenHash, accountId, role, deviceId, credentialId }: NewSession): Promise<void> {
    const expiresAt = sql<Date>`now() + make_interval(hours => ${lifetimeOf(role).hours})`;
    await this.#database
      .insertInto('sessions')
      .values({
        sessionId,
        tokenHash,
        accountId,
        deviceId,
        credentialId,
        expiresAt,
        createdAt: sql`now()`,
        lastSeenAt: sql`now()`,
        confirmedAt: sql`now()`,
      })
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

  /** Open ones of an account, the newest first. */
  async list(accountId: AccountId): Promise<(Pick<SessionRow, 'sessionId' | 'deviceId'> & { createdAt: Date; lastSeenAt: Date })[]> {
    return await this.#database
      .selectFrom('sessions')
      .innerJoin('accounts', 'accounts.accountId', 'sessions.accountId')
      .select(['sessionId', 'deviceId', 'sessions.createdAt', 'lastSeenAt'])
      .where('sessions.accountId', '=', accountId)
      .where('disabledAt', 'is', null)
      .where(sql<boolean>`not ${isOver}`)
      .orderBy('sessions.createdAt', 'desc')
      .execute();
  }

  /** The session goes on under another token, bound to a device or confirmed as well. False when it is over. */
  async renew(sessionId: SessionId, tokenHash: Uint8Array, { deviceId, isConfirmed }: Renewal): Promise<boolean> {
    const { rows } = await sql`
      update sessions set token_hash = ${tokenHash}, last_seen_at = now(),
        device_id = coalesce(${deviceId ?? null}, device_id),
        confirmed_at = case when ${isConfirmed ?? false} then now() else confirmed_at end
      from accounts
      where sessions.account_id = accounts.account_id and session_id = ${sessionId} and disabled_at is null and not ${isOver}
      returning session_id`.execute(this.#database);
    return rows.length === 1;
  }

  /** The session's device from now on. False when there is no such session. */
  async bind(sessionId: SessionId, deviceId: DeviceId): Promise<boolean> {
    const { numUpdatedRows } = await this.#database
      .updateTable('sessions')
      .set({ deviceId })
      .where('sessionId', '=', sessionId)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /** The passkey a session was opened with, or null. */
  async findCredential(sessionId: SessionId): Promise<string | null> {
    const row = await this.#database.selectFrom('sessions').select('credentialId').where('sessionId', '=', sessionId).executeTakeFirst();
    return row?.credentialId ?? null;
  }

  async isConfirmed(sessionId: SessionId): Promise<boolean> {
    const row = await this.#database
      .selectFrom('sessions')
      .select('sessionId')
      .where('sessionId', '=', sessionId)
      .where('confirmedAt', '>', sql<Date>`now() - make_interval(secs => ${limits.confirmationMs / 1_000})`)
      .executeTakeFirst();
    return row !== undefined;
  }

  /** Of an account's sessions those that fit everything that is named; the ids of those that were there. */
  async remove(accountId: AccountId, { sessionId, deviceIds, credentialIds, except }: Selection): Promise<SessionId[]> {
    let query = this.#database.deleteFrom('sessions').where('accountId', '=', accountId);
    if (sessionId !== undefined) query = query.where('sessionId', '=', sessionId);
    if (deviceIds !== undefined) query = query.where('deviceId', '=', sql<DeviceId>`any(${deviceIds}::text[])`);
    if (credentialIds !== undefined) query = query.where('credentialId', '=', sql<string>`any(${credentialIds}::text[])`);
    if (except !== undefined) query = query.where('sessionId', '!=', except);
    return (await query.returning('sessionId').execute()).map((row) => row.sessionId);
  }

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
      .select(sql<number>`${confirmedUntil}`.as('confirmedUntil'))
      .select(sql<boolean>`${isOver}`.as('isOver'))
      .where('disabledAt', 'is', null);
  }
}

const confirmedUntil = sql`coalesce(extract(epoch from confirmed_at) * 1000 + ${sql.lit(limits.confirmationMs)}, 0)::float8`;
const citizen = lifetimeOf('citizen');
const staff = lifetimeOf('official');
const isOver = sql`(expires_at <= now() or last_seen_at <= now() - make_interval(mins => case when role = 'citizen' then ${sql.lit(citizen.idleMinutes)} else ${sql.lit(staff.idleMinutes)} end))`;
