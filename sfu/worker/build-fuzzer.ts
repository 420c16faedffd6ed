import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

const run = promisify(execFile);
const libraries = ['libuv', 'libsrtp2', 'openssl', 'absl_strings', 'absl_optional'];
/** As mediasoup's own meson.build has them. */
const sanitizers = '-fsanitize=address,undefined,fuzzer';
const groupCount = 16;
const packageJson = z.object({ version: z.string() });

export interface FuzzerBuild {
  readonly compiler: string;
  /** Where it is kept: another version of mediasoup is another one. */
  readonly cacheDirectory: string;
  readonly log: (message: string) => void;
}

/**
 * The program with all fuzz targets of the worker's source in the npm package, under the address and undefined-behaviour sanitizers,
 * against the distribution's libraries, as the worker itself is built (build-worker.ts).
 * @returns its path.
 */
export async function buildFuzzer({ compiler, cacheDirectory, log }: FuzzerBuild): Promise<string> {
  // Its package.json is not among the exports; its main file is node/lib/index.js.
  const root = join(dirname(createRequire(import.meta.url).resolve('mediasoup')), '../..');
  const { version } = packageJson.parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
  const output = join(cacheDirectory, `mediasoup-fuzzer-${version}`);
  const isThere = await access(output).then(
    () => true,
    () => false,
  );
  if (isThere) return output;
  await mkdir(cacheDirectory, { recursive: true });
  const directory = await mkdtemp(join(tmpdir(), 'schalter-fuzzer-'));
  try {
    const source = join(root, 'worker');
    const flags = await compilerFlags(source, directory);
    const schemas = await listFiles(join(source, 'fbs'), '.fbs');
    const flavour = '--cpp --cpp-field-case-style lower --reflect-names --scoped-enums --filename-suffix'.split(' ');
    await run('flatc', [...flavour, '', '-o', join(directory, 'fbs/FBS'), ...schemas]);
    const sources = await listSources(source, directory);
    const groups = Array.from({ length: groupCount }, (_, group) => sources.filter((_source, index) => index % groupCount === group));
    const objects: string[] = [];
    const remaining = groups.entries();
    const compileNext = async (): Promise<void> => {
      for (const [index, group] of remaining) {
        log(`compiling the fuzz targets: part ${index + 1} of ${groupCount}`);
        const file = join(directory, `${index}.cpp`);
        await writeFile(file, group.map((path) => `#include "${path}"\n#undef MS_CLASS\n`).join(''));
        await run(compiler, [...flags, '-c', file, '-o', `${file}.o`], { maxBuffer: 16 * 1024 * 1024 });
        objects.push(`${file}.o`);
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() }, compileNext));
    const fresh = `${output}.${process.pid}`;
    await run(compiler, [sanitizers, '-o', fresh, ...objects, ...(await pkgConfig('--libs')), '-lpthread']);
    await rename(fresh, output);
    return output;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function compilerFlags(source: string, directory: string): Promise<string[]> {
  const webrtc = 'deps/libwebrtc';
  const own = ['include', `${webrtc}/libwebrtc`, webrtc, 'fuzzer/include', 'mocks/include', '.'].map((path) => join(source, path));
  const includes = [join(import.meta.dirname, 'compat'), ...own, join(directory, 'fbs')].map((path) => `-I${path}`);
  const defines = ['-DMS_LITTLE_ENDIAN', '-DMS_EXECUTABLE', '-DMS_FUZZER', '-DFLATBUFFERS_LOCALE_INDEPENDENT=1'];
  return [
    '-std=c++20',
    '-O1',
    '-g1',
    '-w',
    '-fno-omit-frame-pointer',
    sanitizers,
    ...defines,
    ...includes,
    ...(await pkgConfig('--cflags')),
  ];
}

/** All but the worker's own `main`, with the one mend that build-worker.ts explains. */
async function listSources(source: string, directory: string): Promise<string[]> {
  const patched = join(directory, 'DtlsTransport.cpp');
  const original = await readFile(join(source, 'src/RTC/DtlsTransport.cpp'), 'utf8');
  await writeFile(patched, original.replace('(operationType == BIO_CB_RETURN)', '((operationType & BIO_CB_RETURN) != 0)'));
  const folders = ['src', 'fuzzer/src', 'mocks/src'].map(async (folder) => await listFiles(join(source, folder), '.cpp'));
  const sources = [...(await Promise.all(folders)).flat(), ...(await listFiles(join(source, 'deps/libwebrtc/libwebrtc'), '.cc'))];
  const others = sources.filter((path) => path !== join(source, 'src/main.cpp') && !path.endsWith('/src/RTC/DtlsTransport.cpp'));
  return [...others, patched].sort();
}

async function listFiles(directory: string, extension: string): Promise<string[]> {
  return (await readdir(directory, { recursive: true })).filter((name) => name.endsWith(extension)).map((name) => join(directory, name));
}

async function pkgConfig(what: '--cflags' | '--libs'): Promise<string[]> {
  return (await run('pkg-config', [what, ...libraries])).stdout.trim().split(/\s+/);
}
