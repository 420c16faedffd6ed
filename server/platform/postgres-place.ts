import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, chown, lstat, mkdir, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** PostgreSQL listens on no port; the number is part of the name of its socket. */
export const port = 5432;
const maxSocketPathBytes = 107;
const run = promisify(execFile);

/** The account PostgreSQL runs as. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Where the embedded PostgreSQL lives. */
export interface Place {
  readonly directory: string;
  readonly owner: Owner | undefined;
  readonly socketDirectory: string;
}

/** Makes the directories, and the system account when we are root, which PostgreSQL refuses. */
export async function preparePlace(dataDir: string): Promise<Place> {
  await mkdir(join(dataDir, 'postgres'), { recursive: true, mode: 0o711 });
  const directory = await realpath(join(dataDir, 'postgres'));
  const owner = process.getuid?.() === 0 ? await systemUser() : undefined;
  if (owner) {
    // PostgreSQL refuses root; its account needs to pass through the data directory, and to own what is its own.
    const parent = dirname(directory);
    await chmod(parent, (await stat(parent)).mode | 0o011);
    await chown(directory, owner.uid, owner.gid);
  }
  await chmod(directory, 0o700);
  return { directory, owner, socketDirectory: await prepareSocketDirectory(directory, owner) };
}

async function systemUser(): Promise<Owner> {
  try {
    return await findSystemUser();
  } catch {
    const create = ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres'];
    // It also fails when somebody else has just made it.
    await run('useradd', create).catch(() => undefined);
    return await findSystemUser().catch(() => {
      throw new Error(
        `PostgreSQL does not run as root, and the system user "postgres" could not be made. Make it with: useradd ${create.join(' ')}`,
      );
    });
  }
}

async function findSystemUser(): Promise<Owner> {
  const [uid, gid] = await Promise.all([run('id', ['-u', 'postgres']), run('id', ['-g', 'postgres'])]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

/** The kernel limits the path of a socket; below a long data directory it stands in /tmp instead. */
async function prepareSocketDirectory(directory: string, owner: Owner | undefined): Promise<string> {
  if (Buffer.byteLength(join(directory, `.s.PGSQL.${port}.lock`)) <= maxSocketPathBytes) return directory;
  const short = `/tmp/schalter-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}`;
  const uid = owner?.uid ?? process.getuid?.();
  const made = await mkdir(short, { mode: 0o700 }).then(
    () => true,
    () => false,
  );
  if (made && owner) await chown(short, owner.uid, owner.gid);
  const found = await lstat(short);
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0)
    throw new Error(`${short} belongs to somebody else. Remove it, or set SCHALTER_DATA to a shorter path.`);
  return short;
}
