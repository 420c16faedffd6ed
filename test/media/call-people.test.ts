import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hearsAndSees, isEncrypted, joinCall, launchCallBrowser, openCallPage, openCallScene } from '../support/call-scene.ts';

let browser: Browser;
beforeAll(async () => void (browser = await launchCallBrowser()));
afterAll(async () => await browser.close());

const trustOf = async (page: Page): Promise<readonly string[]> =>
  await page.evaluate(() => window.callPage.people().map(({ displayName, trust, tracks }) => `${displayName} ${trust} ${tracks.length}`));

const codeOf = async (page: Page) => await page.evaluate(() => window.callPage.security()?.code?.digits);

test('three people: each opens what the others seal, one comes late and one leaves, and all compare the same number each time', async () => {
  await using scene = await openCallScene(browser, ['citizen', 'official', 'interpreter']);
  const [citizen, official, interpreter] = [scene.page('citizen'), scene.page('official'), scene.page('interpreter')];
  await joinCall(citizen);
  await joinCall(official);
  await Promise.all([citizen, official].map(isEncrypted));
  const before = await codeOf(citizen);

  const cameAt = performance.now();
  await joinCall(interpreter);
  await Promise.all([citizen, official, interpreter].map(isEncrypted));
  await Promise.all([citizen, official, interpreter].map(hearsAndSees));
  console.log(`third person: all encrypted and ten frames after ${Math.round(performance.now() - cameAt)} ms`);
  expect(await trustOf(interpreter)).toEqual(['citizen encrypted 2', 'official encrypted 2']);
  expect(await trustOf(citizen)).toEqual(['official encrypted 2', 'interpreter encrypted 2']);
  const codes = await Promise.all([citizen, official, interpreter].map(codeOf));
  expect(new Set(codes).size).toBe(1);
  expect(codes[0]).not.toBe(before);

  const losses: string[] = [];
  scene.bridge.sfu.on('transport-state', ({ state }) => state !== 'connected' && losses.push(state));
  const leftAt = performance.now();
  await interpreter.evaluate(() => window.callPage.leave());
  await citizen.waitForFunction(() => window.callPage.people().every(({ displayName, isHere }) => isHere || displayName === 'interpreter'));
  await citizen.waitForFunction(() => window.callPage.people().some(({ isHere }) => !isHere));
  // By his page's goodbye, and not because nothing came of it for long.
  expect(losses).toEqual([]);
  await Promise.all([citizen, official].map(isEncrypted));
  console.log(`third person's page closed: the others under new keys after ${Math.round(performance.now() - leftAt)} ms`);
  await Promise.all([citizen, official].map(hearsAndSees));
  expect(await trustOf(citizen)).toEqual(['official encrypted 2', 'interpreter agreeing 0']);
});

test('somebody whom the server adds and nobody knows gets no key, sees nothing, and is told to the others', async () => {
  await using scene = await openCallScene(browser, ['citizen', 'official', 'ghost']);
  const [citizen, official, ghost] = [scene.page('citizen'), scene.page('official'), scene.page('ghost')];
  await Promise.all([citizen, official, ghost].map(async (page) => await joinCall(page)));
  // Left out by the others, his page goes and comes again: what is read in two steps may be of two moments.
  for (const page of [citizen, official])
    await page.waitForFunction(() => {
      const { state, alarms = [] } = window.callPage.security() ?? {};
      return state === 'alarm' && alarms.length === 1 && alarms[0]?.reason === 'unknown-member';
    });
  await Promise.all([citizen, official].map(hearsAndSees));
  await citizen.waitForFunction(() =>
    window.callPage.people().some(({ displayName, trust }) => displayName === 'ghost' && trust === 'alarm'),
  );
  const heard = await ghost.evaluate(async () => await window.callPage.received());
  expect(heard.framesDecoded).toBe(0);
  expect(heard.audioEnergy).toBe(0);
});

test('a screen is shown beside the camera, as one layer, and a captioner sends neither sound nor picture', async () => {
  await using scene = await openCallScene(browser, ['citizen', 'official', 'captioner']);
  const [citizen, official, captioner] = [scene.page('citizen'), scene.page('official'), scene.page('captioner')];
  await joinCall(citizen);
  await joinCall(official, ['microphone', 'camera', 'screen']);
  await joinCall(captioner, ['microphone', 'camera']);
  await citizen.waitForFunction(() => window.callPage.remoteSources().join() === 'camera,microphone,screen');
  await Promise.all([citizen, official, captioner].map(isEncrypted));
  await citizen.waitForFunction(() =>
    window.callPage.people().some(({ tracks }) => tracks.length === 3 && tracks.every(({ isDecrypting }) => isDecrypting)),
  );
  expect(await captioner.evaluate(() => window.callPage.own()?.isSending)).toEqual({ microphone: false, camera: false, screen: false });
  await hearsAndSees(captioner);
});

test('a call on hold sends nothing, its text goes on, and what was muted is muted afterwards', async () => {
  await using scene = await openCallScene(browser, ['citizen', 'official']);
  const [citizen, official] = [scene.page('citizen'), scene.page('official')];
  await Promise.all([joinCall(citizen), joinCall(official)]);
  // Before the others, and the sfu, can know of the camera.
  await citizen.evaluate(() => window.callPage.call().setPaused('camera', true));
  await Promise.all([citizen, official].map(isEncrypted));
  await official.waitForFunction(() => window.callPage.pausedSources().join() === 'camera');
  scene.bridge.hold(true);
  await official.waitForFunction(() => window.callPage.pausedSources().toSorted().join() === 'camera,microphone');
  await citizen.waitForFunction(() => window.callPage.own()?.isSending.microphone === false);
  await official.evaluate(() => window.callPage.call().text.setLine('one moment'));
  await citizen.waitForFunction(() => window.callPage.lines().join() === 'official: one moment');
  scene.bridge.hold(false);
  await official.waitForFunction(() => window.callPage.pausedSources().join() === 'camera');
  await citizen.waitForFunction(() => window.callPage.own()?.isSending.microphone === true);
});

test('text is seen while it is written and beside the voice, and is there again for who loads his page anew', async () => {
  await using scene = await openCallScene(browser, ['citizen', 'official']);
  const [citizen, official] = [scene.page('citizen'), scene.page('official')];
  await Promise.all([joinCall(citizen, ['microphone']), joinCall(official, ['microphone'])]);
  await Promise.all([citizen, official].map(async (page) => await page.waitForFunction(() => window.callPage.call().text.isOpen.value)));
  await citizen.evaluate(() => window.callPage.call().text.setLine('Moien'));
  await official.waitForFunction(() => window.callPage.lines().join() === 'citizen: Moien');
  await citizen.evaluate(() => window.callPage.call().text.setLine('Mo'));
  await official.waitForFunction(() => window.callPage.lines().join() === 'citizen: Mo');
  await official.evaluate(() => window.callPage.call().setSigning(true));
  await citizen.waitForFunction(() => window.callPage.people()[0]?.isSigning === true);
  await official.evaluate(() => window.callPage.call().text.setLine('Gudde Moien'));
  await official.evaluate(() => window.callPage.call().text.endLine());

  await citizen.close();
  const again = await openCallPage(browser, scene.bridge, 'citizen');
  await joinCall(again, ['microphone']);
  await again.waitForFunction(() => window.callPage.lines().join() === 'official: Gudde Moien');
  await again.waitForFunction(() => window.callPage.people()[0]?.isSigning === true);
  await again.evaluate(() => window.callPage.call().text.setLine('Ech sinn erëm do'));
  await official.waitForFunction(() => window.callPage.lines().join() === 'citizen: Mo,official: Gudde Moien,citizen: Ech sinn erëm do');
});
