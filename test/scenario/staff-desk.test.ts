import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessibilityViolations, launchBrowser, patiently } from '../support/browser.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { enrol, hearsAndSees, log, newVisitor, signUp, unlock, type Visitor, write } from '../support/visitors.ts';

let browser: Browser;
let installation: Installation;
let citizen: Visitor;
let official: Visitor;
let colleague: Visitor;

beforeAll(async () => {
  [browser, installation] = await Promise.all([launchBrowser(), startInstallation()]);
  citizen = await newVisitor(browser, installation);
  official = await newVisitor(browser, installation);
  colleague = await newVisitor(browser, installation);
});

afterAll(async () => {
  await browser.close();
  await installation.close();
});

/** What has the focus, as the first words of its text. */
async function focused({ page }: Visitor): Promise<string> {
  return await page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');
}

async function invite(displayName: string): Promise<string> {
  const owner = await installation.connectOwner();
  try {
    const [office] = await official.page.evaluate(async () => await (await fetch('/api/offices')).json());
    return await owner.invite({ officeId: office.officeId, role: 'official', displayName });
  } finally {
    owner.close();
  }
}

describe('an official', () => {
  test('who has enrolled waits for the owner’s signature, and the inbox opens by itself', async () => {
    const { page } = official;
    const goOn = installation.pauseOwner();
    await enrol(page, installation.links.get('Claire Weber') ?? '');
    await page.getByRole('heading', { level: 1, name: 'Almost ready' }).waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    goOn();
    await page.getByRole('heading', { level: 1, name: 'Inbox' }).waitFor();
    await page.getByText('No messages yet').waitFor();
    await expect.poll(() => official.announcements(), patiently).toContain('You now belong to the team.');
  });

  test('sees what a citizen has written and answers with the keyboard alone', async () => {
    await citizen.page.goto('/en/services/driving-licence/write');
    await signUp(citizen.page);
    await citizen.page.getByLabel('How should we address you?').fill('Anna Muller');
    await write(citizen.page, 'How long does it take?');
    const { page } = official;
    const row = page.getByRole('listitem').filter({ has: page.getByRole('link', { name: 'Anna Muller' }) });
    await row.getByText('How long does it take?').waitFor();
    expect(await row.innerText()).toMatch(/1 new[^]*Driving licence[^]*English[^]*Waits for an answer/);
    expect(await accessibilityViolations(page)).toEqual([]);

    await page.getByRole('link', { name: 'Anna Muller' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Anna Muller' }).waitFor();
    await log(page).getByText('How long does it take?').waitFor();
    await expect.poll(() => focused(official)).toBe('Anna Muller');
    expect(await page.title()).toMatch(/^Anna Muller/);
    await page.keyboard.press('Control+F6');
    await page.keyboard.press('Control+F6');
    await page.keyboard.press('Control+F6');
    await page.keyboard.type('Two weeks.');
    await page.keyboard.press('Enter');
    await log(citizen.page).getByText('Two weeks.').waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    expect(await focused(official)).toBe('Anna Muller');
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('A');
  });

  test('who comes later reads what was written before', async () => {
    await enrol(colleague.page, await invite('Luc Majerus'));
    await colleague.page.getByRole('link', { name: 'Anna Muller' }).click();
    await log(colleague.page).getByText('How long does it take?').waitFor();
    await log(colleague.page).getByText('Two weeks.').waitFor();
  });

  test('hears of a new arrival, and of two who accept the same one the slower is told so in words', async () => {
    for (const { page } of [official, colleague]) {
      await page.getByRole('link', { name: 'Waiting line' }).click();
      await page.getByRole('radio', { name: 'Available' }).check();
      await page.getByText('Nobody is waiting. When somebody comes').waitFor();
    }
    await citizen.page.goto('/en/services/driving-licence/line');
    await citizen.page.getByRole('button', { name: 'Take a number' }).click();
    for (const { page } of [official, colleague]) await page.getByRole('row').filter({ hasText: 'A1' }).getByText('Here').waitFor();
    await expect.poll(() => official.announcements(), patiently).toContain('New in the line: A1');
    expect(await accessibilityViolations(official.page)).toEqual([]);

    // The colleague's page is busy while the official accepts: its button is pressed before it hears of that.
    const press = colleague.page.getByRole('button', { name: 'Accept number A1' }).evaluate((button: HTMLElement) => {
      const until = Date.now() + 3_000;
      while (Date.now() < until);
      button.click();
    });
    await official.page.keyboard.press('F8');
    await official.page.waitForURL(/\/calls\//);
    await press;
    await colleague.page.getByText('Somebody on the team was quicker.').waitFor();
    expect(new URL(colleague.page.url()).pathname).toBe('/en/queue');
    expect(await accessibilityViolations(colleague.page)).toEqual([]);
  });

  test('is in the call beside the case', async () => {
    const { page } = official;
    await citizen.page.getByRole('alertdialog').getByRole('button', { name: 'Answer with video' }).click();
    await page.getByRole('heading', { level: 1, name: 'Call with Anna Muller' }).waitFor();
    await log(page).getByText('Two weeks.').waitFor();
    await page.getByRole('link', { name: 'Inbox' }).click();
    await page.getByRole('link', { name: 'Back to the call' }).click();
    await Promise.all([citizen, official].map(hearsAndSees));
  });

  test('asks a colleague in, who is asked on every page, stays free until he comes, and is seen and heard then', async () => {
    const { page } = official;
    await page.getByRole('button', { name: 'Show people' }).click();
    await page.getByRole('button', { name: 'Ask a colleague' }).click();
    const dialog = page.getByRole('dialog', { name: 'Ask somebody of the team' });
    await dialog.getByRole('listitem').filter({ hasText: 'Luc Majerus' }).getByText('Available').waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Ask: Luc Majerus' }).click();
    await expect.poll(() => official.announcements(), patiently).toContain('Asked: Luc Majerus');

    const asked = colleague.page.getByRole('complementary', { name: 'Claire Weber asks you to join a call.' });
    await asked.waitFor();
    await expect.poll(() => colleague.announcements(), patiently).toContain('Claire Weber asks you to join a call.');
    expect(await accessibilityViolations(colleague.page)).toEqual([]);
    // Only asked: he can still take somebody from the line.
    await colleague.page.getByRole('button', { name: 'Take next' }).waitFor();
    expect(await colleague.page.getByRole('link', { name: 'Back to the call' }).count()).toBe(0);
    await colleague.page.getByRole('link', { name: 'Inbox' }).click();
    await asked.getByRole('link', { name: 'Join' }).click();
    await colleague.page.getByRole('button', { name: 'Join with camera and microphone' }).click();
    await Promise.all([citizen, official, colleague].map(hearsAndSees));
    await citizen.page.locator('.tiles').getByText('Luc Majerus').waitFor();
  });

  test('hands the call over, leaves it, is asked in again, and the colleague leads it to its end', async () => {
    const { page } = official;
    await page.getByRole('button', { name: 'Hand over: Luc Majerus' }).click();
    await page.getByRole('dialog', { name: 'Hand the call over? Luc Majerus' }).getByRole('button', { name: 'Hand over' }).click();
    await expect.poll(() => citizen.announcements(), patiently).toContain('Leads the call now: Luc Majerus');
    await citizen.page.getByRole('heading', { level: 1, name: 'Call with Luc Majerus, Citizens’ office' }).waitFor();
    await colleague.page.getByRole('region', { name: 'About this call' }).waitFor();
    await colleague.page.getByRole('button', { name: 'Hang up' }).waitFor();
    await page.getByRole('button', { name: 'Leave the call' }).click();
    await page.getByRole('heading', { level: 1, name: 'You have left the call' }).waitFor();
    await page.getByText('To come back, ask to be called in again: Luc Majerus').waitFor();
    await Promise.all([citizen, colleague].map(hearsAndSees));

    await colleague.page.getByRole('button', { name: 'Show people' }).click();
    await colleague.page.getByRole('button', { name: 'Ask a colleague' }).click();
    await colleague.page.getByRole('button', { name: 'Ask: Claire Weber' }).click();
    await page.getByRole('button', { name: 'Join with microphone only' }).click();
    await Promise.all([citizen, official, colleague].map(hearsAndSees));
    await colleague.page.getByRole('button', { name: 'Hang up' }).click();
    await colleague.page.getByRole('heading', { level: 1, name: 'The call is over' }).waitFor();
    await log(colleague.page)
      .getByText(/^Video call ended/)
      .waitFor();
    await page.getByRole('heading', { level: 1, name: 'The call is over' }).waitFor();
    expect(official.complaints).toEqual([]);
    expect(official.foreignRequests).toEqual([]);
  });

  test('who is removed from the team is told so, also after a reload', async () => {
    const accountId = (await colleague.page.evaluate(async () => await (await fetch('/api/session')).json())).accountId;
    const [office] = await colleague.page.evaluate(async () => await (await fetch('/api/offices')).json());
    const owner = await installation.connectOwner();
    await owner.remove(office.officeId, accountId);
    owner.close();
    await colleague.page.getByRole('link', { name: 'Waiting line' }).click();
    const removed = colleague.page.getByRole('heading', { level: 1, name: 'You no longer belong to this team' });
    await removed.waitFor();
    await colleague.page.reload();
    await unlock(colleague.page);
    await removed.waitFor();
    expect(await accessibilityViolations(colleague.page)).toEqual([]);
  });
});
