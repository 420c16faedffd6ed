import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { catalogues } from '../client/build/catalogues.ts';
import { icons } from '../client/build/icons.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** `vitest run --config test/vitest.config.ts [filter]`. One PostgreSQL for the whole run; scenarios last. */
export default defineConfig({
  root,
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    // Two test processes: more of them on a small machine only make time-outs.
    maxWorkers: 2,
    projects: [
      {
        root,
        // Client modules import texts and icons, which these two make.
        plugins: [catalogues(), icons()],
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/architecture.test.ts'],
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        root,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        root,
        // The real client, with its texts, in this process.
        plugins: [catalogues(), icons()],
        test: {
          name: 'evil',
          include: ['test/evil/**/*.test.ts'],
          // All attacks; with a fault planted (test/evil/controls.ts) only the one it is for.
          provide: { attack: '' },
          testTimeout: 30_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        root,
        test: {
          name: 'scenario',
          include: ['test/{scenario,browser,media}/**/*.test.ts'],
          // A scenario has browsers, a server and an sfu of its own, and mostly waits: two side by side.
          globalSetup: ['test/support/built-client.ts'],
          setupFiles: ['test/support/failed-pages.ts'],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
