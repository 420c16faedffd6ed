import type { Database } from '../platform/database.ts';
import { found } from '../platform/database.ts';

type Tables = { receiptKeys: { isSingle: boolean; privateKey: Uint8Array } };

/** The installation's receipt key. */
export class ReceiptStore {
  readonly #database;

  constructor(database: Database) {
    this.#database = database.withTables<Tables>();
  }

  /** The key that is there, else this one: whichever of two nodes writes first. */
  async keep(privateKey: Uint8Array): Promise<Uint8Array> {
    await this.#database
      .insertInto('receiptKeys')
      .values({ isSingle: true, privateKey })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return found(await this.#database.selectFrom('receiptKeys').select('privateKey').executeTakeFirst(), 'receipt key').privateKey;
  }
}
