import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

const origin = z
  .url({ protocol: /^https?$/ })
  .refine((text) => new URL(text).origin === text, 'must be an origin: scheme, host and port, nothing after');

const schema = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  HOST: z.string().min(1).default('127.0.0.1'),
  /** What the browser's address bar shows; passkeys are bound to its host. */
  SCHALTER_ORIGIN: origin.optional(),
  SCHALTER_DATA: z.string().min(1).optional(),
  /** Where sealed files lie; several servers of one installation need the same one. */
  SCHALTER_ATTACHMENTS: z.string().min(1).optional(),
  SCHALTER_OPERATOR: z.string().min(1).max(80).default('Schalter'),
  SCHALTER_TIME_ZONE: z.string().refine(isTimeZone, 'is not the name of a time zone').default('Europe/Luxembourg'),
  /** Whether people of the offices must use passkeys that cannot leave their device. */
  SCHALTER_OFFICIALS_NEED_DEVICE_BOUND_KEYS: z.stringbool().default(true),
  SCHALTER_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  /** One address or several, with commas between: calls are spread over them. */
  SFU_URL: z
    .string()
    .default('ws://127.0.0.1:3100')
    .transform((text) => text.split(',').map((url) => url.trim()))
    .pipe(
      z
        .array(z.url({ protocol: /^wss?$/ }))
        .min(1)
        .refine((urls) => new Set(urls).size === urls.length, 'names a media server twice'),
    ),
  SFU_SECRET: z.string().min(32),
});

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly origin: string;
  readonly dataDirectory: string;
  readonly attachmentsDirectory: string;
  readonly operator: string;
  readonly timeZone: string;
  readonly officialsNeedDeviceBoundKeys: boolean;
  readonly logLevel: string;
  /** Null: the embedded PostgreSQL. */
  readonly databaseUrl: string | null;
  /** Null: this is the only server process. */
  readonly redisUrl: string | null;
  readonly sfu: { readonly urls: readonly string[]; readonly secret: string };
}

/** All problems of the configuration at once, one line each, naming the variable and never its value. */
export class ConfigError extends Error {}

/** The only reader of the environment. `X_FILE` names a file that holds X: secrets need not be in the environment. */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const problems: string[] = [];
  const values: Record<string, string | undefined> = {};
  for (const name of Object.keys(schema.shape)) {
    const file = env[`${name}_FILE`];
    values[name] = env[name] === '' ? undefined : env[name];
    if (file === undefined) continue;
    if (values[name] !== undefined) problems.push(`${name} and ${name}_FILE are both set: keep one`);
    try {
      values[name] = readFileSync(file, 'utf8').trim();
    } catch {
      problems.push(`${name}_FILE cannot be read`);
    }
  }
  const parsed = schema.safeParse(values);
  if (!parsed.success) problems.push(...parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems.join('\n'));
  const config = parsed.data;
  const dataDirectory = config.SCHALTER_DATA ?? defaultDataDirectory(env);
  return {
    host: config.HOST,
    port: config.PORT,
    origin: config.SCHALTER_ORIGIN ?? `http://localhost:${config.PORT}`,
    dataDirectory,
    attachmentsDirectory: config.SCHALTER_ATTACHMENTS ?? join(dataDirectory, 'attachments'),
    operator: config.SCHALTER_OPERATOR,
    timeZone: config.SCHALTER_TIME_ZONE,
    officialsNeedDeviceBoundKeys: config.SCHALTER_OFFICIALS_NEED_DEVICE_BOUND_KEYS,
    logLevel: config.SCHALTER_LOG_LEVEL,
    databaseUrl: config.DATABASE_URL ?? null,
    redisUrl: config.REDIS_URL ?? null,
    sfu: { urls: config.SFU_URL, secret: config.SFU_SECRET },
  };
}

function isTimeZone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}

function defaultDataDirectory(env: NodeJS.ProcessEnv): string {
  if (process.getuid?.() === 0) return '/var/lib/schalter';
  return join(env.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'schalter');
}
