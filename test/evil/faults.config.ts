import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { catalogues } from '../../client/build/catalogues.ts';
import { icons } from '../../client/build/icons.ts';
import { faults } from './faults.ts';
import { plant } from './plant.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The attacks once more, each against a product in which its defence is missing. All of these tests must fail. */
export default defineConfig({
  root,
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    maxWorkers: 2,
    // EVIL_FAULTS: only those whose name contains it.
    projects: faults
      .filter(({ id }) => id.includes(process.env['EVIL_FAULTS'] ?? ''))
      .map((fault) => ({
        root,
        plugins: [catalogues(), icons(), plant(fault)],
        test: {
          name: fault.id,
          include: [fault.test.file],
          provide: { attack: fault.test.name },
          testTimeout: 15_000,
          hookTimeout: 60_000,
        },
      })),
  },
});
