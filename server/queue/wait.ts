import type { WaitRange } from '../protocol/offices.ts';

/** What an office's line did lately. */
export interface LineRecord {
  /** How many of the last services are counted. */
  readonly served: number;
  /** From accept to the end of the call. */
  readonly meanServiceMs: number;
  /** How many left the line without having been served, and how long all who waited (these and the served) waited together. */
  readonly left: number;
  readonly waitedMs: number;
}

/** Officials who are available and connected, and how many of them are in no call. */
export interface Staff {
  readonly serving: number;
  readonly free: number;
}

/** With fewer services than this behind it, an estimate would be a guess. */
export const minServed = 5;
const stepMinutes = 5;
/** Of the standard normal distribution: one wait in ten is shorter, one in ten longer than the range. */
const z90 = 1.2816;

/**
 * How long somebody with `ahead` people before him will wait, or null when that would be a guess.
 *
 * Queue length with abandonment correction (performance.md, "Wait prediction"): with s officials serving at the rate μ and
 * people leaving at the rate θ, the wait is a sum of exponential steps of mean 1/(sμ + iθ), i = 0 … ahead. The range is its
 * 10th to 90th percentile, from a gamma distribution of the same mean and variance (Wilson and Hilferty's approximation).
 */
export function predictWait(ahead: number, staff: Staff, record: LineRecord): WaitRange | null {
  if (ahead < staff.free) return { fromMinutes: 0, toMinutes: stepMinutes };
  if (staff.serving === 0 || record.served < minServed || record.meanServiceMs <= 0) return null;
  const serviceRate = staff.serving / record.meanServiceMs;
  const leaveRate = record.waitedMs > 0 ? record.left / record.waitedMs : 0;
  const steps = Array.from({ length: ahead + 1 }, (_, index) => 1 / (serviceRate + index * leaveRate));
  const mean = steps.reduce((sum, step) => sum + step, 0);
  const variance = steps.reduce((sum, step) => sum + step * step, 0);
  const fromMinutes = gammaQuantile(mean, variance, -z90) / 60_000;
  const toMinutes = gammaQuantile(mean, variance, z90) / 60_000;
  return {
    fromMinutes: Math.floor(fromMinutes / stepMinutes) * stepMinutes,
    toMinutes: Math.max(1, Math.ceil(toMinutes / stepMinutes)) * stepMinutes,
  };
}

/** The quantile of a gamma distribution at the normal deviate `z` (Wilson and Hilferty 1931). */
function gammaQuantile(mean: number, variance: number, z: number): number {
  const shape = (mean * mean) / variance;
  return mean * Math.max(0, 1 - 1 / (9 * shape) + z / (3 * Math.sqrt(shape))) ** 3;
}
