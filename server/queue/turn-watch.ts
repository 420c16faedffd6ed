import type { AccountId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import type { Log } from '../platform/log.ts';
import type { Turns } from './turns.ts';
import type { TurnStore } from './turn-store.ts';

export interface TurnWatchDependencies {
  readonly store: TurnStore;
  readonly turns: Turns;
  /** Accounts with a socket on this node. */
  readonly connected: { accounts(): readonly AccountId[] };
  /** Officials who are in the room of their running call, on any node. */
  readonly attending: () => Promise<ReadonlySet<AccountId>>;
  readonly now: () => number;
  readonly log: Log;
}

/** How often the watch is to look. */
export const watchMs = 5_000;
/** Having looked away for longer, it begins anew. */
const awayMs = 3 * watchMs;
/** How long after that people have to come back before a turn counts as missed. */
const returnMs = 20_000;

/**
 * Sees to it that a call which nobody answers ends in time, and that no ticket stays with an official who has vanished. Each node
 * watches all; SQL decides, once. Time in which this node did not look does not count: a server that was away takes nothing from anybody.
 */
export class TurnWatch {
  readonly #dependencies: TurnWatchDependencies;
  #watchingSince: number;
  #lookedAt: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(dependencies: TurnWatchDependencies) {
    this.#dependencies = dependencies;
    this.#watchingSince = dependencies.now();
    this.#lookedAt = this.#watchingSince;
  }

  /** To be called every `watchMs`. `again` is called besides when somebody's time is over before the next look. */
  async look(again: () => void): Promise<void> {
    const { store, connected, now } = this.#dependencies;
    const at = now();
    if (at - this.#lookedAt > awayMs) this.#watchingSince = at;
    await store.holdTurns(connected.accounts(), at);
    this.#lookedAt = at;
    const watchedMs = at - this.#watchingSince;
    if (watchedMs >= limits.leaseMs) await this.#returnLost(at);
    if (watchedMs >= returnMs) await this.#missOverdue(at);
    const next = await store.readNextAnswerBy();
    clearTimeout(this.#timer);
    if (next !== null && next > at && next - at < watchMs) this.#timer = setTimeout(again, next - at);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  async #returnLost(at: number): Promise<void> {
    const { store, turns, attending } = this.#dependencies;
    const unheld = await store.listUnheld(at - limits.leaseMs);
    if (unheld.length === 0) return;
    // Without a socket, but with sound and picture: nobody has vanished.
    const inRooms = await attending();
    for (const { entryId, callId, officialId } of unheld)
      if (!inRooms.has(officialId)) await this.#try(() => turns.returnLost(entryId, callId));
  }

  async #missOverdue(at: number): Promise<void> {
    const { store, turns } = this.#dependencies;
    for (const entryId of await store.listOverdue(at)) await this.#try(() => turns.missOverdue(entryId));
  }

  /** One that fails keeps nobody else waiting. */
  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#dependencies.log.warn({ err: error }, 'a turn whose time is over could not be ended');
    }
  }
}
