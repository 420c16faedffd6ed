import type { ServiceId } from '../protocol/ids.ts';
import { exponential } from './seeded-random.ts';

/** How long an official was taken up by somebody: from calling him to calling the next one, or to the end when nobody waited. */
export interface ServiceTime {
  readonly serviceId: ServiceId;
  readonly durationMs: number;
}

/** With fewer of its own, a service is taken to last like the others of its office. */
const minOwn = 20;
/** The exponential distribution counts like so many services seen: it fills in what a short record has not shown. */
const priorWeight = 10;
/** Of which nothing is known: not told to anybody, but whoever is with somebody is not free at once. */
const unknownMs = 10 * 60_000;

/** Service times of one kind: what was seen, in order of length. */
interface Pool {
  readonly sorted: Float64Array;
  readonly meanMs: number;
  /** Spread of the logarithm of the true mean, as far as the record leaves it open. */
  readonly doubt: number;
}

/**
 * Service times as they were seen lately, to draw from. Draws repeat what happened, so mean and spread (coefficient of variation),
 * long tails and two kinds of visits in one service are in them without a formula; a share of exponential draws of the same mean
 * stands for what a short record has not shown yet.
 */
export class ServiceTimes {
  /** Of how many services. */
  readonly count: number;
  readonly #all: Pool;
  readonly #own = new Map<ServiceId, Pool>();

  constructor(times: readonly ServiceTime[]) {
    this.count = times.length;
    this.#all = pool(times);
    for (const [serviceId, own] of Map.groupBy(times, (time) => time.serviceId)) {
      if (own.length >= minOwn) this.#own.set(serviceId, pool(own));
    }
  }

  /** Of this service; of the whole office for null, and while too little is known of the service. */
  of(serviceId: ServiceId | null): Pool {
    return (serviceId === null ? undefined : this.#own.get(serviceId)) ?? this.#all;
  }
}

/** By how much all service times are longer or shorter than the record says: drawn once for each course the future may take. */
export function drawScale({ doubt }: Pool, normal: number): number {
  return Math.exp(doubt * normal - (doubt * doubt) / 2);
}

/** How long a service will take. */
export function drawService({ sorted, meanMs }: Pool, random: () => number): number {
  if (random() * (sorted.length + priorWeight) < priorWeight) return exponential(random, meanMs);
  return sorted[Math.floor(random() * sorted.length)] ?? meanMs;
}

/** A service that has lasted for some time: which of those seen lasted longer, and what the exponential share still counts. */
interface Rest {
  readonly times: Pool;
  readonly elapsedMs: number;
  readonly first: number;
  readonly prior: number;
}

export function restOf(times: Pool, elapsedMs: number): Rest {
  const { sorted, meanMs } = times;
  return { times, elapsedMs, first: firstLonger(sorted, elapsedMs), prior: priorWeight * Math.exp(-elapsedMs / meanMs) };
}

/** How much longer it will take. What has lasted longer than anything before ends when it ends: exponential. */
export function drawRest({ times: { sorted, meanMs }, elapsedMs, first, prior }: Rest, random: () => number): number {
  const longer = sorted.length - first;
  if (longer === 0 || random() * (longer + prior) < prior) return exponential(random, meanMs);
  return (sorted[first + Math.floor(random() * longer)] ?? meanMs) - elapsedMs;
}

function pool(times: readonly ServiceTime[]): Pool {
  const sorted = Float64Array.from(times, ({ durationMs }) => durationMs).sort();
  const meanMs = sorted.length === 0 ? unknownMs : sorted.reduce((sum, duration) => sum + duration, 0) / sorted.length;
  const squares = sorted.reduce((sum, duration) => sum + (duration - meanMs) ** 2, 0);
  // What is drawn from: what was seen, and the exponential share.
  const variance = (squares + priorWeight * meanMs * meanMs) / (sorted.length + priorWeight);
  const doubt = meanMs > 0 && sorted.length > 0 ? Math.sqrt(Math.log1p(variance / (meanMs * meanMs) / sorted.length)) : 0;
  return { sorted, meanMs, doubt };
}

/** The index of the first that is longer. */
function firstLonger(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? Number.POSITIVE_INFINITY) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
