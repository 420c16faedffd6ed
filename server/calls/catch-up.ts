import type { CallId, QueueEntryId } from '../protocol/ids.ts';
import type { Calls } from './calls.ts';
import type { Members } from './members.ts';
import type { CallStore } from './store.ts';

export interface CallCatchUpDependencies {
  readonly store: CallStore;
  readonly members: Members;
  readonly calls: Calls;
  /** Its citizen hears how the queue entry stands. */
  readonly tellEntry: (entryId: QueueEntryId) => Promise<void>;
  readonly now: () => number;
}

/** How far back is looked: longer than a node may hang, and clocks may differ. */
const windowMs = 60_000;

/**
 * What other nodes changed in calls and this one was perhaps not told, because Redis is down or lost a hint: found in SQL each second, so
 * losing all of Redis costs a second, and no call (§0.2, rule 4). People are told how the call stands. Some hear it twice: at a node's
 * first look nothing is known, and all calls that changed in the minute before are news.
 */
export class CallCatchUp {
  readonly #dependencies: CallCatchUpDependencies;
  #known: ReadonlyMap<CallId, number> = new Map();

  constructor(dependencies: CallCatchUpDependencies) {
    this.#dependencies = dependencies;
  }

  async check(): Promise<void> {
    const { store, members, calls, tellEntry, now } = this.#dependencies;
    const recent = await store.listChangedSince(now() - windowMs);
    const before = this.#known;
    this.#known = new Map(recent.map(({ call, changedAt }) => [call.callId, changedAt]));
    for (const { call, changedAt } of recent) {
      if ((before.get(call.callId) ?? 0) >= changedAt) continue;
      calls.tell(call);
      await tellEntry(call.entryId);
      if (call.state === 'ended') continue;
      const present = await members.read(call.callId);
      if (present.round > 0) members.tell(call, present);
    }
  }
}
