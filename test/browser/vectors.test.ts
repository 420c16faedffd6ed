import { expect, test } from 'vitest';
import { cryptoReady } from '../../server/protocol/sodium.ts';
import { launchBrowser } from '../support/browser.ts';
import { openClientSite } from '../support/client-site.ts';
import { frozen } from '../vectors/frozen.ts';
import { published } from '../vectors/published.ts';
import { type Outcome, run } from '../vectors/suite.ts';

/** Under the policy the client lives with, from the same list as in Node. */
async function runInChromium(): Promise<readonly Outcome[]> {
  const site = await openClientSite({ fixture: new URL('vectors-fixture.ts', import.meta.url) });
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(`${site.origin}/fixture.html`);
    await page.waitForFunction(() => globalThis.runVectors !== undefined);
    return await page.evaluate(async () => (await globalThis.runVectors?.()) ?? []);
  } finally {
    await browser.close();
    await site.close();
  }
}

test('published and frozen vectors come out the same in Node and in Chromium', async () => {
  await cryptoReady;
  const [node, chromium] = [await run([...published, ...frozen]), await runInChromium()];
  const lines = node.map(({ name, passed, total }) => {
    const there = chromium.find((outcome) => outcome.name === name);
    return `vectors: ${name} ${passed}/${total} node, ${there?.passed ?? 0}/${there?.total ?? 0} chromium`;
  });
  console.log(lines.join('\n'));
  expect([...node, ...chromium].flatMap(({ name, failures }) => failures.map((failure) => `${name} ${failure}`))).toEqual([]);
  expect(chromium).toEqual(node);
  expect(node.reduce((sum, { passed }) => sum + passed, 0)).toBeGreaterThan(100);
});
