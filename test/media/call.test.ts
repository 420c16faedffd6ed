import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { MediaSource } from '../../server/protocol/calls.ts';
import { startCallBridge, type CallBridge } from '../support/call-bridge.ts';
import { startTestSfu, type TestSfu } from '../support/sfu.ts';
import { startUdpRelay, type UdpRelay } from '../support/udp-relay.ts';

const both = ['camera', 'microphone'];

async function join(page: Page, sources: readonly MediaSource[] = ['microphone', 'camera']): Promise<void> {
  await page.evaluate(async (wanted) => await window.callPage.join(wanted), sources);
}

/** Waits until more has been decoded than before: sound with energy, and at least ten new pictures. */
async function hearsAndSees(page: Page): Promise<void> {
  await page.evaluate(async () => await window.callPage.untilReceived({ frames: 10, audioPackets: 10 }));
}

async function remoteSourcesAre(page: Page, sources: readonly string[]): Promise<void> {
  await page.waitForFunction((wanted) => window.callPage.remoteSources().join() === wanted, sources.join());
}

describe('a call between two browsers through the sfu', () => {
  let browser: Browser;
  let sfu: TestSfu;
  let bridge: CallBridge;

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-background-networking',
        '--use-fake-device-for-media-stream',
        '--use-fake-ui-for-media-stream',
        '--autoplay-policy=no-user-gesture-required',
        '--js-flags=--expose-gc',
      ],
    });
  });

  afterAll(async () => await browser.close());

  beforeEach(async () => {
    sfu = await startTestSfu();
    bridge = await startCallBridge(sfu);
  });

  afterEach(async () => {
    await Promise.all(browser.contexts().map(async (context) => await context.close()));
    await bridge.close();
    await sfu.close();
  });

  async function open(ownerId: string): Promise<Page> {
    const page = await browser.newPage();
    await page.goto(bridge.pageOf(ownerId));
    return page;
  }

  async function openBoth(): Promise<{ citizen: Page; official: Page }> {
    const [citizen, official] = await Promise.all([open('citizen'), open('official')]);
    await join(citizen);
    await join(official);
    await Promise.all([hearsAndSees(citizen), hearsAndSees(official)]);
    return { citizen, official };
  }

  test('both hear and see each other', async () => {
    const { citizen, official } = await openBoth();
    expect(await citizen.evaluate(() => window.callPage.remoteSources())).toEqual(both);
    expect(await official.evaluate(() => window.callPage.state())).toBe('connected');
    for (const page of [citizen, official]) await page.waitForFunction(() => window.callPage.security()?.state === 'encrypted');
    const codes = await Promise.all([citizen, official].map(async (page) => await page.evaluate(() => window.callPage.security()?.code)));
    expect(codes[0]?.digits).toMatch(/^\d{3} \d{3} \d{3}$/);
    expect(codes[1]).toEqual(codes[0]);
  });

  test('every track opens, also when memory is cleaned in the moment it is set up', async () => {
    const pages = await Promise.all([open('citizen'), open('official')]);
    const cleaning: Promise<boolean>[] = [];
    for (const page of pages)
      page.on('worker', (worker) => {
        cleaning.push(
          worker.evaluate(() => {
            setInterval(() => globalThis.gc?.(), 10);
            return globalThis.gc !== undefined;
          }),
        );
      });
    await Promise.all(pages.map(async (page) => await join(page)));
    await Promise.all(pages.map(hearsAndSees));
    expect(await Promise.all(cleaning)).toEqual([true, true]);
  });

  test('somebody without camera and microphone joins, sees and hears', async () => {
    const [citizen, official] = await Promise.all([open('citizen'), open('official')]);
    await join(citizen, []);
    await join(official);
    await hearsAndSees(citizen);
    expect(await official.evaluate(() => window.callPage.remoteSources())).toEqual([]);
  });

  test('a muted microphone is told to the other side and sends nothing, and comes back', async () => {
    const { citizen, official } = await openBoth();
    await citizen.evaluate(() => window.callPage.call().setPaused('microphone', true));
    await official.waitForFunction(() => window.callPage.pausedSources().join() === 'microphone');
    const packets = await official.evaluate(async () => (await window.callPage.received()).audioPackets);
    await official.evaluate(async () => await window.callPage.untilReceived({ frames: 30, audioPackets: 0 }));
    expect(await official.evaluate(async () => (await window.callPage.received()).audioPackets)).toBeLessThan(packets + 10);
    await citizen.evaluate(() => window.callPage.call().setPaused('microphone', false));
    await hearsAndSees(official);
    expect(await official.evaluate(() => window.callPage.pausedSources())).toEqual([]);
  });

  test('a page that is reloaded comes back, and the other side loses the old tracks and gets the new ones', async () => {
    const { citizen, official } = await openBoth();
    await citizen.reload();
    await join(citizen);
    await Promise.all([hearsAndSees(citizen), hearsAndSees(official)]);
    await remoteSourcesAre(official, both);
    const { rooms } = await bridge.sfu.request('room:list', {});
    expect(rooms.map(({ peers }) => peers.length)).toEqual([2]);
  });

  test('of two windows of one person the later one has the call and the earlier one stops', async () => {
    const { citizen, official } = await openBoth();
    const secondWindow = await open('citizen');
    await join(secondWindow);
    await citizen.waitForFunction(() => window.callPage.state() === 'replaced');
    await Promise.all([hearsAndSees(secondWindow), hearsAndSees(official)]);
    expect(await secondWindow.evaluate(() => window.callPage.state())).toBe('connected');
  });

  test('when the worker is killed both are back without a click', async () => {
    const { citizen, official } = await openBoth();
    const { workers } = await bridge.sfu.request('node:status', {});
    const lost = Promise.withResolvers<void>();
    bridge.sfu.on('room-lost', () => lost.resolve());
    const killedAt = performance.now();
    for (const { pid } of workers) process.kill(pid, 'SIGKILL');
    await lost.promise;
    await Promise.all([hearsAndSees(citizen), hearsAndSees(official)]);
    console.log(`worker killed: ten new frames on both sides after ${Math.round(performance.now() - killedAt)} ms`);
  });

  test('when the sfu is killed and started again both are back without a click', async () => {
    const { citizen, official } = await openBoth();
    const again = Promise.withResolvers<void>();
    bridge.sfu.on('welcome', () => again.resolve());
    const killedAt = performance.now();
    await sfu.kill();
    sfu = await startTestSfu({ controlPort: Number(new URL(sfu.url).port), secret: sfu.secret });
    await again.promise;
    await Promise.all([hearsAndSees(citizen), hearsAndSees(official)]);
    console.log(`sfu killed: ten new frames on both sides after ${Math.round(performance.now() - killedAt)} ms`);
  });

  test('when the network is gone and comes back, sound and picture do too', async () => {
    let starting: Promise<UdpRelay> | undefined;
    bridge.relayThrough((workerPort) => (starting ??= startUdpRelay(workerPort)));
    const { citizen, official } = await openBoth();
    const relay = await starting;
    relay?.setCut(true);
    await Promise.all([citizen, official].map(async (page) => await page.waitForFunction(() => window.callPage.state() === 'interrupted')));
    relay?.setCut(false);
    const mendedAt = performance.now();
    await Promise.all([hearsAndSees(citizen), hearsAndSees(official)]);
    console.log(`network back: ten new frames on both sides after ${Math.round(performance.now() - mendedAt)} ms`);
    relay?.close();
  });

  test('what was missed while the line to the server was cut is made up for, and media went on', async () => {
    const { citizen, official } = await openBoth();
    await citizen.evaluate(() => window.callPage.cutLine());
    await official.evaluate(() => window.callPage.leave());
    await join(official, ['microphone']);
    await remoteSourcesAre(citizen, ['microphone']);
    expect(await citizen.evaluate(() => window.callPage.state())).toBe('connected');
  });
});
