import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { keysFileOf } from '../../deploy/demonstration/keys.ts';
import { Owner } from '../../deploy/demonstration/owner.ts';
import { issueLinks, seedWhenEmpty } from '../../deploy/demonstration/prepare.ts';
import { startEmbeddedPostgres } from '../../server/platform/embedded-postgres.ts';
import { findOrigin, type ServerProcess, startServerProcess } from './server.ts';
import { startTestSfu, type TestSfu, type TestSfuOptions } from './sfu.ts';
import { startTcpRelay, type TcpRelay } from './tcp-relay.ts';

/** The whole of it as `npm start` runs it: PostgreSQL, sfu, server and owner program, each a process, and the demonstration in it. */
export interface Installation {
  /** What people have in their address bar. */
  readonly origin: string;
  readonly databaseUrl: string;
  /** For what only the database can tell, or do. */
  query(statement: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  /** Where everything lies that is kept. */
  readonly dataDirectory: string;
  /** Between the people and the server. */
  readonly network: TcpRelay;
  /** The media servers, all of them known to the server. */
  readonly sfus: readonly TestSfu[];
  /** By the name of whom it is for: the one-time links that are printed at the start. */
  readonly links: ReadonlyMap<string, string>;
  /** The owner at his own command line, beside the program that admits people. */
  connectOwner(): Promise<Owner>;
  /** Nobody is admitted to a team until the returned function is called: the owner program stands still. */
  pauseOwner(): () => void;
  /** kill -9. */
  killServer(): Promise<void>;
  startServer(): Promise<void>;
  /** Everything that server, sfu and owner program have written. */
  output(): string;
  close(): Promise<void>;
}

const ownerProgram = fileURLToPath(new URL('../../deploy/demonstration/main.ts', import.meta.url));

export interface InstallationOptions {
  readonly sfu?: TestSfuOptions;
  readonly sfuCount?: number;
}

export async function startInstallation({ sfu: options = {}, sfuCount = 1 }: InstallationOptions = {}): Promise<Installation> {
  // Named so that the next run clears away what one that was killed has left.
  const data = await mkdtemp(join(tmpdir(), `schalter-test-${process.pid}-`));
  const closers: (() => Promise<unknown> | void)[] = [async () => await rm(data, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const end of closers.toReversed()) await end();
  };
  try {
    const postgres = await startEmbeddedPostgres({ dataDir: data, log: () => undefined });
    closers.push(postgres.stop);
    const secret = randomBytes(32).toString('base64url');
    const sfus = await Promise.all(Array.from({ length: sfuCount }, async () => await startTestSfu({ ...options, secret })));
    closers.push(async () => void (await Promise.all(sfus.map(async (sfu) => await sfu.close()))));

    const behind = await findOrigin();
    const network = await startTcpRelay(behind.port);
    closers.push(async () => await network.close());
    const origin = `http://localhost:${network.port}`;
    const env = { SCHALTER_DATA: data, SCHALTER_ORIGIN: origin, SFU_URL: sfus.map(({ url }) => url).join(','), SFU_SECRET: secret };
    const servers: ServerProcess[] = [];
    const startServer = async (): Promise<void> => void servers.push(await startServerProcess(env, behind));
    await startServer();
    closers.push(async () => await servers.at(-1)?.stop());

    const keysFile = keysFileOf(env);
    await seedWhenEmpty({ databaseUrl: postgres.url, keysFile });
    const links = namedLinks(await issueLinks({ origin, keysFile }));
    const owner = startOwnerProgram(env);
    closers.push(async () => await owner.stop());
    return {
      origin,
      databaseUrl: postgres.url,
      query: async (statement, values) => await query(postgres.url, statement, values),
      dataDirectory: data,
      network,
      sfus,
      links,
      connectOwner: async () => await Owner.connect({ origin, keysFile }),
      pauseOwner: owner.pause,
      killServer: async () => await servers.at(-1)?.kill(),
      startServer,
      output: () => [...servers.flatMap(({ output }) => output), ...sfus.flatMap((sfu) => sfu.output), ...owner.output].join('\n'),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function query(url: string, statement: string, values: readonly unknown[] = []): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(statement, [...values]);
    return rows;
  } finally {
    await client.end();
  }
}

/** The lines that are printed for people: role, name, link. */
function namedLinks(lines: readonly string[]): ReadonlyMap<string, string> {
  const found = lines.flatMap((line) => /^ {2}\w+, (.+?)\s+(http\S+)$/.exec(line)?.slice(1) ?? []);
  const links = new Map<string, string>();
  for (let index = 0; index < found.length; index += 2) links.set(found[index] ?? '', found[index + 1] ?? '');
  return links;
}

function startOwnerProgram(env: Readonly<Record<string, string>>): {
  readonly output: readonly string[];
  pause(): () => void;
  stop(): Promise<void>;
} {
  const child: ChildProcess = spawn(process.execPath, [ownerProgram, 'serve'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  const output: string[] = [];
  for (const channel of [child.stdout, child.stderr]) channel?.on('data', (chunk: Buffer) => void output.push(chunk.toString()));
  return {
    output,
    pause: () => {
      child.kill('SIGSTOP');
      return () => void child.kill('SIGCONT');
    },
    stop: async () => {
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      await ended;
    },
  };
}
