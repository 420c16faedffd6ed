import { type Selectable, sql } from 'kysely';
import type { Database } from '../platform/database.ts';
import type { AccountId, ConversationId, FileId, OfficeId } from '../protocol/ids.ts';

interface AttachmentTable {
  fileId: FileId;
  conversationId: ConversationId;
  officeId: OfficeId;
  accountId: AccountId;
  bytes: number;
  received: number;
  state: 'open' | 'finishing' | 'stored';
  beganAt: Date;
  touchedAt: Date;
}

export type AttachmentRow = Readonly<Selectable<AttachmentTable>>;

/** Sums of bytes, begun ones included, and how many of the account's are not finished. */
export interface Usage {
  readonly openUploads: number;
  readonly accountToday: number;
  readonly conversation: number;
  readonly office: number;
}

const dayMs = 24 * 60 * 60_000;

/** What is stored of whom. In a transaction where rows are locked. */
export class AttachmentStore {
  readonly #database;

  constructor(database: Database) {
    this.#database = database.withTables<{ attachments: AttachmentTable }>();
  }

  async find(fileId: FileId): Promise<AttachmentRow | null> {
    return (await this.#database.selectFrom('attachments').selectAll().where('fileId', '=', fileId).executeTakeFirst()) ?? null;
  }

  /** Until the transaction ends nobody else changes it. */
  async lock(fileId: FileId): Promise<AttachmentRow | null> {
    const row = await this.#database.selectFrom('attachments').selectAll().where('fileId', '=', fileId).forUpdate().executeTakeFirst();
    return row ?? null;
  }

  /** Until the transaction ends nobody begins another one of the account's or for the office: sums stay what they are. */
  async holdUsage({ accountId, officeId }: Pick<AttachmentRow, 'accountId' | 'officeId'>): Promise<void> {
    // The account first, always: so two never wait for each other.
    for (const name of [`attachments/account/${accountId}`, `attachments/office/${officeId}`])
      await sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(this.#database);
  }

  async usage(of: Pick<AttachmentRow, 'accountId' | 'conversationId' | 'officeId'>, now: number): Promise<Usage> {
    const { rows } = await sql<Record<keyof Usage, string>>`
      select
        (select count(*) from attachments where account_id = ${of.accountId} and state <> 'stored') as open_uploads,
        (select coalesce(sum(bytes), 0) from attachments
          where account_id = ${of.accountId} and began_at > ${new Date(now - dayMs)}) as account_today,
        (select coalesce(sum(bytes), 0) from attachments where conversation_id = ${of.conversationId}) as conversation,
        (select coalesce(sum(bytes), 0) from attachments where office_id = ${of.officeId}) as office
    `.execute(this.#database);
    const [row] = rows;
    const sum = (name: keyof Usage): number => Number(row?.[name] ?? 0);
    return {
      openUploads: sum('openUploads'),
      accountToday: sum('accountToday'),
      conversation: sum('conversation'),
      office: sum('office'),
    };
  }

  async add(row: AttachmentRow): Promise<void> {
    await this.#database.insertInto('attachments').values(row).execute();
  }

  async update(fileId: FileId, change: Partial<Pick<AttachmentRow, 'received' | 'state' | 'touchedAt'>>): Promise<void> {
    await this.#database.updateTable('attachments').set(change).where('fileId', '=', fileId).execute();
  }

  async remove(fileId: FileId): Promise<void> {
    await this.#database.deleteFrom('attachments').where('fileId', '=', fileId).execute();
  }

  /** Unfinished ones that nothing has come for since. */
  async findIdle(since: Date): Promise<readonly FileId[]> {
    const rows = await this.#database
      .selectFrom('attachments')
      .select('fileId')
      .where('state', '<>', 'stored')
      .where('touchedAt', '<', since)
      .limit(100)
      .execute();
    return rows.map(({ fileId }) => fileId);
  }
}
