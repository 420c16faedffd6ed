import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { locales } from '../../server/protocol/locale.ts';
import { accessibilityViolations, launchBrowser, newPerson, overflow } from '../support/browser.ts';
import { openClientSite, type ClientSite } from '../support/client-site.ts';

let browser: Browser;
let site: ClientSite;

beforeAll(async () => {
  [browser, site] = await Promise.all([launchBrowser(), openClientSite()]);
  site.api.set('/api/session', null);
  site.api.set('/api/offices', []);
});

afterAll(async () => {
  await browser.close();
  await site.close();
});

describe('the shell', () => {
  it('switches the language without loading the page again', async () => {
    await using person = await open('/en/help');
    const { page } = person;
    await page.evaluate(() => (document.body.dataset['kept'] = 'yes'));
    await page.locator('summary').click();
    await page.getByRole('link', { name: 'Français' }).click();
    await page.getByRole('heading', { level: 1, name: 'Aide et contact' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/fr/help');
    expect(await page.locator('html').getAttribute('lang')).toBe('fr');
    expect(await page.title()).toBe('Aide et contact – Schalter');
    expect(await page.locator('body').getAttribute('data-kept')).toBe('yes');
    expect(person.complaints).toEqual([]);
  });

  it('downloads only the language that is shown', async () => {
    await using person = await open('/pt/privacy');
    const files = await person.page.evaluate(() => performance.getEntriesByType('resource').map((entry) => entry.name));
    const texts = await Promise.all(files.filter((file) => file.endsWith('.js')).map(async (file) => (await fetch(file)).text()));
    expect(texts.some((text) => text.includes('Um cookie'))).toBe(true);
    expect(texts.some((text) => text.includes('Ein Cookie') || text.includes('One cookie'))).toBe(false);
  });

  it('moves focus to the h1 of the next page and back to the scroll position of the last', async () => {
    await using person = await open('/en/accessibility', { width: 360, height: 640 });
    const { page } = person;
    const link = page.getByRole('contentinfo').getByRole('link', { name: 'Help and contact' });
    await link.scrollIntoViewIfNeeded();
    const scrolled = await page.evaluate(() => window.scrollY);
    expect(scrolled).toBeGreaterThan(100);
    await link.click();
    await page.getByRole('heading', { level: 1, name: 'Help and contact' }).waitFor();
    await page.waitForFunction(() => document.activeElement?.tagName === 'H1');
    expect(await page.evaluate(() => window.scrollY)).toBe(0);
    await page.goBack();
    await page.waitForFunction(() => document.activeElement?.textContent === 'Accessibility');
    expect(await page.evaluate(() => window.scrollY)).toBe(scrolled);
  });

  it('says in words that an address does not exist, and that a page could not be brought', async () => {
    await using person = await open('/de/gibt-es-nicht');
    const { page } = person;
    await page.getByRole('heading', { level: 1, name: 'Diese Seite gibt es nicht' }).waitFor();
    await page.context().route('**/text-page-*.js', (route) => route.abort());
    await page.getByRole('link', { name: 'Hilfe und Kontakt' }).click();
    await page.getByRole('heading', { level: 1, name: 'Diese Seite konnte nicht angezeigt werden' }).waitFor();
  });

  it('gives an address without a language the browser’s language', async () => {
    await using person = await newPerson(browser, { locale: 'pt' });
    await person.page.goto(`${site.origin}/help`);
    await person.page.waitForURL('**/pt/help');
  });

  it('shows what matters without JavaScript', async () => {
    for (const locale of locales) {
      await using person = await newPerson(browser, { javaScriptEnabled: false });
      await person.page.goto(`${site.origin}/${locale}/`);
      expect(await person.page.locator('html').getAttribute('lang')).toBe(locale);
      expect(await person.page.locator('h1').count()).toBe(1);
      expect(await person.page.locator('noscript').isVisible()).toBe(true);
    }
  });
});

describe('every page of the frame', () => {
  it.each(locales)('has no accessibility violation and no overflow in %s, small and light, large and dark', async (locale) => {
    for (const [width, height, colorScheme] of [
      [320, 256, 'light'],
      [1280, 900, 'dark'],
    ] as const) {
      await using person = await newPerson(browser, { viewport: { width, height }, colorScheme });
      for (const path of ['', 'help', 'privacy', 'accessibility', 'nowhere']) {
        await person.page.goto(`${site.origin}/${locale}/${path}`);
        await person.page.getByRole('contentinfo').waitFor();
        const where = `${locale}/${path} ${width} ${colorScheme}`;
        expect(await accessibilityViolations(person.page), where).toEqual([]);
        expect(await overflow(person.page), where).toEqual([]);
      }
      expect(person.complaints).toEqual([]);
    }
  });
});

async function open(path: string, viewport = { width: 1280, height: 900 }) {
  const person = await newPerson(browser, { viewport });
  await person.page.goto(site.origin + path);
  await person.page.getByRole('contentinfo').waitFor();
  return person;
}
