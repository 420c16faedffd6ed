import { measureNodes, measureServer } from './installation.ts';
import { measureWorkers } from './workers.ts';

/** `npm run bench -- recovery [workers|server|nodes]`; without a word all. */
const parts: Readonly<Record<string, () => Promise<void>>> = {
  workers: async () => await measureWorkers({ kills: 5, freezes: 3 }),
  server: measureServer,
  nodes: measureNodes,
};
const [, wanted] = process.argv.slice(2);
for (const [name, measure] of Object.entries(parts)) if (wanted === undefined || wanted === name) await measure();
