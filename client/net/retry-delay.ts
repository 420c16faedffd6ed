/** Waiting time before attempt `attempt` (from 1): doubles up to half a minute, between half and all of it by chance, so that a herd spreads. */
export function retryDelayMs(attempt: number, random: () => number = Math.random): number {
  const ceilingMs = Math.min(30_000, 500 * 2 ** Math.min(attempt, 10));
  return ceilingMs * (0.5 + random() / 2);
}
