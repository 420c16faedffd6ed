import { chromium, type Browser, type Page } from 'playwright-core';
import type { MediaSource } from '../../server/protocol/calls.ts';
import { startCallBridge, type CallBridge } from './call-bridge.ts';
import { startTestSfu, type TestSfu } from './sfu.ts';

/** A browser whose camera and microphone are made up: a moving picture, and a beep each second. */
export async function launchCallBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-background-networking',
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      '--autoplay-policy=no-user-gesture-required',
    ],
  });
}

/** The test's page of a person of the call. */
export async function openCallPage(browser: Browser, bridge: CallBridge, name: string): Promise<Page> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(bridge.pageOf(name));
  await page.waitForFunction(() => 'callPage' in window);
  return page;
}

export async function joinCall(page: Page, sources: readonly MediaSource[] = ['microphone', 'camera']): Promise<void> {
  await page.evaluate(async (wanted) => await window.callPage.join(wanted), sources);
}

/** Waits until more has been decoded than before: sound with energy, and at least ten new pictures. */
export async function hearsAndSees(page: Page): Promise<void> {
  await page.evaluate(async () => await window.callPage.untilReceived({ frames: 10, audioPackets: 10 }));
}

export async function isEncrypted(page: Page): Promise<void> {
  await page.waitForFunction(() => window.callPage.security()?.state === 'encrypted');
}

export interface CallScene extends AsyncDisposable {
  readonly sfu: TestSfu;
  readonly bridge: CallBridge;
  readonly pages: Readonly<Record<string, Page>>;
  page(name: string): Page;
}

/** An sfu, a call, and a page of each person of it; nobody has joined. */
export async function openCallScene(browser: Browser, names: readonly string[]): Promise<CallScene> {
  const sfu = await startTestSfu();
  const bridge = await startCallBridge(sfu, [...names]);
  const pages = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await openCallPage(browser, bridge, name)] as const)),
  );
  return {
    sfu,
    bridge,
    pages,
    page: (name) => {
      const page = pages[name];
      if (!page) throw new Error(`nobody is called ${name}`);
      return page;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(Object.values(pages).map(async (page) => await page.context().close()));
      await bridge.close();
      await sfu.close();
    },
  };
}
