import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seedDemonstration } from '../../deploy/demonstration/seed.ts';
import { launchBrowser, newPerson } from '../support/browser.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let browser: Browser;
let server: TestServer;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'schalter-core-'));
  const root = fileURLToPath(new URL('.', import.meta.url));
  const pages = join(directory, 'pages');
  await build({
    configFile: false,
    logLevel: 'warn',
    root,
    build: {
      outDir: pages,
      emptyOutDir: true,
      target: 'es2024',
      modulePreload: { polyfill: false },
      rolldownOptions: { input: join(root, 'core.html') },
    },
  });
  await mkdir(join(pages, 'en'));
  await rename(join(pages, 'core.html'), join(pages, 'en', 'index.html'));
  server = await startTestServer({ clientDirectory: pages });
  await seedDemonstration({ database: server.database, keysFile: join(directory, 'keys.json') });
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser.close();
  await server.close();
  await rm(directory, { recursive: true });
});

async function load(page: Page): Promise<void> {
  await page.goto(`${server.origin}/en/`);
  await page.waitForFunction(() => globalThis.desk !== undefined);
}

test('what is written without a line survives a reload and is sent once there is one, and PRF output never leaves the page', async () => {
  await using person = await newPerson(browser);
  const { page, context } = person;
  const posted: string[] = [];
  page.on('request', (request) => posted.push(request.postData() ?? ''));
  await load(page);
  await page.evaluate(async () => await globalThis.desk?.register());
  const registration = posted.find((body) => body.includes('attestationObject')) ?? '';
  expect(JSON.parse(registration)).toMatchObject({ response: { clientExtensionResults: { prf: { enabled: true } } } });
  expect(posted.join('')).not.toContain('"results"');

  const conversationId = await page.evaluate(async () => await globalThis.desk?.start());
  if (!conversationId) throw new Error('no conversation');
  const write = async (text: string) =>
    await page.evaluate(async ([id, words]) => await globalThis.desk?.write(id, words), [conversationId, text] as const);
  const sent = async (count: number) =>
    await page.evaluate(async ([id, many]) => await globalThis.desk?.sent(id, many), [conversationId, count] as const);
  await write('one');
  expect(await sent(1)).toEqual(['one']);

  await context.setOffline(true);
  await page.evaluate(async () => await globalThis.desk?.lost());
  await write('two');
  await write('three');
  // A page that is loaded again needs its server, so the line is back first; what was written waits in IndexedDB alone.
  await context.setOffline(false);
  await load(page);
  expect(await sent(3)).toEqual(['one', 'two', 'three']);
  await load(page);
  expect(await sent(3)).toEqual(['one', 'two', 'three']);
  expect(person.complaints.filter((line) => !line.includes('ERR_INTERNET_DISCONNECTED'))).toEqual([]);
});
