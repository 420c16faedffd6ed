import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { buildClient } from './client-build.ts';
import { packageProgram, root, runCommand } from './command.ts';
import { prepareMediaWorker } from './media-worker.ts';
import { showProgress } from './progress.ts';
import { chromium, ensureSystemPackages, openssl, redisServer } from './system-packages.ts';

/** `npm test [-- filter]`: with a filter only the tests whose file matches; without, types, lint and format too. */

interface Count {
  readonly passed: number;
  readonly failed: number;
}

const report = z.object({
  success: z.boolean(),
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) })),
});

try {
  const filter = process.argv.slice(2);
  const needs = [chromium, redisServer, openssl];
  const env = { ...process.env, MEDIASOUP_WORKER_BIN: await prepareMediaWorker(needs) };
  await ensureSystemPackages(needs);
  await buildClient();
  const counts = filter.length === 0 ? await runChecks() : [];
  counts.push(await runTests(filter, env));
  const passed = counts.reduce((sum, count) => sum + count.passed, 0);
  const failed = counts.reduce((sum, count) => sum + count.failed, 0);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}

async function runChecks(): Promise<Count[]> {
  const projects = ['server', 'client', 'sfu', 'test'];
  const counts: Count[] = [];
  for (const project of projects) counts.push(await check(`types of ${project}`, 'typescript/bin/tsc', ['-p', project]));
  counts.push(await check('lint', 'oxlint/bin/oxlint', ['--type-aware']));
  counts.push(await check('format', 'oxfmt/bin/oxfmt', ['--check']));
  return counts;
}

async function check(name: string, program: string, parameters: string[]): Promise<Count> {
  // oxlint finds its type-aware half on the PATH.
  const env = { ...process.env, PATH: `${packageProgram('.bin')}:${process.env['PATH'] ?? ''}` };
  const { ok, output } = await showProgress(
    `checking ${name}`,
    runCommand(process.execPath, [packageProgram(program), ...parameters], env),
  );
  if (!ok) console.log(output);
  return ok ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function runTests(filter: readonly string[], env: NodeJS.ProcessEnv): Promise<Count> {
  const directory = await mkdtemp(join(tmpdir(), 'schalter-report-'));
  try {
    const file = join(directory, 'report.json');
    const vitest = [
      'run',
      '--config',
      'test/vitest.config.ts',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
      ...filter,
    ];
    const child = spawn(process.execPath, [packageProgram('vitest/vitest.mjs'), ...vitest], { cwd: root, env, stdio: 'inherit' });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
    await once(child, 'close');
    return await readReport(file);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** A file that could not even be loaded counts as one failure, and so does a run without a report. */
async function readReport(file: string): Promise<Count> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return { passed: 0, failed: 1 };
  const { success, numPassedTests, numFailedTests, testResults } = report.parse(JSON.parse(text));
  const unloadedCount = testResults.filter(
    (result) => result.status === 'failed' && result.assertionResults.every(({ status }) => status !== 'failed'),
  ).length;
  const failed = numFailedTests + unloadedCount;
  return { passed: numPassedTests, failed: success ? failed : Math.max(failed, 1) };
}
