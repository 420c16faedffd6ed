import type { PictureQuality } from '../../../server/protocol/calls.ts';

/** In a person's words: nothing to say; the picture may suffer; the sound may suffer. */
export type LineQuality = 'good' | 'weak' | 'bad';

/** What was counted up to a moment, and what the other side reported then. */
export interface LineSample {
  readonly at: number;
  /** Packets, since the beginning. */
  readonly received: number;
  readonly lost: number;
  /** Share of what was sent. */
  readonly sentLoss: number;
  readonly roundTripMs: number;
}

/** Of the last seconds, the oldest first. Null while there is too little to judge by. */
export function lineQuality(samples: readonly LineSample[], pictures: readonly PictureQuality[]): LineQuality | null {
  const [first] = samples;
  const last = samples.at(-1);
  if (!first || !last || last.at - first.at < judgedMs) return null;
  const lost = Math.max(0, last.lost - first.lost);
  const arrived = Math.max(0, last.received - first.received);
  const loss = Math.max(arrived + lost === 0 ? 0 : lost / (arrived + lost), median(samples.map(({ sentLoss }) => sentLoss)));
  const roundTripMs = median(samples.map((sample) => sample.roundTripMs));
  if (loss > 0.1 || roundTripMs > 600 || pictures.includes('none')) return 'bad';
  return loss > 0.03 || roundTripMs > 300 || pictures.includes('reduced') ? 'weak' : 'good';
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}

const judgedMs = 2_000;
