import type { ServiceId } from '../protocol/ids.ts';
import type { ForecastStore } from './forecast-store.ts';

/** A share of fewer waits than this says nothing. */
const minAnnounced = 20;
const freshMs = 5 * 60_000;

/** How often announced waits came true, for everybody who asks for the offices: looked up every few minutes. */
export class PublishedAccuracy {
  readonly #findAccuracy: ForecastStore['findAccuracy'];
  readonly #now: () => number;
  #found: { readonly at: number; readonly shares: ReadonlyMap<ServiceId, number> } | null = null;

  constructor({ findAccuracy, now }: { readonly findAccuracy: ForecastStore['findAccuracy']; readonly now: () => number }) {
    this.#findAccuracy = findAccuracy;
    this.#now = now;
  }

  /** Percent of the announced waits that came true, by service; without those that have too few. */
  async of(serviceIds: readonly ServiceId[]): Promise<ReadonlyMap<ServiceId, number>> {
    const at = this.#now();
    if (this.#found && at - this.#found.at <= freshMs) return this.#found.shares;
    const enough = [...(await this.#findAccuracy(serviceIds, at))].filter(([, { announced }]) => announced >= minAnnounced);
    const shares = new Map(enough.map(([serviceId, { announced, within }]) => [serviceId, Math.round((100 * within) / announced)]));
    this.#found = { at, shares };
    return shares;
  }
}
