import type { Database } from '../platform/database.ts';
import type { AccountId, InboxId } from '../protocol/ids.ts';

export interface StoredCut {
  readonly inboxId: InboxId;
  readonly generation: number;
  readonly quietSince: Date;
  readonly askedBy: AccountId;
  readonly begunAt: Date;
  readonly forgottenAt: Date | null;
}

type Tables = {
  inboxCuts: StoredCut;
  inboxGenerations: { inboxId: InboxId; generation: number };
  inboxBoxes: { inboxId: InboxId; generation: number };
};

/** Retention cuts, and what is deleted when one is done. */
export class CutStore {
  readonly #database;

  constructor(database: Database) {
    this.#database = database.withTables<Tables>();
  }

  async findNewest(inboxId: InboxId): Promise<StoredCut | null> {
    const row = await this.#database
      .selectFrom('inboxCuts')
      .selectAll()
      .where('inboxId', '=', inboxId)
      .orderBy('generation', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row ?? null;
  }

  async add(cut: StoredCut): Promise<void> {
    await this.#database.insertInto('inboxCuts').values(cut).execute();
  }

  /** Seeds of the inbox from before the cut, as they were sealed to its members and under each other. */
  async removeSeedsBefore(inboxId: InboxId, generation: number): Promise<void> {
    await this.#database.deleteFrom('inboxBoxes').where('inboxId', '=', inboxId).where('generation', '<', generation).execute();
    await this.#database.deleteFrom('inboxGenerations').where('inboxId', '=', inboxId).where('generation', '<', generation).execute();
  }

  async finish(inboxId: InboxId, generation: number, forgottenAt: Date): Promise<void> {
    await this.#database
      .updateTable('inboxCuts')
      .set({ forgottenAt })
      .where('inboxId', '=', inboxId)
      .where('generation', '<=', generation)
      .where('forgottenAt', 'is', null)
      .execute();
  }
}
