import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, preview } from 'vite';
import { launchBrowser } from '../../support/browser.ts';
import { type Figure, measure } from './suite.ts';

/** The cost of the cryptography, in Node and in Chromium: `node test/bench/crypto/main.ts`. */
const node = await measure();
console.log(table('Node', node));
console.log(table('Chromium', await measureInChromium()));

async function measureInChromium(): Promise<readonly Figure[]> {
  const root = fileURLToPath(new URL('.', import.meta.url));
  const outDir = await mkdtemp(join(tmpdir(), 'schalter-bench-'));
  const shared = { configFile: false, logLevel: 'error', root, build: { outDir, emptyOutDir: true, target: 'es2024' } } as const;
  await build({ ...shared, build: { ...shared.build, rolldownOptions: { input: join(root, 'page.html') } } });
  const site = await preview({ ...shared, preview: { host: '127.0.0.1', port: 0 } });
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(`${site.resolvedUrls?.local[0] ?? ''}page.html`);
    await page.waitForFunction(() => globalThis.measure !== undefined);
    return await page.evaluate(async () => (await globalThis.measure?.()) ?? []);
  } finally {
    await browser.close();
    await site.close();
    await rm(outDir, { recursive: true });
  }
}

function table(where: string, figures: readonly Figure[]): string {
  const rows = figures.map(({ name, unit, value, raw, goal }) => {
    const ratio = raw === null ? '' : `${(unit === 'ms' ? value / raw : raw / value).toFixed(2)} x libsodium alone (${shown(raw)})`;
    const verdict = goal === null ? '' : `goal ≤ ${goal} ms: ${value <= goal ? 'met' : 'MISSED'}`;
    return `${name.padEnd(34)} ${`${shown(value)} ${unit}`.padStart(18)}   ${ratio.padEnd(36)} ${verdict}`.trimEnd();
  });
  return [`\n${where}`, ...rows].join('\n');
}

function shown(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toFixed(1);
}
