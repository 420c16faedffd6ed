import { type Generated, sql } from 'kysely';
import type { Database } from '../platform/database.ts';
import type { AccountId, DeviceLinkId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';

export type Side = 'new' | 'old';

export interface DeviceLink {
  readonly deviceLinkId: DeviceLinkId;
  readonly number: string;
  /** The account that claimed the link, and the head of its chain then; null as long as nobody has. */
  readonly accountId: AccountId | null;
  readonly claimedSeqno: number | null;
  readonly expiresAt: Date;
  /** Given up by one of the two, or out of time. */
  readonly isOver: boolean;
}

type Tables = {
  deviceLinks: Omit<DeviceLink, 'isOver'> & { browserHash: Uint8Array; address: string; isOver: Generated<boolean> };
  deviceLinkMessages: { deviceLinkId: DeviceLinkId; side: Side; index: number; message: Uint8Array };
};

/** Open links of one address. */
const maxPerAddress = 20;

/** Links between a new device and one of the account's, with what the two tell each other. */
export class DeviceLinkStore {
  readonly #database;

  constructor(database: Database) {
    this.#database = database.withTables<Tables>();
  }

  /** False when the id or the number is taken. Of one address only the newest are kept. */
  async add(link: {
    readonly deviceLinkId: DeviceLinkId;
    readonly number: string;
    readonly browserHash: Uint8Array;
    readonly address: string;
  }): Promise<boolean> {
    const expiresAt = sql<Date>`now() + make_interval(secs => ${limits.deviceLinkMs / 1_000})`;
    const added = await this.#database
      .insertInto('deviceLinks')
      .values({ ...link, expiresAt })
      .onConflict((conflict) => conflict.doNothing())
      .returning('deviceLinkId')
      .executeTakeFirst();
    await sql`
      delete from device_links where device_link_id in (
        select device_link_id from device_links where address = ${link.address} and account_id is null
        order by expires_at desc offset ${maxPerAddress}
      )`.execute(this.#database);
    return added !== undefined;
  }

  /** The link, if this browser began it. */
  async findOfBrowser(deviceLinkId: DeviceLinkId, browserHash: Uint8Array): Promise<DeviceLink | null> {
    const row = await this.#rows().where('deviceLinkId', '=', deviceLinkId).where('browserHash', '=', browserHash).executeTakeFirst();
    return row ?? null;
  }

  /** The link, once it is this account's: whoever asks first claims it. */
  async claim(
    which: { readonly number: string } | { readonly deviceLinkId: DeviceLinkId },
    accountId: AccountId,
    head: number,
  ): Promise<DeviceLink | null> {
    const open = this.#database
      .updateTable('deviceLinks')
      .set({ accountId, claimedSeqno: head })
      .where('accountId', 'is', null)
      .where('isOver', '=', false)
      .where('expiresAt', '>', sql<Date>`now()`);
    const mine = this.#rows().where('accountId', '=', accountId);
    if ('number' in which) {
      await open.where('number', '=', which.number).execute();
      return (await mine.where('number', '=', which.number).executeTakeFirst()) ?? null;
    }
    await open.where('deviceLinkId', '=', which.deviceLinkId).execute();
    return (await mine.where('deviceLinkId', '=', which.deviceLinkId).executeTakeFirst()) ?? null;
  }

  /** False when another message has this index already, or the one before is missing. The same one twice is one. */
  async addMessage(deviceLinkId: DeviceLinkId, side: Side, index: number, message: Uint8Array): Promise<boolean> {
    await sql`
      insert into device_link_messages (device_link_id, side, index, message)
      select ${deviceLinkId}, ${side}, ${index}::integer, ${message}
      where (select count(*) from device_link_messages where device_link_id = ${deviceLinkId} and side = ${side}) = ${index}::integer
      on conflict do nothing`.execute(this.#database);
    const stored = await this.#database
      .selectFrom('deviceLinkMessages')
      .select('message')
      .where('deviceLinkId', '=', deviceLinkId)
      .where('side', '=', side)
      .where('index', '=', index)
      .executeTakeFirst();
    return stored !== undefined && Buffer.from(stored.message).equals(message);
  }

  /** Of one side, from an index on. */
  async findMessages(deviceLinkId: DeviceLinkId, side: Side, from: number): Promise<Uint8Array[]> {
    const rows = await this.#database
      .selectFrom('deviceLinkMessages')
      .select('message')
      .where('deviceLinkId', '=', deviceLinkId)
      .where('side', '=', side)
      .where('index', '>=', from)
      .orderBy('index')
      .execute();
    return rows.map(({ message }) => message);
  }

  async end(deviceLinkId: DeviceLinkId): Promise<void> {
    await this.#database.updateTable('deviceLinks').set({ isOver: true }).where('deviceLinkId', '=', deviceLinkId).execute();
  }

  /** Takes the link away for good; false when it is not there any more. */
  async remove(deviceLinkId: DeviceLinkId): Promise<boolean> {
    const { numDeletedRows } = await this.#database.deleteFrom('deviceLinks').where('deviceLinkId', '=', deviceLinkId).executeTakeFirst();
    return numDeletedRows === 1n;
  }

  /** A link is kept a while after its time, so that both sides hear that it is over and a first passkey can still follow. */
  async sweep(): Promise<void> {
    await sql`delete from device_links where expires_at < now() - interval '30 minutes'`.execute(this.#database);
  }

  #rows() {
    return this.#database
      .selectFrom('deviceLinks')
      .select(['deviceLinkId', 'number', 'accountId', 'claimedSeqno', 'expiresAt'])
      .select(sql<boolean>`(is_over or expires_at <= now())`.as('isOver'));
  }
}
