import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { demonstrationOffices } from '../../deploy/demonstration/offices.ts';
import { languageNames } from '../../client/i18n/locale.ts';
import { accessibilityViolations, launchBrowser, overflow } from '../support/browser.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { enrol, log, newVisitor, signUp, unlock, type Visitor, write } from '../support/visitors.ts';

const office = demonstrationOffices[0]!;
const ownerProgram = fileURLToPath(new URL('../../deploy/demonstration/main.ts', import.meta.url));
let browser: Browser;
let installation: Installation;
let lead: Visitor;

beforeAll(async () => {
  [browser, installation] = await Promise.all([launchBrowser(), startInstallation()]);
});
afterAll(async () => {
  await browser.close();
  await installation.close();
});

async function begin(name: string, text: string): Promise<Visitor> {
  const visitor = await newVisitor(browser, installation);
  await visitor.page.goto('/en/services/driving-licence/write');
  await signUp(visitor.page);
  await visitor.page.getByLabel('How should we address you?').fill(name);
  await write(visitor.page, text);
  await log(visitor.page).getByText('Sent').waitFor();
  return visitor;
}

async function openTeam(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Team' }).click();
  await page.getByRole('heading', { level: 2, name: 'Let old cases expire' }).waitFor();
}

test('a team leader lets a case of six years ago expire: the office reads it no more, a live one it does, and the citizen keeps his own', async () => {
  const old = await begin('Anna Muller', 'Six years ago');
  await begin('Ben Schmit', 'Just now');
  await installation.query(`update entries set accepted_at = accepted_at - interval '6 years' where conversation_id =
    (select conversation_id from conversations order by opened_at limit 1)`);
  await installation.query(`update conversations set opened_at = opened_at - interval '6 years' where conversation_id =
    (select conversation_id from conversations order by opened_at limit 1)`);

  lead = await newVisitor(browser, installation);
  const { page } = lead;
  await enrol(page, installation.links.get('Claire Weber') ?? '');
  await page.getByRole('link', { name: 'Anna Muller' }).click();
  await log(page).getByText('Six years ago').waitFor();
  const { dataDirectory, origin } = installation;
  await promisify(execFile)(process.execPath, [ownerProgram, 'admin', office.officeId, 'Claire Weber'], {
    env: { ...process.env, SCHALTER_DATA: dataDirectory, SCHALTER_ORIGIN: origin },
  });

  await openTeam(page);
  await page.getByRole('radio', { name: '10 years' }).check();
  await page.getByRole('button', { name: 'See what would happen' }).click();
  await page.getByText('No case is that old: nothing would expire.').waitFor();
  await page.getByRole('radio', { name: '10 years' }).press('ArrowUp');
  await page.getByRole('button', { name: 'See what would happen' }).press('Enter');
  await page.getByText('1 case stays, 1 expires.').waitFor();
  expect(await accessibilityViolations(page)).toEqual([]);
  for (const locale of ['lb', 'fr', 'de', 'pt', 'en'] as const) {
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.locator('.language-switch summary').click();
    await page.getByRole('link', { name: languageNames[locale], exact: true }).click();
    await page.locator(`html[lang="${locale}"]`).waitFor();
    await page.setViewportSize({ width: 320, height: 640 });
    expect(await overflow(page), locale).toEqual([]);
  }
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.getByRole('button', { name: 'Let them expire…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Let 1 case expire?' });
  await dialog.waitFor();
  expect(await accessibilityViolations(page)).toEqual([]);
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await overflow(page)).toEqual([]);
  await page.setViewportSize({ width: 1280, height: 900 });
  await dialog.getByRole('button', { name: 'Let expire for good' }).click();
  await page.getByText(/the office can no longer read cases that were quiet since/).waitFor();
  await page.getByRole('heading', { level: 2, name: 'Let old cases expire' }).scrollIntoViewIfNeeded();

  // In the page that had it open, and after a reload with nothing but what is kept.
  for (const isFresh of [false, true]) {
    if (isFresh) {
      await page.reload();
      await unlock(page);
    }
    await page.getByRole('link', { name: 'Inbox' }).click();
    await page.getByRole('link', { name: 'Ben Schmit' }).click();
    await log(page).getByText('Just now').waitFor();
    await page.getByRole('link', { name: /^Citizen, / }).click();
    await page.getByRole('heading', { name: 'This case has expired' }).waitFor();
    await log(page).getByText('This case has expired: the office can no longer read it.').waitFor();
    expect(await page.getByText('Six years ago').count()).toBe(0);
    expect(await page.getByLabel('Your message').count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Who can read this?' }).count()).toBe(0);
    await page.getByRole('listitem').filter({ hasText: 'Citizen, ' }).getByText('This case has expired').waitFor();
  }
  expect(await accessibilityViolations(page)).toEqual([]);

  await old.page.reload();
  await log(old.page).getByText('Six years ago').waitFor();
});
