import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../../support/browser.ts';
import type { SfuClient } from '../../../server/calls/sfu-client.ts';
import { type CallBridge, connectTestSfu, startCallBridge } from '../../support/call-bridge.ts';
import { joinCall } from '../../support/call-scene.ts';
import { startTestSfu, type TestSfu } from '../../support/sfu.ts';
import { watchFlow } from './flow.ts';
import { setOwnPriority } from './priority.ts';
import { openSteadyFlow, type SteadyFlow } from './steady-flow.ts';

/** A call of two in Chromium. Both speak; the citizen sees the official and has no camera, so that four calls find room on two cores. */
export interface FleetCall {
  readonly bridge: CallBridge;
  readonly citizen: Page;
  readonly official: Page;
}

/** Several calls at once on the workers of one sfu, which shares rooms out evenly; after each of them a room without browsers. */
export interface CallFleet extends AsyncDisposable {
  readonly calls: readonly FleetCall[];
  readonly client: SfuClient;
  /** Everybody joins; resolves when all hear and see, and gives the rooms without browsers. */
  begin(): Promise<readonly SteadyFlow[]>;
  /** Everybody leaves. */
  end(): Promise<void>;
}

const framesPerSecond = 10;

export async function openCallFleet({ callCount, workers }: { callCount: number; workers: number }): Promise<CallFleet> {
  const browser = await launchBrowser({ args: [`--use-fake-device-for-media-stream=fps=${framesPerSecond}`] });
  // On machines of their own the sfu and whoever measures it would not wait for browsers that decode.
  setOwnPriority(-10);
  const sfu = await startTestSfu({ workers });
  const client = connectTestSfu(sfu);
  const calls: FleetCall[] = [];
  const flowing: SteadyFlow[] = [];
  const end = async (): Promise<void> => {
    for (const flow of flowing.splice(0)) await flow[Symbol.asyncDispose]();
    for (const { bridge, citizen, official } of calls) {
      for (const page of [citizen, official]) await page.evaluate(() => window.callPage.leave());
      await client.request('room:close', { roomId: bridge.callId });
    }
  };
  const begin = async (): Promise<readonly SteadyFlow[]> => {
    for (const [index, call] of calls.entries()) {
      // One after the other, so that each worker is given as many.
      await client.request('room:open', { roomId: call.bridge.callId });
      await Promise.all([joinCall(call.citizen, ['microphone']), joinCall(call.official)]);
      await flows(call);
      flowing.push(await openSteadyFlow(client, `steady-${index}`));
    }
    return [...flowing];
  };
  const close = async (): Promise<void> => {
    await browser.close();
    for (const { bridge } of calls) await bridge.close();
    client.close();
    await sfu.close();
    setOwnPriority(0);
  };
  try {
    for (let index = 0; index < callCount; index += 1) calls.push(await openCall(browser, sfu));
    return { calls, client, begin, end, [Symbol.asyncDispose]: close };
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
