import type { Browser, Page, WebSocketRoute } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Core } from '../../client/app/core.ts';
import type { QueueEntryId } from '../../server/protocol/ids.ts';
import { accessibilityViolations, launchBrowser, overflow, patiently } from '../support/browser.ts';
import { decodedMedia } from '../support/call-media.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { enrol, holdBack, lineOf, log, newVisitor, signUp, unlock, type Visitor, write } from '../support/visitors.ts';

let browser: Browser;
let installation: Installation;
let first: Visitor;
let second: Visitor;
let official: Visitor;

beforeAll(async () => {
  [browser, installation] = await Promise.all([launchBrowser(), startInstallation()]);
  first = await newVisitor(browser, installation);
  second = await newVisitor(browser, installation);
  official = await newVisitor(browser, installation);
});

afterAll(async () => {
  await browser.close();
  await installation.close();
});

declare global {
  interface HTMLElementTagNameMap {
    'gov-sign-in-gate': HTMLElement & { readonly core: Core };
  }
}

/** Opens a page of the official from which the line can be asked. */
async function sitDown(page: Page): Promise<void> {
  await page.goto('/en/account');
  await unlock(page);
  await page.locator('gov-account-page').waitFor();
}

/** Takes the first in the line, as the official's page does. */
async function acceptNext(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const { request } = document.querySelector('gov-sign-in-gate')?.core ?? {};
    await request?.('availability:set', { state: 'available', services: [], languages: [] });
    const line = await request?.('queue:list', {});
    const [next] = line?.entries ?? [];
    await request?.('queue:accept', { entryId: next?.entryId ?? ('' as QueueEntryId) });
  });
}

interface PageLine {
  /** While it is, what the server says does not reach the page. */
  setDeaf(isDeaf: boolean): void;
  cut(): Promise<void>;
}

/** The line of the pages that are opened from now on. */
async function deafLine(page: Page): Promise<PageLine> {
  const lines: WebSocketRoute[] = [];
  let isDeaf = false;
  await page.routeWebSocket(/socket\.io/, (line) => {
    lines.push(line);
    line.connectToServer().onMessage((message) => {
      if (!isDeaf) line.send(message);
    });
  });
  return {
    setDeaf: (deaf) => {
      isDeaf = deaf;
    },
    cut: async () => await lines.at(-1)?.close(),
  };
}

async function join(page: Page): Promise<void> {
  await page.goto('/en/services/driving-licence/line');
  await signUp(page);
  await page.getByRole('heading', { level: 1, name: 'You are in the line' }).waitFor();
}

describe('the waiting room', () => {
  test('whoever signs in to take a number has it at once', async () => {
    await join(first.page);
    await first.page.getByText('You are next.').waitFor();
    expect(await first.page.title()).toBe('No. 1: You are in the line – Schalter');
    await expect.poll(() => first.announcements(), patiently).toContain('You are in the line. Number: A1. Place: 1');
  });

  test('shows the place of each, and falls by itself when somebody leaves', async () => {
    await join(second.page);
    await second.page.getByText('1 person is before you.').waitFor();
    await first.page.getByRole('button', { name: 'Leave the line' }).click();
    await first.page.getByRole('dialog').getByRole('button', { name: 'Leave the line' }).click();
    await first.page.getByRole('heading', { level: 1, name: 'You have left the line' }).waitFor();
    await second.page.getByText('You are next.').waitFor();
    expect(await second.page.title()).toBe('No. 1: You are in the line – Schalter');
    await expect.poll(() => second.announcements(), patiently).toContain('Your place: 1');
    expect((await second.announcements()).filter((text) => text === 'Your place: 1')).toHaveLength(1);
  });

  test('keeps number and place over a reload, and lets people write meanwhile', async () => {
    const { page } = second;
    await page.reload();
    await page.locator('.ticket').getByText('A2').waitFor();
    await write(page, 'I have my old licence here.');
    await log(page).getByText(/^Sent/).waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    await page.setViewportSize({ width: 320, height: 640 });
    expect(await accessibilityViolations(page)).toEqual([]);
    expect(await overflow(page)).toEqual([]);
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  test('says plainly what to do when the browser allows no notices, and when no push service is to be had', async () => {
    const { page, context } = second;
    const offer = page.getByRole('button', { name: 'Tell me when it is my turn' });
    const refused = 'Your browser does not allow notices from this page. You can allow them in the browser’s settings for this page.';
    await page.getByText(refused).waitFor();
    expect(await offer.count()).toBe(0);

    await context.grantPermissions(['camera', 'microphone', 'notifications']);
    await page.reload();
    await offer.click();
    const failed = 'That did not work. Leave the page open: it rings when it is your turn. You can try again.';
    await page.getByRole('region', { name: 'Your place' }).getByText(failed).waitFor();
    await expect.poll(() => second.announcements(), patiently).toContain(failed);
    await offer.waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
  });

  test('keeps what is needed, and what the device check has found over the connection of a call', async () => {
    const { page } = second;
    await page.getByText('Needs: Nothing in particular').click();
    await page.getByRole('checkbox', { name: 'Sign language (DGS)' }).check();
    await page.getByText('Needs: Sign language (DGS)').waitFor();
    await page.getByRole('link', { name: 'Check camera and sound' }).click();
    await page.getByRole('button', { name: 'Start the check' }).click();
    const steps = page.getByRole('list', { name: 'Steps of the check' });
    await steps.getByText(/^The server for picture and sound answers/).waitFor();
    await steps.getByText('The team sees: Camera and microphone ready').waitFor();
    await page.getByRole('link', { name: 'Back to the line' }).click();
    await page.getByText('Checked. The team sees: Camera and microphone ready').waitFor();
    await page.reload();
    await page.getByText('Needs: Sign language (DGS)').waitFor();
    await page.getByText('Checked. The team sees: Camera and microphone ready').waitFor();
  });
});

describe('the turn', () => {
  test('is told by name, with the focus on the words and not on a button', async () => {
    await enrol(official.page, installation.links.get('Claire Weber') ?? '');
    await sitDown(official.page);
    await acceptNext(official.page);
    const dialog = second.page.getByRole('alertdialog', { name: 'Claire Weber, Citizens’ office, is calling you' });
    await dialog.waitFor();
    await second.page.waitForFunction(() => document.activeElement?.tagName === 'H2');
    expect(await second.page.title()).toMatch(/^Your turn: /);
    await expect.poll(() => second.announcements(), patiently).toContain('Claire Weber, Citizens’ office, is calling you');
    expect(await accessibilityViolations(second.page)).toEqual([]);
  });

  test('waits in a bar for whoever says "Not now", on every page', async () => {
    const { page } = second;
    await page.keyboard.press('Escape');
    await page.getByRole('alertdialog').waitFor({ state: 'hidden' });
    await page.getByRole('link', { name: 'Appointments' }).click();
    const bar = page.getByRole('region', { name: 'Your turn' });
    await bar.getByText(/^Time to answer: \d+ seconds$/).waitFor();
    await page.reload();
    await page.getByRole('alertdialog').waitFor();
    await page.keyboard.press('Escape');
    await bar.getByRole('button', { name: 'Answer' }).click();
  });

  test('is let by to the next one, told in words, and comes again', async () => {
    const { page } = second;
    await page.getByRole('button', { name: 'Let the next one go first' }).click();
    await page.getByRole('alertdialog').waitFor({ state: 'hidden' });
    await page.goto('/en/');
    await page.getByRole('link', { name: /A2/ }).click();
    await page.getByText(/^At \d+:\d\d you let the next one go first\. You are next\.$/).waitFor();
    await acceptNext(official.page);
    await page.getByRole('alertdialog').waitFor();
  });

  test('that is not answered on the call’s own page says there what became of it, though it was not heard, and leads back to the place', async () => {
    const { page } = second;
    const line = await deafLine(page);
    const callId = await page.evaluate(async () => {
      const { request } = document.querySelector('gov-sign-in-gate')?.core ?? {};
      return (await request?.('call:list-mine', {}))?.calls[0]?.callId;
    });
    await page.goto(`/en/calls/${callId}`);
    await page.getByRole('button', { name: 'Join with camera and microphone' }).waitFor();
    line.setDeaf(true);
    await official.page.evaluate(async () => {
      const { request } = document.querySelector('gov-sign-in-gate')?.core ?? {};
      const [called] = (await request?.('queue:list', {}))?.entries ?? [];
      await request?.('queue:mark-missed', { entryId: called?.entryId ?? ('' as QueueEntryId) });
    });
    line.setDeaf(false);
    await line.cut();
    await page.getByRole('heading', { level: 1, name: 'The call is over' }).waitFor();
    await page.getByText('The call was not answered. Your number stays in the line.').waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    await page.getByRole('link', { name: 'To your place in the line' }).click();
    await page.locator('.ticket').getByText('A2').waitFor();
    await acceptNext(official.page);
    await page.getByRole('alertdialog').waitFor();
  });

  test('brings both together, with sound and pictures each way', async () => {
    const { page } = second;
    await page.getByRole('button', { name: 'Answer with video' }).click();
    await page.getByRole('heading', { level: 1, name: 'Call with Claire Weber, Citizens’ office' }).waitFor();
    const callPath = new URL(page.url()).pathname;
    await official.page.goto(`${callPath}?join=audio,video`);
    await unlock(official.page);
    for (const each of [page, official.page]) {
      await expect.poll(async () => (await decodedMedia(each)).frames, { timeout: 20_000 }).toBeGreaterThan(0);
      await expect.poll(async () => (await decodedMedia(each)).audioPackets, { timeout: 20_000 }).toBeGreaterThan(0);
    }
    expect(await accessibilityViolations(page)).toEqual([]);
  });

  test('names each button for what it does now, and tells the other side', async () => {
    const { page } = second;
    await page.getByRole('button', { name: 'Mute microphone' }).click();
    await page.getByRole('button', { name: 'Unmute microphone' }).waitFor();
    await page.getByRole('button', { name: 'Turn camera off' }).click();
    await page.getByRole('button', { name: 'Turn camera on' }).waitFor();
    await official.page.getByRole('figure').first().getByText('Camera off').waitFor();
    await official.page.getByRole('figure').first().getByText('Microphone off').waitFor();
  });

  test('a reload comes back into the call as silent as it was', async () => {
    const { page } = second;
    await page.reload();
    await page.getByRole('button', { name: 'Unmute microphone' }).waitFor();
    await expect.poll(async () => (await decodedMedia(page)).frames, { timeout: 20_000 }).toBeGreaterThan(0);
    expect(await page.getByRole('button', { name: 'Turn camera on' }).isVisible()).toBe(true);
  });

  test('a call is looked up again when no answer comes, and joined when it is told of before', async () => {
    const { page } = second;
    const lookup = await holdBack(page, /call:read/);
    await page.reload();
    await expect.poll(lookup.count, { timeout: 30_000 }).toBe(2);
    const desk = await lineOf(official);
    const { callId } = (await desk.request('call:list-mine', {})).calls[0]!;
    for (const held of [true, false]) await desk.request('call:hold', { callId, held });
    desk.socket.disconnect();
    lookup.letGo();
    await page.getByRole('button', { name: 'Unmute microphone' }).waitFor();
    await expect.poll(async () => (await decodedMedia(page)).frames, { timeout: 20_000 }).toBeGreaterThan(0);
  });

  test('an official who vanishes is missed in words: the ticket has its old place, and the next one knows the compared keys', async () => {
    const { page } = second;
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    await page.getByRole('button', { name: 'They are the same' }).click();
    const compared = page.locator('.call-security').getByText('and compared by you');
    await compared.waitFor();
    // No word of farewell: as if the machine had lost its power.
    await official.page.goto('about:blank');
    await page.getByRole('heading', { level: 1, name: 'The call is over' }).waitFor({ timeout: 45_000 });
    await page.getByText('The connection to the office was lost. Your number is back in its place').waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    await page.getByRole('link', { name: 'To your place in the line' }).click();
    await page.getByText('You are next.', { exact: true }).waitFor();

    await sitDown(official.page);
    await acceptNext(official.page);
    await page.getByRole('alertdialog').getByRole('button', { name: 'Answer by text only' }).click();
    const { pathname } = await page.waitForURL(/\/calls\//).then(() => new URL(page.url()));
    await official.page.goto(`${pathname}?join=audio,video`);
    await unlock(official.page);
    await compared.waitFor();
  });

  test('ends in words when the other side hangs up, and the thread shows what happened', async () => {
    const { page } = second;
    await official.page.getByRole('button', { name: 'Hang up' }).click();
    await page.getByRole('heading', { level: 1, name: 'The call is over' }).waitFor();
    await page.getByRole('link', { name: 'Go to the conversation' }).click();
    await log(page).getByText('Video call broken off, the office lost its connection. The place in the line is kept.').waitFor();
    await log(page).getByText('Video call started. Official: Claire Weber').last().waitFor();
    await log(page)
      .getByText(/^Video call ended\. Duration:/)
      .waitFor();
    expect(await page.getByRole('region', { name: 'Your turn' }).count()).toBe(0);
  });

  test('nothing complained', () => {
    expect(first.complaints).toEqual([]);
    // The browser's own word on why it subscribes to no notices here.
    expect(second.complaints.filter((text) => !text.includes('Push API in incognito mode'))).toEqual([]);
  });
});
