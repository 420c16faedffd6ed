import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { lastLines, runCommand } from './command.ts';
import { showProgress } from './progress.ts';

/** Something the operating system has to bring. */
export interface SystemNeed {
  /** For a sentence: "the browser chromium". */
  readonly what: string;
  /** Debian's names. */
  readonly packages: readonly string[];
  readonly isPresent: () => Promise<boolean>;
}

export const chromium: SystemNeed = {
  what: 'the browser chromium',
  packages: ['chromium'],
  isPresent: async () => await hasPrograms(['chromium']),
};

export const redisServer: SystemNeed = {
  what: 'redis-server',
  packages: ['redis-server'],
  isPresent: async () => await hasPrograms(['redis-server']),
};

export const openssl: SystemNeed = {
  what: 'the program openssl',
  packages: ['openssl'],
  isPresent: async () => await hasPrograms(['openssl']),
};

export const workerBuild: SystemNeed = {
  what: 'the compiler and libraries of the media worker',
  packages: ['g++', 'pkg-config', 'libuv1-dev', 'libssl-dev', 'libsrtp2-dev', 'libflatbuffers-dev', 'flatbuffers-compiler', 'libabsl-dev'],
  isPresent: async () => {
    if (!(await hasPrograms(['g++', 'pkg-config', 'flatc']))) return false;
    return (await runCommand('pkg-config', ['--exists', 'libuv', 'openssl', 'libsrtp2', 'flatbuffers', 'absl_strings', 'absl_optional']))
      .ok;
  },
};

/** libFuzzer and the sanitizers are clang's. */
export const fuzzerBuild: SystemNeed = {
  what: 'the compiler clang',
  packages: ['clang-16', 'libclang-rt-16-dev'],
  isPresent: async () => await hasPrograms(['clang++-16']),
};

/**
 * Sees to it that everything needed is there: installs it where it may, and where not
 * @throws Error with the command that somebody else has to run.
 */
export async function ensureSystemPackages(needs: readonly SystemNeed[]): Promise<void> {
  const missing = await findMissing(needs);
  if (missing.length === 0) return;
  const what = missing.map((need) => need.what).join(' and ');
  const packages = missing.flatMap((need) => need.packages);
  const isRoot = process.getuid?.() === 0;
  const apt = isRoot ? 'apt-get' : 'sudo apt-get';
  const command = `${apt} update && ${apt} install --no-install-recommends ${packages.join(' ')}`;
  if (!isRoot || !(await hasPrograms(['apt-get']))) throw new Error(`This machine lacks ${what}. Install with: ${command}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const updated = await showProgress('reading the list of system packages', runCommand('apt-get', ['update'], env));
  const installed = await showProgress(
    `installing ${what}`,
    runCommand('apt-get', ['install', '--yes', '--no-install-recommends', ...packages], env),
  );
  if (!installed.ok || (await findMissing(missing)).length > 0) {
    // An update that reached nobody counts as successful; what follows then is only misled by it.
    const complaint = /^[EW]: (Failed to fetch .*)|^E: (.*)/m.exec(`${updated.output}\n${installed.output}`);
    throw new Error(`Could not install ${what}: ${complaint?.[1] ?? complaint?.[2] ?? lastLines(installed.output, 1)}\nTry: ${command}`);
  }
}

async function findMissing(needs: readonly SystemNeed[]): Promise<SystemNeed[]> {
  const missing = await Promise.all(needs.map(async (need) => ((await need.isPresent()) ? [] : [need])));
  return missing.flat();
}

async function hasPrograms(names: readonly string[]): Promise<boolean> {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  const found = await Promise.all(names.map(async (name) => await isInAny(directories, name)));
  return found.every(Boolean);
}

async function isInAny(directories: readonly string[], name: string): Promise<boolean> {
  const checks = directories.map(async (directory) => await access(join(directory, name), constants.X_OK));
  return await Promise.any(checks).then(
    () => true,
    () => false,
  );
}
