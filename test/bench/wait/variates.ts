import { exponential } from '../../../server/queue/seeded-random.ts';

/** Draws one number of this mean. */
export type Variate = (random: () => number) => number;

/** Exponential for a coefficient of variation of 1, log-normal for any other. */
export function variate(mean: number, variation: number): Variate {
  if (variation === 1) return (random) => exponential(random, mean);
  const sigma = Math.sqrt(Math.log1p(variation * variation));
  return (random) => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return mean * Math.exp(sigma * normal - (sigma * sigma) / 2);
  };
}
