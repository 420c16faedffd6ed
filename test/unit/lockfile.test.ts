import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';

const lockfile = z.object({
  packages: z.record(z.string(), z.object({ optionalDependencies: z.record(z.string(), z.string()).optional() })),
});
const { packages } = lockfile.parse(JSON.parse(await readFile(new URL('../../package-lock.json', import.meta.url), 'utf8')));

// npm leaves out what its registry did not have for other systems, and then refuses its own lockfile: "Missing: … from lock file".
test('the lockfile names every optional dependency, those for other systems too, so that npm ci accepts it everywhere', () => {
  const wanted = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).map((name) => ({ name, below: `${path}/node_modules/${name}`, above: `node_modules/${name}` })),
  );
  expect(wanted.length).toBeGreaterThan(0);
  expect(wanted.filter(({ below, above }) => !(below in packages) && !(above in packages)).map(({ name }) => name)).toEqual([]);
});
