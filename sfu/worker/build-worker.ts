import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { mendSources } from './mended-sources.ts';

const run = promisify(execFile);
const libraries = ['libuv', 'libsrtp2', 'openssl', 'absl_strings', 'absl_optional'];
const compat = fileURLToPath(new URL('./compat', import.meta.url));
/** Files compiled as one share the parsing of their headers: 67 s against 302 s on two cores. */
const groupCount = 14;

/**
 * Compiles mediasoup-worker from the npm package's `worker` folder against the distribution's libraries; `compat/` bridges
 * the differences to the ones mediasoup bundles.
 * @throws Error with the first lines of what the compiler said.
 */
export async function buildWorker({
  source,
  output,
  log,
}: {
  source: string;
  output: string;
  log: (message: string) => void;
}): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'schalter-worker-'));
  try {
    const schemas = await listFiles(join(source, 'fbs'), '.fbs');
    const flavour = '--cpp --cpp-field-case-style lower --reflect-names --scoped-enums --filename-suffix'.split(' ');
    await program('flatc', [...flavour, '', '-o', join(directory, 'fbs/FBS'), ...schemas]);
    const sources = [
      ...(await listFiles(join(source, 'src'), '.cpp')),
      ...(await listFiles(join(source, 'deps/libwebrtc/libwebrtc'), '.cc')),
    ].sort();
    const mended = await mendSources(sources, directory);
    const flags = await compilerFlags(source, directory);
    const objects = await compile({ sources: mended, directory, flags, log });
    log('linking the media worker');
    await program('g++', ['-o', output, ...objects, ...(await pkgConfig('--libs')), '-lpthread']);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function compilerFlags(source: string, directory: string): Promise<string[]> {
  const includes = [
    compat,
    join(source, 'include'),
    join(directory, 'fbs'),
    join(source, 'deps/libwebrtc/libwebrtc'),
    join(source, 'deps/libwebrtc'),
  ];
  const defines = ['NDEBUG', 'MS_LITTLE_ENDIAN', 'MS_EXECUTABLE', 'FLATBUFFERS_LOCALE_INDEPENDENT=1'];
  return [
    '-std=c++20',
    '-O2',
    '-w',
    ...defines.map((name) => `-D${name}`),
    ...includes.map((path) => `-I${path}`),
    ...(await pkgConfig('--cflags')),
  ];
}

/** @returns the object files. */
async function compile(options: {
  sources: string[];
  directory: string;
  flags: string[];
  log: (message: string) => void;
}): Promise<string[]> {
  const { sources, directory, flags, log } = options;
  const objects: string[] = [];
  let compiledCount = 0;
  const compileGroup = async (group: readonly string[], name: string): Promise<void> => {
    const file = join(directory, `${name}.cpp`);
    await writeFile(file, group.map((path) => `#include "${path}"\n#undef MS_CLASS\n`).join(''));
    try {
      await program('g++', [...flags, '-c', file, '-o', `${file}.o`]);
    } catch (error) {
      if (group.length === 1) throw error;
      // Two files that define one name cannot be compiled as one: part them.
      for (const [index, half] of deal(group, 2).entries()) await compileGroup(half, `${name}-${index}`);
      return;
    }
    objects.push(`${file}.o`);
    compiledCount += group.length;
  };
  const startedAt = Date.now();
  const report = (): void =>
    log(`compiling the media worker: ${compiledCount} of ${sources.length} files, ${Math.round((Date.now() - startedAt) / 1000)} s`);
  report();
  const ticker = setInterval(report, 5_000);
  try {
    await inParallel(deal(sources, groupCount), async (group, index) => await compileGroup(group, `group-${index}`));
  } finally {
    clearInterval(ticker);
  }
  return objects;
}

/** Deals the files out in turn: neighbours in a folder define statics of the same name. */
function deal(sources: readonly string[], count: number): string[][] {
  return Array.from({ length: count }, (_, index) => sources.filter((_source, position) => position % count === index));
}

async function inParallel<Item>(items: readonly Item[], work: (item: Item, index: number) => Promise<void>): Promise<void> {
  const remaining = items.entries();
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      for (const [index, item] of remaining) await work(item, index);
    }),
  );
}

async function listFiles(directory: string, extension: string): Promise<string[]> {
  return (await readdir(directory, { recursive: true })).filter((name) => name.endsWith(extension)).map((name) => join(directory, name));
}

async function pkgConfig(what: '--cflags' | '--libs'): Promise<string[]> {
  return (await program('pkg-config', [what, ...libraries])).trim().split(/\s+/);
}

async function program(name: string, parameters: string[]): Promise<string> {
  try {
    return (await run(name, parameters, { maxBuffer: 16 * 1024 * 1024 })).stdout;
  } catch (error) {
    const reason =
      error instanceof Error && 'stderr' in error && typeof error.stderr === 'string' && error.stderr !== '' ? error.stderr : String(error);
    throw new Error(`The media worker could not be built; ${name} said:\n${reason.split('\n').slice(0, 8).join('\n')}`, { cause: error });
  }
}
