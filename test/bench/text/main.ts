import { loadavg } from 'node:os';
import type { Page } from 'playwright-core';
import { decodedMedia } from '../../support/call-media.ts';
import { openProductCall } from '../../support/product-call.ts';
import type { Visitor } from '../../support/visitors.ts';
import { percentile } from '../call/cpu.ts';

/**
 * Live text beside voice and picture (EN 301 549 §6.2.4: within 500 ms): from a key going down in one person's window until the picture of
 * the other's window with that character has been painted, in the whole product.
 */

const keys = 200;
const lineLength = 40;
const roundTripMs = 100;
/** People do not type in step: between 60 and 240 ms from key to key. */
const pauseMs = (index: number): number => 60 + ((index * 97) % 181);

declare global {
  /** Milliseconds since 1970, on the clock both windows have: when each key went down, or each character was on the screen. */
  var textTimes: number[] | undefined;
}

const call = await openProductCall();
try {
  const { citizen, official } = call;
  for (const { page } of [citizen, official]) await page.getByRole('button', { name: 'Show live text' }).click();
  console.log(`${keys} keys, 60 to 240 ms apart, while both hear and see each other`);
  console.log(`${'way'.padEnd(40)}p50 ms    p95 ms   most ms         arriving there a second    load`);
  console.log(await row('citizen to official, loopback', citizen, official));
  console.log(await row('official to citizen, loopback', official, citizen));
  call.setRoundTrip(roundTripMs);
  console.log(await row(`citizen to official, ${roundTripMs} ms round trip`, citizen, official));
  console.log('goal: p95 ≤ 500 ms');
} finally {
  await call[Symbol.asyncDispose]();
}

async function row(way: string, from: Visitor, to: Visitor): Promise<string> {
  await Promise.all([from.page.evaluate(noteKeys), to.page.evaluate(noteCharacters)]);
  const [startedAt, before] = [performance.now(), await decodedMedia(to.page)];
  await type(from.page);
  await to.page.waitForFunction((wanted) => (globalThis.textTimes?.length ?? 0) >= wanted, keys, { timeout: 10_000 });
  const [seconds, after] = [(performance.now() - startedAt) / 1_000, await decodedMedia(to.page)];
  const [pressed, seen] = await Promise.all([times(from.page), times(to.page)]);
  if (pressed.length !== keys || seen.length !== keys) throw new Error(`${pressed.length} keys and ${seen.length} characters`);
  const latencies = seen.map((at, index) => at - (pressed[index] ?? Number.NaN));
  const figures = [percentile(latencies, 0.5), percentile(latencies, 0.95), Math.max(...latencies)];
  const perSecond = [after.audioPackets - before.audioPackets, after.frames - before.frames].map((count) => (count / seconds).toFixed(0));
  return [
    way.padEnd(36),
    ...figures.map((each) => each.toFixed(0).padStart(10)),
    `${perSecond.join(' packets, ')} pictures`.padStart(35),
    (loadavg()[0] ?? 0).toFixed(1).padStart(8),
  ].join('');
}

async function times(page: Page): Promise<readonly number[]> {
  return await page.evaluate(() => globalThis.textTimes ?? []);
}

/** Real keys, as from a keyboard; a line is ended now and then, which is no character. */
async function type(page: Page): Promise<void> {
  await page.getByLabel('Write here').focus();
  for (let index = 0; index < keys; index += 1) {
    await page.keyboard.press('abcdefghij'.charAt(index % 10));
    await page.waitForTimeout(pauseMs(index));
    if (index % lineLength === lineLength - 1) await page.keyboard.press('Enter');
  }
}

/** In the page of who types. */
function noteKeys(): void {
  const noted: number[] = [];
  globalThis.textTimes = noted;
  document.addEventListener(
    'keydown',
    (event) => {
      if (globalThis.textTimes === noted && event.key.length === 1) noted.push(performance.timeOrigin + event.timeStamp);
    },
    { capture: true },
  );
}

/** In the page of who reads: whatever is more in the lane than before has been painted one frame later. */
function noteCharacters(): void {
  const lane = document.querySelector('.lane-log');
  if (lane === null) throw new Error('live text is not shown');
  const length = (): number =>
    [...lane.querySelectorAll('.lane-text')].reduce((sum, { textContent }) => sum + (textContent ?? '').length, 0);
  const noted: number[] = [];
  globalThis.textTimes = noted;
  const before = length();
  let known = 0;
  new MutationObserver(() => {
    const more = length() - before - known;
    if (globalThis.textTimes !== noted || more <= 0) return;
    known += more;
    requestAnimationFrame(() => {
      // The next task after a frame's callbacks comes when it has been painted.
      const { port1, port2 } = new MessageChannel();
      port1.addEventListener('message', () => {
        for (let each = 0; each < more; each += 1) noted.push(performance.timeOrigin + performance.now());
      });
      port1.start();
      port2.postMessage(null);
    });
  }).observe(lane, { subtree: true, childList: true, characterData: true });
}
