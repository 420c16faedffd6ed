import type { Page } from 'playwright-core';

/** What one page has received so far, over all its living connections. */
export interface Sample {
  /** Milliseconds since the page was opened. */
  readonly at: number;
  readonly audioSamples: number;
  /** Of them, those the decoder had to invent, silence apart. */
  readonly concealedSamples: number;
  readonly framesDecoded: number;
  readonly frozenSeconds: number;
  /** Of the last picture; 0 before there is one. */
  readonly frameWidth: number;
  /** By the worker's candidate: "udp" or "tcp". */
  readonly protocol: string;
}

/** What happened on a page between two moments. */
export interface Observed {
  readonly concealedPercent: number;
  readonly frozenPercent: number;
  readonly framesPerSecond: number;
  /** In the order in which they came. */
  readonly widths: readonly number[];
  /** After how many seconds the picture was another one than at the start; null: never. */
  readonly adaptedAfterSeconds: number | null;
}

/** Asks the page that watchMedia (test/support/call-media.ts) has prepared. */
export async function sample(page: Page): Promise<Sample> {
  return await page.evaluate(async () => {
    const sum = {
      at: performance.now(),
      audioSamples: 0,
      concealedSamples: 0,
      framesDecoded: 0,
      frozenSeconds: 0,
      frameWidth: 0,
      protocol: '',
    };
    for (const connection of globalThis.peerConnections ?? []) {
      if (connection.connectionState === 'closed') continue;
      const report = await connection.getStats();
      for (const stats of report.values()) {
        if (stats.type === 'transport') {
          const pair = report.get(stats.selectedCandidatePairId ?? '');
          sum.protocol = report.get(pair?.remoteCandidateId ?? '')?.protocol ?? sum.protocol;
        }
        if (stats.type !== 'inbound-rtp') continue;
        if (stats.kind === 'audio') {
          sum.audioSamples += stats.totalSamplesReceived ?? 0;
          sum.concealedSamples += (stats.concealedSamples ?? 0) - (stats.silentConcealedSamples ?? 0);
        } else {
          sum.framesDecoded += stats.framesDecoded ?? 0;
          sum.frozenSeconds += stats.totalFreezesDuration ?? 0;
          sum.frameWidth = Math.max(sum.frameWidth, stats.frameWidth ?? 0);
        }
      }
    }
    return sum;
  });
}

/** Looks at the page every half second for so long. */
export async function observe(page: Page, durationMs: number): Promise<Observed> {
  const samples = [await sample(page)];
  const until = performance.now() + durationMs;
  while (performance.now() < until) {
    await page.waitForTimeout(500);
    samples.push(await sample(page));
  }
  return summarize(samples);
}

function summarize(samples: readonly Sample[]): Observed {
  const [first] = samples;
  const last = samples.at(-1);
  if (!first || !last) throw new Error('nothing was observed');
  const seconds = (last.at - first.at) / 1_000;
  const audio = last.audioSamples - first.audioSamples;
  const changed = samples.find(({ frameWidth }) => frameWidth !== first.frameWidth);
  return {
    concealedPercent: audio === 0 ? 100 : ((last.concealedSamples - first.concealedSamples) / audio) * 100,
    frozenPercent: ((last.frozenSeconds - first.frozenSeconds) / seconds) * 100,
    framesPerSecond: (last.framesDecoded - first.framesDecoded) / seconds,
    widths: samples.map(({ frameWidth }) => frameWidth).filter((width, index, all) => width !== all[index - 1]),
    adaptedAfterSeconds: changed ? (changed.at - first.at) / 1_000 : null,
  };
}
