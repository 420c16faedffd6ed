import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { locales } from '../../server/protocol/locale.ts';
import { accessibilityViolations, launchBrowser, overflow, patiently } from '../support/browser.ts';
import { findCanaries, findCanariesInDatabase, findCanariesInFiles, newCanary } from '../support/canaries.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { largeFile, photo } from '../support/pictures.ts';
import { enrol, log, newVisitor, signUp, type Visitor, write } from '../support/visitors.ts';

const canaries = { place: newCanary(), name: newCanary(), content: newCanary() };

let browser: Browser;
let installation: Installation;
let citizen: Visitor;
let official: Visitor;
let directory: string;

beforeAll(async () => {
  [browser, installation] = await Promise.all([launchBrowser(), startInstallation()]);
  citizen = await newVisitor(browser, installation);
  official = await newVisitor(browser, installation);
  directory = await mkdtemp(join(tmpdir(), 'schalter-test-files-'));
});

afterAll(async () => {
  await browser.close();
  await installation.close();
  await rm(directory, { recursive: true, force: true });
});

async function attach(page: Page, ...files: Parameters<Locator['setInputFiles']>): Promise<void> {
  await page.locator('.file-any').setInputFiles(...files);
}

/** The card of a file in the log. */
function card(page: Page, name: string): Locator {
  return log(page).locator('gov-file-card').filter({ hasText: name });
}

async function send(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Send', exact: true }).click();
}

/** Saves a file and gives what the browser has written, with the name under which it would. */
async function save(page: Page, name: string): Promise<{ readonly name: string; readonly path: string }> {
  const [download] = await Promise.all([page.waitForEvent('download'), card(page, name).getByRole('button', { name: /^Save/ }).click()]);
  return { name: download.suggestedFilename(), path: await download.path() };
}

async function digest(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece);
  return hash.digest('hex');
}

async function receivedBytes(): Promise<number> {
  const [row] = await installation.query(`select received from attachments where state = 'open' order by began_at desc limit 1`);
  return Number(row?.['received'] ?? 0);
}

describe('files between a citizen and an office', () => {
  test('a photo goes with the first message, without the place where it was taken', async () => {
    const { page } = citizen;
    await page.goto('/en/services/driving-licence/write');
    await signUp(page);
    await page.getByLabel('Your message').waitFor();
    await attach(page, { name: 'Ausweis.jpg', mimeType: 'image/jpeg', buffer: await photo(page, canaries.place) });
    await page.getByText('Files to be sent').waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    await page.getByLabel('How should we address you?').fill('Anna Muller');
    await write(page, 'Here is my identity card.');
    await page.waitForURL(/\/en\/conversations\//);
    await card(page, 'Ausweis.jpg').locator('img').waitFor();
    await log(page).getByText('Here is my identity card.').waitFor();
    await expect.poll(() => citizen.announcements(), patiently).toContain('1 file added.');
  });

  test('the official sees it small, opens it, and saves what was sent', async () => {
    const { page } = official;
    await enrol(page, installation.links.get('Claire Weber') ?? '');
    await page.getByRole('link', { name: 'Anna Muller' }).click();
    const image = card(page, 'Ausweis.jpg').locator('img');
    await image.waitFor();
    await expect.poll(() => image.evaluate((element) => element instanceof HTMLImageElement && element.naturalWidth)).toBe(192);
    await card(page, 'Ausweis.jpg').getByRole('button', { name: 'Open Ausweis.jpg' }).click();
    const dialog = page.getByRole('dialog', { name: 'Ausweis.jpg' });
    const picture = dialog.getByRole('img', { name: 'Ausweis.jpg' });
    await picture.waitFor();
    await expect.poll(() => picture.evaluate((element) => element instanceof HTMLImageElement && element.naturalWidth)).toBe(1_600);
    expect(await accessibilityViolations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent?.trim())).toBe('Open Ausweis.jpg');
    const saved = await save(page, 'Ausweis.jpg');
    expect(saved.name).toBe('Ausweis.jpg');
    const bytes = await readFile(saved.path);
    expect([...bytes.subarray(0, 2)]).toEqual([0xff, 0xd8]);
    expect(bytes.includes(canaries.place)).toBe(false);
  });

  test('20 MB arrive byte for byte though the line is cut in the middle and the server is killed', async () => {
    const { page } = citizen;
    const path = join(directory, 'plans.bin');
    await largeFile(path, 20);
    await attach(page, path);
    await send(page);
    await expect.poll(receivedBytes, { timeout: 30_000, interval: 5 }).toBeGreaterThan(1_000_000);
    installation.network.setCut(true);
    await installation.killServer();
    const cutAt = await receivedBytes();
    expect(cutAt).toBeLessThan(20_000_000);
    await page.getByRole('heading', { name: 'Files on their way' }).waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    await installation.startServer();
    installation.network.setCut(false);
    await card(page, 'plans.bin').waitFor({ timeout: 60_000 });
    await page.getByRole('heading', { name: 'Files on their way' }).waitFor({ state: 'detached' });

    await card(official.page, 'plans.bin').waitFor({ timeout: 60_000 });
    const saved = await save(official.page, 'plans.bin');
    expect(await digest(saved.path)).toBe(await digest(path));
    expect(await log(official.page).locator('gov-file-card').filter({ hasText: 'plans.bin' }).count()).toBe(1);
  });

  test('a file that is sealed goes on after a reload, and is there once', async () => {
    const { page } = citizen;
    const path = join(directory, 'reload.bin');
    await largeFile(path, 8);
    installation.network.setCut(true);
    await attach(page, path);
    await send(page);
    await page.getByText(/^(Waiting…|Sending: 0%)$/).waitFor();
    await expect.poll(() => page.evaluate(countKept), patiently).toBe(1);
    installation.network.setCut(false);
    await page.reload();
    await card(page, 'reload.bin').waitFor({ timeout: 60_000 });
    expect(await log(page).locator('gov-file-card').filter({ hasText: 'reload.bin' }).count()).toBe(1);
    await expect.poll(() => page.evaluate(countKept), patiently).toBe(0);
    await card(official.page, 'reload.bin').waitFor();
    expect(await digest((await save(official.page, 'reload.bin')).path)).toBe(await digest(path));
  });

  test('an official sends a file too, by dropping it, and can take it out before', async () => {
    const { page } = official;
    await page.locator('.composer').evaluate((form) => {
      const data = new DataTransfer();
      data.items.add(new File(['Bring this form.'], 'form.txt', { type: 'text/plain' }));
      data.items.add(new File(['Not this.'], 'wrong.txt', { type: 'text/plain' }));
      form.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
    });
    await page.getByRole('button', { name: 'Remove wrong.txt' }).click();
    await expect.poll(() => official.announcements(), patiently).toContain('Removed: wrong.txt');
    await send(page);
    await card(citizen.page, 'form.txt').waitFor();
    const saved = await save(citizen.page, 'form.txt');
    expect(await readFile(saved.path, 'utf8')).toBe('Bring this form.');
    expect(await card(citizen.page, 'wrong.txt').count()).toBe(0);
  });

  test('a photo can be taken with the camera of the device, by keyboard', async () => {
    const { page } = citizen;
    await page.getByRole('button', { name: 'Take a photo' }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Take a photo' });
    const shoot = dialog.getByRole('button', { name: 'Take the photo now' });
    await shoot.waitFor();
    await page.waitForFunction(() => (document.querySelector('video')?.videoWidth ?? 0) > 0);
    expect(await accessibilityViolations(page)).toEqual([]);
    await shoot.focus();
    await page.keyboard.press('Enter');
    await page.getByText(/^Photo 20\d\d-/).waitFor();
    await send(page);
    await card(page, 'Photo 20').locator('img').waitFor();
  });

  test('too large a file is refused in words before anything is sent', async () => {
    const { page } = citizen;
    const path = join(directory, 'film.mp4');
    await largeFile(path, 101);
    await attach(page, path);
    await page.locator('.field-error', { hasText: 'Too large: film.mp4. A file may have 100 MB at most.' }).waitFor();
    expect(await page.getByText('Files to be sent').count()).toBe(0);
    await rm(path);
  });
});

/** Files that are waiting in the browser's private files. */
async function countKept(): Promise<number> {
  const root = await navigator.storage.getDirectory();
  const names: string[] = [];
  for await (const folder of root.values())
    if (folder instanceof FileSystemDirectoryHandle) for await (const name of folder.keys()) names.push(name);
  return names.length;
}

describe('attack 30: files that are not what they seem', () => {
  const script = '<script>globalThis.pwned = true; fetch("https://elsewhere.example/")</script>';
  const files = [
    { name: 'x.html', mimeType: 'text/html', buffer: Buffer.from(`<html>${script}</html>`) },
    {
      name: 'logo.svg',
      mimeType: 'image/svg+xml',
      buffer: Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" onload="pwned=1">${script}</svg>`),
    },
    { name: 'fake.png', mimeType: 'image/png', buffer: Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg">${script}</svg>`) },
    { name: 'invoice.pdf.exe', mimeType: 'application/pdf', buffer: Buffer.from('MZ') },
    { name: 'holiday\u202Egpj.exe', mimeType: 'image/jpeg', buffer: Buffer.from('MZ') },
    { name: '<img src=x onerror=pwned=1>.txt', mimeType: 'text/plain', buffer: Buffer.from('harmless') },
  ];
  const shown = ['x.html', 'logo.svg', 'fake.png', 'invoice.pdf.exe', 'holidaygpj.exe', '_img src=x onerror=pwned=1_.txt'];

  test('are shown by their real names, escaped, without a picture, and only saved', async () => {
    await attach(citizen.page, files);
    await send(citizen.page);
    const { page } = official;
    for (const name of shown) {
      await card(page, name).waitFor();
      expect(await card(page, name).locator('img').count(), name).toBe(0);
      expect(await card(page, name).getByRole('button', { name: /^Open/ }).count(), name).toBe(0);
    }
    for (const name of ['x.html', 'logo.svg', 'invoice.pdf.exe', 'holidaygpj.exe'])
      expect(await card(page, name).innerText(), name).toContain('A file of this kind can run a program.');
    const saved = await save(page, 'x.html');
    expect(saved.name).toBe('x.html');
    expect(await readFile(saved.path, 'utf8')).toContain(script);
    expect(await page.evaluate(() => 'pwned' in globalThis)).toBe(false);
    expect(await citizen.page.evaluate(() => 'pwned' in globalThis)).toBe(false);
    expect([...official.foreignRequests, ...citizen.foreignRequests]).toEqual([]);
  });

  test('the address of a file gives octets that no browser opens', async () => {
    const [row] = await installation.query(`select conversation_id, file_id from attachments where state = 'stored' limit 1`);
    const tab = await official.context.newPage();
    const downloads: string[] = [];
    tab.on('download', (download) => downloads.push(download.suggestedFilename()));
    const download = tab.waitForEvent('download');
    await tab.goto(`/api/attachments/${String(row?.['conversation_id'])}/${String(row?.['file_id'])}`).catch(() => undefined);
    await download;
    expect(await tab.content()).not.toContain('script');
    await tab.close();
  });
});

describe('what everybody keeps to', () => {
  test('R50 the server keeps no trace of name, content or place: in no table, file, log or blob', async () => {
    const { page } = citizen;
    const path = join(directory, `${canaries.name}.txt`);
    await writeFile(path, `${canaries.content} ${randomBytes(100).toString('hex')}`);
    await attach(page, path);
    await send(page);
    await card(page, canaries.name).waitFor();
    const saved = await save(page, canaries.name);
    expect(await readFile(saved.path, 'utf8')).toContain(canaries.content);
    const all = Object.values(canaries);
    expect(await findCanariesInDatabase(installation.databaseUrl, all)).toEqual([]);
    expect(await findCanariesInFiles(installation.dataDirectory, all)).toEqual([]);
    expect(findCanaries('output', Buffer.from(installation.output()), all)).toEqual([]);
  });

  test('no barrier and nothing cut off, on a phone and on a desk, by day and by night', async () => {
    for (const { page } of [citizen, official]) {
      await attach(page, [
        { name: `${'a very long name '.repeat(6)}.pdf`, mimeType: 'application/pdf', buffer: Buffer.from('x') },
        { name: 'clip.mov', mimeType: 'video/quicktime', buffer: Buffer.from('x') },
      ]);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        for (const width of [320, 1280]) {
          await page.setViewportSize({ width, height: 800 });
          expect(await accessibilityViolations(page), `${width} ${colorScheme}`).toEqual([]);
          expect(await overflow(page), `${width} ${colorScheme}`).toEqual([]);
        }
      }
      const remove = page.getByRole('button', { name: /^Remove / });
      while ((await remove.count()) > 0) await remove.first().click();
    }
  });

  test('nothing is cut off on a phone in any of the five languages', async () => {
    const { page } = citizen;
    const path = new URL(page.url()).pathname.slice('/en'.length);
    await page.setViewportSize({ width: 320, height: 800 });
    for (const locale of locales) {
      await page.goto(`/${locale}${path}`);
      await page.locator('gov-file-card').first().waitFor();
      await attach(page, { name: 'clip.mov', mimeType: 'video/quicktime', buffer: Buffer.from('x') });
      await page.locator('.file-row').waitFor();
      expect(await overflow(page), locale).toEqual([]);
    }
  });

  test('nothing complained but for the missing network', () => {
    for (const { complaints } of [citizen, official])
      expect(complaints.filter((complaint) => !/ERR_|Failed to load resource|WebSocket/.test(complaint))).toEqual([]);
  });
});
