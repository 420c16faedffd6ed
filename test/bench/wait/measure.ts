import { recordEntries } from '../../../server/queue/wait.ts';
import { simulateLine, type Regime, type Visitor } from './line-simulation.ts';
import { names, Predictors, type Prediction, type PredictorName } from './predictors.ts';

export interface Measured {
  readonly regime: Regime;
  /** Waits that were predicted. */
  readonly count: number;
  readonly floorMs: number;
  readonly errorMs: Readonly<Record<PredictorName, number>>;
  /** Share of the waits between the 10th and 90th percentile that ours had announced. */
  readonly covered: number;
  /** The same for the range as people see it, in steps of five minutes. */
  readonly coveredAsShown: number;
  /** Over all who came without an appointment. */
  readonly waits: number;
  readonly meanWaitMs: number;
  readonly leave: number;
  /** What one look at the line costs. */
  readonly predictMs: number;
}

export interface MeasureOptions {
  readonly arrivals: number;
  /** Every so many waits are predicted. */
  readonly every: number;
  readonly seed: number;
  /** How many services ours counts; as many as the server does if left out. */
  readonly remembered?: number;
}

const stepMs = 5 * 60_000;
/** Before these the line fills, and ours learns. */
const warmUp = 2_000;

/** Plays a regime and compares what each predictor said with what came. */
export function measure(regime: Regime, { arrivals, every, seed, remembered = recordEntries }: MeasureOptions): Measured {
  const predictors = new Predictors(regime, remembered);
  const squares: Record<PredictorName, number> = {
    ours: 0,
    'queue length': 0,
    'with abandonment': 0,
    'last to enter': 0,
    'head of line': 0,
    'mean of last 20': 0,
  };
  let [joined, waited, count, variance, within, asShown, left, waitSum, costMs, turns] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  const settle = ({ waits, p10Ms, p90Ms, variance: own }: Prediction, waitMs: number): void => {
    count += 1;
    variance += own;
    for (const name of names) squares[name] += (waits[name] - waitMs) ** 2;
    if (waitMs >= p10Ms && waitMs <= p90Ms) within += 1;
    if (waitMs >= Math.floor(p10Ms / stepMs) * stepMs && waitMs <= Math.ceil(p90Ms / stepMs) * stepMs) asShown += 1;
  };
  const isCounted = ({ startsAt }: Visitor): boolean => joined > warmUp && startsAt === null;
  simulateLine(regime, {
    arrivals: arrivals + warmUp,
    seed,
    observer: {
      onJoin(visitor, waits) {
        joined += 1;
        if (isCounted(visitor) && waits) waited += 1;
      },
      onWait(moment, visitor) {
        if (joined <= warmUp || waited % every !== 0) return null;
        const begun = performance.now();
        const prediction = predictors.predict(moment, visitor);
        costMs += performance.now() - begun;
        return prediction;
      },
      onTurn(visitor, at, hasLeft) {
        predictors.noteTurn(visitor, at, hasLeft);
        if (!isCounted(visitor)) return;
        turns += 1;
        waitSum += at - visitor.joinedAt;
        if (hasLeft) left += 1;
        if (visitor.forecast !== null) settle(visitor.forecast as Prediction, at - visitor.joinedAt);
      },
      onServed: (visitor, durationMs) => predictors.noteServed(visitor, durationMs),
    },
  });
  const errorOf = (name: PredictorName): number => Math.sqrt(squares[name] / count);
  return {
    regime,
    count,
    floorMs: Math.sqrt(variance / count),
    errorMs: Object.fromEntries(names.map((name) => [name, errorOf(name)])) as Record<PredictorName, number>,
    covered: within / count,
    coveredAsShown: asShown / count,
    waits: waited / arrivals,
    meanWaitMs: waitSum / turns,
    leave: left / turns,
    predictMs: costMs / count,
  };
}
