import type { BrowserContext, Page } from 'playwright-core';

declare global {
  var peerConnections: RTCPeerConnection[] | undefined;
}

/** What a page has received and decoded so far, over all its connections. */
export interface DecodedMedia {
  readonly frames: number;
  readonly audioPackets: number;
  /** Of the sound after decoding: grows only when it is not silence. */
  readonly audioEnergy: number;
}

/** Notes every connection that pages of this context make, before their own scripts run. */
export async function watchMedia(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const connections: RTCPeerConnection[] = [];
    globalThis.peerConnections = connections;
    globalThis.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        connections.push(this);
      }
    };
  });
}

/** What has been decoded on this page; zeros before there is a call. */
export async function decodedMedia(page: Page): Promise<DecodedMedia> {
  return await page.evaluate(async () => {
    const sum = { frames: 0, audioPackets: 0, audioEnergy: 0 };
    for (const connection of globalThis.peerConnections ?? []) {
      for (const stats of (await connection.getStats()).values()) {
        if (stats.type !== 'inbound-rtp') continue;
        sum.frames += stats.framesDecoded ?? 0;
        if (stats.kind !== 'audio') continue;
        sum.audioPackets += stats.packetsReceived ?? 0;
        sum.audioEnergy += stats.totalAudioEnergy ?? 0;
      }
    }
    return sum;
  });
}
