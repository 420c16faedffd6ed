import { limits } from '../protocol/limits.ts';
import type { AccountId, CallId } from '../protocol/ids.ts';
import { AppError } from '../platform/app-error.ts';
import { transaction, type Database } from '../platform/database.ts';
import { requireRole } from './call.ts';
import { createRatingStore } from './rating-store.ts';
import type { CallStore } from './store.ts';

export interface RatingsDependencies {
  readonly database: Database;
  readonly store: CallStore;
  /** The local date, "2026-11-22". */
  readonly dayOf: (at: number) => string;
  readonly now: () => number;
}

/** How calls were found: counts by service and day. Who gave which the server does not keep, only that it was given. */
export class Ratings {
  readonly #dependencies: RatingsDependencies;

  constructor(dependencies: RatingsDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * The citizen, once, within a day of the end; a second one is answered like the first and not counted. Throws `forbidden`,
   * `bad_state` before the end and for a call nobody answered, `closed` after the day.
   */
  async rate(callId: CallId, accountId: AccountId, rating: number): Promise<void> {
    const { database, store, dayOf, now } = this.#dependencies;
    const at = now();
    await transaction(database, async (within) => {
      const call = await store.lock(within, callId);
      requireRole(call, accountId, ['citizen']);
      if (call.state !== 'ended' || call.answeredAt === null) throw new AppError('bad_state', 'there was no call to rate yet');
      if (at > call.endedAt + limits.ratingMs) throw new AppError('closed', 'the day is over');
      const ratings = createRatingStore(within);
      if (await ratings.markRated(callId)) await ratings.count(call.serviceId, dayOf(at), rating);
    });
  }
}
