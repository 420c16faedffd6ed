import type { Page } from 'playwright-core';
import { buildClient } from '../../../deploy/client-build.ts';
import { launchBrowser } from '../../support/browser.ts';
import { startInstallation } from '../../support/installation.ts';
import { startUdpRelay } from '../../support/udp-relay.ts';
import { enrol, newVisitor, signUp, type Visitor } from '../../support/visitors.ts';
import { percentile } from './cpu.ts';

/** Goals 12 and 13 of performance.md: from the click on "Join with camera and microphone" to the first decoded picture of the other, in the whole product. */

const joins = 20;
const roundTripMs = 100;
/** As long as a person looks at "Join" before he presses it, and longer than the page needs to be ready for it. */
const readsMs = 1_500;

declare global {
  /** When the person clicked, and when the first picture of somebody else had been decoded, on the page's clock. */
  var joinTimes: { clickedAt: number | null; firstFrameAt: number | null } | undefined;
}

export async function measureJoining(): Promise<void> {
  await buildClient();
  report('goal 12: on loopback', await inCall(0));
  console.log('         goal: p50 ≤ 500 ms, p95 ≤ 1,000 ms; stretch: p50 ≤ 300 ms');
  report(`goal 13: with ${roundTripMs} ms round trip, signalling and media`, await inCall(roundTripMs));
  console.log(`         goal: p50 ≤ ${7 * roundTripMs + 300} ms (7 round trips + 300 ms); stretch: ≤ ${5 * roundTripMs + 200} ms`);
}

/** Answers a call, and joins it again and again. */
async function inCall(underWayMs: number): Promise<readonly number[]> {
  const relay = await startUdpRelay();
  const sfu = { announcedAddress: '127.0.0.2', rtcPort: relay.port };
  const [browser, installation] = await Promise.all([launchBrowser(), startInstallation({ sfu })]);
  try {
    const [citizen, official] = [await newVisitor(browser, installation), await newVisitor(browser, installation)];
    await citizen.context.addInitScript(watchJoining);
    await enrol(official.page, installation.links.get('Claire Weber') ?? '');
    const { page } = citizen;
    await page.goto('/en/services/driving-licence/line');
    await signUp(page);
    await page.getByText('You are next.').waitFor();
    await official.page.getByRole('radio', { name: 'Available' }).check();
    await official.page.getByRole('button', { name: 'Take next' }).click();
    const ring = page.getByRole('alertdialog').getByRole('button', { name: 'Answer with video' });
    await ring.waitFor();
    await page.waitForTimeout(readsMs);
    console.log(
      `answered on loopback: ${(await timed(citizen, async () => await ring.click())).toFixed(0)} ms from the click to the first picture`,
    );
    installation.network.setDelay(underWayMs / 2);
    relay.setDelay(underWayMs / 2);
    return await joinAgain(citizen, new URL(page.url()).pathname);
  } finally {
    await browser.close();
    await installation.close();
    relay.close();
  }
}

/** Opens the call's page anew each time, as after a reload: connections, keys, all from the beginning. */
async function joinAgain(citizen: Visitor, path: string): Promise<readonly number[]> {
  const times: number[] = [];
  for (let index = 0; index < joins; index += 1) {
    await citizen.page.goto(path);
    const button = citizen.page.getByRole('button', { name: 'Join with camera and microphone' });
    await button.waitFor();
    await citizen.page.waitForTimeout(readsMs);
    times.push(await timed(citizen, async () => await button.click()));
  }
  return times;
}

async function timed({ page }: Visitor, click: () => Promise<void>): Promise<number> {
  await page.evaluate(() => void (globalThis.joinTimes = { clickedAt: null, firstFrameAt: null }));
  await click();
  await firstFrame(page);
  return await page.evaluate(() => (globalThis.joinTimes?.firstFrameAt ?? Number.NaN) - (globalThis.joinTimes?.clickedAt ?? Number.NaN));
}

async function firstFrame(page: Page): Promise<void> {
  await page.waitForFunction(() => typeof globalThis.joinTimes?.firstFrameAt === 'number', undefined, { timeout: 60_000 });
}

/** In the page, before its own scripts: notes the click, and plays each track that arrives in a picture of its own. */
function watchJoining(): void {
  document.addEventListener(
    'click',
    () => {
      if (globalThis.joinTimes) globalThis.joinTimes.clickedAt ??= performance.now();
    },
    { capture: true },
  );
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      this.addEventListener('track', ({ track }) => {
        if (track.kind !== 'video') return;
        const player = document.createElement('video');
        player.muted = true;
        player.srcObject = new MediaStream([track]);
        player.requestVideoFrameCallback(() => {
          if (globalThis.joinTimes) globalThis.joinTimes.firstFrameAt ??= performance.now();
        });
        void player.play();
      });
    }
  };
}

function report(what: string, times: readonly number[]): void {
  const [p50, p95] = [percentile(times, 0.5), percentile(times, 0.95)];
  const all = times.map((each) => each.toFixed(0)).join(' ');
  console.log(`${what}: p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms over ${times.length} joins (${all})`);
}
