import { sql } from 'kysely';
import type { Database } from '../platform/database.ts';
import type { AccountId, InboxId } from '../protocol/ids.ts';
import type { InboxRole } from '../protocol/inbox-bodies.ts';

export interface InboxMember {
  readonly accountId: AccountId;
  readonly role: InboxRole;
}

/** A seed sealed to one member. */
export interface InboxBox {
  readonly accountId: AccountId;
  /** The generation of the member's own key it is sealed to. */
  readonly recipientGeneration: number;
  readonly box: Uint8Array;
}

type Tables = {
  inboxes: { inboxId: InboxId };
  inboxLinks: { inboxId: InboxId; seqno: number; link: Uint8Array };
  inboxGenerations: { inboxId: InboxId; generation: number; previousBox: Uint8Array | null };
  inboxBoxes: InboxBox & { inboxId: InboxId; generation: number };
  inboxMembers: InboxMember & { inboxId: InboxId };
  registryKeys: { publicKey: Uint8Array };
};

/** Chains of inboxes, the boxes beside them, and who belongs to them by the newest link. */
export class InboxStore {
  readonly #database;

  constructor(database: Database) {
    this.#database = database.withTables<Tables>();
  }

  async add(inboxId: InboxId): Promise<void> {
    await this.#database.insertInto('inboxes').values({ inboxId }).execute();
  }

  /** The first link of each inbox. */
  async findRoots(): Promise<{ inboxId: InboxId; root: Uint8Array }[]> {
    return await this.#database
      .selectFrom('inboxLinks')
      .select(['inboxId', 'link as root'])
      .where('seqno', '=', 1)
      .orderBy('inboxId')
      .execute();
  }

  /** Until the transaction ends: nobody else extends the chain ('update'), or nobody at all does ('share'). False when there is no such inbox. */
  async lock(inboxId: InboxId, strength: 'update' | 'share'): Promise<boolean> {
    const query = this.#database.selectFrom('inboxes').select('inboxId').where('inboxId', '=', inboxId);
    return (await (strength === 'update' ? query.forUpdate() : query.forShare()).executeTakeFirst()) !== undefined;
  }

  /** Links after a sequence number, oldest first. */
  async findLinks(inboxId: InboxId, afterSeqno: number, maxLinks?: number): Promise<Uint8Array[]> {
    const query = this.#database
      .selectFrom('inboxLinks')
      .select('link')
      .where('inboxId', '=', inboxId)
      .where('seqno', '>', afterSeqno)
      .orderBy('seqno');
    const rows = await (maxLinks === undefined ? query : query.limit(maxLinks)).execute();
    return rows.map(({ link }) => link);
  }

  async findLink(inboxId: InboxId, seqno: number): Promise<Uint8Array | null> {
    const row = await this.#database
      .selectFrom('inboxLinks')
      .select('link')
      .where('inboxId', '=', inboxId)
      .where('seqno', '=', seqno)
      .executeTakeFirst();
    return row?.link ?? null;
  }

  /** 0 when there is no such inbox. */
  async findHead(inboxId: InboxId): Promise<number> {
    const row = await this.#database
      .selectFrom('inboxLinks')
      .select((select) => select.fn.max('seqno').as('head'))
      .where('inboxId', '=', inboxId)
      .executeTakeFirst();
    return row?.head ?? 0;
  }

  async addLink(inboxId: InboxId, seqno: number, link: Uint8Array): Promise<void> {
    await this.#database.insertInto('inboxLinks').values({ inboxId, seqno, link }).execute();
  }

  async addGeneration(inboxId: InboxId, generation: number, previousBox: Uint8Array | null): Promise<void> {
    await this.#database.insertInto('inboxGenerations').values({ inboxId, generation, previousBox }).execute();
  }

  /** Somebody who comes back within a generation gets a new box in it. */
  async putBoxes(inboxId: InboxId, generation: number, boxes: readonly InboxBox[]): Promise<void> {
    if (boxes.length === 0) return;
    await this.#database
      .insertInto('inboxBoxes')
      .values(boxes.map((box) => ({ ...box, inboxId, generation })))
      .onConflict((conflict) =>
        conflict
          .columns(['inboxId', 'generation', 'accountId'])
          .doUpdateSet((set) => ({ box: set.ref('excluded.box'), recipientGeneration: set.ref('excluded.recipientGeneration') })),
      )
      .execute();
  }

  /** Every generation, newest first, with the account's box in it, or null. */
  async findBoxes(
    inboxId: InboxId,
    accountId: AccountId,
  ): Promise<{ generation: number; previousBox: Uint8Array | null; box: Uint8Array | null; recipientGeneration: number | null }[]> {
    return await this.#database
      .selectFrom('inboxGenerations as generations')
      .leftJoin('inboxBoxes as boxes', (join) =>
        join
          .onRef('boxes.inboxId', '=', 'generations.inboxId')
          .onRef('boxes.generation', '=', 'generations.generation')
          .on('boxes.accountId', '=', accountId),
      )
      .select(['generations.generation', 'previousBox', 'box', 'recipientGeneration'])
      .where('generations.inboxId', '=', inboxId)
      .orderBy('generations.generation', 'desc')
      .execute();
  }

  async replaceMembers(inboxId: InboxId, members: readonly InboxMember[]): Promise<void> {
    await this.#database.deleteFrom('inboxMembers').where('inboxId', '=', inboxId).execute();
    if (members.length > 0)
      await this.#database
        .insertInto('inboxMembers')
        .values(members.map((member) => ({ ...member, inboxId })))
        .execute();
  }

  async findMembers(inboxId: InboxId): Promise<InboxMember[]> {
    return await this.#database.selectFrom('inboxMembers').select(['accountId', 'role']).where('inboxId', '=', inboxId).execute();
  }

  async findRolesOf(accountIds: readonly AccountId[]): Promise<(InboxMember & { inboxId: InboxId })[]> {
    return await this.#database
      .selectFrom('inboxMembers')
      .select(['inboxId', 'accountId', 'role'])
      .where('accountId', '=', sql<AccountId>`any(${accountIds}::text[])`)
      .execute();
  }

  async addRegistryKeys(publicKeys: readonly Uint8Array[]): Promise<void> {
    await this.#database
      .insertInto('registryKeys')
      .values(publicKeys.map((publicKey) => ({ publicKey })))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  async findRegistryKeys(): Promise<Uint8Array[]> {
    const rows = await this.#database.selectFrom('registryKeys').select('publicKey').orderBy('publicKey').execute();
    return rows.map(({ publicKey }) => publicKey);
  }
}
