import { readdir } from 'node:fs/promises';

/** `npm run bench -- NAME`: one folder beside this file is one bench. */
const [name] = process.argv.slice(2);
const entries = await readdir(new URL('.', import.meta.url), { withFileTypes: true });
const benches = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
if (name !== undefined && benches.includes(name)) {
  await import(new URL(`${name}/main.ts`, import.meta.url).href);
} else {
  console.error(`Usage: npm run bench -- ${benches.join('|')}`);
  process.exitCode = 1;
}
