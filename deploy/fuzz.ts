import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { buildFuzzer } from '../sfu/worker/build-fuzzer.ts';
import { lastLines, runCommand } from './command.ts';
import { cacheDirectory } from './directories.ts';
import { showProgress } from './progress.ts';
import { ensureSystemPackages, fuzzerBuild, workerBuild } from './system-packages.ts';

/**
 * `npm run fuzz:worker [-- seconds]`: the fuzz targets in mediasoup's own source, each kind for so long (reliability.md M14). What was
 * found interesting is kept for the next time; what crashes is kept beside it.
 */

/** As mediasoup's fuzzer.cpp reads them from the environment. */
const kinds = ['STUN', 'DTLS', 'SCTP', 'RTP', 'RTCP', 'CODECS', 'UTILS'] as const;
/** As long as a datagram. */
const maxBytes = 1_400;

try {
  const seconds = z.coerce.number().int().min(1).default(60).parse(process.argv[2]);
  await ensureSystemPackages([workerBuild, fuzzerBuild]);
  const cache = cacheDirectory(process.env);
  const fuzzer = await buildFuzzer({ compiler: 'clang++-16', cacheDirectory: cache, log: (message) => console.log(message) });
  let crashes = 0;
  for (const kind of kinds) {
    const corpus = join(cache, 'mediasoup-corpus', kind);
    await mkdir(corpus, { recursive: true });
    const limits = [`-max_total_time=${seconds}`, `-max_len=${maxBytes}`, '-print_final_stats=1', `-artifact_prefix=${corpus}-`];
    const env = { ...process.env, [`MS_FUZZ_${kind}`]: '1' };
    const { ok, output } = await showProgress(`fuzzing ${kind}`, runCommand(fuzzer, [...limits, corpus], env));
    const [, runs = '?'] = /number_of_executed_units: (\d+)/.exec(output) ?? [];
    const [, edges = '?'] = [...output.matchAll(/ cov: (\d+)/g)].at(-1) ?? [];
    console.log(`${kind}: ${runs} runs, ${edges} edges, ${ok ? 'no crash' : `CRASHED\n${lastLines(output, 12)}`}`);
    if (!ok) crashes += 1;
  }
  process.exitCode = crashes === 0 ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
