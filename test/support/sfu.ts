import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { obtainWorker } from '../../sfu/worker/obtain-worker.ts';

export interface TestSfu {
  /** Of the control channel. */
  readonly url: string;
  readonly secret: string;
  readonly pid: number;
  /** The lines it has written so far. */
  readonly output: readonly string[];
  /** Resolves when the process is gone, for whatever reason, with its exit code; null after a signal. */
  readonly ended: Promise<number | null>;
  /** kill -9, and waits until the process is gone. */
  kill(): Promise<void>;
  /** Ends it as an operator would; throws when it does not end well. */
  close(): Promise<void>;
}

export interface TestSfuOptions {
  readonly workers?: number;
  /** To start it again in the place of one that was killed. */
  readonly controlPort?: number;
  readonly secret?: string;
  /** How long after `close` people may stay in a call. */
  readonly drainSeconds?: number;
  /** Of this machine, for media. */
  readonly listenAddress?: string;
  /** What browsers are told to send to instead. */
  readonly announcedAddress?: string;
  /** Of the first worker, for media; 0: any free ones. */
  readonly rtcPort?: number;
}

const readyLine = z.object({ msg: z.literal('the sfu is ready'), url: z.string() });

/** The real sfu as a process of its own, with real workers, on free loopback ports. */
export async function startTestSfu({
  workers = 1,
  controlPort = 0,
  secret = randomBytes(32).toString('base64url'),
  drainSeconds = 0,
  listenAddress = '127.0.0.1',
  announcedAddress = listenAddress,
  rtcPort = 0,
}: TestSfuOptions = {}): Promise<TestSfu> {
  const directory = await mkdtemp(join(tmpdir(), 'schalter-sfu-'));
  const secretFile = join(directory, 'secret');
  await writeFile(secretFile, secret, { mode: 0o600 });
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../sfu/main.ts')], {
    env: {
      ...process.env,
      SFU_SECRET_FILE: secretFile,
      SFU_CONTROL_PORT: `${controlPort}`,
      SFU_RTC_PORT_BASE: `${rtcPort}`,
      SFU_LISTEN_ADDRESS: listenAddress,
      SFU_ANNOUNCED_ADDRESS: announcedAddress,
      SFU_WORKERS: `${workers}`,
      SFU_DRAIN_SECONDS: `${drainSeconds}`,
      SFU_LOG_LEVEL: 'info',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  try {
    const output: string[] = [];
    const url = await readyUrl(child, exited, output);
    return {
      url,
      secret,
      pid: child.pid ?? 0,
      output,
      ended: exited.then(() => child.exitCode),
      kill: async () => {
        child.kill('SIGKILL');
        await exited;
      },
      close: async () => {
        child.kill('SIGTERM');
        await exited;
        if (child.exitCode !== 0 && child.signalCode !== 'SIGKILL')
          throw new Error(`the sfu ended with ${child.exitCode ?? child.signalCode}`);
      },
    };
  } finally {
    // It has read its secret, or failed.
    await rm(directory, { recursive: true });
  }
}

/** The path of a mediasoup-worker for tests that start workers in their own process. */
export async function obtainTestWorker(): Promise<string> {
  const { MEDIASOUP_WORKER_BIN: workerBin, XDG_CACHE_HOME: cacheHome = join(homedir(), '.cache') } = process.env;
  return await obtainWorker({ workerBin, cacheDirectory: join(cacheHome, 'schalter'), prepareBuild: async () => {}, log: () => undefined });
}

async function readyUrl(child: ChildProcess, exited: Promise<unknown>, lines: string[]): Promise<string> {
  const { stdout } = child;
  if (!stdout) throw new Error('the sfu has no standard output');
  const { promise, resolve } = Promise.withResolvers<string>();
  // It goes on reading after that line, or the pipe would fill up and stop the sfu.
  createInterface({ input: stdout }).on('line', (line) => {
    lines.push(line);
    const ready = readyLine.safeParse(parseJson(line));
    if (ready.success) resolve(ready.data.url);
  });
  const failed = exited.then(() => Promise.reject(new Error(`the sfu did not start:\n${lines.join('\n')}`)));
  failed.catch(() => undefined);
  return await Promise.race([promise, failed]);
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
