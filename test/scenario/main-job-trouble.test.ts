import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { enrol, hearsAndSees, log, newVisitor, signUp, type Visitor, write, unlock } from '../support/visitors.ts';

let browser: Browser;
let installation: Installation;
let citizen: Visitor;
let official: Visitor;

const interrupted = 'The connection was interrupted, we are reconnecting. Nothing you write is lost.';

beforeAll(async () => {
  [browser, installation] = await Promise.all([launchBrowser(), startInstallation()]);
  citizen = await newVisitor(browser, installation);
  official = await newVisitor(browser, installation);
  await enrol(official.page, installation.links.get('Claire Weber') ?? '');
});

afterAll(async () => {
  await browser.close();
  await installation.close();
});

/** Place, ticket number and log of the waiting room: what must not change by itself. */
async function standing(page: Page): Promise<{ place: string; lines: readonly string[] }> {
  const ticket = page.getByRole('region', { name: 'Your place' });
  await ticket.waitFor();
  return { place: await ticket.locator('.ticket-figures').innerText(), lines: await lines(page) };
}

/** What stands in the log, once it is complete. */
async function lines(page: Page): Promise<readonly string[]> {
  await page.locator('[role=log][aria-busy=false]').waitFor();
  return await log(page).locator('.message-text, .system-line').allInnerTexts();
}

function sentMark(page: Page, text: string): Locator {
  return log(page)
    .getByRole('listitem')
    .filter({ hasText: text })
    .getByText(/^(Sent|Read)/);
}

/** What is seen; the same words are also spoken once they have been true for a while. */
function banner(page: Page): Locator {
  return page.locator('gov-connection-banner').getByText(interrupted);
}

async function killServerAndStartItAgain(whileItIsDead: () => Promise<void>): Promise<void> {
  await installation.killServer();
  await banner(citizen.page).waitFor();
  await whileItIsDead();
  await installation.startServer();
}

describe('when something breaks', () => {
  test('ticket and messages outlive a reload, ten seconds without network, and kill -9 of the server', async () => {
    const { page } = citizen;
    await page.goto('/en/services/driving-licence/line');
    await signUp(page);
    await write(page, 'before anything happened');
    await sentMark(page, 'before anything happened').waitFor();
    const before = await standing(page);
    expect(before.place).toContain('A1');
    expect(before.lines.filter((text) => text === 'before anything happened')).toHaveLength(1);

    await page.reload();
    expect(await standing(page)).toEqual(before);

    installation.network.setCut(true);
    await write(page, 'while the network was gone');
    await log(page).getByText('while the network was gone').waitFor();
    // How long it lasts is what this is about.
    await delay(10_000);
    installation.network.setCut(false);
    await sentMark(page, 'while the network was gone').waitFor();

    await killServerAndStartItAgain(async () => {
      await write(page, 'while the server was dead');
      await log(page).getByText('while the server was dead').waitFor();
    });
    await sentMark(page, 'while the server was dead').waitFor();

    const after = { place: before.place, lines: [...before.lines, 'while the network was gone', 'while the server was dead'] };
    expect(await standing(page)).toEqual(after);
    await page.reload();
    expect(await standing(page)).toEqual(after);

    await official.page.getByRole('region', { name: 'Conversations' }).getByRole('link').click();
    await log(official.page).getByText('while the server was dead').waitFor();
    expect(await lines(official.page)).toEqual(after.lines);
  });

  test('a call goes on while the server is dead, and hanging up counts once it is back', async () => {
    await official.page.getByRole('radio', { name: 'Available' }).check();
    await official.page.getByRole('button', { name: 'Take next (1 waiting' }).click();
    await citizen.page.getByRole('alertdialog').getByRole('button', { name: 'Answer with video' }).click();
    await Promise.all([citizen, official].map(hearsAndSees));
    await killServerAndStartItAgain(async () => void (await Promise.all([citizen, official].map(hearsAndSees))));
    for (const { page } of [citizen, official]) await banner(page).waitFor({ state: 'hidden' });
    await Promise.all([citizen, official].map(hearsAndSees));

    await citizen.page.reload();
    await Promise.all([citizen, official].map(hearsAndSees));
    await official.page.getByRole('button', { name: 'Hang up' }).click();
    await citizen.page.getByRole('link', { name: 'Go to the conversation' }).click();
    for (const { page } of [citizen, official]) {
      await log(page)
        .getByText(/^Video call ended/)
        .waitFor();
      expect((await lines(page)).filter((line) => line.startsWith('Video call'))).toHaveLength(2);
    }
  });

  test('every page is there again after a reload', async () => {
    const thread = new URL(citizen.page.url()).pathname.split('/').at(-1) ?? '';
    const pages = [
      [citizen, '', 'Video call ended. Duration: less than a minute'],
      [citizen, 'services/residence', 'Registering and changing your address'],
      [citizen, 'services/residence/write', 'Only you and the team of this office'],
      [citizen, 'services/residence/line', 'Take a number'],
      [citizen, 'services/residence/book', 'First free time'],
      [citizen, 'conversations', 'Video call ended. Duration: less than a minute'],
      [citizen, `conversations/${thread}`, 'while the server was dead'],
      [citizen, 'appointments', 'You have no appointments.'],
      [citizen, 'account', 'What this browser keeps'],
      [official, 'inbox', 'Video call ended. Duration: less than a minute'],
      [official, `inbox/${thread}`, 'while the server was dead'],
      [official, 'queue', 'Nobody is waiting. When somebody comes'],
      [official, 'account', 'Claire Weber'],
    ] as const;
    for (const [visitor, path, words] of pages) {
      const { page } = visitor;
      // Staff's keys do not outlive the page.
      const open = async (): Promise<void> => (visitor === official ? await unlock(page) : undefined);
      await page.goto(`/en/${path}`);
      await open();
      await page.getByText(words).first().waitFor();
      const heading = await page.getByRole('heading', { level: 1 }).innerText();
      await page.reload();
      await open();
      await page.getByText(words).first().waitFor();
      expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe(heading);
    }
  });

  test('nothing complained but the browser, of the network', () => {
    const complaints = [citizen, official].flatMap((visitor) => visitor.complaints);
    expect(complaints.filter((line) => !/^WebSocket connection to .* failed|net::ERR_/.test(line))).toEqual([]);
    expect([...citizen.foreignRequests, ...official.foreignRequests]).toEqual([]);
  });
});
