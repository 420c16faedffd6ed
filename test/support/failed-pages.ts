import { afterEach } from 'vitest';
import { openContexts } from './browser.ts';

/** Of a test that failed, what every open page showed: a time-out alone says only what was not there. */
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const page of Array.from(openContexts).flatMap((context) => context.pages())) {
    const text = await page
      .locator('body')
      .innerText({ timeout: 2000 })
      .catch((error: unknown) => String(error));
    console.error(`${task.name}: ${page.url()} showed\n${text.slice(0, 2000)}\n`);
  }
});
