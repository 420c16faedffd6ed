import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { largeFile } from '../support/pictures.ts';
import { log, newVisitor, signUp, type Visitor, write } from '../support/visitors.ts';

const megabytes = 100;
/** What the page and its worker may need more than before, while a hundred megabytes pass through them. */
const allowedBytes = 48_000_000;

let browser: Browser;
let installation: Installation;
let citizen: Visitor;
let directory: string;

beforeAll(async () => {
  // Memory is measured when it is asked for, not some time later.
  const args = ['--enable-blink-features=ForceEagerMeasureMemory'];
  [browser, installation] = await Promise.all([launchBrowser({ args }), startInstallation()]);
  citizen = await newVisitor(browser, installation);
  directory = await mkdtemp(join(tmpdir(), 'schalter-test-memory-'));
});

afterAll(async () => {
  await browser.close();
  await installation.close();
  await rm(directory, { recursive: true, force: true });
});

declare global {
  interface Performance {
    measureUserAgentSpecificMemory(): Promise<{ readonly bytes: number }>;
  }
}

/** Of the page with its workers: scripts, array buffers, WebAssembly. */
async function measure(page: Page): Promise<number> {
  return await page.evaluate(async () => (await performance.measureUserAgentSpecificMemory()).bytes);
}

/** The most there was at once while the work went on, and how often it was looked at. */
async function peakDuring(page: Page, work: Promise<unknown>): Promise<{ readonly bytes: number; readonly looks: number }> {
  const samples: number[] = [];
  const state = { isOver: false };
  const end = work.finally(() => (state.isOver = true));
  while (!state.isOver) samples.push(await measure(page));
  await end;
  return { bytes: Math.max(...samples), looks: samples.length };
}

test('a hundred megabytes are sealed and sent, fetched and saved, without ever being in memory', { timeout: 400_000 }, async () => {
  const { page } = citizen;
  const path = join(directory, 'all-plans.bin');
  await largeFile(path, megabytes);
  await page.goto('/en/services/driving-licence/write');
  await signUp(page);
  await page.getByLabel('Your message').waitFor();
  await write(page, 'The plans follow.');
  await page.waitForURL(/\/en\/conversations\//);
  await log(page).getByText('The plans follow.').waitFor();
  // The worker and its WebAssembly are there before the first measurement.
  await page.locator('.file-any').setInputFiles({ name: 'small.txt', mimeType: 'text/plain', buffer: Buffer.from('small') });
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  const card = (name: string) => log(page).locator('gov-file-card').filter({ hasText: name });
  await card('small.txt').waitFor();
  const before = await measure(page);

  await page.locator('.file-any').setInputFiles(path);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  const sending = await peakDuring(page, card('all-plans.bin').waitFor({ timeout: 180_000 }));
  const saving = await peakDuring(
    page,
    Promise.all([
      page.waitForEvent('download', { timeout: 180_000 }),
      card('all-plans.bin').getByRole('button', { name: /^Save/ }).click(),
    ]),
  );
  process.stdout.write(
    `memory: ${Math.round(before / 1e6)} MB before, at most ${Math.round(sending.bytes / 1e6)} MB while sending (${sending.looks} looks), ` +
      `${Math.round(saving.bytes / 1e6)} MB while fetching (${saving.looks} looks)\n`,
  );
  expect(sending.looks).toBeGreaterThan(3);
  expect(saving.looks).toBeGreaterThan(1);
  expect(sending.bytes - before).toBeLessThan(allowedBytes);
  expect(saving.bytes - before).toBeLessThan(allowedBytes);
});
