/** With FIGURES set, what was measured beside what was asserted: times say something of a quiet machine only. */
export function printFigures(what: string, ms: readonly number[]): void {
  if (process.env['FIGURES'] === undefined) return;
  const sorted = ms.toSorted((one, other) => one - other);
  const at = (share: number): string => (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN).toFixed(1);
  process.stdout.write(`${what}: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, longest ${at(1)} ms (${ms.length})\n`);
}
