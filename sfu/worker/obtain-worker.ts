import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { buildWorker } from './build-worker.ts';

/** Without MEDIASOUP_VERSION in its environment the worker ends at once with this code (worker/src/main.cpp). */
const noVersionExitCode = 41;
/** One download, from a machine that may have no way out: then a build is quicker than patience. */
const downloadTimeoutMs = 30_000;
const packageJson = z.object({ version: z.string() });

export interface WorkerNeeds {
  /** A binary that the operator chose (MEDIASOUP_WORKER_BIN); it is used as it is. */
  readonly workerBin: string | undefined;
  /** Where binaries are kept between checkouts; made when it is not there. */
  readonly cacheDirectory: string;
  /** Called before a build, to bring the compiler and libraries; throws with one sentence when it cannot. */
  readonly prepareBuild: () => Promise<void>;
  readonly log: (message: string) => void;
}

/**
 * Finds or makes a mediasoup-worker that runs on this machine: the operator's, the cached one, a build from the source in the npm
 * package with its mistakes mended (mended-sources.ts), or, where nothing can be built, mediasoup's own download.
 * @returns the path of the binary.
 * @throws Error with one plain sentence.
 */
export async function obtainWorker({ workerBin, cacheDirectory, prepareBuild, log }: WorkerNeeds): Promise<string> {
  if (workerBin !== undefined) {
    if (!(await starts(workerBin)))
      throw new Error(`MEDIASOUP_WORKER_BIN names ${workerBin}, which is not a mediasoup-worker that runs on this machine.`);
    return workerBin;
  }
  const source = mediasoupDirectory();
  const cached = join(cacheDirectory, await cacheName(source));
  if (await starts(cached)) return cached;
  await mkdir(cacheDirectory, { recursive: true });
  const fresh = `${cached}.${process.pid}`;
  try {
    try {
      await prepareBuild();
      await buildWorker({ source: join(source, 'worker'), output: fresh, log });
      if (!(await starts(fresh)))
        throw new Error('The media worker was built and does not start. Set MEDIASOUP_WORKER_BIN to one that does.');
    } catch (error) {
      if (!(await download(source, fresh, log))) throw error;
      log('the ready-made media worker lacks what is mended in ours: on a lossy line a picture may stand still for seconds');
    }
    await rename(fresh, cached);
  } finally {
    await rm(fresh, { force: true });
  }
  return cached;
}

function mediasoupDirectory(): string {
  // Its package.json is not among the exports; its main file is node/lib/index.js.
  return join(dirname(createRequire(import.meta.url).resolve('mediasoup')), '../..');
}

/** Another version, another recipe or another kind of processor is another binary. */
async function cacheName(source: string): Promise<string> {
  const { version } = packageJson.parse(JSON.parse(await readFile(join(source, 'package.json'), 'utf8')));
  const hash = createHash('sha256').update(process.arch);
  const recipe = dirname(fileURLToPath(import.meta.url));
  const headers = (await readdir(join(recipe, 'compat'), { recursive: true })).filter((name) => name.endsWith('.h')).sort();
  for (const file of ['build-worker.ts', 'mended-sources.ts', ...headers.map((name) => join('compat', name))])
    hash.update(await readFile(join(recipe, file)));
  return `mediasoup-worker-${version}-${hash.digest('hex').slice(0, 12)}`;
}

async function starts(binary: string): Promise<boolean> {
  const exitCode = await new Promise<unknown>((resolve) => {
    execFile(binary, [], { env: {}, timeout: 10_000 }, (error) => resolve(error?.code));
  });
  return exitCode === noVersionExitCode;
}

/** Runs mediasoup's install step for its download only: what it would do afterwards needs a Python and the network. */
async function download(source: string, output: string, log: (message: string) => void): Promise<boolean> {
  const downloaded = join(source, 'worker/out/Release/mediasoup-worker');
  if (!(await starts(downloaded))) {
    log('looking for a ready-made media worker');
    await new Promise<void>((resolve) => {
      const env = { PATH: dirname(process.execPath), PYTHON: 'false' };
      execFile(
        process.execPath,
        ['npm-scripts.mjs', 'postinstall'],
        { cwd: source, env, timeout: downloadTimeoutMs, killSignal: 'SIGKILL' },
        () => resolve(),
      );
    });
  }
  if (!(await starts(downloaded))) return false;
  await copyFile(downloaded, output);
  return true;
}
