import { sql } from 'kysely';
import type { Announcement, Transaction } from '../platform/database.ts';
import type { AccountId, SessionId } from '../protocol/ids.ts';
import type { Role } from '../protocol/roles.ts';

type Tables = {
  accounts: { accountId: AccountId; role: Role; disabledAt: Date | null };
  sessions: { sessionId: SessionId; accountId: AccountId };
};

/** Accounts of those who came into a call by a link: they end with it. */
export interface Guests {
  /** Nobody is in as one of these any more. */
  readonly endGuests: (transaction: Transaction, accountIds: readonly AccountId[]) => Promise<Announcement>;
  /** Nothing of these is kept. */
  readonly removeGuests: (transaction: Transaction, accountIds: readonly AccountId[]) => Promise<void>;
}

/** `endSockets` is called with sessions that are over, once that is stored. */
export function createGuests(endSockets: (sessionId: SessionId) => void): Guests {
  return {
    async endGuests(transaction, accountIds) {
      const ended = await end(transaction, accountIds);
      // Whoever leaves is answered first.
      return () => void setImmediate(() => ended.forEach(endSockets));
    },
    async removeGuests(transaction, accountIds) {
      if (accountIds.length === 0) return;
      await end(transaction, accountIds);
      await transaction
        .withTables<Tables>()
        .deleteFrom('accounts')
        .where('accountId', '=', sql<AccountId>`any(${[...accountIds]}::text[])`)
        .where('role', '=', 'guest')
        .execute();
    },
  };
}

async function end(transaction: Transaction, accountIds: readonly AccountId[]): Promise<readonly SessionId[]> {
  const tables = transaction.withTables<Tables>();
  await tables
    .updateTable('accounts')
    .set({ disabledAt: sql`now()` })
    .where('accountId', '=', sql<AccountId>`any(${[...accountIds]}::text[])`)
    .where('role', '=', 'guest')
    .execute();
  const ended = await tables
    .deleteFrom('sessions')
    .where('accountId', '=', sql<AccountId>`any(${[...accountIds]}::text[])`)
    .returning('sessionId')
    .execute();
  return ended.map(({ sessionId }) => sessionId);
}
