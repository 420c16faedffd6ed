import { brotliCompressSync } from 'node:zlib';
import type { Browser, Response } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchBrowser, newPerson } from '../support/browser.ts';
import { openClientSite, type ClientSite } from '../support/client-site.ts';

let browser: Browser;
let site: ClientSite;

beforeAll(async () => {
  [browser, site] = await Promise.all([launchBrowser(), openClientSite()]);
  site.api.set('/api/session', null);
  site.api.set('/api/offices', [office]);
});

afterAll(async () => {
  await browser.close();
  await site.close();
});

const everywhere = (text: string) => ({ lb: text, fr: text, de: text, en: text, pt: text });

/** As the server answers `GET /api/offices`. */
const office = {
  officeId: 'town',
  name: everywhere('Office'),
  inboxId: 'inbox',
  phone: '+352 20 20 10 10',
  address: '1, Place de la Mairie',
  services: ['passport', 'licence', 'address'].map((serviceId) => ({
    serviceId,
    officeId: 'town',
    name: everywhere(serviceId),
    summary: everywhere('New, lost or expired'),
    keywords: [],
    opening: { state: 'closed', opensAt: null },
    waiting: 0,
    wait: null,
    waitsWithin: null,
    appointmentMinutes: 20,
  })),
};

/** Bytes as they would travel: compressed with brotli, except fonts, which are already. */
async function weigh(response: Response): Promise<{ name: string; bytes: number }> {
  const { pathname } = new URL(response.url());
  const body = await response.body();
  return { name: pathname, bytes: pathname.endsWith('.woff2') ? body.length : brotliCompressSync(body).length };
}

// ux.md §10.
it('a citizen’s first page stays within its budget, stands still, and asks nobody else for anything', async () => {
  await using person = await newPerson(browser, { viewport: { width: 360, height: 640 } });
  const responses: Response[] = [];
  person.page.on('response', (response) => responses.push(response));
  await person.context.addInitScript(() => {
    globalThis.shifted = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries())
        if ('value' in entry && typeof entry.value === 'number') globalThis.shifted = (globalThis.shifted ?? 0) + entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
  });
  // The waits come late, as on a bad line: only once the page stands.
  await person.page.route('**/api/offices', async (route) => {
    await person.page.getByRole('contentinfo').waitFor({ state: 'attached' });
    await route.continue();
  });
  await person.page.goto(`${site.origin}/fr/`, { waitUntil: 'networkidle' });
  await person.page.getByRole('link', { name: 'passport' }).waitFor();

  expect(responses.filter((response) => !response.url().startsWith(site.origin)).map((response) => response.url())).toEqual([]);
  const files = await Promise.all(responses.filter((response) => !response.url().includes('/api/')).map(weigh));
  const sum = (wanted: (name: string) => boolean): number =>
    files.filter(({ name }) => wanted(name)).reduce((total, { bytes }) => total + bytes, 0);
  const listing = JSON.stringify(files);
  expect(
    sum((name) => name.endsWith('.js')),
    listing,
  ).toBeLessThanOrEqual(60_000);
  expect(
    sum((name) => name.endsWith('.css') || name.endsWith('/')),
    listing,
  ).toBeLessThanOrEqual(25_000);
  expect(
    files.filter(({ name }) => name.endsWith('.woff2')).map(({ bytes }) => bytes <= 35_000),
    listing,
  ).toEqual([true]);
  expect(
    sum(() => true),
    listing,
  ).toBeLessThanOrEqual(150_000);
  expect(await person.page.evaluate(() => globalThis.shifted)).toBeLessThanOrEqual(0.05);
});

declare global {
  var shifted: number | undefined;
}
