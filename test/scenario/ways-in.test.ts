import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { locales } from '../../server/protocol/locale.ts';
import { accessibilityViolations, launchBrowser, overflow, patiently } from '../support/browser.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { dumpStorage } from '../support/storage-dump.ts';
import { enrol, log, newVisitor, signUp, unlock, type Visitor, write } from '../support/visitors.ts';

let browser: Browser;
let installation: Installation;

beforeAll(async () => {
  [browser, installation] = await Promise.all([launchBrowser(), startInstallation()]);
});

afterAll(async () => {
  await browser.close();
  await installation.close();
});

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });

/** Nothing is cut off or in anybody's way, on a phone and on a desk, by day and by night. */
async function expectNoBarrier(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const width of [320, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      if (process.env['SHOTS'])
        await page.screenshot({ path: `${process.env['SHOTS']}/${name}-${width}-${colorScheme}.png`, fullPage: true });
      expect(await accessibilityViolations(page), `${name} ${width} ${colorScheme}`).toEqual([]);
      expect(await overflow(page), `${name} ${width} ${colorScheme}`).toEqual([]);
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

/** Another browser of the same person: nothing of this one's storage is there, and the passkey has come along with its keys. */
async function moveToNewBrowser({ context, page }: Visitor): Promise<void> {
  await page.goto('about:blank');
  await context.clearCookies();
  const cdp = await context.newCDPSession(page);
  await cdp.send('Storage.clearDataForOrigin', { origin: installation.origin, storageTypes: 'all' });
}

/** The same passkey in another authenticator, as DevTools move it: it signs the same, but does not evaluate any more. */
async function copyPasskeys(from: Visitor, to: Visitor): Promise<void> {
  const { credentials } = await from.authenticator.cdp.send('WebAuthn.getCredentials', {
    authenticatorId: from.authenticator.authenticatorId,
  });
  for (const credential of credentials) {
    await to.authenticator.cdp.send('WebAuthn.addCredential', { authenticatorId: to.authenticator.authenticatorId, credential });
  }
}

const first = 'My dog has eaten my passport.';

async function signUpWriting({ page }: Visitor, text: string): Promise<void> {
  await page.goto('/en/services/driving-licence/write');
  await signUp(page);
  await page.getByLabel('Your message').waitFor();
  await write(page, text);
  await page.waitForURL(/\/en\/conversations\//);
  await log(page).getByText(text).waitFor();
}

/** From the list to the only conversation. */
async function readHistory(page: Page): Promise<void> {
  await page.getByRole('main').getByRole('link', { name: 'Driving licence' }).click();
  await log(page).getByText(first).waitFor();
}

const ownDevice = (page: Page) => page.getByRole('region', { name: 'Is this your own device?' });

/** On the security page; typed again from the screen as if from paper. */
async function makeCode(page: Page): Promise<string> {
  await page.goto('/en/account/recovery-code');
  const shown = page.locator('.recovery-groups');
  const code = (await shown.innerText()).trim().replaceAll(/\s+/g, '-');
  await page.getByRole('button', { name: 'I have written the code down' }).click();
  await page.getByLabel('Code from your paper').fill(code);
  await page.getByRole('button', { name: 'Check and save' }).click();
  await heading(page, 'The recovery code is saved').waitFor();
  return code;
}

describe('a citizen', () => {
  let visitor: Visitor;

  test('is asked whose device it is, and answers without losing her place', async () => {
    visitor = await newVisitor(browser, installation);
    const { page } = visitor;
    await signUpWriting(visitor, first);
    await ownDevice(page).waitFor();
    await expectNoBarrier(page, 'own-device');
    await ownDevice(page).getByRole('button', { name: 'Yes' }).click();
    await ownDevice(page).waitFor({ state: 'detached' });
    await page.reload();
    await log(page).getByText(first).waitFor();
    expect(await ownDevice(page).count()).toBe(0);
  });

  test('reads her history in another browser with nothing but the passkey', async () => {
    const { page } = visitor;
    await moveToNewBrowser(visitor);
    await page.goto('/en/conversations');
    await page.getByRole('button', { name: 'Continue with passkey' }).click();
    await readHistory(page);
    expect(visitor.complaints).toEqual([]);
  });

  test('is told when a passkey cannot open her messages and that nothing was changed, and opens them with the code on paper', async () => {
    const code = await makeCode(visitor.page);
    await using away = await newVisitor(browser, installation);
    await copyPasskeys(visitor, away);
    const { page } = away;
    await page.goto('/en/conversations');
    await page.getByRole('button', { name: 'Continue with passkey' }).click();
    await heading(page, 'You are signed in, but your messages are still locked here').waitFor();
    await page.getByRole('button', { name: 'Open with passkey' }).click();
    await page.getByText('This passkey does not open your messages here. Nothing was changed.').waitFor();
    await expectNoBarrier(page, 'no-keys');
    expect((await dumpStorage(away)).text).not.toContain('schalter/accounts');
    await page.getByRole('link', { name: 'Enter the code' }).click();
    const field = page.getByLabel('Code from your paper');
    await field.fill(`${code.slice(0, -1)}${code.endsWith('7') ? '8' : '7'}`);
    await page.getByRole('button', { name: 'Open my messages' }).click();
    await page
      .getByRole('alert')
      .getByText('There is a typing error in the code.')
      .or(page.getByRole('link', { name: /typing error/ }))
      .first()
      .waitFor();
    await expectNoBarrier(page, 'recover-typo');
    await field.fill(code.toLowerCase());
    await page.getByRole('button', { name: 'Open my messages' }).click();
    await heading(page, 'Your messages are open again').waitFor();
    await expectNoBarrier(page, 'recover-done');
    await page.goto('/en/conversations');
    await readHistory(page);
    expect(away.complaints).toEqual([]);
  });

  test('lets a phone in that has nothing: it shows a code, compares digits, and makes a passkey', async () => {
    await using phone = await newVisitor(browser, installation, { viewport: { width: 320, height: 700 } });
    const { page } = phone;
    await page.goto('/en/sign-in');
    await page.getByRole('link', { name: 'I cannot sign in' }).click();
    await expectNoBarrier(page, 'cannot-sign-in');
    await page.getByRole('link', { name: 'Show a code for the other device' }).click();
    const number = page.locator('.link-figure');
    await number.waitFor();
    await expectNoBarrier(page, 'link');
    const home = visitor.page;
    await home.goto('/en/account/add-device');
    await home.getByLabel('The new device’s number or code').fill((await number.textContent()) ?? '');
    await home.getByRole('button', { name: 'Go on' }).click();
    await heading(page, 'Are the two numbers the same?').waitFor();
    await heading(home, 'Are the two numbers the same?').waitFor();
    expect(await page.locator('.link-figure').textContent()).toBe(await home.locator('.link-digits').textContent());
    await expectNoBarrier(page, 'link-compare');
    await page.getByRole('button', { name: 'Yes, the same' }).click();
    await home.getByRole('button', { name: 'Yes, the same: add it' }).click();
    await heading(page, 'Create a passkey for this device').waitFor();
    await expectNoBarrier(page, 'link-passkey');
    await page.getByRole('button', { name: 'Create a passkey' }).click();
    await heading(page, 'This browser is already in').waitFor();
    await page.goto('/en/conversations');
    await readHistory(page);
    expect(phone.complaints).toEqual([]);
  });
});

describe('somebody who has lost everything', () => {
  test('finds every page of it in five languages, and nothing cut off on a narrow phone', async () => {
    await using person = await newVisitor(browser, installation, { viewport: { width: 320, height: 700 } });
    const { page } = person;
    for (const locale of locales) {
      for (const path of ['cannot-sign-in', 'recover', 'reset', 'link']) {
        await page.goto(`/${locale}/${path}`);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await page.waitForFunction(() => document.querySelector('.loading') === null);
        expect(await overflow(page), `${locale} ${path}`).toEqual([]);
      }
    }
    expect(person.complaints).toEqual([]);
  });

  test('is told what a new start takes, gets a number for the registrar, and finds it again after a reload', async () => {
    await using person = await newVisitor(browser, installation);
    const { page } = person;
    await page.goto('/en/cannot-sign-in');
    await page.getByRole('link', { name: 'Ask for a new start' }).click();
    await heading(page, 'Ask for a new start').waitFor();
    await expectNoBarrier(page, 'reset-asking');
    await page.getByLabel('Reference of one of your conversations').fill('no idea');
    await page.getByRole('button', { name: 'Ask', exact: true }).click();
    await page.getByRole('link', { name: 'Enter a reference, like 2026-0042-K.' }).waitFor();
    await page.getByLabel('Reference of one of your conversations').fill('2026-0001-a');
    await page.getByRole('button', { name: 'Ask', exact: true }).click();
    await heading(page, 'Tell the office this number').waitFor();
    await expectNoBarrier(page, 'reset-asked');
    const number = await page.locator('.link-figure').innerText();
    await page.reload();
    await heading(page, 'Tell the office this number').waitFor();
    expect(await page.locator('.link-figure').innerText()).toBe(number);
    await page.getByRole('button', { name: 'Withdraw the request' }).click();
    await heading(page, 'Ask for a new start').waitFor();
    expect(person.complaints).toEqual([]);
  });
});

describe('somebody at a device that is not his own', () => {
  test('leaves no trace when he signs out, nor when he just closes the page', async () => {
    await using visitor = await newVisitor(browser, installation);
    const { page, context } = visitor;
    await signUpWriting(visitor, 'canary of a stranger');
    await ownDevice(page).getByRole('button', { name: 'No, leave nothing here' }).click();
    await page.getByText('Nothing stays on this device').waitFor();
    await log(page).getByText('canary of a stranger').waitFor();
    await write(page, 'canary two');
    await log(page).getByText('canary two').waitFor();
    await expectNoBarrier(page, 'passing');
    expect(await dumpStorage(visitor)).toMatchObject({ rows: 0 });
    await page.getByRole('link', { name: 'My account' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await heading(page, 'Everything on this device has been deleted.').waitFor();
    const after = await dumpStorage(visitor);
    expect(after).toMatchObject({ rows: 0 });
    expect(after.text).not.toContain('__Host-schalter=');

    await page.goto('/en/conversations');
    await page.getByRole('button', { name: 'Continue with passkey' }).click();
    await ownDevice(page).getByRole('button', { name: 'No, leave nothing here' }).click();
    await page.getByText('Nothing stays on this device').waitFor();
    await page.goto('about:blank');
    const next = await context.newPage();
    await next.goto('/en/help');
    await expect.poll(async () => await next.evaluate(async () => (await fetch('/api/session')).status), patiently).toBe(204);
    expect(await dumpStorage({ page: next, context })).toMatchObject({ rows: 0 });
  });
});

describe('an official', () => {
  test('who does nothing for 15 minutes is locked in all tabs, with nothing readable left, and goes on after showing the passkey', async () => {
    await using official = await newVisitor(browser, installation);
    await using citizen = await newVisitor(browser, installation);
    const { page, context } = official;
    await page.clock.install();
    await enrol(page, installation.links.get('Claire Weber') ?? '');
    await heading(page, 'Inbox').waitFor();
    await signUpWriting(citizen, 'canary of a citizen');
    await page.getByText('canary of a citizen').first().waitFor();
    await page.locator('[data-conversation]').first().click();
    await log(page).getByText('canary of a citizen').waitFor();
    const other = await context.newPage();
    await other.goto('/en/inbox');
    await other.getByText('canary of a citizen').first().waitFor();

    await page.clock.fastForward('14:50');
    await page.mouse.move(5, 5);
    await page.clock.fastForward('14:50');
    await log(page).getByText('canary of a citizen').waitFor();
    await page.clock.fastForward('15:10');
    await heading(page, 'Locked').waitFor();
    await heading(other, 'Locked').waitFor();
    await expectNoBarrier(page, 'locked');
    expect(await page.getByText('canary').count()).toBe(0);
    const { text, rows } = await dumpStorage(official);
    expect(rows).toBeGreaterThan(3);
    for (const word of ['canary', 'Claire', 'displayName', 'reference']) expect(text).not.toContain(word);
    expect(text).not.toContain('__Host-schalter=');

    await unlock(page);
    await log(page).getByText('canary of a citizen').waitFor();
    await other.getByText('canary of a citizen').first().waitFor();
    expect(official.complaints).toEqual([]);
  });
});
