import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { accessibilityViolations, launchBrowser, overflow } from '../support/browser.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { enrol, log, newVisitor, signUp, type Visitor, write } from '../support/visitors.ts';

let browser: Browser;
let installation: Installation;
let citizen: Visitor;
let official: Visitor;
let other: Visitor;

beforeAll(async () => {
  [browser, installation] = await Promise.all([launchBrowser(), startInstallation()]);
  citizen = await newVisitor(browser, installation);
  official = await newVisitor(browser, installation);
  other = await newVisitor(browser, installation);
});

afterAll(async () => {
  await browser.close();
  await installation.close();
});

test('an official hands a case to another office, with a few words: its team reads everything, his own nothing new, and the citizen is told', async () => {
  await citizen.page.goto('/en/services/driving-licence/write');
  await signUp(citizen.page);
  await citizen.page.getByLabel('How should we address you?').fill('Anna Muller');
  await write(citizen.page, 'My carer’s allowance has stopped.');
  await enrol(other.page, installation.links.get('João Ferreira') ?? '');
  await other.page.getByText('No messages yet').waitFor();

  const { page } = official;
  await enrol(page, installation.links.get('Claire Weber') ?? '');
  await page.getByRole('link', { name: 'Anna Muller' }).click();
  await log(page).getByText('My carer’s allowance has stopped.').waitFor();
  await page.getByRole('button', { name: 'Transfer to another office' }).click();
  const dialog = page.getByRole('dialog', { name: 'Which office is to take over this case?' });
  await dialog.waitFor();
  expect(await accessibilityViolations(page)).toEqual([]);
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await overflow(page)).toEqual([]);
  await page.setViewportSize({ width: 1280, height: 900 });
  await dialog.getByRole('radio').first().check();
  await dialog.getByLabel(/A few words about it/).fill('The other office pays this allowance.');
  await dialog.getByRole('button', { name: 'Transfer', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Inbox' }).waitFor();
  await page.getByText('No messages yet').waitFor();

  await log(citizen.page).getByText('The other office pays this allowance.').waitFor();
  await log(citizen.page)
    .getByText(/Your case is now with/)
    .waitFor();
  await other.page.getByRole('link', { name: 'Anna Muller' }).click();
  await log(other.page).getByText('My carer’s allowance has stopped.').waitFor();
  await log(other.page).getByText('The other office pays this allowance.').waitFor();
  await write(other.page, 'We will look into it today.');
  await log(citizen.page).getByText('We will look into it today.').waitFor();
  await write(citizen.page, 'Thank you!');
  await log(other.page).getByText('Thank you!').waitFor();
  expect(await page.getByRole('link', { name: 'Anna Muller' }).count()).toBe(0);

  // From here the citizen talks to, and books with, the office that has the case now.
  const ways = citizen.page.getByRole('link', { name: /^(Talk by video now|Book a time): / });
  expect(await ways.allTextContents()).toEqual(
    ['Reimbursement', 'Health insurance card', 'Sick leave'].flatMap((name) => [`Talk by video now: ${name}`, `Book a time: ${name}`]),
  );
  await ways.last().click();
  await citizen.page.getByText('Sick leave, Health insurance fund').waitFor();
  expect([...citizen.complaints, ...official.complaints, ...other.complaints]).toEqual([]);
});
