import { sql } from 'kysely';
import { type Database, found } from '../platform/database.ts';
import type { ConversationView } from '../protocol/conversations.ts';
import type { AccountId, ConversationId, DeviceId, InboxId, MessageId, OfficeId, ServiceId } from '../protocol/ids.ts';
import type { EpochBox, StoredEntry } from './entry.ts';

export interface ConversationRow {
  readonly conversationId: ConversationId;
  readonly reference: string;
  readonly serviceId: ServiceId;
  readonly officeId: OfficeId;
  readonly inboxId: InboxId;
  readonly citizenId: AccountId;
  readonly state: 'open' | 'closed';
  readonly head: number;
  readonly epoch: number;
  readonly run: Uint8Array;
  readonly openedAt: Date;
  readonly lastActivityAt: Date;
}

/** A conversation locked for writing, with the epoch in force. */
export type LockedConversation = ConversationRow & { readonly epochBytes: Uint8Array };

/** An entry to be: its place has been worked out under the conversation's lock. */
export interface NewEntry extends Omit<StoredEntry, 'boxes'> {
  readonly conversationId: ConversationId;
  readonly deviceId: DeviceId | null;
  readonly messageId: MessageId | null;
  readonly epoch: number | null;
}

type Tables = {
  conversations: ConversationRow;
  entries: NewEntry;
  epochBoxes: EpochBox & { conversationId: ConversationId; epoch: number };
  readPositions: { conversationId: ConversationId; accountId: AccountId; position: number };
};

/** Newest conversations that are listed; older ones are found by their address. */
const maxListed = 1_000;

export class ConversationStore {
  readonly #database;

  constructor(database: Database) {
    this.#database = database.withTables<Tables>();
  }

  async nextNumber(): Promise<number> {
    const { rows } = await sql<{ number: number }>`select nextval('conversation_references')::integer as number`.execute(this.#database);
    return rows[0]?.number ?? 0;
  }

  /** False when the id is taken. */
  async add(conversation: ConversationRow): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await this.#database
      .insertInto('conversations')
      .values(conversation)
      .onConflict((conflict) => conflict.column('conversationId').doNothing())
      .executeTakeFirst();
    return numInsertedOrUpdatedRows === 1n;
  }

  async find(conversationId: ConversationId): Promise<ConversationRow | null> {
    return (
      (await this.#database.selectFrom('conversations').selectAll().where('conversationId', '=', conversationId).executeTakeFirst()) ?? null
    );
  }

  async findCitizen(reference: string): Promise<AccountId | null> {
    const row = await this.#database.selectFrom('conversations').select('citizenId').where('reference', '=', reference).executeTakeFirst();
    return row?.citizenId ?? null;
  }

  /** Until the transaction ends nobody else adds to them. Locked in the order of their ids, so that two batches never wait for each other. */
  async lock(conversationIds: readonly ConversationId[]): Promise<ReadonlyMap<ConversationId, LockedConversation>> {
    const rows = await this.#database
      .selectFrom('conversations')
      .selectAll()
      .where('conversationId', '=', sql<ConversationId>`any(${conversationIds}::text[])`)
      .orderBy('conversationId')
      .forUpdate()
      .execute();
    // A statement of its own: the one that waited for the lock still sees entries as they were before it waited.
    const epochs = await sql<{ conversationId: ConversationId; bytes: Uint8Array }>`
      select entries.conversation_id, entries.bytes from unnest(${rows.map((row) => row.conversationId)}::text[], ${rows.map((row) => row.epoch)}::integer[]) as current (conversation_id, epoch)
      join entries on entries.conversation_id = current.conversation_id and entries.epoch = current.epoch`.execute(this.#database);
    const bytesOf = new Map(epochs.rows.map(({ conversationId, bytes }) => [conversationId, bytes]));
    return new Map(
      rows.map((row) => [row.conversationId, { ...row, epochBytes: found(bytesOf.get(row.conversationId), 'epoch of a conversation') }]),
    );
  }

  /** Messages that are there already, by sending device and message id. */
  async findSent(
    messages: readonly { readonly conversationId: ConversationId; readonly deviceId: DeviceId; readonly messageId: MessageId }[],
  ): Promise<NewEntry[]> {
    const { rows } = await sql<NewEntry>`
      select entries.* from unnest(
        ${messages.map((message) => message.conversationId)}::text[], ${messages.map((message) => message.deviceId)}::text[], ${messages.map((message) => message.messageId)}::text[]
      ) as sent (conversation_id, device_id, message_id)
      join entries on entries.conversation_id = sent.conversation_id and entries.device_id = sent.device_id and entries.message_id = sent.message_id`.execute(
      this.#database,
    );
    return rows;
  }

  async addEntries(entries: readonly NewEntry[]): Promise<void> {
    if (entries.length === 0) return;
    await sql`
      insert into entries (conversation_id, position, kind, bytes, device_id, message_id, epoch, previous_box, run, accepted_at)
      select * from unnest(
        ${entries.map((entry) => entry.conversationId)}::text[], ${entries.map((entry) => entry.position)}::integer[], ${entries.map((entry) => entry.kind)}::text[],
        ${entries.map((entry) => entry.bytes)}::bytea[], ${entries.map((entry) => entry.deviceId)}::text[], ${entries.map((entry) => entry.messageId)}::text[],
        ${entries.map((entry) => entry.epoch)}::integer[], ${entries.map((entry) => entry.previousBox)}::bytea[], ${entries.map((entry) => entry.run)}::bytea[],
        ${entries.map((entry) => entry.acceptedAt)}::timestamptz[]
      )`.execute(this.#database);
  }

  /** Writes down where locked conversations stand now. */
  async advance(
    conversations: readonly Pick<
      ConversationRow,
      'conversationId' | 'head' | 'run' | 'epoch' | 'inboxId' | 'officeId' | 'lastActivityAt'
    >[],
  ): Promise<void> {
    await sql`
      update conversations set head = now.head, run = now.run, epoch = now.epoch, inbox_id = now.inbox_id, office_id = now.office_id, last_activity_at = greatest(conversations.last_activity_at, now.last_activity_at)
      from unnest(
        ${conversations.map((row) => row.conversationId)}::text[], ${conversations.map((row) => row.head)}::integer[], ${conversations.map((row) => row.run)}::bytea[],
        ${conversations.map((row) => row.epoch)}::integer[], ${conversations.map((row) => row.inboxId)}::text[], ${conversations.map((row) => row.officeId)}::text[], ${conversations.map((row) => row.lastActivityAt)}::timestamptz[]
      ) as now (conversation_id, head, run, epoch, inbox_id, office_id, last_activity_at)
      where conversations.conversation_id = now.conversation_id`.execute(this.#database);
  }

  async addBoxes(conversationId: ConversationId, epoch: number, boxes: readonly EpochBox[]): Promise<void> {
    await this.#database
      .insertInto('epochBoxes')
      .values(boxes.map((box) => ({ ...box, conversationId, epoch })))
      .execute();
  }

  async findEpoch(conversationId: ConversationId, epoch: number): Promise<{ position: number; bytes: Uint8Array } | null> {
    const row = await this.#database
      .selectFrom('entries')
      .select(['position', 'bytes'])
      .where('conversationId', '=', conversationId)
      .where('epoch', '=', epoch)
      .executeTakeFirst();
    return row ?? null;
  }

  async findActiveSince(moment: Date): Promise<Pick<ConversationRow, 'conversationId' | 'citizenId' | 'inboxId' | 'head'>[]> {
    return await this.#database
      .selectFrom('conversations')
      .select(['conversationId', 'citizenId', 'inboxId', 'head'])
      .where('lastActivityAt', '>', moment)
      .execute();
  }

  /** Entries after a position, in order. */
  async findEntries(conversationId: ConversationId, after: number, maxEntries: number): Promise<StoredEntry[]> {
    const entries = await this.#database
      .selectFrom('entries')
      .select(['position', 'kind', 'bytes', 'run', 'acceptedAt', 'previousBox', 'epoch'])
      .where('conversationId', '=', conversationId)
      .where('position', '>', after)
      .orderBy('position')
      .limit(maxEntries)
      .execute();
    const epochs = entries.flatMap(({ epoch }) => epoch ?? []);
    const boxes =
      epochs.length === 0
        ? []
        : await this.#database
            .selectFrom('epochBoxes')
            .selectAll()
            .where('conversationId', '=', conversationId)
            .where('epoch', 'in', epochs)
            .execute();
    return entries.map((entry) => ({ ...entry, boxes: boxes.filter(({ epoch }) => epoch === entry.epoch) }));
  }

  /** As the account sees them, newest activity first: its own, and those of these inboxes. */
  async list(accountId: AccountId, inboxIds: readonly InboxId[]): Promise<ConversationView[]> {
    const { rows } =
      await sql<ViewRow>`${viewFor(accountId)} where citizen_id = ${accountId} or inbox_id = any(${inboxIds}::text[]) order by last_activity_at desc limit ${maxListed}`.execute(
        this.#database,
      );
    return rows.map(viewOf);
  }

  async view(conversationId: ConversationId, accountId: AccountId): Promise<ConversationView | null> {
    const { rows } = await sql<ViewRow>`${viewFor(accountId)} where conversation_id = ${conversationId}`.execute(this.#database);
    return rows[0] ? viewOf(rows[0]) : null;
  }

  /** Never back and never beyond the head. Where the account stands now. */
  async markRead(conversationId: ConversationId, accountId: AccountId, position: number): Promise<number> {
    const { rows } = await sql<{ position: number }>`
      insert into read_positions (conversation_id, account_id, position)
      select conversation_id, ${accountId}, least(${position}::integer, head) from conversations where conversation_id = ${conversationId}
      on conflict (conversation_id, account_id) do update set position = greatest(read_positions.position, excluded.position)
      returning position`.execute(this.#database);
    return rows[0]?.position ?? 0;
  }

  /** Up to where any official has read. */
  async findOfficialsPosition(conversationId: ConversationId, citizenId: AccountId): Promise<number> {
    const row = await this.#database
      .selectFrom('readPositions')
      .select((select) => select.fn.max('position').as('position'))
      .where('conversationId', '=', conversationId)
      .where('accountId', '<>', citizenId)
      .executeTakeFirst();
    return row?.position ?? 0;
  }
}

type ViewRow = Omit<ConversationRow, 'run'> & { readonly readPosition: number; readonly otherReadPosition: number };

function viewFor(accountId: AccountId) {
  return sql`
    select conversation_id, reference, service_id, office_id, inbox_id, citizen_id, state, head, epoch, opened_at, last_activity_at,
      coalesce((select position from read_positions r where r.conversation_id = c.conversation_id and r.account_id = ${accountId}), 0) as read_position,
      coalesce((
        select max(position) from read_positions r
        where r.conversation_id = c.conversation_id and case when c.citizen_id = ${accountId} then r.account_id <> c.citizen_id else r.account_id = c.citizen_id end
      ), 0) as other_read_position
    from conversations c`;
}

function viewOf({ openedAt, lastActivityAt, ...row }: ViewRow): ConversationView {
  return { ...row, openedAt: openedAt.getTime(), lastActivityAt: lastActivityAt.getTime() };
}
