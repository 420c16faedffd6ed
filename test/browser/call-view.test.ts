import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityViolations, launchBrowser, newPerson, overflow, patiently, type Person } from '../support/browser.ts';
import { locales } from '../../server/protocol/locale.ts';
import { openClientSite, type ClientSite } from '../support/client-site.ts';

let browser: Browser;
let site: ClientSite;

beforeAll(async () => {
  [browser, site] = await Promise.all([launchBrowser(), openClientSite({ fixture: new URL('call-view-fixture.ts', import.meta.url) })]);
});

afterAll(async () => {
  await browser.close();
  await site.close();
});

async function open(query: string, options: Parameters<typeof newPerson>[1] = {}): Promise<Person> {
  const person = await newPerson(browser, options);
  await person.page.goto(`${site.origin}/fixture.html?${query}`);
  await person.page.getByRole('region', { name: 'People in the call' }).waitFor();
  return person;
}

const asked = (page: Page): Promise<readonly string[]> => page.evaluate(() => globalThis.asked);
const names = (page: Page, part: string): Promise<readonly string[]> => page.locator(`${part} .tile-name`).allInnerTexts();

describe('the view of a call', () => {
  it.each([
    ['a phone', 'others=2&text', { width: 320, height: 640 }, 'light'],
    ['a phone on its side', 'others=1&text', { width: 640, height: 320 }, 'dark'],
    ['a page at 400 %', 'others=1', { width: 320, height: 256 }, 'light'],
    ['a phone, with other keys than were compared', 'others=1&changed', { width: 320, height: 640 }, 'dark'],
    ['a desktop with six people', 'others=5&text&weak', { width: 1280, height: 900 }, 'dark'],
    ['a desktop with a screen', 'others=3&screen', { width: 1280, height: 900 }, 'light'],
  ] as const)('has no fault and nothing cut off on %s', async (_name, query, viewport, colorScheme) => {
    await using person = await open(query, { viewport, colorScheme });
    const { page } = person;
    for (const panel of ['live text', 'messages']) {
      if ((await page.getByRole('button', { name: `Show ${panel}` }).count()) > 0)
        await page.getByRole('button', { name: `Show ${panel}` }).click();
      expect(await accessibilityViolations(page)).toEqual([]);
      expect(await overflow(page)).toEqual([]);
    }
    await page.getByRole('button', { name: 'More', exact: true }).click();
    expect(await accessibilityViolations(page)).toEqual([]);
    expect(person.complaints).toEqual([]);
  });

  it('says who speaks, who signs and whose picture gave way, in words', async () => {
    await using person = await open('others=5');
    const { page } = person;
    await page.getByRole('button', { name: 'Show people' }).click();
    const list = page.getByRole('complementary').getByRole('listitem');
    expect(await list.filter({ hasText: 'Claire Weber' }).innerText()).toContain('Citizens’ office · Speaking');
    expect(await list.filter({ hasText: 'Ana Ferreira' }).innerText()).toContain('Interpreter · Signing');
    expect(await list.filter({ hasText: 'Marc Hoffmann' }).innerText()).toContain('Picture reduced to keep the sound');
    expect(await list.filter({ hasText: 'Jean Muller' }).innerText()).toContain('Picture paused to keep the sound');
  });

  it('shows the interpreter beside the official, and anybody else large on demand', async () => {
    await using person = await open('others=4');
    const { page } = person;
    expect(await names(page, '.tiles-large')).toEqual(['Claire Weber', 'Ana Ferreira']);
    await page.getByRole('button', { name: 'Show people' }).click();
    await page.getByRole('button', { name: 'Show large: Jean Muller' }).click();
    await page.getByRole('button', { name: 'No longer large: Ana Ferreira' }).click();
    expect(await names(page, '.tiles-large')).toEqual(['Jean Muller']);
    expect(await names(page, '.tiles-small')).toEqual(['Claire Weber', 'Ana Ferreira', 'Tom Klein', 'You']);
  });

  it('can be led by keyboard alone: chords from anywhere, F2 to the controls, Escape out of the list', async () => {
    await using person = await open('others=2');
    const { page } = person;
    await page.keyboard.press('Control+d');
    await page.keyboard.press('Control+e');
    expect(await asked(page)).toEqual(['microphone', 'camera']);
    await page.keyboard.press('F2');
    expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toBe('Mute microphone');
    await page.getByRole('button', { name: 'More', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Escape');
    expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toBe('More');
    for (const key of 'dekm') await page.keyboard.press(key);
    expect(await asked(page)).toEqual(['microphone', 'camera']);
  });

  it('names its buttons for what they do now, and keeps the focus when the state changes', async () => {
    await using person = await open('');
    const { page } = person;
    await page.getByRole('button', { name: 'Mute microphone' }).focus();
    await page.evaluate(() => globalThis.change({ microphone: false, words: ['The connection was interrupted.'] }));
    await page.getByRole('button', { name: 'Unmute microphone' }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toBe('Unmute microphone');
  });

  it('lets a person move his own picture without dragging it, and hide it', async () => {
    await using person = await open('');
    const { page } = person;
    const own = page.locator('.tile-own');
    await page.getByRole('button', { name: 'Move my picture to the next corner' }).click();
    expect(await own.getAttribute('data-corner')).toBe('bottom-end');
    await expect.poll(async () => await person.announcements(), patiently).toContain('Your picture is at the bottom right');
    await page.getByRole('button', { name: 'More', exact: true }).click();
    await page.getByRole('button', { name: 'Hide my picture' }).click();
    await own.waitFor({ state: 'detached' });
  });
});

describe('the own picture', () => {
  it.each(locales)('has room for its button in %s', async (locale) => {
    await using person = await newPerson(browser, { viewport: { width: 320, height: 640 } });
    await person.page.goto(`${site.origin}/fixture.html?locale=${locale}`);
    const own = person.page.locator('.tile-own .tile');
    const [tile, button] = [await own.boundingBox(), await own.getByRole('button').boundingBox()];
    if (!tile || !button) throw new Error('there is no picture, or no button on it');
    expect(button.x + button.width).toBeLessThanOrEqual(tile.x + tile.width);
  });
});

describe('live text', () => {
  it('goes out letter by letter, ends with Enter, and is spoken once per finished line', async () => {
    await using person = await open('others=4&text');
    const { page } = person;
    await page.getByRole('button', { name: 'Show live text' }).click();
    await page.keyboard.type('Hi');
    await page.keyboard.press('Backspace');
    await page.keyboard.press('Enter');
    expect(await asked(page)).toEqual(['line H', 'line Hi', 'line H', 'end of line']);
    expect((await person.announcements()).filter((text) => text.includes(': '))).toEqual([]);
    await page.evaluate(() => globalThis.finishLine('The one with the blue stamp'));
    await expect.poll(async () => await person.announcements(), patiently).toContain('Tom Klein: The one with the blue stamp');
    const log = page.getByRole('log', { name: 'Live text' });
    expect(await log.getByRole('listitem').allInnerTexts()).toContainEqual(expect.stringMatching(/^Claire Weber/));
  });

  it('is as large and in the colours the person chose, in the next call too', async () => {
    await using person = await open('others=4&text');
    const { page } = person;
    await page.getByRole('button', { name: 'Show live text' }).click();
    await page.getByText('Size and colours of the text').click();
    await page.getByLabel('Size', { exact: true }).selectOption('huge');
    await page.getByLabel('Colours', { exact: true }).selectOption('yellow-on-black');
    await page.reload();
    const strip = page.getByRole('region', { name: 'Captions' });
    await strip.waitFor();
    expect(await strip.evaluate((element) => getComputedStyle(element).backgroundColor)).toBe('rgb(0, 0, 0)');
    expect(
      await strip
        .locator('.lane-text')
        .first()
        .evaluate((element) => getComputedStyle(element).fontSize),
    ).toBe('36px');
    expect(await accessibilityViolations(page)).toEqual([]);
  });
});
