import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessibilityViolations, launchBrowser, patiently } from '../support/browser.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { enrol, newVisitor, signUp, type Visitor } from '../support/visitors.ts';

let browser: Browser;
let installation: Installation;
let citizen: Visitor;
let official: Visitor;
let supervisor: Visitor;

beforeAll(async () => {
  [browser, installation] = await Promise.all([launchBrowser(), startInstallation()]);
  citizen = await newVisitor(browser, installation);
  official = await newVisitor(browser, installation);
  supervisor = await newVisitor(browser, installation);
});

afterAll(async () => {
  await browser.close();
  await installation.close();
});

/** A tile of the overview with these words in it: "Waiting now 1 … ACT". */
async function seesTile(name: string, words: RegExp): Promise<void> {
  const { page } = supervisor;
  const tile = page
    .getByRole('list', { name: 'Figures now' })
    .getByRole('listitem')
    .filter({ has: page.getByRole('heading', { name }) });
  await expect.poll(() => tile.innerText(), { timeout: 10_000 }).toMatch(words);
}

describe('a supervisor', () => {
  test('sees at a glance that all is calm, and no messages', async () => {
    await enrol(official.page, installation.links.get('Claire Weber') ?? '');
    await official.page.getByRole('radio', { name: 'Available' }).check();
    await enrol(supervisor.page, installation.links.get('Marc Hoffmann') ?? '');
    await seesTile('Waiting now', /0[^]*OK/);
    await seesTile('People available', /1[^]*OK/);
    await supervisor.page.getByText('Nothing to do at the moment.').waitFor();
    expect(await supervisor.page.getByRole('navigation', { name: 'Main menu' }).getByRole('link').allInnerTexts()).toEqual([
      'Overview',
      'My account',
    ]);
    expect(await accessibilityViolations(supervisor.page)).toEqual([]);
  });

  test('sees somebody come and the team go, and hears of the threshold and of nothing else', async () => {
    const { page } = supervisor;
    await citizen.page.goto('/en/services/driving-licence/line');
    await signUp(citizen.page);
    await citizen.page.getByRole('region', { name: 'Your place' }).waitFor();
    await seesTile('Waiting now', /1[^]*OK/);
    await official.page.getByRole('radio', { name: 'Off' }).check();
    await seesTile('Waiting now', /1[^]*ACT/);
    await seesTile('People available', /0[^]*ACT/);
    await page.getByRole('row', { name: /^Driving licence 1 / }).waitFor();
    await page.getByRole('listitem').filter({ hasText: 'Claire Weber' }).getByText('Not available').waitFor();
    const announced = await supervisor.announcements();
    expect(announced.filter((text) => /ACT|OK|WATCH/.test(text))).toEqual(['Waiting now: ACT. People available: ACT']);
    await page.getByRole('button', { name: 'Read figures now' }).click();
    await expect.poll(() => supervisor.announcements(), patiently).toContainEqual(expect.stringContaining('Waiting now: 1.'));
    expect(await accessibilityViolations(page)).toEqual([]);
  });

  test('has figures of at least 96 pixels on the wall, and nobody’s name', async () => {
    const { page } = supervisor;
    await page.setViewportSize({ width: 1920, height: 1080 });
    await page.getByRole('button', { name: 'Show in large view' }).click();
    const sizes = await page
      .locator('.tile-value')
      .evaluateAll((values) => values.map((value) => Number.parseFloat(getComputedStyle(value).fontSize)));
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(96);
    expect(await page.getByText('Claire Weber').count()).toBe(0);
    expect(await accessibilityViolations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Leave large view' }).click();
    expect(supervisor.complaints).toEqual([]);
    expect(supervisor.foreignRequests).toEqual([]);
  });

  test('is told when the figures are no longer live, and sees them live again', async () => {
    const { page } = supervisor;
    await installation.killServer();
    await page.getByText(/^Data from \d+:\d\d/).waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    await installation.startServer();
    await page.getByText(/^As of \d+:\d\d/).waitFor();
    await seesTile('Waiting now', /1/);
  });
});
