import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityViolations, launchBrowser, newPerson, overflow, patiently, type Person } from '../support/browser.ts';
import { openClientSite, type ClientSite } from '../support/client-site.ts';

let browser: Browser;
let site: ClientSite;

beforeAll(async () => {
  [browser, site] = await Promise.all([launchBrowser(), openClientSite({ fixture: new URL('call-pages-fixture.ts', import.meta.url) })]);
});

afterAll(async () => {
  await browser.close();
  await site.close();
});

async function open(query: string, options: Parameters<typeof newPerson>[1] = {}): Promise<Person> {
  const person = await newPerson(browser, options);
  await person.page.goto(`${site.origin}/fixture.html?${query}`);
  await person.page.locator('h1').waitFor();
  return person;
}

const done = (page: Page): Promise<readonly unknown[]> => page.evaluate(() => globalThis.done);

describe('what stands around a call', () => {
  it.each(['join', 'guest', 'outcome', 'after&agreed', 'alarm', 'compare', 'invite', 'colleagues'])(
    'has no fault and nothing cut off at 320 pixels: %s',
    async (show) => {
      await using person = await open(`show=${show}&locale=de`, { viewport: { width: 320, height: 640 }, colorScheme: 'dark' });
      if (['compare', 'invite', 'colleagues'].includes(show)) await person.page.getByRole('dialog').waitFor();
      expect(await accessibilityViolations(person.page)).toEqual([]);
      expect(await overflow(person.page)).toEqual([]);
      expect(person.complaints).toEqual([]);
    },
  );

  it('compares a number by keyboard, beginning at the words and not at an answer', async () => {
    await using person = await open('show=compare');
    const { page } = person;
    await page.getByRole('dialog', { name: 'Compare this number' }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('compare-title');
    expect(await page.getByRole('list', { name: 'Five pictures' }).getByRole('listitem').allInnerTexts()).toEqual(
      ['Spanner', 'Octopus', 'Padlock', 'Guitar', 'Lion'].map((name) => expect.stringMatching(new RegExp(`${name}$`))),
    );
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect.poll(async () => await done(page), patiently).toEqual(['same']);
  });

  it('asks for what is missing before it makes a guest’s link, then shows it once, to be copied or read with a phone', async () => {
    await using person = await open('show=invite');
    const { page } = person;
    await page.getByRole('radio', { name: /^Interpreter/ }).check();
    await page.getByRole('button', { name: 'Make the link' }).click();
    await page.getByText('Enter the name: it is shown in the call.').waitFor();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('invite-guest');
    await page.keyboard.type('Ana Ferreira');
    await page.getByLabel('Your name').fill('Anna Muller');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Link for Ana Ferreira' }).waitFor();
    expect(await done(page)).toEqual([{ role: 'interpreter', guest: 'Ana Ferreira', inviter: 'Anna Muller' }]);
    expect(await page.getByLabel('Link', { exact: true }).inputValue()).toMatch(new RegExp(`^${site.origin}/en/guest#a+~b+$`));
    await page.getByText('Show the QR code').click();
    await page.getByRole('img', { name: 'QR code with the link' }).waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
  });

  it('begins what was agreed with a sentence, and never writes over the official’s own', async () => {
    await using person = await open('show=outcome');
    const { page } = person;
    await page.getByRole('button', { name: 'Write it into the conversation' }).click();
    await page.getByText('Write what was agreed, or go on without a note.').waitFor();
    await page.getByRole('radio', { name: 'Settled' }).check();
    const agreed = page.getByLabel('What was agreed');
    expect(await agreed.inputValue()).toBe('Your matter is settled. ');
    await agreed.fill('The licence is ready on Friday.');
    await page.getByRole('radio', { name: 'We get back to them' }).check();
    expect(await agreed.inputValue()).toBe('The licence is ready on Friday.');
    await page.getByRole('button', { name: 'Write it into the conversation' }).click();
    await page.getByText('It is in the conversation.').waitFor();
    expect(await done(page)).toEqual(['The licence is ready on Friday.']);
  });
});
