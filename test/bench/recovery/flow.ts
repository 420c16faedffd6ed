import type { BrowserContext, Page } from 'playwright-core';

declare global {
  /** Milliseconds since 1970, on the clock all processes of a machine have: when a decoded picture, or sound that was not invented, was shown or played. */
  var mediaFlow: { readonly pictures: number[]; readonly sounds: number[] } | undefined;
}

export type Flow = NonNullable<typeof globalThis.mediaFlow>;

/** To be called after `watchMedia`, or for pages that note their connections themselves. */
export async function watchFlow(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const flow: Flow = { pictures: [], sounds: [] };
    globalThis.mediaFlow = flow;
    const last = new Map<RTCRtpReceiver, number>();
    const look = (): void => {
      const receivers = (globalThis.peerConnections ?? [])
        .filter(({ connectionState }) => connectionState !== 'closed')
        .flatMap((connection) => connection.getReceivers());
      for (const receiver of receivers) {
        const [source] = receiver.getSynchronizationSources();
        if (source === undefined || last.get(receiver) === source.rtpTimestamp) continue;
        last.set(receiver, source.rtpTimestamp);
        (receiver.track.kind === 'video' ? flow.pictures : flow.sounds).push(performance.timeOrigin + performance.now());
      }
    };
    setInterval(look, 10);
  });
}

export async function readFlow(page: Page): Promise<Flow> {
  return await page.evaluate(() => globalThis.mediaFlow ?? { pictures: [], sounds: [] });
}

/**
 * How often the browser itself has counted a picture as frozen (webrtc-stats, freezeCount: 150 ms more than between the last thirty).
 * That needs no free main thread, as `watchFlow` does.
 */
export async function countFreezes(page: Page): Promise<number> {
  return await page.evaluate(async () => {
    const reports = await Promise.all((globalThis.peerConnections ?? []).map(async (connection) => await connection.getStats()));
    return reports
      .flatMap((report) => [...report.values()])
      .reduce((sum, stats) => sum + (stats.type === 'inbound-rtp' ? (stats.freezeCount ?? 0) : 0), 0);
  });
}

export interface Gap {
  readonly from: number;
  readonly to: number;
  readonly ms: number;
}

/** The longest time without anything that ends between `since` and `until`; up to then when nothing has come. */
export function largestGap(times: readonly number[], since: number, until = Date.now()): Gap {
  const ends = [...times.filter((at) => at < until), until];
  let largest: Gap = { from: since, to: since, ms: 0 };
  for (const [index, to] of ends.entries()) {
    const from = ends[index - 1];
    if (from !== undefined && to > since && to - from > largest.ms) largest = { from, to, ms: to - from };
  }
  return largest;
}
