import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser, Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demonstrationOffices } from '../../deploy/demonstration/offices.ts';
import { accessibilityViolations, launchBrowser, overflow, patiently } from '../support/browser.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { enrol, holdBack, log, newVisitor, signUp, type Visitor, write } from '../support/visitors.ts';

const office = demonstrationOffices[0]!;
const ownerProgram = fileURLToPath(new URL('../../deploy/demonstration/main.ts', import.meta.url));
let browser: Browser;
let installation: Installation;
let citizen: Visitor;
let admin: Visitor;
let newcomer: Visitor;

beforeAll(async () => {
  [browser, installation] = await Promise.all([launchBrowser(), startInstallation()]);
  citizen = await newVisitor(browser, installation);
  admin = await newVisitor(browser, installation);
  newcomer = await newVisitor(browser, installation);
});

afterAll(async () => {
  await browser.close();
  await installation.close();
});

/** At the owner's command line. */
async function promote(displayName: string, role: 'admin' | 'owner'): Promise<void> {
  const { dataDirectory, origin } = installation;
  await promisify(execFile)(process.execPath, [ownerProgram, role, office.officeId, displayName], {
    env: { ...process.env, SCHALTER_DATA: dataDirectory, SCHALTER_ORIGIN: origin },
  });
}

async function inviteByOwner(displayName: string): Promise<string> {
  const owner = await installation.connectOwner();
  try {
    return await owner.invite({ officeId: office.officeId, role: 'official', displayName });
  } finally {
    owner.close();
  }
}

/** The link that the team's page makes for somebody; it is shown once. */
async function inviteOnPage({ page }: Visitor, displayName: string): Promise<string> {
  await page.getByLabel('First and last name').fill(displayName);
  await page.getByRole('button', { name: 'Make a link' }).click();
  await page.getByRole('heading', { name: `Link for: ${displayName}` }).waitFor();
  const link = await page.getByLabel('Link', { exact: true }).inputValue();
  await page.getByRole('button', { name: 'Done' }).click();
  return link;
}

/** The person's entry on the team's page. */
function entry({ page }: Visitor, name: string): Locator {
  return page.getByRole('listitem').filter({ has: page.getByRole('heading', { name }) });
}

async function openTeam({ page }: Visitor): Promise<void> {
  await page.getByRole('link', { name: 'Team' }).click();
  await page.getByRole('heading', { level: 1, name: 'Team' }).waitFor();
  await page.getByRole('heading', { level: 2, name: 'People' }).waitFor();
}

/** Opens the citizen's conversation in the inbox. */
async function openCase({ page }: Visitor): Promise<void> {
  await page.getByRole('link', { name: 'Inbox' }).click();
  await page.getByRole('link', { name: 'Anna Muller' }).click();
}

describe('an admin', () => {
  test('invites a newcomer, who waits at the door until the admin has looked at the proof', async () => {
    await citizen.page.goto('/en/services/driving-licence/write');
    await signUp(citizen.page);
    await citizen.page.getByLabel('How should we address you?').fill('Anna Muller');
    await write(citizen.page, 'How long does it take?');

    await enrol(admin.page, installation.links.get('Claire Weber') ?? '');
    await admin.page.getByRole('heading', { level: 1, name: 'Inbox' }).waitFor();
    await openTeam(admin);
    // A member sees who is in the team, and may leave.
    await entry(admin, 'Claire Weber').getByText('Member', { exact: true }).waitFor();
    await admin.page.getByRole('button', { name: 'Leave the team' }).waitFor();
    expect(await admin.page.getByRole('button', { name: 'Make a link' }).count()).toBe(0);

    await promote('Claire Weber', 'admin');
    const link = await inviteOnPage(admin, 'Luc Wagner');
    await enrol(newcomer.page, link);
    await newcomer.page.getByRole('heading', { level: 1, name: 'Almost ready' }).waitFor();
    await entry(admin, 'Luc Wagner').getByText('Came with the link you gave out.').waitFor();
    expect(await accessibilityViolations(admin.page)).toEqual([]);
  });

  test('lets the newcomer in, who reads what was written before he came, and answers', async () => {
    await entry(admin, 'Luc Wagner').getByRole('button', { name: 'Let in' }).click();
    const dialog = admin.page.getByRole('dialog', { name: 'Let into the team: Luc Wagner?' });
    await dialog.waitFor();
    expect(await accessibilityViolations(admin.page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Let in' }).click();
    await admin.page.getByText('In the team: Luc Wagner').waitFor();

    await newcomer.page.getByRole('heading', { level: 1, name: 'Inbox' }).waitFor();
    await openCase(newcomer);
    await log(newcomer.page).getByText('How long does it take?').waitFor();
    await write(newcomer.page, 'About two weeks.');
    await log(citizen.page).getByText('About two weeks.').waitFor();
  });

  test('lets in somebody whose list was empty and whose desk had no answer yet: his list is there all the same', async () => {
    const quick = await newVisitor(browser, installation);
    const desk = await holdBack(quick.page, /queue:list|appointment:list/);
    await openTeam(admin);
    await enrol(quick.page, await inviteOnPage(admin, 'Nora Faber'));
    await expect.poll(desk.count, patiently).toBeGreaterThan(0);
    await entry(admin, 'Nora Faber').getByRole('button', { name: 'Let in' }).click();
    await admin.page.getByRole('dialog').getByRole('button', { name: 'Let in' }).click();
    await admin.page.getByText('In the team: Nora Faber').waitFor();
    desk.letGo();
    await quick.page.getByRole('link', { name: 'Anna Muller' }).waitFor();
    expect(quick.complaints).toEqual([]);
    await quick.context.close();
  });

  test('removes him again: he reads nothing that is written from then on', async () => {
    await entry(admin, 'Luc Wagner').getByRole('button', { name: 'Remove' }).click();
    await admin.page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await admin.page.getByText('No longer in the team: Luc Wagner').waitFor();
    await newcomer.page.getByRole('heading', { level: 1, name: 'You no longer belong to this team' }).waitFor();

    await write(citizen.page, 'Thank you, and what does it cost?');
    await openCase(admin);
    await log(admin.page).getByText('Thank you, and what does it cost?').waitFor();
    // His browser still holds his keys, under his passkey.
    await newcomer.page.reload();
    await newcomer.page.getByRole('button', { name: 'Unlock with passkey' }).click();
    await newcomer.page.getByRole('heading', { level: 1, name: 'You no longer belong to this team' }).waitFor();
    expect(await newcomer.page.getByText('what does it cost?').count()).toBe(0);
    expect(admin.complaints).toEqual([]);
    expect(newcomer.complaints).toEqual([]);
  });

  test('where two must sign, lets nobody in alone: a second admin signs too', async () => {
    const second = await newVisitor(browser, installation);
    const third = await newVisitor(browser, installation);
    await enrol(second.page, await inviteByOwner('Tom Reuter'));
    await second.page.getByRole('heading', { level: 1, name: 'Inbox' }).waitFor();
    await promote('Claire Weber', 'owner');
    await promote('Tom Reuter', 'owner');

    await openTeam(admin);
    await admin.page.getByRole('radio', { name: 'Two people' }).check();
    await admin.page.getByRole('button', { name: 'Save the rule' }).click();
    await admin.page.getByText('The rule is saved.').waitFor();
    await enrol(third.page, await inviteOnPage(admin, 'Rita Kremer'));
    await entry(admin, 'Rita Kremer').getByRole('button', { name: 'Let in' }).click();
    const dialog = admin.page.getByRole('dialog');
    await dialog.getByLabel('Who signs it too?').selectOption('Tom Reuter');
    await dialog.getByRole('button', { name: 'Let in' }).click();
    await admin.page.getByText('The change now waits for the second signature: Tom Reuter').waitFor();
    await third.page.getByRole('heading', { level: 1, name: 'Almost ready' }).waitFor();

    await openTeam(second);
    const proposal = second.page.getByRole('listitem').filter({ hasText: 'Let into the team: Rita Kremer (Member)' });
    await proposal.getByText(/Proposed by Claire Weber/).waitFor();
    expect(await accessibilityViolations(second.page)).toEqual([]);
    await proposal.getByRole('button', { name: 'Sign' }).click();
    await second.page.getByRole('dialog', { name: 'Sign this change?' }).getByRole('button', { name: 'Sign' }).click();
    await second.page.getByText('The change is signed and in force.').waitFor();

    await third.page.getByRole('heading', { level: 1, name: 'Inbox' }).waitFor();
    await openCase(third);
    await log(third.page).getByText('Thank you, and what does it cost?').waitFor();
    await expect.poll(async () => await entry(admin, 'Rita Kremer').count(), patiently).toBe(1);
    expect(await admin.page.getByRole('heading', { name: 'Links that still work' }).count()).toBe(0);
  });

  test('finds everything on a narrow screen, in every language', async () => {
    const { page } = admin;
    await page.setViewportSize({ width: 320, height: 700 });
    for (const [language, title] of [
      ['Lëtzebuergesch', 'Equipe'],
      ['Français', 'Équipe'],
      ['Deutsch', 'Team'],
      ['Português', 'Equipa'],
    ] as const) {
      await page.locator('.language-switch summary').click();
      await page.getByRole('link', { name: language, exact: true }).click();
      await page.getByRole('heading', { level: 1, name: title }).waitFor();
      await page.getByRole('heading', { level: 3, name: 'Rita Kremer' }).waitFor();
      expect(await overflow(page)).toEqual([]);
    }
    expect(await accessibilityViolations(page)).toEqual([]);
  });
});
