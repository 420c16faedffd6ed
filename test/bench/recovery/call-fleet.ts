import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../../support/browser.ts';
import { startCallBridge, type CallBridge } from '../../support/call-bridge.ts';
import { joinCall } from '../../support/call-scene.ts';
import { startTestSfu, type TestSfu } from '../../support/sfu.ts';
import { watchFlow } from './flow.ts';

/** A call of two in Chromium. Both speak; the citizen sees the official and has no camera, so that four calls find room on two cores. */
export interface FleetCall {
  readonly bridge: CallBridge;
  readonly citizen: Page;
  readonly official: Page;
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

const framesPerSecond = 10;

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
  const bridge = await startCallBridge(sfu);
  const open = async (name: string): Promise<Page> => {
    const context = await browser.newContext();
    await watchFlow(context);
    const page = await context.newPage();
    await page.goto(bridge.pageOf(name));
    await page.waitForFunction(() => 'callPage' in window);
    return page;
  };
  return { bridge, citizen: await open('citizen'), official: await open('official') };
}

/** Resolves when more has come than now. */
export async function flows({ citizen, official }: FleetCall): Promise<void> {
  await Promise.all([
    citizen.evaluate(async () => await window.callPage.untilReceived({ frames: 5, audioPackets: 10 })),
    official.evaluate(async () => await window.callPage.untilReceived({ frames: 0, audioPackets: 10 })),
  ]);
}

async function workerOf({ bridge }: FleetCall): Promise<number> {
  const { rooms } = await bridge.sfu.request('room:list', {});
  const pid = rooms.find(({ roomId }) => roomId === bridge.callId)?.workerPid;
  if (pid === undefined) throw new Error('the call has no room');
  return pid;
}

async function begin(calls: readonly FleetCall[]): Promise<void> {
  for (const call of calls) {
    // One after the other, so that each worker is given as many.
    await call.bridge.sfu.request('room:open', { roomId: call.bridge.callId });
    await Promise.all([joinCall(call.citizen, ['microphone']), joinCall(call.official)]);
    await flows(call);
  }
}

async function end(calls: readonly FleetCall[]): Promise<void> {
  for (const { bridge, citizen, official } of calls) {
    for (const page of [citizen, official]) await page.evaluate(() => window.callPage.leave());
    await bridge.sfu.request('room:close', { roomId: bridge.callId });
  }
}
