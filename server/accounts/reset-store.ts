import { type Generated, sql } from 'kysely';
import type { Database } from '../platform/database.ts';
import type { AccountId, ResetId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';

export type ResetState = 'requested' | 'attested' | 'done' | 'cancelled';

export interface ResetRow {
  readonly resetId: ResetId;
  readonly number: string;
  readonly about: string | null;
  readonly accountId: AccountId | null;
  /** The passkey the person was signed in with. */
  readonly credentialId: string | null;
  readonly lookedAt: Date | null;
  readonly draft: Uint8Array | null;
  readonly notBefore: Date | null;
  /** By the database's clock: what has waited too long is cancelled. */
  readonly state: ResetState;
  readonly requestedAt: Date;
  readonly expiresAt: Date;
  /** Of a finished one: its one passkey has been made. */
  readonly hasPasskey: boolean;
}

export interface StoredAttestation {
  readonly resetId: ResetId;
  readonly accountId: AccountId;
  readonly attestation: Uint8Array;
  readonly attestedAt: Date;
}

type Tables = {
  resets: Omit<ResetRow, 'state' | 'requestedAt' | 'hasPasskey'> & {
    state: Generated<ResetState>;
    requestedAt: Generated<Date>;
    browserHash: Uint8Array;
    address: string;
    doneSeqno: number | null;
    hasPasskey: Generated<boolean>;
  };
  resetAttestations: StoredAttestation;
};

export interface NewReset {
  readonly resetId: ResetId;
  readonly browserHash: Uint8Array;
  readonly address: string;
  readonly number: string;
  readonly about: string | null;
  readonly accountId: AccountId | null;
  readonly credentialId: string | null;
}

/** Requests of one address that wait for a registrar, and those a registrar is shown. */
const maxPerAddress = 20;
const maxListed = 100;

/** Requests to go on with new keys, and the registrars' word for them. */
export class ResetStore {
  readonly #database;

  constructor(database: Database) {
    this.#database = database.withTables<Tables>();
  }

  /** False when the id or the number is taken. Of one address only the newest that nobody has looked at are kept. */
  async add(reset: NewReset): Promise<boolean> {
    const expiresAt = sql<Date>`now() + make_interval(secs => ${limits.resetRequestMs / 1_000})`;
    const added = await this.#database
      .insertInto('resets')
      .values({ ...reset, expiresAt })
      .onConflict((conflict) => conflict.doNothing())
      .returning('resetId')
      .executeTakeFirst();
    await sql`
      delete from resets where reset_id in (
        select reset_id from resets where address = ${reset.address} and looked_at is null
        order by requested_at desc offset ${maxPerAddress}
      )`.execute(this.#database);
    return added !== undefined;
  }

  async find(resetId: ResetId): Promise<ResetRow | null> {
    return (await this.#rows().where('resetId', '=', resetId).executeTakeFirst()) ?? null;
  }

  /** If this browser asked for it. */
  async findOfBrowser(resetId: ResetId, browserHash: Uint8Array): Promise<ResetRow | null> {
    return (await this.#rows().where('resetId', '=', resetId).where('browserHash', '=', browserHash).executeTakeFirst()) ?? null;
  }

  /** Until the transaction ends nobody else changes it. */
  async lock(resetId: ResetId): Promise<ResetRow | null> {
    return (await this.#rows().where('resetId', '=', resetId).forUpdate().executeTakeFirst()) ?? null;
  }

  /** A registrar has the number from the person, and looks. */
  async look(number: string): Promise<ResetRow | null> {
    await this.#database
      .updateTable('resets')
      .set({ lookedAt: sql`now()` })
      .where('number', '=', number)
      .where('lookedAt', 'is', null)
      .where(isOpen)
      .execute();
    return (await this.#rows().where('number', '=', number).where(isOpen).executeTakeFirst()) ?? null;
  }

  /** Those that wait or are due, the newest first. */
  async listOpen(): Promise<ResetRow[]> {
    return await this.#rows().where(isOpen).orderBy('requestedAt', 'desc').limit(maxListed).execute();
  }

  /** Those its owner is told of: asked for in a session of his, or looked at by a registrar. */
  async listOpenOf(accountId: AccountId): Promise<ResetRow[]> {
    return await this.#rows()
      .where(isOpen)
      .where('accountId', '=', accountId)
      .where((where) => where.or([where('about', 'is', null), where('lookedAt', 'is not', null)]))
      .orderBy('requestedAt', 'desc')
      .limit(maxListed)
      .execute();
  }

  async setDraft(resetId: ResetId, draft: Uint8Array): Promise<void> {
    await this.#database.updateTable('resets').set({ draft }).where('resetId', '=', resetId).execute();
  }

  /** The first one first. */
  async findAttestations(resetIds: readonly ResetId[]): Promise<StoredAttestation[]> {
    return await this.#database
      .selectFrom('resetAttestations')
      .select(['resetId', 'accountId', 'attestation', 'attestedAt'])
      .where('resetId', '=', sql<ResetId>`any(${resetIds}::text[])`)
      .orderBy('attestedAt')
      .execute();
  }

  async addAttestation(attestation: StoredAttestation): Promise<void> {
    await this.#database.insertInto('resetAttestations').values(attestation).execute();
  }

  /** Enough registrars have signed: it may take effect from this moment on. */
  async schedule(resetId: ResetId, notBefore: Date): Promise<void> {
    await this.#database
      .updateTable('resets')
      .set({
        state: 'attested',
        notBefore,
        expiresAt: sql`${notBefore}::timestamptz + make_interval(secs => ${limits.resetRequestMs / 1_000})`,
      })
      .where('resetId', '=', resetId)
      .execute();
  }

  async cancel(resetId: ResetId): Promise<void> {
    await this.#database
      .updateTable('resets')
      .set({ state: 'cancelled' })
      .where('resetId', '=', resetId)
      .where('state', 'in', ['requested', 'attested'])
      .execute();
  }

  async finish(resetId: ResetId, doneSeqno: number): Promise<void> {
    await this.#database.updateTable('resets').set({ state: 'done', doneSeqno }).where('resetId', '=', resetId).execute();
  }

  /** The one passkey that a finished reset gives; how long the chain was before it. Null when there is none to give. */
  async useUp(resetId: ResetId, browserHash: Uint8Array): Promise<number | null> {
    const row = await this.#database
      .updateTable('resets')
      .set({ hasPasskey: true })
      .where('resetId', '=', resetId)
      .where('browserHash', '=', browserHash)
      .where('state', '=', 'done')
      .where('hasPasskey', '=', false)
      .returning('doneSeqno')
      .executeTakeFirst();
    return row?.doneSeqno == null ? null : row.doneSeqno - 1;
  }

  /** What nobody looked at is of no use to anybody; the others stay for a while as a record. */
  async sweep(): Promise<void> {
    await sql`
      delete from resets
      where (looked_at is null and expires_at < now()) or expires_at < now() - interval '90 days'`.execute(this.#database);
  }

  #rows() {
    return this.#database
      .selectFrom('resets')
      .select([
        'resetId',
        'number',
        'about',
        'accountId',
        'credentialId',
        'lookedAt',
        'draft',
        'notBefore',
        'requestedAt',
        'expiresAt',
        'hasPasskey',
      ])
      .select(sql<ResetState>`case when ${isOpen} or state = 'done' then state else 'cancelled' end`.as('state'));
  }
}

const isOpen = sql<boolean>`(state in ('requested', 'attested') and expires_at > now())`;
