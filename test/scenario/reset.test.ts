import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demonstrationOffices } from '../../deploy/demonstration/offices.ts';
import { Owner } from '../../deploy/demonstration/owner.ts';
import { seedDemonstration } from '../../deploy/demonstration/seed.ts';
import { accessibilityViolations, launchBrowser, overflow } from '../support/browser.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { enrol, log, newVisitor, signUp, unlock, type Visitor, write } from '../support/visitors.ts';

/** Everything in this test happens within minutes, but for one day: the clocks of the server and of the pages are put forward by it. */
const dayMs = 24 * 60 * 60_000 + 60_000;
const office = demonstrationOffices[0]!;
let browser: Browser;
let server: TestServer;
let owner: Owner;
let directory: string;
let aheadMs = 0;
let citizen: Visitor;
let first: Visitor;
let second: Visitor;
/** The same person, at a browser that has nothing of hers. */
let anew: Visitor;
let reference: string;
let number: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'schalter-reset-'));
  const keysFile = join(directory, 'keys.json');
  server = await startTestServer({
    clientDirectory: fileURLToPath(new URL('../../client/dist', import.meta.url)),
    now: () => Date.now() + aheadMs,
  });
  await seedDemonstration({ database: server.database, keysFile });
  owner = await Owner.connect({ origin: server.origin, keysFile });
  await owner.admitAlways(() => undefined);
  browser = await launchBrowser();
  [citizen, first, second, anew] = [
    await newVisitor(browser, server),
    await newVisitor(browser, server),
    await newVisitor(browser, server),
    await newVisitor(browser, server),
  ];
});

afterAll(async () => {
  await browser.close();
  owner.close();
  await server.close();
  await rm(directory, { recursive: true });
});

async function openRequest({ page }: Visitor): Promise<void> {
  await page.goto('/en/registrar');
  await unlock(page);
  await page.getByLabel('Eight-digit number').fill(number);
  await page.getByRole('button', { name: 'Find' }).click();
  await page.getByRole('button', { name: 'Refuse' }).waitFor();
}

async function sign({ page }: Visitor): Promise<void> {
  for (const box of await page.getByRole('checkbox').all()) await box.check();
  await page.getByRole('button', { name: 'Sign', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Sign' }).click();
  await page.getByText('Your signature is in.').waitFor();
}

/** What the page shows to be compared, without its spaces. */
async function shownNumber({ page }: Visitor, place: string): Promise<string> {
  const found = page.locator(place);
  await found.waitFor();
  return (await found.innerText()).replaceAll(/\s/g, '');
}

async function aDayLater(...visitors: Visitor[]): Promise<void> {
  aheadMs = dayMs;
  for (const { context } of visitors) {
    await context.addInitScript((ahead: number) => {
      const Present = Date;
      globalThis.Date = class extends Present {
        constructor(...parts: readonly number[]) {
          if (parts.length === 0) super(Present.now() + ahead);
          else super(...(parts as [number]));
        }
        static override now(): number {
          return Present.now() + ahead;
        }
      } as DateConstructor;
    }, dayMs);
  }
}

describe('a citizen who has lost phone, passkey and code', () => {
  test('had written to the office, and was answered', async () => {
    await citizen.page.goto('/en/services/driving-licence/write');
    await signUp(citizen.page);
    await citizen.page.getByLabel('How should we address you?').fill('Anna Muller');
    await write(citizen.page, 'I have lost my driving licence.');
    reference = /\d{4}-\d+-\w+/.exec(await citizen.page.getByText('Reference:').innerText())?.[0] ?? '';
    expect(reference).not.toBe('');

    for (const [visitor, displayName] of [
      [first, 'Claire Weber'],
      [second, 'Marc Thill'],
    ] as const) {
      await enrol(visitor.page, await owner.invite({ officeId: office.officeId, role: 'official', displayName }));
      await visitor.page.getByRole('heading', { level: 1, name: 'Inbox' }).waitFor();
      await owner.makeRegistrar(office.officeId, displayName);
    }
    await first.page.getByRole('link', { name: 'Anna Muller' }).click();
    await write(first.page, 'Then you need a new one. Come and see us.');
    await log(citizen.page).getByText('Come and see us').waitFor();
    await citizen.context.close();
  });

  test('asks for a new start with a reference, and is told what it takes and what is gone', async () => {
    await anew.page.goto('/en/cannot-sign-in');
    await anew.page.getByRole('link', { name: 'Ask for a new start' }).click();
    await anew.page.getByText('You cannot read old messages any more until the office gives them back').waitFor();
    expect(await accessibilityViolations(anew.page)).toEqual([]);
    await anew.page.getByLabel('Reference of one of your conversations').fill(reference);
    await anew.page.getByRole('button', { name: 'Ask', exact: true }).click();
    await anew.page.getByRole('heading', { name: 'Tell the office this number' }).waitFor();
    number = await shownNumber(anew, '.link-figure');
    expect(number).toMatch(/^\d{8}$/);
  });

  test('is seen by two registrars, who compare a number with her and sign; then a day must pass', async () => {
    await openRequest(first);
    const hers = await shownNumber(anew, '.reset-number');
    expect(await shownNumber(first, '.registrar-number')).toBe(hers);
    expect(await accessibilityViolations(first.page)).toEqual([]);
    expect(await accessibilityViolations(anew.page)).toEqual([]);
    await sign(first);

    await anew.page.getByText('Signatures: 1 of 2').waitFor();
    await openRequest(second);
    expect(await shownNumber(second, '.registrar-number')).toBe(hers);
    await sign(second);
    await anew.page.getByRole('heading', { name: 'Both have signed' }).waitFor();
    await anew.page.setViewportSize({ width: 320, height: 700 });
    expect(await overflow(anew.page)).toEqual([]);
    await anew.page.setViewportSize({ width: 1280, height: 900 });
    // Before its time the page waits, however often it is opened.
    await anew.page.reload();
    await anew.page.getByRole('heading', { name: 'Both have signed' }).waitFor();
  });

  test('goes on in the new browser a day later, and reads nothing of what was written before', async () => {
    await aDayLater(anew, first, second);
    await anew.page.reload();
    await anew.page.getByRole('button', { name: 'Create a passkey' }).click();
    await anew.page.getByRole('heading', { name: 'Your account has a new start' }).waitFor();
    await anew.page.goto('/en/conversations');

    await anew.page.getByRole('link', { name: /driving licence/i }).click();
    await anew.page.getByRole('heading', { name: 'The account was reset' }).waitFor();
    expect(await anew.page.getByText('I have lost my driving licence.').count()).toBe(0);
    expect(await accessibilityViolations(anew.page)).toEqual([]);
  });

  test('gets the history back only when an official gives it, and both go on', async () => {
    await first.page.goto('/en/inbox');
    await unlock(first.page);
    await first.page.getByRole('link', { name: 'Anna Muller' }).click();
    await first.page.getByRole('heading', { name: 'The account was reset' }).waitFor();
    await first.page.getByText('attested by: Claire Weber, Marc Thill').waitFor();
    expect(await accessibilityViolations(first.page)).toEqual([]);
    expect(await log(anew.page).getByText('I have lost my driving licence.').count()).toBe(0);
    await first.page.getByRole('button', { name: 'Give the conversation back' }).click();
    await first.page.getByRole('button', { name: 'Yes, give it back' }).click();
    await first.page.getByText('The conversation was given back.').waitFor();

    await log(anew.page).getByText('I have lost my driving licence.').waitFor();
    await log(anew.page).getByText('Come and see us').waitFor();
    await write(anew.page, 'Thank you, I am back.');
    await log(first.page).getByText('Thank you, I am back.').waitFor();
    await write(first.page, 'Welcome back.');
    await log(anew.page).getByText('Welcome back.').waitFor();
    expect([...anew.complaints, ...first.complaints, ...second.complaints]).toEqual([]);
  });
});
