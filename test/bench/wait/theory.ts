/** What queueing theory says of a line with s officials, exponential service times and arrivals, and exponential patience. */
export interface Erlang {
  /** How likely somebody who comes has to wait. */
  readonly waits: number;
  /** Mean wait of somebody with endless patience among the others, over all who come. */
  readonly meanWait: number;
  /** How many give up. */
  readonly leave: number;
}

/**
 * Erlang A (Palm 1957; Garnett, Mandelbaum, Reiman 2002), and Erlang C when nobody gives up: the stationary distribution of a birth
 * and death process, seen by Poisson arrivals (PASTA). Rates per unit of time; without patience (`leaveRate` 0) the load must be below 1.
 */
export function erlang(arrivalRate: number, serviceRate: number, officials: number, leaveRate: number): Erlang {
  const weights: number[] = [1];
  let total = 1;
  for (let inside = 1; inside < 20_000; inside += 1) {
    const deathRate = Math.min(inside, officials) * serviceRate + Math.max(0, inside - officials) * leaveRate;
    const weight = ((weights[inside - 1] ?? 0) * arrivalRate) / deathRate;
    weights.push(weight);
    total += weight;
    if (inside > officials && weight < total * 1e-12) break;
  }
  let [waits, meanWait, leave, offered] = [0, 0, 0, 0];
  for (let inside = officials; inside < weights.length; inside += 1) {
    const share = (weights[inside] ?? 0) / total;
    offered += 1 / (officials * serviceRate + (inside - officials) * leaveRate);
    waits += share;
    meanWait += share * offered;
    leave += (share * (inside - officials) * leaveRate) / arrivalRate;
  }
  return { waits, meanWait, leave };
}

/** Steps until somebody with `ahead` before him is served, as exponential means: 1/(sμ + iθ). */
export function steps(ahead: number, serviceRate: number, officials: number, leaveRate: number): { mean: number; variance: number } {
  let [mean, variance] = [0, 0];
  for (let index = 0; index <= ahead; index += 1) {
    const step = 1 / (officials * serviceRate + index * leaveRate);
    mean += step;
    variance += step * step;
  }
  return { mean, variance };
}
