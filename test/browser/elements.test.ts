import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityViolations, launchBrowser, newPerson, type Person } from '../support/browser.ts';
import { openClientSite, type ClientSite } from '../support/client-site.ts';

let browser: Browser;
let site: ClientSite;

beforeAll(async () => {
  [browser, site] = await Promise.all([launchBrowser(), openClientSite({ fixture: new URL('elements-fixture.ts', import.meta.url) })]);
});

afterAll(async () => {
  await browser.close();
  await site.close();
});

async function open(): Promise<Person> {
  const person = await newPerson(browser);
  await person.page.goto(`${site.origin}/fixture.html`);
  await person.page.getByRole('heading', { level: 1 }).waitFor();
  return person;
}

const focused = (page: Page): Promise<string | undefined> => page.evaluate(() => document.activeElement?.id);

describe('a dialog', () => {
  it('takes focus to its heading, never to a button, and gives it back to where it was', async () => {
    await using person = await open();
    const { page } = person;
    await page.locator('#ask').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Leave the queue?' }).waitFor();
    expect(await focused(page)).toBe('confirm-heading');
    expect(await accessibilityViolations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => document.activeElement?.id === 'ask');
    await page.waitForFunction(() => globalThis.announced?.includes('stayed'));
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Leave', exact: true }).last().click();
    await page.waitForFunction(() => globalThis.announced?.includes('left'));
    expect(person.complaints).toEqual([]);
  });

  it('speaks inside itself while it is open', async () => {
    await using person = await open();
    const { page } = person;
    await page.locator('#open').click();
    await page.waitForFunction(() => document.querySelector('dialog [role=status]')?.textContent === 'said in the dialog');
    expect(await page.locator('body > #announcer-polite').textContent()).toBe('');
    await page.getByRole('button', { name: 'Close' }).click();
    await page.waitForFunction(() => document.querySelector('dialog [role=status]') === null);
  });
});

describe('an error summary', () => {
  it('takes the focus, marks the title, and leads to the field', async () => {
    await using person = await open();
    const { page } = person;
    expect(await page.getByLabel('What it is about').getAttribute('aria-describedby')).toBe('reason-hint reason-error');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.waitForFunction(() => document.activeElement?.className === 'error-summary');
    expect(await page.title()).toMatch(/^Error: /);
    expect(await accessibilityViolations(page)).toEqual([]);
    await page.getByRole('link', { name: 'Write what it is about' }).click();
    expect(await focused(page)).toBe('reason');
    expect(person.complaints).toEqual([]);
  });
});
