import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessibilityViolations, launchBrowser } from '../support/browser.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { hearsAndSees, log, newVisitor, type Visitor } from '../support/visitors.ts';

let browser: Browser;
let installation: Installation;
let citizen: Visitor;
let official: Visitor;

beforeAll(async () => {
  [browser, installation] = await Promise.all([launchBrowser(), startInstallation()]);
  citizen = await newVisitor(browser, installation);
  official = await newVisitor(browser, installation);
});

afterAll(async () => {
  await browser.close();
  await installation.close();
});

const maxStops = 60;

/** Tab, until the focus is there. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let stops = 0; stops < maxStops; stops += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${maxStops} times Tab did not lead to ${String(target)}`);
}

async function choose(page: Page, role: 'link' | 'button', name: string | RegExp): Promise<void> {
  await tabTo(
    page,
    page
      .getByRole(role, { name, exact: typeof name === 'string' })
      .filter({ visible: true })
      .first(),
  );
  await page.keyboard.press('Enter');
}

async function arrive(page: Page, heading: string | RegExp): Promise<void> {
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
  expect(await accessibilityViolations(page)).toEqual([]);
}

describe('the main job by keyboard alone', () => {
  test('an official enrols and becomes available', async () => {
    const { page } = official;
    await page.goto(installation.links.get('Claire Weber') ?? '');
    await page.getByRole('button', { name: 'Create a passkey and begin' }).waitFor();
    await arrive(page, 'Set up your account');
    await choose(page, 'button', 'Create a passkey and begin');
    await page.getByRole('heading', { name: 'No messages yet' }).waitFor();
    await arrive(page, 'Inbox');
    await tabTo(page, page.getByRole('radio', { name: 'Off' }));
    await page.keyboard.press('ArrowDown');
    await page.getByRole('radio', { name: 'Available', checked: true }).waitFor();
    await page.getByText('You are now available.').waitFor({ state: 'attached' });
  });

  test('a citizen finds the service, signs in, and writes', async () => {
    const { page } = citizen;
    await page.goto('/en/');
    await page.getByRole('link', { name: 'Sick leave' }).waitFor();
    await arrive(page, 'How can we help you?');
    await choose(page, 'link', 'Driving licence');
    await arrive(page, 'Driving licence');
    await choose(page, 'link', 'Write a message');
    await arrive(page, 'Write a message');
    await choose(page, 'button', 'Create a passkey');
    await tabTo(page, page.getByLabel('Your message'));
    await arrive(page, 'Write a message');
    await page.keyboard.type('Written without a mouse');
    await choose(page, 'button', 'Send');
    await log(page)
      .getByText(/^(Sent|Read)/)
      .waitFor();
    await arrive(page, 'Driving licence');
  });

  test('the official opens it with Enter, answers with Enter, and is back in the list with Escape', async () => {
    const { page } = official;
    await choose(page, 'link', /^Citizen, /);
    await log(page).getByText('Written without a mouse').waitFor();
    await arrive(page, /^Citizen, /);
    await tabTo(page, page.getByLabel('Your message'));
    await page.keyboard.type('Answered without one, too');
    await page.keyboard.press('Enter');
    await log(citizen.page).getByText('Answered without one, too').waitFor();
    await page.keyboard.press('Escape');
    expect(await page.evaluate(() => document.activeElement?.hasAttribute('data-conversation'))).toBe(true);
  });

  test('the citizen takes a number, the official takes the next person with F8, and they meet', async () => {
    const { page } = citizen;
    await choose(page, 'link', 'Talk by video now');
    await arrive(page, 'Join the line');
    await choose(page, 'button', 'Take a number');
    await arrive(page, 'You are in the line');

    await official.page.getByRole('button', { name: 'Take next (1 waiting' }).waitFor();
    await official.page.keyboard.press('F8');
    const dialog = page.getByRole('alertdialog', { name: 'Claire Weber, Citizens’ office, is calling you' });
    await dialog.waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    await choose(page, 'button', 'Answer with video');
    await Promise.all([citizen, official].map(hearsAndSees));
    await arrive(page, 'Call with Claire Weber, Citizens’ office');
    await arrive(official.page, 'Call with Citizen');

    await choose(page, 'button', 'Mute microphone');
    await official.page.getByText('Microphone off').waitFor();
    await choose(page, 'button', 'Hang up');
    await arrive(page, 'The call is over');
    await choose(page, 'link', 'Go to the conversation');
    await arrive(page, 'Driving licence');
    await arrive(official.page, 'The call is over');
  });

  test('the citizen joins once more, leaves the line after being asked, and signs out', async () => {
    const { page } = citizen;
    await choose(page, 'link', 'Talk by video now');
    await choose(page, 'button', 'Take a number');
    await choose(page, 'button', 'Leave the line');
    await tabTo(page, page.getByRole('dialog', { name: 'Leave the line?' }).getByRole('button', { name: 'Leave the line' }));
    await page.keyboard.press('Enter');
    await arrive(page, 'You have left the line');
    await choose(page, 'link', 'My account');
    await arrive(page, 'My account');
    await choose(page, 'button', 'Sign out');
    await page.getByText('You have signed out.').waitFor();
  });

  test('nothing complained', () => {
    expect([...citizen.complaints, ...official.complaints]).toEqual([]);
  });
});
