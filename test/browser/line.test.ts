import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Locale } from '../../server/protocol/locale.ts';
import { accessibilityViolations, launchBrowser, newPerson, overflow, patiently, type Person } from '../support/browser.ts';
import { openClientSite, type ClientSite } from '../support/client-site.ts';

let browser: Browser;
let site: ClientSite;

beforeAll(async () => {
  [browser, site] = await Promise.all([launchBrowser(), openClientSite({ fixture: new URL('line-fixture.ts', import.meta.url) })]);
});

afterAll(async () => {
  await browser.close();
  await site.close();
});

async function open(
  search = '',
  { locale = 'en', colorScheme = 'light' }: { locale?: Locale; colorScheme?: 'light' | 'dark' } = {},
): Promise<Person> {
  const person = await newPerson(browser, { locale, colorScheme, viewport: { width: 320, height: 640 } });
  await person.page.goto(`${site.origin}/fixture.html?locale=${locale}&${search}`);
  await person.page.getByRole('heading', { level: 1 }).waitFor();
  return person;
}

async function expectNoBarrier(page: Page): Promise<void> {
  expect(await accessibilityViolations(page)).toEqual([]);
  expect(await overflow(page)).toEqual([]);
}

const dialogOf = (page: Page) => page.getByRole('alertdialog', { name: 'Claire Weber, Citizens’ office, is calling you' });

describe('your turn', () => {
  it('takes the focus to its words on any page, and says how long there is to answer', async () => {
    await using person = await open('page=other');
    const { page } = person;
    await page.evaluate(() => globalThis.line.call(90));
    await dialogOf(page).waitFor();
    await page.waitForFunction(() => document.activeElement?.id === 'turn-title');
    await page
      .getByRole('alertdialog')
      .getByText(/^Time to answer: \d\d seconds$/)
      .waitFor();
    expect(await page.title()).toMatch(/^Your turn: /);
    await expectNoBarrier(page);
    await expect.poll(() => person.announcements(), patiently).toContain('Claire Weber, Citizens’ office, is calling you');
    expect(person.complaints).toEqual([]);
  });

  it('gives more time once, by keyboard', async () => {
    await using person = await open('page=other');
    const { page } = person;
    await page.evaluate(() => globalThis.line.call(60));
    await dialogOf(page).waitFor();
    await page.getByRole('button', { name: 'I need more time' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('This is the longest we can wait.').waitFor();
    await page.waitForFunction(() => document.activeElement?.id === 'turn-title');
    await page
      .getByRole('alertdialog')
      .getByText(/^Time to answer: 1\d\d seconds$/)
      .waitFor();
    await expect
      .poll(async () => (await person.announcements()).join(' '), patiently)
      .toMatch(/You have more time\. Time to answer: 1\d\d seconds/);
  });

  it('stays in a bar with the time after Escape, opens again from it, and lets the next one go first', async () => {
    await using person = await open('page=other');
    const { page } = person;
    await page.evaluate(() => globalThis.line.call(90));
    await dialogOf(page).waitFor();
    await page.keyboard.press('Escape');
    const bar = page.getByRole('region', { name: 'Your turn' });
    await bar.getByText(/^Time to answer: \d\d seconds$/).waitFor();
    expect(await page.title()).toMatch(/^Your turn: /);
    await expectNoBarrier(page);
    await bar.getByRole('button', { name: 'Answer' }).click();
    await page.getByRole('button', { name: 'Let the next one go first' }).click();
    await page.getByRole('alertdialog').waitFor({ state: 'hidden' });
    await bar.waitFor({ state: 'hidden' });
    await expect
      .poll(async () => (await person.announcements()).join(' '), patiently)
      .toMatch(/you let the next one go first\. You are second in line\./);
    expect(await page.title()).not.toMatch(/^Your turn: /);
  });

  it('rings again when the office calls once more', async () => {
    await using person = await open('page=other');
    const { page } = person;
    await page.evaluate(() => globalThis.line.call(30));
    await dialogOf(page).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('alertdialog').waitFor({ state: 'hidden' });
    await page.evaluate(() => globalThis.line.call(90));
    await dialogOf(page).waitFor();
  });

  it('says on every page what happened when it was missed, until the bar is closed', async () => {
    await using person = await open('page=other', { colorScheme: 'dark' });
    const { page } = person;
    await page.evaluate(() => globalThis.line.call(90));
    await dialogOf(page).waitFor();
    const calledAt = await page.evaluate(() => {
      const lostTurn = { calledAt: Date.UTC(2026, 10, 24, 9, 5), outcome: 'missed' } as const;
      globalThis.line.tell({ state: 'waiting', callId: null, answerBy: null, place: 2, missedTurns: 1, lostTurn });
      return lostTurn.calledAt;
    });
    await page.getByRole('alertdialog').waitFor({ state: 'hidden' });
    const text = 'You were called at 10:05 and did not answer. You are second in line.';
    expect(calledAt).toBe(Date.UTC(2026, 10, 24, 9, 5));
    const bar = page.getByRole('region', { name: 'Your number' });
    await bar.getByText(text).waitFor();
    await expect.poll(() => person.announcements(), patiently).toContain(text);
    await expectNoBarrier(page);
    await bar.getByRole('button', { name: 'Close' }).click();
    await bar.waitFor({ state: 'hidden' });
  });
});

describe('the waiting room', () => {
  it('explains a lost turn and a priority in every language, without a barrier in the dark', async () => {
    for (const locale of ['lb', 'fr', 'de', 'en', 'pt'] as const) {
      await using person = await open('', { locale, colorScheme: 'dark' });
      const { page } = person;
      await page.evaluate(() =>
        globalThis.line.tell({
          place: 1,
          priority: 'deadline',
          lostTurn: { calledAt: Date.now(), outcome: 'official-lost' },
          readiness: 'sound-only',
        }),
      );
      await page.locator('.notice-warning').waitFor();
      expect(await overflow(page)).toEqual([]);
      if (locale === 'pt') await expectNoBarrier(page);
      expect(person.complaints).toEqual([]);
    }
  });

  it('lets somebody whose number was set aside come back, with the focus on where he is now', async () => {
    await using person = await open();
    const { page } = person;
    await page.evaluate(() => globalThis.line.tell({ state: 'parked', place: null, wait: null, missedTurns: 3 }));
    await page.getByRole('heading', { level: 1, name: 'Your number is set aside' }).waitFor();
    await expectNoBarrier(page);
    await page.getByRole('button', { name: 'I am back' }).click();
    await page.getByRole('heading', { level: 1, name: 'You are in the line' }).waitFor();
    await page.waitForFunction(() => document.activeElement?.tagName === 'H1');
    await expect.poll(() => person.announcements(), patiently).toContain('Your place: 2');
  });

  it('keeps what is needed with the number, changed in place', async () => {
    await using person = await open();
    const { page } = person;
    await page.getByText('Needs: Nothing in particular').click();
    await page.getByRole('checkbox', { name: 'Sign language (DGS)' }).check();
    await page.getByText('Needs: Sign language (DGS)').waitFor();
    expect(
      await page.evaluate(() =>
        globalThis.line.asked.some((text) => text.startsWith('queue:set-needs') && text.includes('"sign-language"')),
      ),
    ).toBe(true);
    await expect.poll(() => person.announcements(), patiently).toContain('Saved. The team sees it.');
  });
});

describe('taking a number', () => {
  it('fills in the needs of the last time, and sends what is ticked', async () => {
    await using person = await open('page=number&needs&empty');
    const { page } = person;
    await page.getByText(/^Numbers are given until/).waitFor();
    expect(await page.getByRole('checkbox', { name: 'Sign language (DGS)' }).isChecked()).toBe(true);
    await page.getByRole('checkbox', { name: 'Writing instead of speaking' }).check();
    await expectNoBarrier(page);
    await page.getByRole('button', { name: 'Take a number' }).click();
    await page.waitForFunction(() => globalThis.line.asked.some((text) => text.startsWith('queue:join')));
    const joined = await page.evaluate(() => globalThis.line.asked.find((text) => text.startsWith('queue:join')));
    expect(joined).toContain('"needs":["sign-language","text-only"]');
  });
});

describe('the device check', () => {
  it('goes through its steps by keyboard, and tells the office the result', async () => {
    await using person = await open('page=check');
    const { page } = person;
    await page.getByRole('button', { name: 'Start the check' }).focus();
    await page.keyboard.press('Enter');
    const steps = page.getByRole('list', { name: 'Steps of the check' });
    await steps.getByText('We hear you.').waitFor();
    await page.waitForFunction(() => (document.querySelector('video')?.videoWidth ?? 0) > 0);
    await page.getByRole('button', { name: 'Play the tones' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Yes, I heard them' }).click();
    await steps.getByText('You hear the sound.').waitFor();
    await steps.getByText('The team sees: Camera and microphone ready').waitFor();
    expect(await page.evaluate(() => globalThis.line.readiness)).toEqual(['ready']);
    await expectNoBarrier(page);
    await expect.poll(() => person.announcements(), patiently).toContain('Everything is ready for the call.');
    expect(person.complaints).toEqual([]);
  });

  it('says what helps when the person or the network says no, and how to take part all the same', async () => {
    await using person = await open('page=check&call&blocked', { colorScheme: 'dark' });
    const { page } = person;
    await person.context.clearPermissions();
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = async () => await Promise.reject(new DOMException('Permission denied', 'NotAllowedError'));
    });
    await page.getByRole('button', { name: 'Start the check' }).click();
    await page.getByText('The camera does not work').first().waitFor();
    await page.getByRole('list', { name: 'Steps of the check' }).getByText('Picture and sound do not get through this network.').waitFor();
    expect(await page.getByRole('heading', { level: 3, name: 'What helps' }).count()).toBe(3);
    await page.getByRole('link', { name: 'Join by text' }).waitFor();
    await expectNoBarrier(page);
  });
});
