import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startEmbeddedPostgres } from '../../server/platform/embedded-postgres.ts';

const repository = new URL('../../', import.meta.url);
let dataDir: string;
let running: (() => Promise<void>)[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'schalter-postgres-'));
  running = [];
});

afterEach(async () => {
  for (const stop of running.toReversed()) await stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function start(directory = dataDir): Promise<{ url: string; stop: () => Promise<void> }> {
  const postgres = await startEmbeddedPostgres({ dataDir: directory, log: () => undefined });
  running.push(postgres.stop);
  return postgres;
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

async function postmasterPid(): Promise<number> {
  return Number.parseInt(await readFile(join(dataDir, 'postgres/cluster/postmaster.pid'), 'utf8'), 10);
}

/** Gone, or a zombie where nobody collects the children of the dead. */
async function isGone(pid: number): Promise<boolean> {
  return await readFile(`/proc/${pid}/stat`, 'utf8').then(
    (line) => line.includes(') Z '),
    () => true,
  );
}

async function killPostmaster(): Promise<void> {
  const pid = await postmasterPid();
  process.kill(pid, 'SIGKILL');
  await expect.poll(async () => await isGone(pid), { timeout: 10_000 }).toBe(true);
}

test('what is committed is on the disk before it is acknowledged, and text is UTF-8 in the order of its code points', async () => {
  const { url } = await start();
  expect(
    await query(url, `select current_setting('fsync'), current_setting('synchronous_commit'), current_setting('server_encoding')`),
  ).toEqual(['on', 'on', 'UTF8']);
  expect(await query(url, `select upper('ä'), 'Z' < 'a'`)).toEqual(['Ä', true]);
});

test('it listens on no network address, and nobody but its own account can open the directory of its socket', async () => {
  const { url } = await start();
  expect(await query(url, 'show listen_addresses')).toEqual(['']);
  expect((await stat(new URL(url).searchParams.get('host') ?? '')).mode & 0o777).toBe(0o700);
});

test('a restart finds the data', async () => {
  const first = await start();
  await query(first.url, 'create table kept as select 42 as answer');
  await first.stop();
  const second = await start();
  expect(await query(second.url, 'select answer from kept')).toEqual([42]);
});

test('of two that start at once on an empty directory, both get the same PostgreSQL, and the first to stop leaves it to the other', async () => {
  const [first, second] = await Promise.all([start(), start()]);
  expect(first.url).toBe(second.url);
  const pid = await postmasterPid();
  await first.stop();
  expect(await query(second.url, 'select 1')).toEqual([1]);
  await second.stop();
  expect(await isGone(pid)).toBe(true);
});

test('the PostgreSQL of a server that was killed lives on, and the next server joins it', async () => {
  const program = `
    const { startEmbeddedPostgres } = await import('./server/platform/embedded-postgres.ts')
    await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, log: () => undefined })
    process.kill(process.pid, 'SIGKILL')`;
  const server = spawn(process.execPath, ['--input-type=module', '--eval', program], { cwd: repository, stdio: 'ignore' });
  expect(await once(server, 'exit')).toEqual([null, 'SIGKILL']);
  const pid = await postmasterPid();
  const { url } = await start();
  expect(await postmasterPid()).toBe(pid);
  expect(await query(url, 'select 1')).toEqual([1]);
});

test('a postmaster that was killed leaves its pid file behind, and the next start recovers', async () => {
  const first = await start();
  await query(first.url, 'create table kept as select 42 as answer');
  await killPostmaster();
  const second = await start();
  expect(await query(second.url, 'select answer from kept')).toEqual([42]);
});

test('a pid file that names a process which is not PostgreSQL does not keep it from starting', async () => {
  const first = await start();
  await killPostmaster();
  const pidFile = join(dataDir, 'postgres/cluster/postmaster.pid');
  await writeFile(pidFile, (await readFile(pidFile, 'utf8')).replace(/^\d+/, String(process.pid)));
  const second = await start();
  expect(await query(second.url, 'select 1')).toEqual([1]);
  expect(first.url).toBe(second.url);
});

test('a data directory with a path longer than a socket may have works, spaces and all', async () => {
  await chmod(dataDir, 0o711);
  const { url, stop } = await start(join(dataDir, `a long, 'quoted' path ${'x'.repeat(100)}`));
  expect(await query(url, 'select 1')).toEqual([1]);
  await stop();
  await promisify(execFile)('rm', ['-rf', new URL(url).searchParams.get('host') ?? '']);
});

test.runIf(process.getuid?.() === 0)(
  'a data directory that the account of PostgreSQL cannot reach is refused with a sentence that says what to do',
  async () => {
    await expect(start(join(dataDir, 'below'))).rejects.toThrow(/"postgres" cannot reach it\. Set SCHALTER_DATA/);
  },
);

test('data of another major version is refused with a sentence that says what to do', async () => {
  const { stop } = await start();
  await stop();
  await writeFile(join(dataDir, 'postgres/cluster/PG_VERSION'), '12\n');
  await expect(start()).rejects.toThrow(/of PostgreSQL 12, and this release brings \d+\. Make a backup/);
});
