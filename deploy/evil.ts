import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { faults } from '../test/evil/faults.ts';
import { withFault } from '../test/evil/plant.ts';
import type { Reported } from '../test/evil/report.ts';
import { numbersIn, otherTests, type Row, rows } from '../test/evil/table.ts';
import { buildClient } from './client-build.ts';
import { lastLines, packageProgram, root } from './command.ts';
import { prepareMediaWorker } from './media-worker.ts';
import { showProgress } from './progress.ts';
import { chromium, ensureSystemPackages, redisServer } from './system-packages.ts';

/**
 * `npm run test:evil`: every attack of crypto.md §13 and what became of it. With `-- --controls` each defence is switched off, one at a
 * time, and its test must fail then; with `-- --controls "36 a day"` only those whose name contains it.
 */

const reported = z.array(
  z.object({
    project: z.string(),
    file: z.string(),
    name: z.string(),
    state: z.enum(['passed', 'failed', 'skipped', 'pending']),
    codes: z.array(z.string()),
    reads: z.array(z.string()),
    errors: z.array(z.string()),
  }),
);

try {
  const needs = [chromium, redisServer];
  const env = { ...process.env, MEDIASOUP_WORKER_BIN: await prepareMediaWorker(needs) };
  await ensureSystemPackages(needs);
  await buildClient();
  const [mode, wanted = ''] = process.argv.slice(2);
  const isSound = mode === '--controls' ? await runFaults(wanted, env) : await runAttacks(env);
  process.exitCode = isSound ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function runAttacks(env: NodeJS.ProcessEnv): Promise<boolean> {
  const files = new Set([...otherTests.map(([, file]) => file), ...(await filesAboutAttacks())]);
  const tests = await runTests(['--config', 'test/vitest.config.ts', ...files], env);
  const results = rows.map((row) => ({ row, ...judge(row, tests) }));
  for (const { row, result, codes, reads } of results) {
    console.log(`${String(row.number).padStart(2)} ${row.means}  ${result.padEnd(9)} ${row.attack} → ${row.must}`);
    if (codes.length > 0) console.log(`${' '.repeat(16)}refused as: ${codes.join(', ')}`);
    for (const text of reads) console.log(`${' '.repeat(16)}“${text}”`);
    const lacks = row.waitsFor ?? row.lacks;
    if (lacks) console.log(`${' '.repeat(16)}not yet: ${lacks}`);
  }
  const count = (wanted: string): number => results.filter(({ result }) => result === wanted).length;
  const broken = tests.filter(
    (test) => test.state === 'failed' && (test.file.startsWith('test/evil/') || rows.some((row) => isAbout(row, test))),
  );
  for (const { file, name, errors } of broken) console.log(`FAILED: ${file} ${name}\n  ${errors.join('\n  ')}`);
  console.log(`${count('withstood')} withstood, ${count('FAILED')} failed, ${count('no test')} without a test, ${count('later')} later`);
  return broken.length === 0 && count('no test') === 0;
}

function judge(row: Row, tests: readonly Reported[]): { result: string; codes: readonly string[]; reads: readonly string[] } {
  const own = tests.filter((test) => isAbout(row, test) && test.state !== 'skipped');
  const found = own.some(({ state }) => state !== 'passed') ? 'FAILED' : 'withstood';
  const none = row.waitsFor ? 'later' : 'no test';
  return {
    result: own.length > 0 ? found : none,
    codes: [...new Set(own.flatMap(({ codes }) => codes))],
    reads: [...new Set(own.flatMap(({ reads }) => reads))],
  };
}

function isAbout(row: Row, { file, name }: Reported): boolean {
  return (
    numbersIn(name).includes(row.number) ||
    otherTests.some(([number, path, part]) => number === row.number && path === file && name.includes(part))
  );
}

/** A test that passes without its defence finds nothing; a fault that has lost its place switches nothing off. */
async function runFaults(wanted: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const chosen = faults.filter(({ id }) => id.includes(wanted));
  for (const fault of chosen) withFault(fault);
  const tests = await runTests(['--config', 'test/evil/faults.config.ts'], { ...env, EVIL_FAULTS: wanted });
  let found = 0;
  for (const { id, test } of chosen) {
    const own = tests.filter(({ project, name }) => project === id && name.includes(test.name) && name !== '');
    const isFound = own.some(({ state }) => state === 'failed');
    if (isFound) found += 1;
    const why = own.length === 0 ? 'no such test' : (own.find(({ state }) => state === 'failed')?.errors[0]?.split('\n')[0] ?? '');
    console.log(`${isFound ? 'test failed (good) ' : 'STILL PASSED (bad)'}  ${id}: ${why}`);
  }
  console.log(`${found} of ${chosen.length} planted faults were found`);
  return found === chosen.length && found > 0;
}

/** Files of tests whose names say the number of an attack. */
async function filesAboutAttacks(): Promise<string[]> {
  const entries = await readdir(join(root, 'test'), { recursive: true });
  const files = entries.filter((path) => path.endsWith('.test.ts')).map((path) => join('test', path));
  const texts = await Promise.all(files.map(async (path) => await readFile(join(root, path), 'utf8')));
  return files.filter((path, index) => path.startsWith('test/evil/') || /['"`]attacks? \d/.test(texts[index] ?? ''));
}

async function runTests(parameters: readonly string[], env: NodeJS.ProcessEnv): Promise<readonly Reported[]> {
  const directory = await mkdtemp(join(tmpdir(), 'schalter-evil-'));
  try {
    const file = join(directory, 'report.json');
    const vitest = [packageProgram('vitest/vitest.mjs'), 'run', '--reporter=default', '--reporter=./test/evil/report.ts', ...parameters];
    const child = spawn(process.execPath, vitest, { cwd: root, env: { ...env, EVIL_REPORT: file }, stdio: ['ignore', 'ignore', 'pipe'] });
    let complaints = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
    await showProgress('running the attacks', once(child, 'close'));
    const report = await readFile(file, 'utf8').catch(() => undefined);
    if (report === undefined) throw new Error(lastLines(complaints, 12));
    return reported.parse(JSON.parse(report));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
