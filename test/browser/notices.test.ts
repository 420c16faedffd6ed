import { fileURLToPath } from 'node:url';
import type { Browser, Page, Worker } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchBrowser, newPerson, patiently, type Person } from '../support/browser.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

declare global {
  var shown: string[][];
}

let browser: Browser;
let server: TestServer;
let person: Person;

beforeAll(async () => {
  server = await startTestServer({ clientDirectory: fileURLToPath(new URL('../../client/dist', import.meta.url)) });
  browser = await launchBrowser();
  person = await newPerson(browser, { baseURL: server.origin, permissions: ['notifications'] });
});

afterAll(async () => {
  await browser.close();
  await server.close();
});

/** The service worker, registered as the pages do it, and the way a push service reaches it. */
async function register(page: Page): Promise<{ worker: Worker; push: (notice: object) => Promise<void> }> {
  const cdp = await page.context().newCDPSession(page);
  const registered = new Promise<string>((resolve) => {
    cdp.on('ServiceWorker.workerRegistrationUpdated', ({ registrations: [first] }) => {
      if (first) resolve(first.registrationId);
    });
  });
  await cdp.send('ServiceWorker.enable');
  const started = page.context().waitForEvent('serviceworker');
  await page.evaluate(async () => {
    const policy = globalThis.trustedTypes?.createPolicy('schalter-worker', { createScriptURL: (url) => url });
    await navigator.serviceWorker.register(policy?.createScriptURL('/service-worker.js') as unknown as string);
    await navigator.serviceWorker.ready;
  });
  const registrationId = await registered;
  return {
    worker: await started,
    async push(notice) {
      await cdp.send('ServiceWorker.deliverPushMessage', { origin: server.origin, registrationId, data: JSON.stringify(notice) });
    },
  };
}

/**
 * Notes what the service worker has shown. The browser's own list is of no use: what it is asked for before the notification stands on
 * the screen, it takes for closed, and forgets.
 */
async function noteShown(worker: Worker): Promise<() => Promise<readonly (readonly string[])[]>> {
  await worker.evaluate(() => {
    const { registration } = globalThis as unknown as { registration: ServiceWorkerRegistration };
    const show = registration.showNotification.bind(registration);
    globalThis.shown = [];
    registration.showNotification = async (title, options = {}) => {
      await show(title, options);
      globalThis.shown.push([title, options.body ?? '', options.lang ?? '', options.tag ?? '']);
    };
  });
  return async () => await worker.evaluate(() => globalThis.shown);
}

/** Of ours, as the service worker sees them. */
async function countPages(worker: Worker): Promise<number> {
  return await worker.evaluate(async () => {
    const { clients } = globalThis as unknown as { clients: { matchAll(options: object): Promise<readonly unknown[]> } };
    return (await clients.matchAll({ type: 'window', includeUncontrolled: true })).length;
  });
}

it('a notice wakes the service worker, which says it in the person’s language; whoever looks at a page of ours sees none', async () => {
  const { page } = person;
  await page.goto('/fr/');
  const { worker, push } = await register(page);
  const shown = await noteShown(worker);
  await push({ kind: 'turn', locale: 'fr' });
  await push({ kind: 'message', locale: 'fr' });
  // One that is shown later than this answer would stand in the list below.
  expect(await shown()).toEqual([]);

  await page.goto('about:blank');
  await expect.poll(async () => await countPages(worker), patiently).toBe(0);
  const notices = [
    { kind: 'turn', locale: 'lb', words: ['Dir sidd un der Rei', 'Dir gitt opgeruff. Maacht d’Säit op, fir ze äntweren.'] },
    { kind: 'message', locale: 'pt', words: ['Há uma novidade para si', 'Abra a página para a ler.'] },
    { kind: 'turn', locale: 'de', words: ['Sie sind an der Reihe', 'Sie werden aufgerufen. Öffnen Sie die Seite, um zu antworten.'] },
  ];
  for (const [before, { kind, locale }] of notices.entries()) {
    await push({ kind, locale });
    await expect.poll(async () => (await shown()).length, patiently).toBe(before + 1);
  }
  // By its tag a newer one of a kind takes the place of the older.
  expect(await shown()).toEqual(notices.map(({ kind, locale, words }) => [...words, locale, kind]));
  expect(person.complaints).toEqual([]);
});
