import { sql } from 'kysely';
import { pino } from 'pino';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../../server/platform/database.ts';
import { accessibilityViolations, launchBrowser, overflow } from '../support/browser.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { log, newVisitor, signUp, type Visitor } from '../support/visitors.ts';

let browser: Browser;
let installation: Installation;
let citizen: Visitor;
let other: Visitor;

beforeAll(async () => {
  [browser, installation] = await Promise.all([launchBrowser(), startInstallation()]);
  [citizen, other] = await Promise.all([newVisitor(browser, installation), newVisitor(browser, installation)]);
});

afterAll(async () => {
  await browser.close();
  await installation.close();
});

/** Opens the question about the time; the first free one is chosen already. */
async function openSlots(page: Page): Promise<void> {
  await page.goto('/en/services/residence/book');
  await page
    .getByRole('radio')
    .or(page.getByRole('button', { name: 'Create a passkey' }))
    .first()
    .waitFor();
  if ((await page.getByRole('radio').count()) === 0) await signUp(page);
  await page.getByRole('radio', { checked: true }).waitFor();
}

async function expectNoBarrier(page: Page): Promise<void> {
  for (const width of [320, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    expect(await accessibilityViolations(page)).toEqual([]);
    expect(await overflow(page)).toEqual([]);
  }
}

describe('booking', () => {
  test('offers the first free time, by keyboard alone', async () => {
    const { page } = citizen;
    await openSlots(page);
    await expectNoBarrier(page);
    await page.getByRole('radio', { checked: true }).focus();
    await page.keyboard.press('ArrowDown');
    expect(await page.getByRole('radio').nth(1).isChecked()).toBe(true);
    await page.keyboard.press('ArrowUp');
    await page.getByRole('button', { name: 'Continue' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Check your appointment' }).waitFor();
  });

  test('holds the time over a reload, and longer when asked', async () => {
    const { page } = citizen;
    const before = page.url();
    await page.reload();
    await page.getByText(/This time is held for you until/).waitFor();
    await expectNoBarrier(page);
    await page.getByRole('button', { name: 'Hold it longer' }).click();
    await page.waitForURL((url) => url.href !== before);
    await page.getByRole('button', { name: 'Confirm the appointment' }).waitFor();
  });

  test('tells kindly that a time was taken by somebody else, with what is still free', async () => {
    const { page } = other;
    await openSlots(page);
    // He chose it before she held it: his page still shows it.
    const mine = await page.getByRole('radio', { checked: true }).getAttribute('id');
    await citizen.page.getByRole('link', { name: 'Change' }).click();
    await citizen.page.getByRole('radio', { checked: true }).waitFor();
    await citizen.page.locator(`#${mine}`).check();
    await citizen.page.getByRole('button', { name: 'Continue' }).click();
    await citizen.page.getByRole('button', { name: 'Confirm the appointment' }).waitFor();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('That time has just been taken. Here are the times that are still free.').waitFor();
    expect(await page.locator(`#${mine}`).count()).toBe(0);
    await page.getByRole('radio', { checked: true }).waitFor();
  });

  test('confirms, and the confirmation is there after a reload and in the thread', async () => {
    const { page } = citizen;
    await page.getByRole('checkbox', { name: 'Sign language (DGS)' }).check();
    await page.getByRole('button', { name: 'Confirm the appointment' }).click();
    await page.getByRole('heading', { level: 1, name: 'Your appointment is booked' }).waitFor();
    await page.reload();
    await page.getByText('Booked', { exact: true }).waitFor();
    await page.getByText('Needs: Sign language (DGS)').waitFor();
    expect(await page.getByRole('link', { name: 'Check camera and sound' }).getAttribute('href')).toMatch(/\/device-check\?appointment=/);
    await expectNoBarrier(page);
    await page.getByRole('link', { name: 'Go to the conversation' }).click();
    await log(page)
      .getByText(/^Appointment booked:/)
      .waitFor();
  });

  test('lets the citizen check in from ten minutes before, into the same line', async () => {
    const { page } = citizen;
    await page.goto('/en/appointments');
    await page.getByRole('heading', { level: 2, name: 'Coming up' }).waitFor();
    await expectNoBarrier(page);
    await page.getByRole('main').getByRole('listitem').getByRole('link').click();
    await page.getByText('Booked', { exact: true }).waitFor();
    expect(await page.getByRole('button', { name: 'I am here: check in' }).count()).toBe(0);
    await bringForward();
    await page.reload();
    await page.getByRole('button', { name: 'I am here: check in' }).click();
    await page.getByRole('heading', { level: 1, name: 'You are in the line' }).waitFor();
    // Stated once, at booking.
    await page.getByText('Needs: Sign language (DGS)').waitFor();
    await page.getByText(/^Your appointment is at /).waitFor();
    await page.goBack();
    await page.getByRole('link', { name: 'Go to your place in the line' }).waitFor();
  });

  test('cancels after asking, and says so', async () => {
    const { page } = other;
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: 'Confirm the appointment' }).click();
    await page.getByRole('heading', { level: 1, name: 'Your appointment is booked' }).waitFor();
    await page.getByRole('button', { name: 'Cancel the appointment' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the appointment' }).click();
    await page.getByText('The appointment is cancelled.').waitFor();
    await page.getByText('Cancelled', { exact: true }).waitFor();
  });

  test('nothing complained', () => {
    expect(citizen.complaints).toEqual([]);
    expect(other.complaints).toEqual([]);
  });
});

/** The booked appointment begins in five minutes. */
async function bringForward(): Promise<void> {
  const database = openDatabase({ url: installation.databaseUrl, log: pino({ level: 'silent' }), maxConnections: 1 });
  await sql`update appointments set starts_at = now() + interval '5 minutes', ends_at = now() + interval '15 minutes' where state = 'booked'`.execute(
    database,
  );
  await database.destroy();
}
