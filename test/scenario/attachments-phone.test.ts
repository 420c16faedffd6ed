import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { accessibilityViolations, launchBrowser, overflow, patiently } from '../support/browser.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { photo } from '../support/pictures.ts';
import { log, newVisitor, signUp, type Visitor, write } from '../support/visitors.ts';

let browser: Browser;
let installation: Installation;
let citizen: Visitor;
let page: Page;

beforeAll(async () => {
  [browser, installation] = await Promise.all([launchBrowser(), startInstallation()]);
  citizen = await newVisitor(browser, installation, { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
  page = citizen.page;
});

afterAll(async () => {
  await browser.close();
  await installation.close();
});

function card(name: string): Locator {
  return log(page).locator('gov-file-card').filter({ hasText: name });
}

async function send(): Promise<void> {
  await page.getByRole('button', { name: 'Send', exact: true }).click();
}

async function paste(name: string, bytes: Buffer, type: string): Promise<void> {
  await page.getByLabel('Your message').evaluate(
    (field, pasted) => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(pasted.bytes)], pasted.name, { type: pasted.type }));
      field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    },
    { name, type, bytes: [...bytes] },
  );
}

async function setState(state: 'open' | 'closed'): Promise<void> {
  await installation.query('update conversations set state = $1', [state]);
}

test('on a telephone its own camera takes the photo', async () => {
  await page.goto('/en/services/driving-licence/write');
  await signUp(page);
  await page.getByLabel('Your message').waitFor();
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: 'Take a photo' }).click()]);
  expect(await chooser.element().getAttribute('capture')).toBe('environment');
  expect(await chooser.element().getAttribute('accept')).toBe('image/*');
  await chooser.setFiles({ name: 'IMG_0001.jpg', mimeType: 'image/jpeg', buffer: await photo(page, 'somewhere') });
  await page.getByRole('region', { name: 'Files to be sent' }).getByText('The place stored in a photo is removed').waitFor();
  await write(page, 'See the photo.');
  await page.waitForURL(/\/en\/conversations\//);
  await card('IMG_0001.jpg').locator('img').waitFor();
});

test('a picture that is pasted is attached, and text stays text', async () => {
  await paste('screenshot.png', await photo(page, ''), 'image/png');
  await page.getByRole('button', { name: 'Remove screenshot.png' }).waitFor();
  expect(await page.getByLabel('Your message').inputValue()).toBe('');
  await send();
  await card('screenshot.png').waitFor();
});

test('without a network a file waits; taken back by keyboard it never arrives, and the focus is in the field', async () => {
  await citizen.context.setOffline(true);
  await paste('regret.txt', Buffer.from('I should not send this.'), 'text/plain');
  await send();
  const cancel = page.getByRole('button', { name: 'Cancel regret.txt' });
  await cancel.focus();
  await page.keyboard.press('Enter');
  await cancel.waitFor({ state: 'detached' });
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('message');
  await expect.poll(() => citizen.announcements(), patiently).toContain('Not sent: regret.txt');
  await citizen.context.setOffline(false);
  await paste('meant.txt', Buffer.from('This I mean.'), 'text/plain');
  await send();
  await card('meant.txt').waitFor({ timeout: 60_000 });
  expect(await card('regret.txt').count()).toBe(0);
});

test('what the server refuses is said with its reason, and goes when it is sent again', async () => {
  await setState('closed');
  await paste('late.txt', Buffer.from('Too late?'), 'text/plain');
  await send();
  const again = page.getByRole('button', { name: 'Send again late.txt' });
  await again.waitFor();
  await expect
    .poll(() => citizen.announcements(), patiently)
    .toContain('Not sent: late.txt. This conversation is closed. Begin a new one to send the file.');
  expect(await accessibilityViolations(page)).toEqual([]);
  expect(await overflow(page)).toEqual([]);
  await setState('open');
  await again.click();
  await card('late.txt').waitFor();
  expect(await page.getByRole('heading', { name: 'Files on their way' }).count()).toBe(0);
});

test('a file that was changed on the server is not opened, saved or shown, and the person reads why', async () => {
  const saved: string[] = [];
  page.on('download', (download) => saved.push(download.suggestedFilename()));
  const directory = join(installation.dataDirectory, 'attachments', 'stored');
  for (const name of await readdir(directory, { recursive: true })) {
    const path = join(directory, name);
    if (!(await stat(path)).isFile()) continue;
    const bytes = await readFile(path);
    bytes[20]! ^= 1;
    await writeFile(path, bytes);
  }
  const words = 'This is not the file that was sent: it was changed on the way. It is not opened.';
  await card('IMG_0001.jpg').getByRole('button', { name: /^Open/ }).click();
  await card('IMG_0001.jpg').getByText(words).waitFor();
  await card('meant.txt').getByRole('button', { name: /^Save/ }).click();
  await card('meant.txt').getByText(words).waitFor();
  await expect.poll(() => citizen.announcements(), patiently).toContain(words);
  expect(await page.getByRole('dialog').count()).toBe(0);
  expect(saved).toEqual([]);
});

test('a file that is gone from the server is said to be gone', async () => {
  await installation.query('delete from attachments');
  await card('meant.txt').getByRole('button', { name: /^Save/ }).click();
  await card('meant.txt').getByText('This file is no longer there. It was removed.').waitFor();
});
