import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { obtainWorker } from '../../sfu/worker/obtain-worker.ts';

let directory: string;
const said: string[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'schalter-worker-test-'));
  said.length = 0;
});

afterEach(async () => await rm(directory, { recursive: true }));

async function writeProgram(name: string, script: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

async function refuse(): Promise<void> {
  throw new Error('nothing is built here');
}

async function obtain(workerBin: string): Promise<string> {
  return await obtainWorker({
    workerBin,
    cacheDirectory: join(directory, 'cache'),
    prepareBuild: refuse,
    log: (message) => said.push(message),
  });
}

test('the binary the operator chose is used as it is', async () => {
  // What the worker answers when it is started without a version.
  const chosen = await writeProgram('worker', 'exit 41');
  expect(await obtain(chosen)).toBe(chosen);
  expect(said).toEqual([]);
});

test('a chosen binary that is no worker is refused by name, and nothing else is tried in its place', async () => {
  const chosen = await writeProgram('worker', 'exit 0');
  await expect(obtain(chosen)).rejects.toThrow(`MEDIASOUP_WORKER_BIN names ${chosen}, which is not a mediasoup-worker`);
  await expect(obtain(join(directory, 'absent'))).rejects.toThrow('MEDIASOUP_WORKER_BIN');
  expect(await readdir(directory)).toEqual(['worker']);
});
