import type { CallId, ServiceId } from '../protocol/ids.ts';
import type { Transaction } from '../platform/database.ts';

type Tables = {
  calls: { callId: CallId; rated: boolean };
  callRatings: { serviceId: ServiceId; day: string; rating: number; count: number };
};

/** Counts of ratings, within a transaction. */
export function createRatingStore(transaction: Transaction) {
  const tables = transaction.withTables<Tables>();

  return {
    /** True the first time. */
    async markRated(callId: CallId): Promise<boolean> {
      const { numUpdatedRows } = await tables
        .updateTable('calls')
        .set({ rated: true })
        .where('callId', '=', callId)
        .where('rated', '=', false)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },

    async count(serviceId: ServiceId, day: string, rating: number): Promise<void> {
      await tables
        .insertInto('callRatings')
        .values({ serviceId, day, rating, count: 1 })
        .onConflict((conflict) =>
          conflict.columns(['serviceId', 'day', 'rating']).doUpdateSet((update) => ({ count: update('callRatings.count', '+', 1) })),
        )
        .execute();
    },
  };
}
