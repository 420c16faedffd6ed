import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileURLToPath } from 'node:url';
import { toBase64Url } from '../../server/protocol/base64url.ts';
import { Insider, meet } from '../evil/insider.ts';
import { launchBrowser } from '../support/browser.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { TestOffice } from '../support/test-office.ts';
import { log, newVisitor, signUp, type Visitor, write } from '../support/visitors.ts';

const pages = fileURLToPath(new URL('../../client/dist', import.meta.url));
const picture = '<img src=x onerror="globalThis.pwned = 1">';
const texts = [
  `<script>globalThis.pwned = 2</script>${picture}`,
  `"><svg onload="globalThis.pwned = 3"><a href="javascript:globalThis.pwned = 4">javascript:globalThis.pwned = 4</a>`,
  '${globalThis.pwned = 5} {{globalThis.pwned = 6}}',
];

let browser: Browser;
let server: TestServer;
let office: TestOffice;
let citizen: Visitor;
let page: Page;

beforeAll(async () => {
  server = await startTestServer({ clientDirectory: pages });
  [browser, office] = await Promise.all([launchBrowser(), TestOffice.create(server, { name: 'town-hall' })]);
  citizen = await newVisitor(browser, server);
  page = citizen.page;
});
afterAll(async () => {
  await browser.close();
  office.close();
  await server.close();
});

async function isUntouched(): Promise<boolean> {
  return await page.evaluate(() => !('pwned' in globalThis));
}

/** What a script in the page may not do any more than a text may. Gives the error's name, or what became of it. */
async function attempt(act: () => void): Promise<string> {
  return await page.evaluate(act).then(
    () => 'done',
    (error: unknown) => (/TypeError/.test(String(error)) ? 'TypeError' : String(error)),
  );
}

describe('attack 49: script in what people write', () => {
  test('HTML in a message and in a name is shown as it was written, on both sides', async () => {
    await page.goto(`/en/services/${office.serviceId}/write`);
    await signUp(page);
    await page.getByLabel('How should we address you?').fill(`Eve ${picture}`);
    await write(page, texts.join('\n'));
    await page.waitForURL(/\/en\/conversations\//);
    await log(page).getByText(/^Sent/).waitFor();

    const line = await office.owner.connect();
    const conversations = (await office.addOfficial().then(async (somebody) => await somebody.connect())).request('conversation:list', {});
    const [view] = (await conversations).conversations;
    if (!view) throw new Error('the citizen has opened a conversation');
    const insider = await Insider.hire(
      {
        office,
        asked: view,
        citizen: { accountId: view.citizenId },
        chainOf: async (accountId) => await meet(office, accountId),
      },
      'member',
      `Nora ${picture}`,
    );
    const [epoch] = await insider.epochs();
    if (!epoch) throw new Error('there is an epoch');
    const envelope = toBase64Url(insider.seal(epoch, texts.join('\n')));
    await insider.line.request('message:send', { conversationId: view.conversationId, envelope });
    line.socket.disconnect();

    for (const text of texts) await log(page).getByText(text, { exact: false }).nth(1).waitFor();
    await log(page).getByText(`Nora ${picture}`).first().waitFor();
    expect(await page.locator('img[src="x"], svg[onload], a[href^="javascript:"], main script').count()).toBe(0);
    expect(await isUntouched()).toBe(true);
  });

  test('the page itself cannot make text into markup or run it, even where somebody has got in', async () => {
    expect(await attempt(() => void (document.body.innerHTML = '<img src=x onerror="globalThis.pwned = 7">'))).toBe('TypeError');
    expect(
      await attempt(() => {
        const script = document.createElement('script');
        script.text = 'globalThis.pwned = 8';
        document.head.append(script);
      }),
    ).toBe('TypeError');
    expect(await attempt(() => document.write('<script>globalThis.pwned = 9</script>'))).toBe('TypeError');
    expect(await isUntouched()).toBe(true);
  });

  test('no script runs from an address, an attribute, a frame or another place, and each attempt is reported', async () => {
    const violations = page.waitForFunction(() => (globalThis.violated ?? []).length >= 3);
    await page.evaluate(() => {
      globalThis.violated = [];
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => globalThis.violated?.push(effectiveDirective));
      const link = document.createElement('a');
      link.href = 'javascript:globalThis.pwned = 10';
      document.body.append(link);
      link.click();
      const frame = document.createElement('iframe');
      frame.src = 'data:text/html,<script>parent.pwned = 11</script>';
      document.body.append(frame);
      const image = new Image();
      image.src = 'https://elsewhere.example/leak.png';
      document.body.append(image);
    });
    await violations;
    expect(await page.evaluate(() => [...new Set(globalThis.violated)].toSorted())).toEqual(['frame-src', 'img-src', 'script-src-elem']);
    expect(await isUntouched()).toBe(true);
    await expect.poll(() => server.log.some((entry) => entry.includes('script-src'))).toBe(true);
  });

  test('nothing of an address is taken for markup', async () => {
    const places = [
      'conversations/%3Csvg%20onload=globalThis.pwned=12%3E',
      '%3Cscript%3EglobalThis.pwned=13%3C%2Fscript%3E',
      '?x=%22%3E%3Cimg%20src=x%3E#%3Csvg%3E',
    ];
    for (const place of places) {
      await page.goto(`/en/${place}`);
      await page.waitForLoadState('networkidle');
      expect(await page.locator('svg[onload], img[src="x"], script:not([src])').count(), place).toBe(0);
      expect(await isUntouched(), place).toBe(true);
    }
  });
});

declare global {
  var violated: string[] | undefined;
}
