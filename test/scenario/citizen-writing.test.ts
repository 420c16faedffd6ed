import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessibilityViolations, launchBrowser, overflow, patiently } from '../support/browser.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { log, newVisitor, signUp, type Visitor, write } from '../support/visitors.ts';

let browser: Browser;
let installation: Installation;
let citizen: Visitor;
let page: Page;

beforeAll(async () => {
  [browser, installation] = await Promise.all([launchBrowser(), startInstallation()]);
  citizen = await newVisitor(browser, installation);
  page = citizen.page;
});

afterAll(async () => {
  await browser.close();
  await installation.close();
});

/** Drafts that this browser keeps for the account, sealed. */
async function countDrafts(of: Page): Promise<number> {
  return await of.evaluate(async () => {
    const [database] = await indexedDB.databases();
    const opening = indexedDB.open(database?.name ?? '');
    await new Promise((resolve) => opening.addEventListener('success', resolve, { once: true }));
    const listing = opening.result.transaction('texts').objectStore('texts').getAllKeys();
    await new Promise((resolve) => listing.addEventListener('success', resolve, { once: true }));
    opening.result.close();
    return listing.result.filter((key) => typeof key === 'string' && key.includes('/draft/')).length;
  });
}

describe('a citizen who writes', () => {
  test('finds a service by a word of another language', async () => {
    await page.goto('/en/');
    await page.getByLabel('What is it about?').fill('permis');
    await page.getByRole('link', { name: 'Driving licence' }).waitFor();
    expect(await page.getByRole('heading', { level: 3 }).allInnerTexts()).not.toContain('Sick leave');
    await page.getByRole('link', { name: 'Driving licence' }).click();
    await page.getByRole('heading', { level: 1, name: 'Driving licence' }).waitFor();
  });

  test('signs in with a new passkey and is where she wanted to go', async () => {
    await page.getByRole('link', { name: 'Write a message' }).click();
    await page.getByRole('heading', { level: 1, name: 'Write a message' }).waitFor();
    await signUp(page);
    await page.getByLabel('Your message').waitFor();
    expect(new URL(page.url()).pathname).toBe('/en/services/driving-licence/write');
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
  });

  test('keeps what she has begun over a reload and in another language', async () => {
    await page.getByLabel('Your message').fill('My licence expires');
    await expect.poll(() => countDrafts(page)).toBe(1);
    await page.reload();
    await page.getByLabel('Your message').waitFor();
    await page.waitForFunction(() => document.querySelector('textarea')?.value === 'My licence expires');
    await page.locator('.language-switch summary').click();
    await page.getByRole('link', { name: 'Français' }).click();
    await page.getByRole('heading', { level: 1, name: 'Écrire un message' }).waitFor();
    expect(await page.getByLabel('Votre message').inputValue()).toBe('My licence expires');
    await page.goto('/en/services/driving-licence/write');
    await page.getByLabel('Your message').waitFor();
  });

  test('is told what is missing instead of sending nothing', async () => {
    await page.waitForFunction(() => document.querySelector('textarea')?.value !== '');
    await page.getByLabel('Your message').fill('');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('Write a message before you send it.').waitFor();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('message');
  });

  test('sends, and finds the same message after a reload, once', async () => {
    await page.getByLabel('How should we address you?').fill('Maria Santos');
    await write(page, 'My licence expires next month.\nWhat do I need?');
    await page.waitForURL(/\/en\/conversations\//);
    await log(page).getByText(/^Sent/).waitFor();
    await page.reload();
    await log(page).getByText('My licence expires next month.').waitFor();
    expect(await log(page).getByRole('heading', { level: 3 }).count()).toBe(1);
    expect(await page.getByLabel('How should we address you?').count()).toBe(0);
  });

  test('writes without a network, and it arrives by itself, once', async () => {
    await citizen.context.setOffline(true);
    await write(page, 'Written in the tunnel');
    await log(page).getByText('Sending…').waitFor();
    await citizen.context.setOffline(false);
    await log(page).getByText('Sending…').waitFor({ state: 'detached' });
    expect(await log(page).getByText('Written in the tunnel').count()).toBe(1);
    await expect.poll(() => citizen.announcements(), patiently).toContain('Sent');
  });

  test('finds the conversation under "Messages" and on the start page', async () => {
    await page.getByRole('link', { name: 'Messages', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Messages' }).waitFor();
    await page.getByText('You: Written in the tunnel').waitFor();
    await page.goto('/en/');
    await page.getByRole('region', { name: 'Your conversations' }).getByRole('link', { name: 'Driving licence' }).click();
    await log(page).getByText('Written in the tunnel').waitFor();
  });

  test('can sign out and in again and reads everything', async () => {
    await page.getByRole('link', { name: 'My account' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { level: 1, name: 'You have signed out.' }).waitFor();
    await page.goto('/en/conversations');
    await page.getByRole('button', { name: 'Continue with passkey' }).click();
    await page.getByText('You: Written in the tunnel').waitFor();
  });

  test('meets no barrier and nothing cut off, on a phone and on a desk, by day and by night', async () => {
    const conversation = await page.getByRole('main').getByRole('link').first().getAttribute('href');
    const paths = [
      '/en/',
      '/en/services/driving-licence',
      '/en/services/driving-licence/write',
      '/en/conversations',
      conversation ?? '',
      '/en/account',
    ];
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const width of [320, 1280]) {
        await page.setViewportSize({ width, height: 800 });
        for (const path of paths) {
          await page.goto(path);
          await page.getByRole('main').getByRole('heading', { level: 2 }).or(page.getByRole('listitem')).first().waitFor();
          await page.waitForFunction(() => document.querySelector('.loading') === null);
          expect(await accessibilityViolations(page), `${path} ${width} ${colorScheme}`).toEqual([]);
          expect(await overflow(page), `${path} ${width} ${colorScheme}`).toEqual([]);
        }
      }
    }
  });

  test('leaves nothing on the device when she deletes everything', async () => {
    await page.goto('/en/account');
    await page.getByRole('button', { name: 'Delete everything…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete everything' }).click();
    await page.getByRole('heading', { level: 1, name: 'Everything on this device has been deleted.' }).waitFor();
    expect(await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))).toEqual([]);
    expect(await page.evaluate(() => localStorage.length)).toBe(0);
    await page.goto('/en/conversations');
    await page.getByRole('button', { name: 'Continue with passkey' }).click();
    // The passkey is another way in: it is not the browser's to delete.
    await page.getByText('You: Written in the tunnel').waitFor();
  });

  test('nothing went elsewhere, and nothing complained but for the missing network', () => {
    expect(citizen.foreignRequests).toEqual([]);
    expect(citizen.complaints.filter((complaint) => !complaint.includes('ERR_INTERNET_DISCONNECTED'))).toEqual([]);
  });
});
