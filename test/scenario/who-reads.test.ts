import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chainIdSchema, slugSchema } from '../../server/platform/wire-schemas.ts';
import { fromBase64Url } from '../../server/protocol/base64url.ts';
import { verifyReceipt } from '../../server/protocol/receipt.ts';
import { cryptoReady } from '../../server/protocol/sodium.ts';
import { accessibilityViolations, launchBrowser, overflow } from '../support/browser.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { enrol, log, newVisitor, signUp, type Visitor, write } from '../support/visitors.ts';

const officeId = slugSchema<'office'>().parse('citizens-office');

let browser: Browser;
let installation: Installation;
let citizen: Visitor;
let official: Visitor;
let colleague: Visitor;
let page: Page;

beforeAll(async () => {
  await cryptoReady;
  [browser, installation] = await Promise.all([launchBrowser(), startInstallation()]);
  [citizen, official, colleague] = [
    await newVisitor(browser, installation, { viewport: { width: 1280, height: 900 } }),
    await newVisitor(browser, installation, { viewport: { width: 1280, height: 900 } }),
    await newVisitor(browser, installation),
  ];
  page = citizen.page;
});

afterAll(async () => {
  await browser.close();
  await installation.close();
});

function card(of: Page) {
  return of.getByRole('region', { name: 'Who can read this' });
}

function digits(text: string): string {
  return text.replaceAll(/\D/g, '');
}

describe('who can read a conversation', () => {
  test('a citizen sees by name, role and since when', async () => {
    await enrol(official.page, installation.links.get('Claire Weber') ?? '');
    await official.page.getByRole('heading', { name: 'No messages yet' }).waitFor();
    await page.goto('/en/services/identity-documents/write');
    await signUp(page);
    await page.getByLabel('How should we address you?').fill('Maria Santos');
    await write(page, 'Good morning');
    await page.waitForURL(/\/en\/conversations\//);
    await log(page).getByText(/^Sent/).waitFor();
    await card(page).getByRole('listitem').filter({ hasText: 'Claire Weber' }).getByText('Reads and answers').waitFor();
    await card(page).getByRole('listitem').filter({ hasText: 'You' }).getByText('On 1 device').waitFor();
    expect(
      await card(page)
        .getByText(/^Since: /)
        .count(),
    ).toBeGreaterThan(0);
    expect(await card(page).getByText('New', { exact: true }).count()).toBe(0);
  });

  test('both sides see the same number to compare', async () => {
    await card(page).getByText('Compare by phone').click();
    const own = digits(await card(page).locator('.safety').innerText());
    const { page: desk } = official;
    await desk.getByRole('link', { name: 'Maria Santos' }).click();
    await log(desk).getByText('Good morning').waitFor();
    await desk.getByRole('button', { name: 'Who can read this?' }).click();
    const dialog = desk.getByRole('dialog', { name: 'Who can read this' });
    expect(await desk.evaluate(() => document.activeElement?.textContent)).toBe('Who can read this');
    await dialog.getByText('Compare by phone').click();
    expect(digits(await dialog.locator('.safety').innerText())).toBe(own);
    expect(own).toMatch(/^\d{30}$/);
    await dialog.getByRole('button', { name: 'Close' }).click();
    expect(await desk.evaluate(() => document.activeElement?.textContent.trim())).toBe('Who can read this?');
  });

  test('whoever joins later is announced in the thread and marked as new, once', async () => {
    const owner = await installation.connectOwner();
    await enrol(colleague.page, await owner.invite({ officeId, role: 'official', displayName: 'Jean Becker' }));
    owner.close();
    await colleague.page.getByRole('link', { name: 'Maria Santos' }).waitFor();
    await page.reload();
    await log(page)
      .getByText(/New in the team: Jean Becker/)
      .waitFor();
    const line = card(page).getByRole('listitem').filter({ hasText: 'Jean Becker' });
    await line.getByText('New', { exact: true }).waitFor();
    await page.reload();
    await line.waitFor();
    await expect.poll(async () => await line.getByText('New', { exact: true }).count()).toBe(0);
  });

  test('whoever is removed is named in the thread, and is no reader any more', async () => {
    const owner = await installation.connectOwner();
    const [account] = await installation.query(`select account_id from accounts where display_name = 'Jean Becker'`);
    await owner.remove(officeId, chainIdSchema<'account'>().parse(account?.['account_id']));
    owner.close();
    await write(page, 'Only for the others');
    await log(page)
      .getByText(/No longer in the team: Jean Becker/)
      .waitFor();
    await log(page)
      .getByText(/The office’s key was renewed/)
      .waitFor();
    expect(await card(page).getByText('Jean Becker').count()).toBe(0);
  });

  test('meets no barrier and nothing cut off, on a phone and on a desk, by day and by night', async () => {
    for (const viewport of [
      { width: 320, height: 640 },
      { width: 1280, height: 900 },
    ]) {
      await page.setViewportSize(viewport);
      if (viewport.width === 320) await page.getByRole('button', { name: 'Who can read this?' }).click();
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await accessibilityViolations(page)).toEqual([]);
        expect(await overflow(page)).toEqual([]);
      }
      if (viewport.width === 320) await page.getByRole('button', { name: 'Close' }).click();
    }
  });
});

describe('a server that takes back what it has confirmed', () => {
  test('is told to the person, and leaves its signature as evidence', async () => {
    await log(page).getByText('Only for the others').waitFor();
    await expect.poll(async () => await log(page).getByText('Sending…').count()).toBe(0);
    // The database goes back to before the last message, as from an older copy of it.
    await installation.query(`
      with cut as (delete from entries using conversations c where entries.conversation_id = c.conversation_id and entries.position = c.head returning entries.conversation_id)
      update conversations set head = head - 1, run = (select run from entries e where e.conversation_id = conversations.conversation_id and e.position = conversations.head - 1)
      where conversation_id in (select conversation_id from cut)`);
    await page.reload();
    const warning = page
      .getByRole('main')
      .getByText('The server shows less of this conversation than before. Write nothing confidential here and phone us.');
    await warning.waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save the evidence' }).click()]);
    const evidence: unknown = JSON.parse(await readFile(await download.path(), 'utf8'));
    expect(evidence).toMatchObject({ format: 'schalter-evidence-1', problems: ['rollback'] });
    const { signed, conversationId, shownNow } = evidence as {
      conversationId: string;
      signed: { position: number; run: string; signature: string; receiptKey: string };
      shownNow: { head: number };
    };
    const claim = { conversationId: fromBase64Url(conversationId), position: signed.position, run: fromBase64Url(signed.run) };
    verifyReceipt(claim, fromBase64Url(signed.signature), fromBase64Url(signed.receiptKey));
    expect(shownNow.head).toBe(signed.position - 1);
  });

  test('is told at its place in the thread, and aloud, once other messages stand where it had confirmed some', async () => {
    await write(page, 'One more');
    await log(page).getByText('Up to here the server had confirmed with its signature other messages than it shows now.').waitFor();
    const banner = page.getByRole('main').getByText(/^The server does not show what it had confirmed with its signature/);
    await banner.waitFor();
    await expect.poll(async () => (await citizen.announcements()).join(' ')).toContain('The server does not show what it had confirmed');
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await accessibilityViolations(page)).toEqual([]);
    }
  });
});
