import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { faults } from './faults.ts';
import { withFault } from './plant.ts';
import { numbersIn, otherTests, rows } from './table.ts';

/** The source with each call of `attack` on one line, however it is laid out. */
function read(path: string): string {
  return readFileSync(join(root, path), 'utf8').replaceAll(/\battack\(\s*(\d+),\s*/g, 'attack($1, ');
}

const root = fileURLToPath(new URL('../..', import.meta.url));

test.each(faults)('the fault "$id" still has its place, and a test that is to find it', (fault) => {
  expect(withFault(fault)).not.toBe(withFault({ ...fault, replace: fault.search }));
  const source = read(fault.test.file);
  const name = /^attack (\d+): ?(.*)$/.exec(fault.test.name);
  if (name) expect(source).toContain(`attack(${name[1]}, '${name[2]}`);
  else expect(source).toContain(fault.test.name);
});

test('faults have names of their own', () => {
  expect(new Set(faults.map(({ id }) => id)).size).toBe(faults.length);
});

test('every attack of the table has a test, or says what it waits for', () => {
  const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.test.ts'));
  const named = files.flatMap((path) => {
    const source = read(join('test', path));
    return [...source.matchAll(/['"`](attacks? \d[^'"`]*)|\battack\((\d+),/g)].flatMap(([, name = '', number]) =>
      number === undefined ? numbersIn(name) : [Number(number)],
    );
  });
  const tried = new Set([...named, ...otherTests.map(([number]) => number)]);
  expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  for (const { number, waitsFor } of rows) expect(tried.has(number), `attack ${number}`).toBe(waitsFor === undefined);
  for (const [, file, part] of otherTests) expect(read(file), file).toContain(part);
});
