import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { locales } from '../../server/protocol/locale.ts';
import { accessibilityViolations, addAuthenticator, launchBrowser, overflow } from '../support/browser.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { NewDevice } from '../support/joining.ts';
import { writeQrVideo } from '../support/qr-video.ts';
import { lineOf, newVisitor, signUp, type Visitor } from '../support/visitors.ts';

let browser: Browser;
let installation: Installation;
let directory: string;
let citizen: Visitor;
let page: Page;
/** The same person's second device. */
let phone: Visitor;

const cameraFile = (): string => join(directory, 'camera.y4m');

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'schalter-camera-'));
  const camera = `--use-file-for-fake-video-capture=${cameraFile()}`;
  [browser, installation] = await Promise.all([launchBrowser({ args: [camera] }), startInstallation()]);
  [citizen, phone] = [await newVisitor(browser, installation), await newVisitor(browser, installation)];
  page = citizen.page;
});

afterAll(async () => {
  await browser.close();
  await installation.close();
  await rm(directory, { recursive: true });
});

const heading = (name: string) => page.getByRole('heading', { level: 1, name });
const card = (name: string) => page.getByRole('region', { name });
const dialog = () => page.getByRole('dialog');

/** How many generations of keys the account has had. */
async function keysMade(): Promise<number> {
  const line = await lineOf(citizen);
  const { generations } = await line.request('account:load-boxes', {});
  line.socket.disconnect();
  return Math.max(...generations.map(({ generation }) => generation));
}

/** Nothing is cut off or in anybody's way, on a phone and on a desk, by day and by night. */
async function expectNoBarrier(name: string): Promise<void> {
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

describe('a citizen who looks after her account', () => {
  test('finds this browser and her passkey on the page', async () => {
    await page.goto('/en/account');
    await signUp(page);
    await page.getByRole('link', { name: 'Open' }).click();
    await heading('My devices and security').waitFor();
    await card('Passkeys').getByText('You are signed in with it now').waitFor();
    await card('Passkeys').getByText('Also opens your messages on a new device.').waitFor();
    await card('Devices with your key').getByText('This browser').waitFor();
    await card('Where you are signed in').getByText('This browser').waitFor();
    await expectNoBarrier('security');
  });

  test('cannot remove her last passkey, and is told why', async () => {
    await page.getByRole('button', { name: 'Remove: Passkey without a name' }).click();
    await dialog().getByText('This is your only passkey').waitFor();
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
    expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toBe('Remove');
  });

  test('gives her passkey a name that the server cannot read', async () => {
    await page.getByRole('button', { name: 'Rename: Passkey without a name' }).click();
    await dialog().getByLabel('What is it to be called?').fill('Canary key');
    await page.keyboard.press('Enter');
    await page.getByText('The new name is saved.').waitFor();
    await page.reload();
    await card('Passkeys').getByRole('heading', { name: 'Canary key' }).waitFor();
    const rows = await installation.query('select label from passkeys');
    expect(JSON.stringify(rows)).not.toContain('Canary');
    expect(installation.output()).not.toContain('Canary');
  });

  test('adds a passkey on a security key, for the device has one already', async () => {
    const { cdp, authenticatorId } = citizen.authenticator;
    const add = async (name: string): Promise<void> => {
      await page.getByRole('button', { name: 'Add a passkey' }).click();
      await dialog().getByLabel('What is it to be called?').fill(name);
      await dialog().getByRole('button', { name: 'Go on' }).click();
    };
    await add('Once more');
    await page.getByText('This device or security key already holds a passkey of your account.').waitFor();

    await cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled: false });
    const securityKey = await addAuthenticator(page, { transport: 'usb' });
    await add('Key ring');
    await page.getByText('The passkey has been added.').waitFor();
    await card('Passkeys').getByRole('heading', { name: 'Key ring' }).waitFor();
    // It has shown twice what it evaluates to: it can open the messages on a new device.
    expect(await card('Passkeys').getByText('Also opens your messages on a new device.').count()).toBe(2);
    await securityKey.cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: securityKey.authenticatorId });
    await cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled: true });

    await page.getByRole('button', { name: 'Remove: Key ring' }).click();
    await dialog().getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByText('The passkey has been removed.').waitFor();
    await card('Passkeys').getByRole('heading', { name: 'Key ring' }).waitFor({ state: 'detached' });
  });

  test('makes a recovery code: shown once, typed again, and only then saved', async () => {
    await page.getByRole('link', { name: 'Make a recovery code' }).click();
    await heading('Your recovery code').waitFor();
    const code = (await page.locator('.recovery-groups span').allInnerTexts()).join('-');
    expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){7}[0-9A-HJKMNP-TV-Z]{4}$/);
    await page.getByRole('img', { name: 'The recovery code as a QR code' }).waitFor();
    await expectNoBarrier('code');
    // The sheet of paper: the code, what it is for, and nothing to press.
    await page.emulateMedia({ media: 'print' });
    if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/code-print.png`, fullPage: true });
    expect(await page.getByText(/Made on /).isVisible()).toBe(true);
    expect(await page.getByRole('button').filter({ visible: true }).count()).toBe(0);
    await page.emulateMedia({ media: 'screen' });
    await page.getByRole('button', { name: 'I have written the code down' }).click();
    await heading('Check the code').waitFor();
    await page.getByLabel('Code from your paper').fill(code.replace(/^.{4}/, '0000'));
    await page.getByRole('button', { name: 'Check and save' }).click();
    await page.getByRole('link', { name: 'This is not that code.' }).waitFor();
    await expectNoBarrier('code-check');
    await page.getByLabel('Code from your paper').fill(code.toLowerCase().replaceAll('-', ' '));
    await page.getByRole('button', { name: 'Check and save' }).click();
    await heading('The recovery code is saved').waitFor();
    await page.getByRole('link', { name: 'Back to devices and security' }).click();
    await card('Recovery code')
      .getByText(/^Made: /)
      .waitFor();
  });

  test('lets her phone in by the number it shows, after comparing the digits', async () => {
    await phone.page.goto('/en/link');
    const number = (await phone.page.locator('.link-figure').innerText()).trim();
    await page.getByRole('link', { name: 'Add a device' }).click();
    await heading('Let a new device in').waitFor();
    await expectNoBarrier('add-device');
    await page.getByLabel('The new device’s number or code').fill('12345');
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByText('This is neither a number of 8 digits nor a code').waitFor();
    await page.getByLabel('The new device’s number or code').fill(number);
    await page.getByRole('button', { name: 'Go on' }).click();
    await heading('Are the two numbers the same?').waitFor();
    await phone.page.getByRole('heading', { level: 1, name: 'Are the two numbers the same?' }).waitFor();
    expect(await phone.page.locator('.link-figure').innerText()).toBe(await page.locator('.link-digits').innerText());
    await expectNoBarrier('compare');
    await page.getByLabel('What is the device to be called?').fill('Phone');
    await phone.page.getByRole('button', { name: 'Yes' }).click();
    await page.getByRole('button', { name: 'Yes, the same: add it' }).click();
    await heading('The device has been added').waitFor();
    await page.getByRole('link', { name: 'Back to devices and security' }).click();
    await card('Devices with your key').getByRole('heading', { name: 'Phone' }).waitFor();
    // What was let in here is nobody to warn of.
    expect(await page.getByText('A new key was added to your account').count()).toBe(0);
  });

  test('is asked about the key that the phone adds with its own passkey', async () => {
    await phone.page.getByRole('button', { name: 'Create a passkey' }).click();
    await page.getByRole('heading', { name: 'A new key was added to your account' }).waitFor();
    await expectNoBarrier('warning');
    await page.getByRole('button', { name: 'Yes, that was me' }).click();
    await page.getByRole('heading', { name: 'A new key was added to your account' }).waitFor({ state: 'detached' });
    await page.reload();
    await card('Passkeys').getByRole('heading', { name: 'Passkey without a name' }).waitFor();
    expect(await page.getByText('A new key was added to your account').count()).toBe(0);
  });

  test('lets a device in whose code came with the address, pasted or from the phone’s own camera', async () => {
    const tablet = new NewDevice(installation.origin);
    await tablet.begin('Chrome, Android');
    const joined = tablet.until('joined');
    await page.goto(`/en/account/add-device#${tablet.code}`);
    await heading('Add this device?').waitFor();
    expect(new URL(page.url()).hash).toBe('');
    await expectNoBarrier('decide');
    await page.getByRole('button', { name: 'Yes, add it' }).click();
    await joined;
    await heading('The device has been added').waitFor();
    await page.getByRole('link', { name: 'Back to devices and security' }).click();
    await card('Devices with your key').getByRole('heading', { name: 'Chrome, Android' }).waitFor();
  });

  test('scans a code with the camera, and says no', async () => {
    const stranger = new NewDevice(installation.origin);
    await stranger.begin('Somebody else');
    const over = expect(stranger.until('joined')).rejects.toThrow('over');
    await writeQrVideo(cameraFile(), `${installation.origin}/en/account/add-device#${stranger.code}`);
    await page.getByRole('link', { name: 'Add a device' }).click();
    await page.getByRole('button', { name: 'Scan the code with the camera' }).click();
    await heading('Add this device?').waitFor();
    await page.getByRole('button', { name: 'No, stop' }).click();
    await page.getByText('Stopped. Nothing was added.').waitFor();
    await over;
    await page.getByRole('link', { name: 'Back to devices and security' }).click();
    await card('Devices with your key').getByRole('heading', { name: 'Chrome, Android' }).waitFor();
    expect(await page.getByText('Somebody else').count()).toBe(0);
  });

  test('removes the phone: it is signed out, and the account has new keys', async () => {
    await phone.page.goto('/en/conversations');
    await phone.page.getByRole('heading', { level: 1, name: 'Messages' }).waitFor();
    const before = await keysMade();
    await page.getByRole('button', { name: 'Remove: Phone' }).click();
    await expectNoBarrier('remove');
    await dialog().getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByText('The device has been removed. Your account has new keys.').waitFor();
    await card('Devices with your key').getByRole('heading', { name: 'Phone' }).waitFor({ state: 'detached' });
    await phone.page.getByText('Your sign-in on this device was ended.').waitFor();
    expect(await keysMade()).toBe(before + 1);
  });

  test('removes the phone’s passkey, whose key goes with it', async () => {
    const before = await keysMade();
    await page.getByRole('button', { name: 'Remove: Passkey without a name' }).click();
    await dialog().getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByText('The passkey has been removed.').waitFor();
    await card('Passkeys').getByRole('heading', { name: 'Passkey without a name' }).waitFor({ state: 'detached' });
    expect(await keysMade()).toBe(before + 1);
  });

  test('finds everything on a narrow phone in every language', async () => {
    await page.setViewportSize({ width: 320, height: 800 });
    for (const locale of locales) {
      for (const path of ['security', 'add-device', 'recovery-code']) {
        await page.goto(`/${locale}/account/${path}`);
        await page.locator('gov-security-page, gov-add-device-page, gov-recovery-code-page').getByRole('heading', { level: 1 }).waitFor();
        if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/${path}-${locale}.png`, fullPage: true });
        expect(await overflow(page), `${locale} ${path}`).toEqual([]);
      }
    }
  });

  test('nothing went elsewhere, and nothing complained', () => {
    expect([...citizen.foreignRequests, ...phone.foreignRequests]).toEqual([]);
    expect([...citizen.complaints, ...phone.complaints]).toEqual([]);
  });
});

describe('somebody whose passkey holds no keys', () => {
  test('does not give up the last thing that opens the messages besides this browser, unless it was stolen', async () => {
    await using visitor = await newVisitor(browser, installation);
    const { cdp, authenticatorId } = visitor.authenticator;
    await cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
    await addAuthenticator(visitor.page, { hasPrf: false });
    await visitor.page.goto('/en/account/security');
    await signUp(visitor.page);
    await visitor.page.getByRole('region', { name: 'Passkeys' }).getByText('You are signed in with it now').waitFor();
    const tablet = new NewDevice(installation.origin);
    await tablet.begin('Tablet');
    const joined = tablet.until('joined');
    await visitor.page.goto(`/en/account/add-device#${tablet.code}`);
    await visitor.page.getByRole('button', { name: 'Yes, add it' }).click();
    await joined;
    await visitor.page.getByRole('link', { name: 'Back to devices and security' }).click();
    await visitor.page.getByRole('button', { name: 'Remove: Tablet' }).click();
    const question = visitor.page.getByRole('dialog');
    await question.getByText('Apart from this browser, nothing else opens your messages.').waitFor();
    await question.getByRole('button', { name: 'Make a recovery code' }).click();
    await visitor.page.getByRole('heading', { level: 1, name: 'Your recovery code' }).waitFor();
    await visitor.page.goBack();
    await visitor.page.getByRole('button', { name: 'Remove: Tablet' }).click();
    await question.getByRole('button', { name: 'Lost or stolen: remove it anyway' }).click();
    await visitor.page.getByText('The device has been removed. Your account has new keys.').waitFor();
    expect(visitor.complaints).toEqual([]);
  });
});
