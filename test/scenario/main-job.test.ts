import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { locales } from '../../server/protocol/locale.ts';
import { launchBrowser } from '../support/browser.ts';
import { newCanary } from '../support/canaries.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { enrol, log, newVisitor, signUp, type Visitor, write } from '../support/visitors.ts';

let browser: Browser;
let installation: Installation;
let citizen: Visitor;
let official: Visitor;

const question = newCanary();

beforeAll(async () => {
  [browser, installation] = await Promise.all([launchBrowser(), startInstallation()]);
  citizen = await newVisitor(browser, installation);
  official = await newVisitor(browser, installation);
});

afterAll(async () => {
  await browser.close();
  await installation.close();
});

describe('the main job', () => {
  test('the start page is there in five languages', async () => {
    const headings = new Set<string>();
    for (const locale of locales) {
      await citizen.page.goto(`/${locale}/`);
      await citizen.page.getByRole('heading', { level: 3 }).first().waitFor();
      expect(await citizen.page.locator('html').getAttribute('lang')).toBe(locale);
      headings.add(await citizen.page.getByRole('heading', { level: 1 }).innerText());
    }
    expect(headings.size).toBe(locales.length);
  });

  test('a citizen chooses a service, sees that it is open and the wait, signs in with a new passkey and writes', async () => {
    const { page } = citizen;
    await page.goto('/en/');
    await page.getByRole('link', { name: 'Driving licence' }).click();
    await page.getByRole('heading', { level: 1, name: 'Driving licence' }).waitFor();
    const state = page.locator('.service-state');
    expect(await state.innerText()).toMatch(/Open/);
    expect(await state.innerText()).toMatch(/No wait/);
    await page.getByRole('link', { name: 'Write a message' }).click();
    await signUp(page);
    await page.getByLabel('How should we address you?').fill('Anna Muller');
    await write(page, question);
    await log(page).getByText(question).waitFor();
    await log(page).getByText(/^Sent/).waitFor();
  });

  test('an official enrols through a one-time link', async () => {
    await enrol(official.page, installation.links.get('Claire Weber') ?? '');
    console.log(official.page.url());
  });
});
