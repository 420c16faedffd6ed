import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { createApp, type AppDependencies } from '../../server/app.ts';
import { openBlobDirectory } from '../../server/attachments/blobs.ts';
import { connectSfus } from '../../server/calls/sfu-pool.ts';
import { createDelivery } from '../../server/notifications/delivery.ts';
import { createLocalBus } from '../../server/platform/bus.ts';
import { type Database, openDatabase } from '../../server/platform/database.ts';
import { createRateLimit, type RateLimit } from '../../server/platform/rate-limit.ts';
import { createTestDatabase } from './database.ts';

export interface TestServer {
  /** Of pages, requests and sockets: http://localhost:port */
  readonly origin: string;
  readonly database: Database;
  readonly databaseUrl: string;
  /** Everything that was logged, as JSON lines. */
  readonly log: readonly string[];
  close(): Promise<void>;
}

/** One, or several with one secret. */
export type MediaServers = { readonly secret: string } & ({ readonly url: string } | { readonly urls: readonly string[] });

export const urlsOf = (media: MediaServers): readonly string[] => ('url' in media ? [media.url] : media.urls);

type Options = Partial<
  Pick<
    AppDependencies,
    | 'now'
    | 'bus'
    | 'deliverPush'
    | 'blobs'
    | 'clientDirectory'
    | 'officialsNeedDeviceBoundKeys'
    | 'maxChallengesPerAddress'
    | 'timeZone'
    | 'rateLimit'
  >
> & {
  /** A database that is there already, and stays: a second node of one installation. */
  readonly databaseUrl?: string;
  /** Media servers that run; left out: one that nobody runs. */
  readonly sfu?: MediaServers;
};

const nobody = { url: 'ws://127.0.0.1:9', secret: 'no sfu here' };

/** A server in this process, on a database of its own. */
export async function startTestServer({ databaseUrl, sfu: media = nobody, ...options }: Options = {}): Promise<TestServer> {
  const own = databaseUrl === undefined ? await createTestDatabase() : null;
  const url = databaseUrl ?? own?.url ?? '';
  const lines: string[] = [];
  const log = pino({ level: 'info', base: null }, { write: (line) => void lines.push(line) });
  const database = openDatabase({ url, log });
  const pool = connectSfus({ urls: urlsOf(media), secret: media.secret, log: pino({ level: 'silent' }) });
  const { origin, port } = await findOrigin();
  const attachments = await mkdtemp(join(tmpdir(), `schalter-test-attachments-${process.pid}-`));
  const app = await createApp({
    database,
    blobs: await openBlobDirectory(attachments),
    bus: createLocalBus(),
    rateLimit: createRoomyRateLimit(),
    pool,
    origin,
    operator: 'Schalter',
    timeZone: 'Europe/Luxembourg',
    officialsNeedDeviceBoundKeys: false,
    maxChallengesPerAddress: 100,
    deliverPush: createDelivery(),
    log,
    now: Date.now,
    clientDirectory: null,
    ...options,
  });
  await app.http.listen({ host: '127.0.0.1', port });
  return {
    origin,
    database,
    databaseUrl: url,
    log: lines,
    async close() {
      await app.close();
      pool.close();
      await database.destroy();
      await own?.drop();
      await rm(attachments, { recursive: true, force: true });
    },
  };
}

/** A hundred times as much as anybody else: a test is many people at one address. */
function createRoomyRateLimit(): RateLimit {
  const rateLimit = createRateLimit(null);
  return { take: async (name, key, { points, perSeconds }) => await rateLimit.take(name, key, { points: points * 100, perSeconds }) };
}

export interface ServerProcess {
  readonly origin: string;
  readonly process: ChildProcess;
  /** What it has written so far, on either channel. */
  readonly output: readonly string[];
  /** Ends at once, with nothing said: kill -9. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

const main = fileURLToPath(new URL('../../server/main.ts', import.meta.url));

/** `server/main.ts` as a process of its own, ready to answer. `env` says where its data are: DATABASE_URL or SCHALTER_DATA. */
export async function startServerProcess(env: Readonly<Record<string, string>>, at?: { origin: string }): Promise<ServerProcess> {
  const { origin, port } = at ? { origin: at.origin, port: Number(new URL(at.origin).port) } : await findOrigin();
  const { DATABASE_URL: _given, ...inherited } = process.env;
  const child = spawn(process.execPath, [main], {
    env: { ...inherited, SFU_SECRET: 'a secret that nobody else has, of length', SFU_URL: 'ws://127.0.0.1:9', PORT: String(port), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = once(child, 'exit');
  const output: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output.push(chunk.toString());
      if (output.join('').includes('"listening"')) resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${output.join('')}`)));
  });
  return {
    origin,
    process: child,
    output,
    async kill() {
      child.kill('SIGKILL');
      await end;
    },
    async stop() {
      child.kill('SIGTERM');
      await end;
      return child.exitCode;
    },
  };
}

/** A port that was free a moment ago: passkeys are bound to an origin, so it is chosen before anything listens. */
export async function findOrigin(): Promise<{ origin: string; port: number }> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { origin: `http://localhost:${address.port}`, port: address.port };
}
