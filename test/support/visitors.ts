import { setTimeout } from 'node:timers/promises';
import type { Browser, Locator, Page } from 'playwright-core';
import { type Person, newPerson } from './browser.ts';
import { decodedMedia, watchMedia } from './call-media.ts';
import type { Installation } from './installation.ts';
import { Line, openSocket } from './people.ts';

/** Somebody at an installation, and the requests of his pages that went anywhere else. */
export interface Visitor extends Person {
  readonly foreignRequests: readonly string[];
}

export async function newVisitor(
  browser: Browser,
  { origin }: Pick<Installation, 'origin'>,
  options?: Parameters<typeof newPerson>[1],
): Promise<Visitor> {
  const person = await newPerson(browser, { baseURL: origin, ...options });
  await watchMedia(person.context);
  const foreignRequests: string[] = [];
  person.context.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin && url.protocol !== 'blob:' && url.protocol !== 'data:') foreignRequests.push(request.url());
  });
  return { ...person, foreignRequests };
}

/** At the gate: a new passkey, then on to what it stands before. */
export async function signUp(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Create a passkey' }).click();
}

/** Through a one-time link, until the official's own pages open. */
export async function enrol(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await page.getByRole('button', { name: 'Create a passkey and begin' }).click();
  await page.getByRole('navigation', { name: 'Main menu' }).waitFor();
}

/** Staff who were locked, by a reload or by doing nothing: the same passkey once more. */
export async function unlock(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Unlock with passkey' }).click();
}

/** The log of the conversation on the page. */
export function log(page: Page): Locator {
  return page.getByRole('log', { name: 'Messages in this conversation' });
}

export async function write(page: Page, text: string): Promise<void> {
  await page.getByLabel('Your message').fill(text);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
}

/** Of the pages that are opened from now on, what they ask by these names does not reach the server until it is let go. */
export async function holdBack(page: Page, names: RegExp): Promise<{ readonly count: () => number; readonly letGo: () => void }> {
  const held: (() => void)[] = [];
  let isHeld = true;
  await page.routeWebSocket(/socket\.io/, (line) => {
    const server = line.connectToServer();
    line.onMessage((message) => {
      if (isHeld && names.test(String(message))) held.push(() => server.send(message));
      else server.send(message);
    });
  });
  return {
    count: () => held.length,
    letGo: () => {
      isHeld = false;
      for (const send of held) send();
    },
  };
}

/** A line of the visitor's session beside his pages: for what no page offers. */
export async function lineOf({ context, page }: Visitor): Promise<Line> {
  const { origin } = new URL(page.url());
  const cookies = await context.cookies();
  const line = new Line(openSocket(origin, { origin, cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; ') }));
  await line.connected;
  return line;
}

/** Resolves when more has been decoded than now: at least ten pictures, and sound that is not silence. Throws after half a minute. */
export async function hearsAndSees({ page }: Visitor): Promise<void> {
  let before = await decodedMedia(page);
  const patienceEnds = performance.now() + 30_000;
  for (;;) {
    const now = await decodedMedia(page);
    // Somebody came back as another page: what was counted of his old tracks has gone with them.
    if (now.frames < before.frames || now.audioPackets < before.audioPackets) before = now;
    const isMore = now.frames > before.frames + 10 && now.audioPackets > before.audioPackets + 10 && now.audioEnergy > before.audioEnergy;
    if (isMore) return;
    if (performance.now() > patienceEnds) throw new Error(`before: ${JSON.stringify(before)}, 30 s later: ${JSON.stringify(now)}`);
    await setTimeout(200);
  }
}
