import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const processes = ['server', 'client', 'sfu'];
const maxLines = 300;
/** The one file of the server that talks to the sfu. */
const sfuClient = 'server/calls/sfu-client.ts';

interface SourceFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

interface Import {
  readonly from: string;
  /** A path from the root of the repository, or the name of a package. */
  readonly target: string;
  readonly isPackage: boolean;
}

const sources = processes.flatMap(readSources);
const tests = ['test', 'deploy'].flatMap(readSources);
const imports = sources.flatMap((file) => file.imports);

function readSources(folder: string): SourceFile[] {
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
  return paths.filter((path) => !path.startsWith('client/dist/')).map(readSource);
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  return { path, text, imports: findSpecifiers(text).map((specifier) => resolveImport(path, specifier)) };
}

function findSpecifiers(text: string): string[] {
  const statements = text.matchAll(
    /^(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm,
  );
  return [...statements].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

function resolveImport(from: string, specifier: string): Import {
  const isPackage = !specifier.startsWith('.');
  return { from, isPackage, target: isPackage ? specifier : join(from, '..', specifier) };
}

/** The imports that break a rule, in a form that says which. */
function breaking(isBroken: (found: Import) => boolean): string[] {
  return imports.filter(isBroken).map(({ from, target }) => `${from} → ${target}`);
}

/** Own files only: what they import from this repository. */
function breakingOwn(isBroken: (from: string, target: string) => boolean): string[] {
  return breaking(({ from, target, isPackage }) => !isPackage && isBroken(from, target));
}

function isIn(path: string, ...folders: string[]): boolean {
  return folders.some((folder) => path.startsWith(`${folder}/`));
}

function packageOnlyIn(name: string, ...places: string[]): string[] {
  const isName = (target: string): boolean => target === name || target.startsWith(`${name}/`);
  return breaking(({ from, target, isPackage }) => isPackage && isName(target) && !places.includes(from) && !isIn(from, ...places));
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$|\s\/\/ .*$/gm, '');
}

test('imports are found, in each form they are written in', () => {
  const text =
    "import a, {\n  b,\n} from './x.ts';\nimport type { C } from 'c';\nexport { d } from '../d.ts';\nimport './style.css';\nconst e = await import('./e.ts');";
  expect(findSpecifiers(text)).toEqual(['./x.ts', 'c', '../d.ts', './style.css', './e.ts']);
  for (const folder of processes) expect(imports.filter(({ from }) => isIn(from, folder)).length).toBeGreaterThan(10);
});

test('a protocol imports only itself and packages', () => {
  for (const protocol of ['server/protocol', 'sfu/protocol']) {
    expect(breakingOwn((from, target) => isIn(from, protocol) && !isIn(target, protocol))).toEqual([]);
  }
});

test('across processes only a protocol is imported, and the sfu imports nobody', () => {
  expect(breakingOwn((from, target) => isIn(from, 'client') && !isIn(target, 'client', 'server/protocol'))).toEqual([]);
  expect(breakingOwn((from, target) => isIn(from, 'sfu') && !isIn(target, 'sfu'))).toEqual([]);
  expect(breakingOwn((from, target) => isIn(from, 'server') && from !== sfuClient && !isIn(target, 'server'))).toEqual([]);
  expect(breakingOwn((from, target) => from === sfuClient && !isIn(target, 'server', 'sfu/protocol'))).toEqual([]);
});

test('a feature of the server imports itself, the platform and the protocol; only app.ts and its like see all', () => {
  const server = readdirSync(join(root, 'server'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const feature of server.map(({ name }) => `server/${name}`)) {
    expect(
      breakingOwn(
        (from, target) => isIn(from, feature) && from !== sfuClient && !isIn(target, feature, 'server/platform', 'server/protocol'),
      ),
    ).toEqual([]);
  }
});

test('in the client everything imports downwards: features, then net, storage, ui and i18n, then crypto, then the protocol', () => {
  const base = ['client/net', 'client/storage', 'client/ui', 'client/i18n'];
  expect(breakingOwn((from, target) => isIn(from, 'client/crypto') && !isIn(target, 'client/crypto', 'server/protocol'))).toEqual([]);
  expect(breakingOwn((from, target) => isIn(from, ...base) && !isIn(target, ...base, 'client/crypto', 'server/protocol'))).toEqual([]);
  // Files are below the conversations that send them, and know nothing of these.
  const files = 'client/attachments';
  expect(breakingOwn((from, target) => isIn(from, files) && !isIn(target, files, ...base, 'client/crypto', 'server/protocol'))).toEqual([]);
  const features = ['account', 'conversations', 'inbox', 'queue', 'appointments', 'calls', 'supervision'];
  for (const feature of features.map((name) => `client/${name}`)) {
    const others = features.map((name) => `client/${name}`).filter((other) => other !== feature);
    expect(breakingOwn((from, target) => isIn(from, feature) && isIn(target, ...others))).toEqual([]);
  }
});

test('within a feature of the server nobody imports its handlers or routes', () => {
  expect(breakingOwn((from, target) => /^server\/\w+\/./.test(from) && /\/(handlers|routes)\.ts$/.test(target))).toEqual([]);
});

test('each package that reaches outside is imported in one place', () => {
  expect(packageOnlyIn('socket.io', 'server/platform', 'server/app.ts')).toEqual([]);
  expect(packageOnlyIn('ioredis', 'server/platform')).toEqual([]);
  expect(packageOnlyIn('pg', 'server/platform')).toEqual([]);
  expect(packageOnlyIn('mediasoup', 'sfu/rooms')).toEqual([]);
  expect(packageOnlyIn('libsodium-wrappers', 'client/crypto', 'server/protocol')).toEqual([]);
  expect(packageOnlyIn('socket.io-client', 'client/net')).toEqual([]);
});

test('SQL stands in stores, in the platform and in migrations', () => {
  expect(breaking(({ from, target }) => target === 'kysely' && !/[/-]store\.ts$/.test(from) && !isIn(from, 'server/platform'))).toEqual([]);
});

test('no path of imports leads from the server to what opens messages', () => {
  const byPath = new Map(sources.map((file) => [file.path, file]));
  const reached = new Set(sources.map((file) => file.path).filter((path) => isIn(path, 'server')));
  for (const path of reached) {
    for (const { target, isPackage } of byPath.get(path)?.imports ?? []) if (!isPackage) reached.add(target);
  }
  expect([...reached].filter((path) => isIn(path, 'client'))).toEqual([]);
});

test(`no file is longer than ${maxLines} lines`, () => {
  const long = [...sources, ...tests].filter(({ text }) => text.split('\n').length - 1 > maxLines);
  expect(long.map(({ path }) => path)).toEqual([]);
});

test('the top level holds no folder beyond the agreed ones', () => {
  const agreed = [
    'client',
    'deploy',
    'server',
    'sfu',
    'test',
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'SECURITY.md',
    'package-lock.json',
    'package.json',
    'tsconfig.json',
  ];
  const made = ['node_modules', 'test-results'];
  const found = readdirSync(root).filter((name) => !name.startsWith('.') && !made.includes(name));
  expect(found.filter((name) => !agreed.includes(name))).toEqual([]);
});

test('the environment is read by config.ts alone, and given to it by the mains', () => {
  const others = sources
    .filter(({ path }) => !/(^|\/)config\.ts$/.test(path))
    .map(({ path, text }) => ({ path, code: withoutComments(text) }));
  const handsOver = 'loadConfig(process.env)';
  expect(others.filter(({ code }) => code.replaceAll(handsOver, '').includes('process.env')).map(({ path }) => path)).toEqual([]);
  expect(
    others.filter(({ path, code }) => code.includes(handsOver) && !/^\w+\/(main|cli)\.ts$/.test(path)).map(({ path }) => path),
  ).toEqual([]);
});

test('dates and numbers are written by client/i18n alone', () => {
  const client = sources.filter(({ path }) => isIn(path, 'client') && !isIn(path, 'client/i18n'));
  expect(client.filter(({ text }) => /\bIntl\.|\.toLocale\w*String\(/.test(withoutComments(text))).map(({ path }) => path)).toEqual([]);
});

test('no markup carries a style attribute: the content security policy would drop it', () => {
  const client = sources.filter(({ path }) => isIn(path, 'client'));
  expect(client.filter(({ text }) => /<[a-z][^<>]*\sstyle=/.test(text)).map(({ path }) => path)).toEqual([]);
});
