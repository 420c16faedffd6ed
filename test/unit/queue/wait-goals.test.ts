import { describe, expect, test } from 'vitest';
import { measure } from '../../bench/wait/measure.ts';
import { meanMs, steady } from '../../bench/wait/regimes.ts';
import { erlang } from '../../bench/wait/theory.ts';

/** A short run of `npm run bench -- wait`; with so few waits the errors themselves are known to a few hundredths only. */
describe.each([
  { officials: 5, load: 0.9, leaveRate: 0 },
  { officials: 10, load: 1.2, leaveRate: 0.5 },
])('with $officials officials at load $load', ({ officials, load, leaveRate }) => {
  const measured = measure(steady(officials, load, { leaveRate }), { arrivals: 60_000, every: 40, seed: 2 });
  const theory = erlang(load * officials, 1, officials, leaveRate);

  test('the simulated line behaves as Erlang’s formulas say', () => {
    expect(Math.abs(measured.waits / theory.waits - 1)).toBeLessThan(0.03);
    expect(Math.abs(measured.meanWaitMs / meanMs / theory.meanWait - 1)).toBeLessThan(0.1);
    expect(Math.abs(measured.leave - theory.leave)).toBeLessThan(0.01);
  });

  test('waits are foretold about as well as they can be, and better than by the head of the line (goal 17)', () => {
    const { ours, 'with abandonment': exact, 'head of line': headOfLine } = measured.errorMs;
    // The formula that knows the true figures makes the error that nobody can avoid, in these very waits.
    expect(ours / exact).toBeLessThan(1.05);
    expect(ours / headOfLine).toBeLessThan(0.78);
  });

  test('four of five waits lie within the announced range (goal 18)', () => {
    expect(measured.covered).toBeGreaterThan(0.75);
    expect(measured.covered).toBeLessThan(0.85);
  });
});
