import { measure, type Measured } from './measure.ts';
import { names } from './predictors.ts';
import { changingDay, meanMs, steady, withAppointments, withSkills } from './regimes.ts';
import { erlang } from './theory.ts';

/**
 * How good waits can be predicted: our estimate beside the simple predictors of the literature, in simulated lines (goals 17 and 18).
 * Every predictor is asked about the same people; errors are root mean squares relative to the floor, which is the spread of the wait
 * itself with exponential service times (Erlang A). Ours learns its figures from the line; the others are told the true ones.
 */
const options = { arrivals: 300_000, every: 25, seed: 1 };
/** Exponential services: the theory has a floor. Officials, load, and how often people give up in a service time. */
const exponentialLines = [
  [5, 0.9, 0],
  [10, 0.95, 0],
  [10, 1.2, 0.5],
  [30, 1.2, 0.5],
] as const;
const must = { floor: 1.05, headOfLine: 0.75, covered: [0.75, 0.85] } as const;

function main(): void {
  console.log('The simulation against theory (Erlang C, Erlang A), unit: mean service time');
  console.log('officials load patience | waits: simulated theory | mean wait | give up');
  const exact = exponentialLines.map(([officials, load, leaveRate]) => {
    const measured = measure(steady(officials, load, { leaveRate }), options);
    const theory = erlang(load * officials, 1, officials, leaveRate);
    const pairs = [
      [measured.waits, theory.waits],
      [measured.meanWaitMs / meanMs, theory.meanWait],
      [measured.leave, theory.leave],
    ] as const;
    const text = pairs.map(([simulated, expected]) => `${simulated.toFixed(3)} ${expected.toFixed(3)}`).join(' | ');
    console.log(`${String(officials).padStart(9)} ${load.toFixed(2)} ${String(leaveRate).padStart(8)} | ${text}`);
    return measured;
  });
  console.log(
    `\nRoot mean square error, in floors (* exponential formula, a scale only); share of waits within our 10th to 90th percentile`,
  );
  console.log(`${'floor'.padStart(6)}  ${names.map((name) => name.padStart(16)).join(' ')}   within shown    ms  line`);
  for (const measured of exact) print(measured, '');
  const others = [
    steady(10, 0.95, { serviceVariation: 0.5 }),
    steady(10, 0.95, { serviceVariation: 1.5 }),
    steady(10, 0.9, { serviceVariation: 0.7, arrivalVariation: 1.5 }),
    changingDay(),
    withAppointments(),
    withSkills(),
  ].map((regime) => measure(regime, options));
  for (const measured of others) print(measured, '*');
  for (const remembered of [200, 50, 10])
    print(measure(steady(10, 0.95), { ...options, remembered }), '', `, ours knows ${remembered} services`);
  judge(exact, [...exact, ...others]);
}

function print({ regime, floorMs, errorMs, covered, coveredAsShown, predictMs }: Measured, mark: string, note = ''): void {
  const errors = names.map((name) => (errorMs[name] / floorMs).toFixed(2).padStart(16)).join(' ');
  const shares = [covered, coveredAsShown].map((share) => `${(100 * share).toFixed(1)} %`.padStart(7)).join(' ');
  console.log(
    `${((floorMs / meanMs).toFixed(3) + mark).padEnd(6)}  ${errors} ${shares} ${predictMs.toFixed(2).padStart(5)}  ${regime.name}${note}`,
  );
}

function judge(exact: readonly Measured[], all: readonly Measured[]): void {
  const worst = Math.max(...exact.map(({ errorMs, floorMs }) => errorMs.ours / floorMs));
  const beside = Math.max(...exact.map(({ errorMs }) => errorMs.ours / errorMs['head of line']));
  const shares = all.map(({ covered }) => covered);
  const [low, high] = [Math.min(...shares), Math.max(...shares)];
  console.log(
    `\ngoal 17: ours / floor ${worst.toFixed(3)} (must ${must.floor}, stretch 1.02); ours / head of line ${beside.toFixed(2)} (must ${must.headOfLine}, stretch 0.72)`,
  );
  console.log(
    `goal 18: within the range ${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)} % in all lines (must 75 to 85, stretch 78 to 82)`,
  );
  if (worst > must.floor || beside > must.headOfLine || low < must.covered[0] || high > must.covered[1]) process.exitCode = 1;
}

main();
