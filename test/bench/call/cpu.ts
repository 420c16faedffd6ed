import { readdir, readFile } from 'node:fs/promises';

/** Milliseconds all threads of a process have run so far, to the nanosecond: the ticks of /proc/PID/stat are too coarse here. */
export async function cpuMs(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`);
  const ran = await Promise.all(threads.map(async (thread) => await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')));
  return ran.reduce((sum, line) => sum + Number(line.split(' ')[0]) / 1e6, 0);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** The smallest value that this share of all values does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
