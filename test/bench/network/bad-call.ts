import { chromium, type Browser, type Page } from 'playwright-core';
import { startCallBridge } from '../../support/call-bridge.ts';
import { watchMedia } from '../../support/call-media.ts';
import { accountOf } from '../../support/call-roster.ts';
import { startTestSfu } from '../../support/sfu.ts';
import { startTcpRelay } from '../../support/tcp-relay.ts';
import { startUdpRelay, type UdpRelay } from '../../support/udp-relay.ts';
import type { CitizenLine } from './citizen-line.ts';

/** A call between a citizen behind the line and an official on this machine. */
export interface BadCall {
  readonly citizen: Page;
  readonly official: Page;
  /** What the sfu said of the citizen's picture of the official since the last time this was read. */
  takeLayers(): readonly string[];
  /** Joins with both and resolves when both see and hear; how many seconds it took the citizen from joining to his first picture. */
  begin(): Promise<number>;
  /** From the next beginning on, what comes to the citizen and from him is under way so long, each way. */
  slowDown(delayMs: number, jitterMs: number): void;
  /** Both leave. */
  end(): Promise<void>;
  close(): Promise<void>;
}

const flags = [
  '--no-sandbox',
  '--disable-background-networking',
  '--use-fake-device-for-media-stream=fps=30',
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
];
/** Browsers give cameras to pages of this machine only; this name is one of its own (RFC 6761 §6.3), and the flag leads it over the line. */
const hostName = 'schalter.localhost';

export async function openBadCall(line: CitizenLine): Promise<BadCall> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closers.splice(0).toReversed()) await end();
  };
  try {
    const sfu = await startTestSfu({ listenAddress: line.hostAddress });
    closers.push(sfu.close);
    const bridge = await startCallBridge(sfu);
    closers.push(bridge.close);
    let slow: ((workerPort: number) => Promise<UdpRelay>) | null = null;
    const layers: string[] = [];
    const citizenId = accountOf('citizen');
    bridge.sfu.on('consumer-layer', ({ ownerId, layer }) => {
      if (ownerId === citizenId) layers.push(layer);
    });
    const door = await startTcpRelay(Number(new URL(bridge.pageOf('citizen')).port), line.hostAddress);
    closers.push(door.close);
    const launch = async (executablePath: string, more: readonly string[] = []): Promise<Browser> => {
      const browser = await chromium.launch({ executablePath, args: [...flags, ...more] });
      closers.push(async () => await browser.close());
      return browser;
    };
    const far = await launch(line.chromium, [`--host-resolver-rules=MAP ${hostName} ${line.hostAddress}`]);
    const near = await launch(process.env['CHROMIUM'] ?? '/usr/bin/chromium');
    const citizen = await open(far, `http://${hostName}:${door.port}/citizen`);
    const official = await open(near, bridge.pageOf('official'));
    return {
      citizen,
      official,
      takeLayers: () => layers.splice(0),
      slowDown: (delayMs, jitterMs) => {
        slow = async (workerPort) => {
          const relay = await startUdpRelay(workerPort, line.hostAddress);
          closers.push(async () => relay.close());
          relay.setDelay(delayMs, jitterMs);
          door.setDelay(delayMs);
          return relay;
        };
      },
      begin: async () => {
        const officialJoined = join(official);
        await official.waitForFunction(() => window.callPage.state() === 'connected');
        if (slow !== null) bridge.relayThrough(slow);
        await Promise.all([officialJoined, join(citizen)]);
        return ((await citizen.evaluate(() => window.callPage.firstFrameMs())) ?? Number.NaN) / 1_000;
      },
      end: async () => {
        for (const page of [citizen, official]) {
          await page.evaluate(() => window.callPage.leave());
          await page.reload();
          await page.waitForFunction(() => 'callPage' in window);
        }
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(browser: Browser, url: string): Promise<Page> {
  const context = await browser.newContext();
  await watchMedia(context);
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForFunction(() => 'callPage' in window);
  return page;
}

/** Resolves when sound and picture have come. */
async function join(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await window.callPage.join(['microphone', 'camera']);
    await window.callPage.untilReceived({ frames: 10, audioPackets: 10 });
  });
}
