import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Locale } from '../../server/protocol/locale.ts';
import { accessibilityViolations, launchBrowser, newPerson, overflow, patiently, type Person } from '../support/browser.ts';
import { openClientSite, type ClientSite } from '../support/client-site.ts';

let browser: Browser;
let site: ClientSite;

beforeAll(async () => {
  [browser, site] = await Promise.all([launchBrowser(), openClientSite({ fixture: new URL('desk-fixture.ts', import.meta.url) })]);
});

afterAll(async () => {
  await browser.close();
  await site.close();
});

interface View {
  readonly locale?: Locale;
  readonly colorScheme?: 'light' | 'dark';
  readonly width?: number;
}

async function open(search = '', { locale = 'en', colorScheme = 'light', width = 1280 }: View = {}): Promise<Person> {
  const person = await newPerson(browser, { locale, colorScheme, viewport: { width, height: 720 } });
  await person.page.goto(`${site.origin}/fixture.html?locale=${locale}&${search}`);
  await person.page.getByRole('heading', { level: 1 }).waitFor();
  return person;
}

const row = (page: Page, ticket: string) =>
  page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: ticket, exact: true }) });
const focused = async (page: Page): Promise<string | null> =>
  await page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? null);

it('the line says in words what to know of each, without a barrier on a phone, in the dark, and in five languages', async () => {
  for (const locale of ['lb', 'fr', 'de', 'en', 'pt'] as const) {
    await using person = await open('', { locale, width: 320, colorScheme: locale === 'de' ? 'dark' : 'light' });
    const { page } = person;
    await row(page, 'A12').waitFor();
    expect(await overflow(page)).toEqual([]);
    if (locale === 'de' || locale === 'en') expect(await accessibilityViolations(page)).toEqual([]);
    expect(person.complaints).toEqual([]);
    if (locale !== 'en') continue;
    const words = await row(page, 'A17').innerText();
    for (const fact of ['Appointment at 10:00', 'Somebody who interprets', 'Sign language (DGS)', 'Microphone only', 'Lëtzebuergesch'])
      expect(words).toContain(fact);
    expect(await row(page, 'A18').innerText()).toMatch(/Did not answer once[^]*Away at the moment/);
    expect(await row(page, 'B4').innerText()).toMatch(/Writing instead of speaking[^]*Does not fit what you take/);
    await page.getByRole('region', { name: 'Set aside' }).getByText('Did not answer 3 times').waitFor();
  }
});

it('serves somebody first for a reason, by keyboard, and the focus comes back to where it was', async () => {
  await using person = await open();
  const { page } = person;
  const more = row(page, 'A18').getByLabel('More for number A18');
  await more.focus();
  await page.keyboard.press('Enter');
  await row(page, 'A18').getByRole('button', { name: 'Set aside' }).waitFor();
  await page.keyboard.press('Escape');
  await row(page, 'A18').getByRole('button', { name: 'Set aside' }).waitFor({ state: 'hidden' });
  expect(await focused(page)).toBe('More for number A18');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Why is A18 served first?' }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  expect(await accessibilityViolations(page)).toEqual([]);
  await page.getByLabel('Waiting is hard for this person').press('Enter');
  await row(page, 'A18')
    .getByText(/^First: Waiting is hard for this person \(Claire Weber, /)
    .waitFor();
  expect(await focused(page)).toBe('More for number A18');
  await expect.poll(() => person.announcements(), patiently).toContain('A18 is served first.');
  await more.press('Enter');
  await row(page, 'A18').getByRole('button', { name: 'No longer first' }).click();
  await row(page, 'A18').getByText('First: Waiting is hard').waitFor({ state: 'hidden' });
  expect(person.complaints).toEqual([]);
});

it('sends somebody to another service, and sets somebody aside', async () => {
  await using person = await open();
  const { page } = person;
  await row(page, 'A17').getByLabel('More for number A17').click();
  await row(page, 'A17').getByRole('button', { name: 'To another service…' }).click();
  await page.getByRole('dialog').getByLabel('Passport').check();
  await page.getByRole('button', { name: 'Redirect' }).click();
  await row(page, 'A17').getByText('Passport').waitFor();
  await row(page, 'A17').getByLabel('More for number A17').click();
  await row(page, 'A17').getByRole('button', { name: 'Set aside' }).click();
  await page.getByRole('region', { name: 'Set aside' }).getByRole('rowheader', { name: 'A17' }).waitFor();
  await expect.poll(() => person.announcements(), patiently).toEqual(expect.arrayContaining(['A17: now at Passport', 'A17 is set aside.']));
});

it('counts the seconds of a call, rings again, and tells who did not come', async () => {
  await using person = await open();
  const { page } = person;
  await page.evaluate(() => globalThis.atDesk.call('A18', 'colleague'));
  await row(page, 'A18').getByText('Being called').waitFor();
  expect(await row(page, 'A18').getByRole('button').count()).toBe(0);
  await page.evaluate(() => globalThis.atDesk.call('A17'));
  await page.getByText('We are calling A17:').waitFor();
  await row(page, 'A17')
    .getByText(/^[5-8]\d seconds left$/)
    .waitFor();
  expect(await accessibilityViolations(page)).toEqual([]);
  await row(page, 'A17').getByRole('button', { name: 'Call again: number A17' }).click();
  await expect.poll(() => person.announcements(), patiently).toContain('A17 is called once more.');
  await row(page, 'A17').getByRole('button', { name: 'Did not come: number A17' }).click();
  await row(page, 'A17').getByText('Did not answer once').waitFor();
  expect(await page.evaluate(() => globalThis.atDesk.asked)).toContain('missed A17');
});

it('takes whom one serves: a break, services and languages are said with few keys', async () => {
  await using person = await open('off');
  const { page } = person;
  await page.getByText('Set your state to “Available” to take people.').waitFor();
  await page.getByRole('radio', { name: 'Off' }).focus();
  await page.keyboard.press('ArrowUp');
  await page.getByRole('radio', { name: 'Break', checked: true }).waitFor();
  await expect.poll(() => person.announcements(), patiently).toContain('You are now on a break.');
  await page.getByRole('button', { name: 'I take: everything' }).click();
  await page.getByRole('dialog', { name: 'Whom do you take?' }).waitFor();
  expect(await accessibilityViolations(page)).toEqual([]);
  await page.getByLabel('Passport').uncheck();
  await page.getByLabel('Português').uncheck();
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.getByRole('button', { name: 'I take: 1 service, 4 languages' }).waitFor();
});
