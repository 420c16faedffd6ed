import type { Browser } from 'playwright-core';
import { buildClient } from '../../deploy/client-build.ts';
import { launchBrowser } from './browser.ts';
import { type Installation, startInstallation } from './installation.ts';
import { startUdpRelay, type UdpRelay } from './udp-relay.ts';
import { enrol, hearsAndSees, newVisitor, signUp, type Visitor } from './visitors.ts';

/** A citizen and an official who hear and see each other in the whole product: every process a real one, two windows of one browser. */
export interface ProductCall extends AsyncDisposable {
  readonly installation: Installation;
  readonly citizen: Visitor;
  readonly official: Visitor;
  /** Of signalling and media, from now on. Only of a call with one media server. */
  setRoundTrip(milliseconds: number): void;
}

export interface ProductCallOptions {
  /** More than one: their media takes no detour, and cannot be slowed. */
  readonly sfuCount?: number;
  readonly workers?: number;
  readonly drainSeconds?: number;
  /** Before the pages' own scripts. */
  readonly prepare?: (visitor: Visitor) => Promise<void>;
  readonly browserArgs?: readonly string[];
}

export async function openProductCall({ sfuCount = 1, prepare, browserArgs = [], ...sfu }: ProductCallOptions = {}): Promise<ProductCall> {
  await buildClient();
  const relay = sfuCount === 1 ? await startUdpRelay() : null;
  const detour = relay === null ? {} : { announcedAddress: '127.0.0.2', rtcPort: relay.port };
  const [browser, installation] = await Promise.all([
    launchBrowser({ args: browserArgs }),
    startInstallation({ sfu: { ...sfu, ...detour }, sfuCount }),
  ]);
  const close = async (): Promise<void> => {
    await browser.close();
    await installation.close();
    relay?.close();
  };
  try {
    const [citizen, official] = await meet(browser, installation, prepare);
    return {
      installation,
      citizen,
      official,
      setRoundTrip: (milliseconds) => slow(installation, relay, milliseconds / 2),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function meet(
  browser: Browser,
  installation: Installation,
  prepare: ProductCallOptions['prepare'],
): Promise<readonly [citizen: Visitor, official: Visitor]> {
  const [citizen, official] = [await newVisitor(browser, installation), await newVisitor(browser, installation)];
  for (const visitor of [citizen, official]) await prepare?.(visitor);
  await enrol(official.page, installation.links.get('Claire Weber') ?? '');
  await citizen.page.goto('/en/services/driving-licence/line');
  await signUp(citizen.page);
  await citizen.page.getByText('You are next.').waitFor();
  await official.page.getByRole('radio', { name: 'Available' }).check();
  await official.page.getByRole('button', { name: 'Take next' }).click();
  await citizen.page.getByRole('alertdialog').getByRole('button', { name: 'Answer with video' }).click();
  await Promise.all([citizen, official].map(hearsAndSees));
  return [citizen, official];
}

function slow(installation: Installation, relay: UdpRelay | null, delayMs: number): void {
  if (relay === null) throw new Error('with several media servers there is no relay to slow');
  installation.network.setDelay(delayMs);
  relay.setDelay(delayMs);
}
