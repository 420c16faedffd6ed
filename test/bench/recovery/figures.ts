import { loadavg } from 'node:os';
import { percentile } from '../call/cpu.ts';

/** Milliseconds, and how busy the machine was. */
export function figures(values: readonly number[]): string {
  const [p50, p95, most] = [percentile(values, 0.5), percentile(values, 0.95), Math.max(...values)];
  const all = values.map((value) => value.toFixed(0)).join(' ');
  return `p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms, most ${most.toFixed(0)} ms (${all}; load ${loadavg()[0]?.toFixed(1)})`;
}
