import { obtainWorker } from '../sfu/worker/obtain-worker.ts';
import { cacheDirectory } from './directories.ts';
import { ensureSystemPackages, type SystemNeed, workerBuild } from './system-packages.ts';

/**
 * The path of a mediasoup-worker for this machine. The compiler is installed only when one has to be built, and then together
 * with what else is needed, so that nobody is asked twice.
 */
export async function prepareMediaWorker(otherNeeds: readonly SystemNeed[] = []): Promise<string> {
  return await obtainWorker({
    workerBin: process.env['MEDIASOUP_WORKER_BIN'] || undefined,
    cacheDirectory: cacheDirectory(process.env),
    prepareBuild: async () => await ensureSystemPackages([workerBuild, ...otherNeeds]),
    log: (message) => console.log(message),
  });
}
