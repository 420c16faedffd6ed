import { obtainWorker } from '../sfu/worker/obtain-worker.ts';
import { cacheDirectory } from './directories.ts';
import { ensureSystemPackages, workerBuild } from './system-packages.ts';

/** The path of a mediasoup-worker for this machine; the compiler is installed only when one has to be built. */
export async function prepareMediaWorker(): Promise<string> {
  return await obtainWorker({
    workerBin: process.env['MEDIASOUP_WORKER_BIN'] || undefined,
    cacheDirectory: cacheDirectory(process.env),
    prepareBuild: async () => await ensureSystemPackages([workerBuild]),
    log: (message) => console.log(message),
  });
}
