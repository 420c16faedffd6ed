import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessibilityViolations, launchBrowser, overflow, patiently } from '../support/browser.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { enrol, hearsAndSees, log, newVisitor, signUp, type Visitor } from '../support/visitors.ts';

const encrypted = 'Encrypted between the people in this call';

let browser: Browser;
let installation: Installation;
let citizen: Visitor;
let official: Visitor;
let interpreter: Visitor;

beforeAll(async () => {
  // Several of each, so that one can be changed for another; the second camera is one for depth, whose pictures nobody can send.
  const devices = ['--use-fake-device-for-media-stream=device-count=3'];
  [browser, installation] = await Promise.all([launchBrowser({ args: devices }), startInstallation()]);
  [citizen, official, interpreter] = [
    await newVisitor(browser, installation),
    await newVisitor(browser, installation),
    await newVisitor(browser, installation, { viewport: { width: 360, height: 740 } }),
  ];
});

afterAll(async () => {
  await browser.close();
  await installation.close();
});

const everybody = (): readonly Visitor[] => [citizen, official, interpreter];

async function press(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
}

async function chooseMore(page: Page, name: string): Promise<void> {
  await press(page, 'More');
  await press(page, name);
}

/** The nine digits this page shows; the dialog is closed again without an answer. */
async function digitsOf({ page }: Visitor): Promise<string> {
  await press(page, 'Compare');
  const digits = await page.getByRole('group', { name: 'Nine digits' }).locator('span').allInnerTexts();
  await press(page, 'Later');
  return digits.join(' ');
}

/** Resolves when this shows further pictures. */
async function plays(video: Locator): Promise<void> {
  await video.evaluate(async (element: HTMLVideoElement) => {
    const next = async (): Promise<void> => await new Promise((resolve) => void element.requestVideoFrameCallback(() => resolve()));
    for (let frame = 0; frame < 5; frame += 1) await next();
  });
}

/** How many tracks this page receives or could: what was closed is no longer among them. */
async function receivedTracks({ page }: Visitor): Promise<number> {
  return await page.evaluate(
    () =>
      (globalThis.peerConnections ?? [])
        .filter(({ connectionState }) => connectionState === 'connected')
        .flatMap((connection) => connection.getTransceivers())
        .filter(({ currentDirection }) => currentDirection === 'recvonly').length,
  );
}

/** The device that one's own camera picture comes from. */
async function ownCamera({ page }: Visitor): Promise<string | undefined> {
  return await page
    .locator('gov-call-tile:is(.tile-own, .tile-self) video')
    .evaluate(({ srcObject }: HTMLVideoElement) => (srcObject instanceof MediaStream ? srcObject.getVideoTracks()[0]?.label : undefined));
}

describe('a call of three', () => {
  test('a citizen is called in, and both are told that the call is encrypted once it is', async () => {
    await enrol(official.page, installation.links.get('Claire Weber') ?? '');
    await official.page.getByRole('heading', { name: 'No messages yet' }).waitFor();
    await citizen.page.goto('/en/services/driving-licence/line');
    await signUp(citizen.page);
    await citizen.page.getByRole('region', { name: 'Your place' }).waitFor();
    await official.page.getByRole('radio', { name: 'Available' }).check();
    await official.page.getByRole('button', { name: 'Take next (1 waiting' }).click();
    await citizen.page.getByRole('alertdialog').getByRole('button', { name: 'Answer with video' }).click();
    await Promise.all([citizen, official].map(hearsAndSees));
    for (const { page } of [citizen, official]) await page.locator('.call-security').getByText(encrypted).waitFor();
    await expect.poll(async () => await citizen.announcements(), patiently).toContain(encrypted);
  });

  test('the official invites an interpreter, whose link says who asks and what will be seen, and works once', async () => {
    await press(official.page, 'Show people');
    await press(official.page, 'Invite somebody');
    await official.page.getByRole('radio', { name: /^Interpreter/ }).check();
    await press(official.page, 'Make the link');
    await expect.poll(async () => await official.page.evaluate(() => document.activeElement?.id), patiently).toBe('invite-guest');
    await official.page.getByLabel('Name of the person').fill('Ana Ferreira');
    await press(official.page, 'Make the link');
    await official.page.getByRole('heading', { name: 'Link for Ana Ferreira' }).waitFor();
    const link = await official.page.getByLabel('Link', { exact: true }).inputValue();
    await press(official.page, 'Done');
    await official.page.getByText('Invited, not here yet').waitFor();

    const { page } = interpreter;
    await page.goto(link);
    await page.getByRole('heading', { level: 1, name: 'Claire Weber invites you to a call' }).waitFor();
    await page.getByText('You see no messages, no files').waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    expect(await overflow(page)).toEqual([]);
    await press(page, 'Join with microphone only');
    await Promise.all(everybody().map(hearsAndSees));
    for (const each of everybody()) await each.page.locator('.call-security').getByText(encrypted).waitFor();

    await using stranger = await newVisitor(browser, installation);
    await stranger.page.goto(link);
    await press(stranger.page, 'Join with microphone only');
    await stranger.page.getByRole('heading', { level: 1, name: 'This link is no longer valid' }).waitFor();
  });

  test('the interpreter stands as large as the official, and all three compare the same number', async () => {
    const large = citizen.page.locator('.tiles-large figure');
    await expect.poll(async () => await large.count(), patiently).toBe(2);
    const [one, other] = await large.evaluateAll((tiles) => tiles.map(({ clientWidth, clientHeight }) => `${clientWidth}x${clientHeight}`));
    expect(one).toBe(other);
    const digits = await Promise.all(everybody().map(digitsOf));
    expect(digits[0]).toMatch(/^\d{3} \d{3} \d{3}$/);
    expect(new Set(digits).size).toBe(1);
    for (const { page } of everybody()) expect(await accessibilityViolations(page)).toEqual([]);
    expect(await overflow(interpreter.page)).toEqual([]);
  });

  test('what the interpreter types is read at once by both, can be erased, and is spoken only when the line is done', async () => {
    await press(interpreter.page, 'Show live text');
    await press(official.page, 'Show live text');
    const field = interpreter.page.getByLabel('Write here');
    await field.pressSequentially('Good mornimg');
    await official.page.getByRole('log', { name: 'Live text' }).getByText('Good mornimg').waitFor();
    // The citizen has not opened the lane: it is under the faces.
    await citizen.page.getByRole('region', { name: 'Captions' }).getByText('Good mornimg').waitFor();
    for (let erased = 0; erased < 2; erased += 1) await field.press('Backspace');
    await field.pressSequentially('ng');
    await citizen.page.getByRole('region', { name: 'Captions' }).getByText('Good morning').waitFor();
    expect((await citizen.announcements()).filter((text) => text.startsWith('Ana Ferreira:'))).toEqual([]);
    await field.press('Enter');
    await expect.poll(async () => await citizen.announcements(), patiently).toContain('Ana Ferreira: Good morning');
  });

  test('the text is kept only because citizen and official both want it', async () => {
    await press(citizen.page, 'Show live text');
    await citizen.page.getByRole('checkbox', { name: 'Keep this text' }).check();
    await official.page.getByText('Agrees:').waitFor();
    expect(await official.page.getByText('Both agree').count()).toBe(0);
    await official.page.getByRole('checkbox', { name: 'Keep this text' }).check();
    await citizen.page.getByText('Both agree: the text will be kept.').waitFor();
    await citizen.page.getByLabel('Write here').fill('Good morning to you both');
    await citizen.page.getByLabel('Write here').press('Enter');
    await official.page.getByRole('log', { name: 'Live text' }).getByText('Good morning to you both').waitFor();
    expect(await interpreter.page.getByRole('checkbox', { name: 'Keep this text' }).count()).toBe(0);
  });

  test('hold is said to everybody, and ends', async () => {
    await chooseMore(official.page, 'Put on hold');
    await citizen.page.getByText('Claire Weber has put the call on hold').waitFor();
    await interpreter.page.getByText('Claire Weber has put the call on hold').waitFor();
    await chooseMore(official.page, 'Go on with the call');
    await citizen.page.getByText('Claire Weber has put the call on hold').waitFor({ state: 'detached' });
    await Promise.all(everybody().map(hearsAndSees));
  });

  test('an interpreter whose page is loaded anew finds again what he wrote, and the others see it once', async () => {
    const { page } = interpreter;
    await page.reload();
    await press(page, 'Join with microphone only');
    await Promise.all(everybody().map(hearsAndSees));
    await press(page, 'Show live text');
    await page.getByRole('log', { name: 'Live text' }).getByText('Good morning', { exact: true }).waitFor();
    const kept = await page.evaluate(() => JSON.stringify(Object.entries(sessionStorage)));
    expect(kept).not.toContain('Good morning');
    await page.getByLabel('Write here').fill('I am back');
    await page.getByLabel('Write here').press('Enter');
    const lane = official.page.getByRole('log', { name: 'Live text' });
    await lane.getByText('I am back').waitFor();
    expect(await lane.getByText('Good morning', { exact: true }).count()).toBe(1);
  });

  test('another camera and microphone are chosen in the middle of it, and the others go on seeing and hearing', async () => {
    const { page } = citizen;
    await chooseMore(page, 'Camera, microphone, speaker');
    const dialog = page.getByRole('dialog', { name: 'Camera, microphone, speaker' });
    const cameras = await dialog.getByLabel('Camera', { exact: true }).locator('option').allInnerTexts();
    expect(cameras).toHaveLength(3);
    const other = cameras.at(-1) ?? '';
    expect(await ownCamera(citizen)).not.toBe(other);
    await dialog.getByLabel('Camera', { exact: true }).selectOption(other);
    await dialog.getByLabel('Microphone', { exact: true }).selectOption('Fake Audio Input 2');
    expect(await accessibilityViolations(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Done' }).click();
    await expect.poll(async () => await ownCamera(citizen), patiently).toBe(other);
    await page.getByRole('button', { name: 'Mute microphone' }).waitFor();
    await Promise.all(everybody().map(hearsAndSees));
  });

  test('a screen that is shown is seen large by both others, and is gone for them when it is put away, twice', async () => {
    const before = await Promise.all([citizen, interpreter].map(receivedTracks));
    for (let time = 0; time < 2; time += 1) {
      await chooseMore(official.page, 'Share the screen');
      for (const { page } of [citizen, interpreter]) {
        const screen = page.locator('.tiles-large figure').filter({ hasText: 'Screen – Claire Weber' });
        await plays(screen.locator('video'));
        await expect
          .poll(async () => await screen.locator('video').evaluate((video: HTMLVideoElement) => video.videoWidth), patiently)
          .toBe(1280);
      }
      await chooseMore(official.page, 'Stop sharing the screen');
      for (const { page } of [citizen, interpreter]) await page.getByText('Screen – Claire Weber').waitFor({ state: 'detached' });
      await expect.poll(async () => await Promise.all([citizen, interpreter].map(receivedTracks)), patiently).toEqual(before);
    }
    await Promise.all(everybody().map(hearsAndSees));
  });

  test('the picture goes into a small window of its own, and plays there', async () => {
    const { page } = citizen;
    await chooseMore(page, 'In a small window');
    await page.waitForFunction(() => document.pictureInPictureElement !== null);
    await plays(page.locator('.tiles-large video:picture-in-picture'));
    await page.evaluate(async () => await document.exitPictureInPicture());
  });

  test('the interpreter is taken out, is told so, and the two go on under new keys', async () => {
    const before = await digitsOf(citizen);
    await press(official.page, 'Show people');
    await official.page.getByRole('button', { name: 'Take out: Ana Ferreira' }).click();
    await official.page.getByRole('dialog').getByRole('button', { name: 'Take out' }).click();
    await interpreter.page.getByRole('heading', { level: 1, name: 'You were taken out of the call' }).waitFor();
    await Promise.all([citizen, official].map(hearsAndSees));
    await expect.poll(async () => await digitsOf(citizen), patiently).not.toBe(before);
  });

  test('a citizen who finds the numbers different sends nothing more, also after a reload, until both have compared anew', async () => {
    const { page } = citizen;
    await press(page, 'Compare');
    await press(page, 'They are different');
    await page.getByText('Your numbers are different. Somebody may sit between you.').waitFor();
    await page.locator('.call-security').getByText('Not secured').waitFor();
    await expect.poll(async () => await citizen.announcements(), patiently).toContain('This call is not secured');
    const silent = async (): Promise<void> => {
      await page.getByRole('button', { name: 'Unmute microphone' }).waitFor();
      await page.getByRole('button', { name: 'Turn camera on' }).waitFor();
      for (const state of ['Camera off', 'Microphone off']) await official.page.locator('.tiles-large').getByText(state).waitFor();
    };
    await silent();
    expect(await accessibilityViolations(page)).toEqual([]);
    await page.reload();
    await page.locator('.call-security').getByText('Not secured').waitFor();
    await silent();
    // What was written and agreed to before is his page's again, too.
    await press(page, 'Show live text');
    await page.getByRole('log', { name: 'Live text' }).getByText('Good morning to you both').waitFor();
    await page.getByText('Both agree: the text will be kept.').waitFor();

    await press(page, 'Compare');
    await press(page, 'They are the same');
    await page.locator('.call-security').getByText(`${encrypted}, and compared by you`).waitFor();
    await press(page, 'Unmute microphone');
    await press(page, 'Turn camera on');
    await Promise.all([citizen, official].map(hearsAndSees));
  });

  test('after hanging up the official writes what was agreed, and the citizen reads it where the call was', async () => {
    await press(official.page, 'Hang up');
    await official.page.getByRole('radio', { name: 'The person sends something' }).check();
    await official.page.getByLabel('What was agreed').fill('Please send us the form by Friday.');
    expect(await accessibilityViolations(official.page)).toEqual([]);
    await press(official.page, 'Write it into the conversation');
    const { page } = citizen;
    await page.getByRole('heading', { level: 1, name: 'The call is over' }).waitFor();
    await page.getByRole('region', { name: 'What was agreed' }).getByText('Please send us the form by Friday.').waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    await page.getByRole('radio', { name: 'Good', exact: true }).check();
    await press(page, 'Send');
    await page.getByText('Thank you.').waitFor();
    await page.getByRole('link', { name: 'Go to the conversation' }).click();
    await log(page).getByText('Agreed in the call').waitFor();
    await log(page).getByText('Live text of the call').click();
    await log(page).getByText('Good morning', { exact: true }).waitFor();
    await log(page).getByText('Good morning to you both').waitFor();
  });

  test('nobody’s page complained, and nothing left this installation', () => {
    for (const { complaints, foreignRequests } of everybody()) {
      expect(complaints).toEqual([]);
      expect(foreignRequests).toEqual([]);
    }
  });
});
