import { newId } from '../../../server/protocol/ids.ts';
import { ServiceTimes, type ServiceTime } from '../../../server/queue/service-times.ts';
import { forecastWaits, unsettledMs, type LineRecord } from '../../../server/queue/wait.ts';
import type { LineMoment, Regime, Visitor } from './line-simulation.ts';
import { steps } from './theory.ts';

export const names = ['ours', 'queue length', 'with abandonment', 'last to enter', 'head of line', 'mean of last 20'] as const;
export type PredictorName = (typeof names)[number];

export interface Prediction {
  readonly waits: Readonly<Record<PredictorName, number>>;
  readonly p10Ms: number;
  readonly p90Ms: number;
  /** Variance of the wait with exponential service times: whose square root is the floor (Erlang A). */
  readonly variance: number;
}

/** After so many services ours looks at what it remembers. The server does so after some seconds. */
const lookEvery = 100;

/**
 * All predictors beside each other. Ours learns service times and patience from what it has seen in this line, as in production;
 * the others are told the true mean and patience.
 */
export class Predictors {
  readonly #regime: Regime;
  readonly #remembered: number;
  readonly #serviceRate: number;
  readonly #served: ServiceTime[] = [];
  readonly #finished: { readonly waitedMs: number; readonly hasLeft: boolean; readonly isUrgent: boolean; readonly at: number }[] = [];
  readonly #lastWaits: number[] = [];
  #record: LineRecord | null = null;
  #seen = 0;

  /** `remembered`: how many services and leavings ours counts; the server takes `recordEntries`. */
  constructor(regime: Regime, remembered: number) {
    this.#regime = regime;
    this.#remembered = remembered;
    this.#serviceRate = 1 / regime.services.reduce((sum, { share, meanMs }) => sum + share * meanMs, 0);
  }

  noteServed(visitor: Visitor, durationMs: number): void {
    this.#served.push({ serviceId: visitor.serviceId, durationMs });
    if (this.#served.length > this.#remembered) this.#served.shift();
    if ((this.#seen += 1) % Math.min(lookEvery, this.#remembered) === 0) this.#record = null;
  }

  noteTurn({ joinedAt, leavesAt, isPrioritised, startsAt }: Visitor, at: number, hasLeft: boolean): void {
    this.#finished.push({ waitedMs: (hasLeft ? leavesAt : at) - joinedAt, hasLeft, isUrgent: isPrioritised, at });
    if (this.#finished.length > this.#remembered) this.#finished.shift();
    if (hasLeft || startsAt !== null) return;
    this.#lastWaits.push(at - joinedAt);
    if (this.#lastWaits.length > 20) this.#lastWaits.shift();
  }

  /** Null when ours says nothing. */
  predict(moment: LineMoment, visitor: Visitor): Prediction | null {
    const { at, waiting, desks, expected } = moment;
    const forecast = forecastWaits({
      at,
      waiting: waiting.map(({ serviceId, startsAt, isPrioritised }) => ({
        entryId: newId<'queue entry'>(),
        serviceId,
        language: 'lb',
        class: isPrioritised || (startsAt !== null && startsAt <= at) ? 0 : startsAt === null ? 1 : 2,
        becomesDueAt: startsAt,
      })),
      officials: desks.map(({ serves, visitor: with_, since }) => ({
        services: serves,
        languages: [],
        busy: with_ && { serviceId: with_.serviceId, since },
      })),
      changed: at - moment.staffChangedAt < unsettledMs ? desks.length : 0,
      expected,
      record: (this.#record ??= this.#readRecord()),
      services: [visitor.serviceId],
    }).ofServices.get(visitor.serviceId);
    if (!forecast) return null;
    const [ahead, officials, head] = [waiting.length, desks.length, waiting.find(({ startsAt }) => startsAt === null)];
    const exact = steps(ahead, this.#serviceRate, officials, this.#regime.leaveRate);
    return {
      p10Ms: forecast.p10Ms,
      p90Ms: forecast.p90Ms,
      variance: exact.variance,
      waits: {
        ours: forecast.meanMs,
        'queue length': (ahead + 1) / (officials * this.#serviceRate),
        'with abandonment': exact.mean,
        'last to enter': this.#lastWaits.at(-1) ?? 0,
        'head of line': head ? at - head.joinedAt : 0,
        'mean of last 20': this.#lastWaits.reduce((sum, wait) => sum + wait, 0) / Math.max(1, this.#lastWaits.length),
      },
    };
  }

  #readRecord(): LineRecord {
    const [first, last] = [this.#finished[0], this.#finished.at(-1)];
    const spanMs = first && last ? last.at - first.at : 0;
    return {
      times: new ServiceTimes(this.#served),
      left: this.#finished.filter(({ hasLeft }) => hasLeft).length,
      waitedMs: this.#finished.reduce((sum, { waitedMs }) => sum + waitedMs, 0),
      urgentRate: spanMs > 0 ? this.#finished.filter(({ isUrgent }) => isUrgent).length / spanMs : 0,
      showRate: this.#regime.showRate,
    };
  }
}
