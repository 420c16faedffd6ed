import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { accessibilityViolations, launchBrowser, overflow } from '../support/browser.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { log, newVisitor, signUp, write } from '../support/visitors.ts';

let browser: Browser;
let installation: Installation;

beforeAll(async () => {
  [browser, installation] = await Promise.all([launchBrowser(), startInstallation()]);
});

afterAll(async () => {
  await browser.close();
  await installation.close();
});

test('a recovery code is offered after the first message, on the own device, and once', async () => {
  await using visitor = await newVisitor(browser, installation, { viewport: { width: 320, height: 800 } });
  const { page } = visitor;
  const offer = page.getByRole('heading', { name: 'In case all your devices are lost' });
  await page.goto('/en/services/driving-licence/write');
  await signUp(page);
  await page.getByLabel('Your message').waitFor();
  await page.getByRole('region', { name: 'Is this your own device?' }).getByRole('button', { name: 'Yes' }).click();
  await page.getByRole('region', { name: 'Is this your own device?' }).waitFor({ state: 'detached' });
  expect(await offer.count()).toBe(0);
  await write(page, 'What do I need?');
  await log(page).getByText(/^Sent/).waitFor();
  await page.getByRole('link', { name: 'Messages', exact: true }).click();
  await offer.waitFor();
  expect(await accessibilityViolations(page)).toEqual([]);
  expect(await overflow(page)).toEqual([]);
  if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/offer.png`, fullPage: true });
  await page.getByRole('button', { name: 'Later' }).click();
  await offer.waitFor({ state: 'detached' });
  await page.reload();
  await page.getByText('You: What do I need?').waitFor();
  expect(await offer.count()).toBe(0);
  expect(visitor.complaints).toEqual([]);
});
