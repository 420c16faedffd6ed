import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { minSecretBytes } from './protocol/messages.ts';

export interface SfuConfig {
  /** Where servers connect to. Loopback or a private network: the channel is authenticated, not encrypted. */
  readonly control: { readonly host: string; readonly port: number; readonly secret: string };
  readonly rtc: {
    readonly listenAddress: string;
    /** The public address, when `listenAddress` is not what peers reach. */
    readonly announcedAddress: string | undefined;
    /** Worker n uses port `portBase + n` for UDP and TCP; 0 for any free ports. */
    readonly portBase: number;
    readonly workers: number;
  };
  readonly worker: {
    /** A mediasoup-worker binary the operator chose. */
    readonly workerBin: string | undefined;
    /** Where a binary is looked for, or kept, otherwise. */
    readonly cacheDirectory: string;
  };
  /** How long after SIGTERM people may stay in a call; 0: not at all. */
  readonly drainMs: number;
  readonly logLevel: string;
}

/** All that is wrong with the environment; names settings, never their values. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`bad configuration: ${problems.join('; ')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

const port = z.coerce.number().int().min(0).max(65_535);
const address = z.string().refine((text) => isIP(text) !== 0, 'is not an IP address');

const environment = z.strictObject({
  SFU_SECRET_FILE: z.string().min(1),
  SFU_CONTROL_HOST: address.default('127.0.0.1'),
  SFU_CONTROL_PORT: port.default(3100),
  SFU_LISTEN_ADDRESS: address.optional(),
  SFU_ANNOUNCED_ADDRESS: address.optional(),
  SFU_RTC_PORT_BASE: port.default(40_000),
  SFU_WORKERS: z.coerce.number().int().min(1).max(256).default(availableParallelism()),
  SFU_DRAIN_SECONDS: z.coerce.number().int().min(0).max(86_400).default(900),
  SFU_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
});

/** The server's settings about the sfu; both may be started with one environment. */
const settingsOfTheServer: ReadonlySet<string> = new Set(['SFU_URL', 'SFU_SECRET']);

/** Reads the settings named SFU_…, the two of the worker binary, and the secret's file. Throws a ConfigError with all problems at once. */
export function loadConfig(env: NodeJS.ProcessEnv): SfuConfig {
  const own = Object.entries(env).filter(([name]) => name.startsWith('SFU_') && !settingsOfTheServer.has(name));
  const problems = own.filter(([, value]) => value === '').map(([name]) => `${name} is empty`);
  const parsed = environment.safeParse(Object.fromEntries(own.filter(([, value]) => value !== '')));
  for (const issue of parsed.error?.issues ?? []) {
    if (issue.code === 'unrecognized_keys') problems.push(...issue.keys.map((name) => `${name} is unknown`));
    else problems.push(`${issue.path.join('.')}: ${issue.message}`);
  }
  const secret = env['SFU_SECRET_FILE'] ? readSecret(env['SFU_SECRET_FILE'], problems) : '';
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  const { data } = parsed;
  return {
    control: { host: data.SFU_CONTROL_HOST, port: data.SFU_CONTROL_PORT, secret },
    rtc: {
      // Without a public address this is one machine for itself, and nobody outside has to reach it.
      listenAddress: data.SFU_LISTEN_ADDRESS ?? (data.SFU_ANNOUNCED_ADDRESS === undefined ? '127.0.0.1' : '0.0.0.0'),
      announcedAddress: data.SFU_ANNOUNCED_ADDRESS,
      portBase: data.SFU_RTC_PORT_BASE,
      workers: data.SFU_WORKERS,
    },
    worker: {
      workerBin: env['MEDIASOUP_WORKER_BIN'] || undefined,
      cacheDirectory: join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'schalter'),
    },
    drainMs: data.SFU_DRAIN_SECONDS * 1_000,
    logLevel: data.SFU_LOG_LEVEL,
  };
}

function readSecret(path: string, problems: string[]): string {
  try {
    const secret = readFileSync(path, 'utf8').trim();
    if (Buffer.byteLength(secret) < minSecretBytes) problems.push(`SFU_SECRET_FILE: the secret is shorter than ${minSecretBytes} bytes`);
    if (new Set(secret).size < 8) problems.push('SFU_SECRET_FILE: the secret is not random');
    if ((statSync(path).mode & 0o007) !== 0) problems.push('SFU_SECRET_FILE: the file is open to every user of the machine');
    return secret;
  } catch {
    problems.push('SFU_SECRET_FILE: the file cannot be read');
    return '';
  }
}
