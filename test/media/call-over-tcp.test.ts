import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SfuMethod, SfuParams, SfuResult, TransportParameters } from '../../sfu/protocol/requests.ts';
import { launchBrowser } from '../support/browser.ts';
import { connectTestSfu, startCallBridge, type BridgeSfu, type CallBridge } from '../support/call-bridge.ts';
import { startTestSfu, type TestSfu } from '../support/sfu.ts';

let browser: Browser;
let sfu: TestSfu;
let bridge: CallBridge;

beforeAll(async () => {
  [browser, sfu] = await Promise.all([launchBrowser(), startTestSfu()]);
  bridge = await startCallBridge(withoutUdp(connectTestSfu(sfu)));
});

afterAll(async () => {
  await browser.close();
  await bridge.close();
  await sfu.close();
});

/** What is left where a firewall lets no UDP through: of the sfu's addresses, those for TCP (RFC 6544). */
function overTcp(transport: TransportParameters): TransportParameters {
  return { ...transport, iceCandidates: transport.iceCandidates.filter(({ protocol }) => protocol === 'tcp') };
}

function withoutUdp(client: BridgeSfu): BridgeSfu {
  const request = async <Method extends SfuMethod>(method: Method, params: SfuParams<Method>): Promise<SfuResult<Method>> => {
    const result = await client.request(method, params);
    return 'send' in result ? { ...result, send: overTcp(result.send), receive: overTcp(result.receive) } : result;
  };
  return { request, on: client.on.bind(client), close: client.close.bind(client) };
}

async function join(name: string): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(bridge.pageOf(name));
  await page.evaluate(async () => await window.callPage.join(['microphone', 'camera']));
  return page;
}

test('where no UDP comes through, both hear and see each other over TCP', async () => {
  const pages = await Promise.all([join('citizen'), join('official')]);
  await Promise.all(
    pages.map(async (page) => await page.evaluate(async () => await window.callPage.untilReceived({ frames: 10, audioPackets: 10 }))),
  );
  for (const page of pages) expect(await page.evaluate(protocolsInUse)).toEqual(['tcp']);
});

/** In the page: of the pairs that were chosen, what the worker's side speaks. */
async function protocolsInUse(): Promise<string[]> {
  const protocols = new Set<string>();
  for (const connection of window.peerConnections) {
    const stats = await connection.getStats();
    for (const pair of stats.values())
      if (pair.type === 'candidate-pair' && pair.nominated) protocols.add(String(stats.get(pair.remoteCandidateId)?.protocol));
  }
  return [...protocols];
}
