import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../../support/browser.ts';
import { startCallBridge, type CallBridge } from '../../support/call-bridge.ts';
import { joinCall, hearsAndSees } from '../../support/call-scene.ts';
import { startTestSfu, type TestSfu } from '../../support/sfu.ts';
import { watchFlow } from './flow.ts';

/** A call of two in Chromium. */
export interface FleetCall {
  readonly bridge: CallBridge;
  readonly pages: readonly Page[];
}

/** Several calls at once on the workers of one sfu, which shares them out evenly. */
export interface CallFleet extends AsyncDisposable {
  readonly calls: readonly FleetCall[];
  /** Of the process that carries the call. */
  workerOf(call: FleetCall): Promise<number>;
  /** Everybody joins; resolves when all hear and see. */
  begin(): Promise<void>;
  /** Everybody leaves. */
  end(): Promise<void>;
}

/** So that eight people find room on two cores. */
const framesPerSecond = 10;
const names = ['citizen', 'official'];

export async function openCallFleet({ callCount, workers }: { callCount: number; workers: number }): Promise<CallFleet> {
  const sfu = await startTestSfu({ workers });
  const browser = await launchBrowser({ args: [`--use-fake-device-for-media-stream=fps=${framesPerSecond}`] });
  const calls: FleetCall[] = [];
  const close = async (): Promise<void> => {
    await browser.close();
    for (const { bridge } of calls) await bridge.close();
    await sfu.close();
  };
  try {
    for (let index = 0; index < callCount; index += 1) calls.push(await openCall(browser, sfu));
    return { calls, workerOf, begin: async () => await begin(calls), end: async () => await end(calls), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openCall(browser: Browser, sfu: TestSfu): Promise<FleetCall> {
  const bridge = await startCallBridge(sfu, names);
  const pages = await Promise.all(
    names.map(async (name) => {
      const context = await browser.newContext();
      await watchFlow(context);
      const page = await context.newPage();
      await page.goto(bridge.pageOf(name));
      await page.waitForFunction(() => 'callPage' in window);
      return page;
    }),
  );
  return { bridge, pages };
}

async function workerOf({ bridge }: FleetCall): Promise<number> {
  const { rooms } = await bridge.sfu.request('room:list', {});
  const pid = rooms.find(({ roomId }) => roomId === bridge.callId)?.workerPid;
  if (pid === undefined) throw new Error('the call has no room');
  return pid;
}

async function begin(calls: readonly FleetCall[]): Promise<void> {
  for (const { bridge, pages } of calls) {
    // One after the other, so that each worker is given as many.
    await bridge.sfu.request('room:open', { roomId: bridge.callId });
    await Promise.all(pages.map(async (page) => await joinCall(page)));
    await Promise.all(pages.map(hearsAndSees));
  }
}

async function end(calls: readonly FleetCall[]): Promise<void> {
  for (const { bridge, pages } of calls) {
    for (const page of pages) await page.evaluate(() => window.callPage.leave());
    await bridge.sfu.request('room:close', { roomId: bridge.callId });
  }
}
