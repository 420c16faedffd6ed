import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import closeWithGrace from 'close-with-grace';
import { createApp } from './app.ts';
import { openBlobDirectory } from './attachments/blobs.ts';
import { connectSfus } from './calls/sfu-pool.ts';
import { ConfigError, loadConfig, type Config } from './config.ts';
import { createDelivery } from './notifications/delivery.ts';
import { createLocalBus, createRedisBus } from './platform/bus.ts';
import { openClock } from './platform/clock.ts';
import { openDatabase } from './platform/database.ts';
import { startEmbeddedPostgres } from './platform/embedded-postgres.ts';
import { checkGivenDatabase } from './platform/given-database.ts';
import { createLog } from './platform/log.ts';
import { migrate } from './platform/migrate.ts';
import { createRateLimit } from './platform/rate-limit.ts';
import { openRedis } from './platform/redis.ts';

/** sysexits.h: the configuration is wrong; starting again will not help. */
const exitConfig = 78;
const clientDirectory = fileURLToPath(new URL('../client/dist', import.meta.url));
const maxChallengesPerAddress = 10;

/** Starts everything, in this order, and stops it in the reverse one. */
async function start(config: Config): Promise<void> {
  const log = createLog(config.logLevel);
  const closers: (() => Promise<void> | void)[] = [];
  closeWithGrace(
    { delay: 10_000, logger: { error: (error: unknown) => log.fatal({ err: error }, 'stopped') } },
    async ({ err, signal }) => {
      if (err) log.fatal({ err }, 'an error nobody caught');
      log.info({ signal }, 'stopping');
      for (const close of closers.toReversed()) await close();
      log.info('stopped');
    },
  );

  const postgres =
    config.databaseUrl === null
      ? await startEmbeddedPostgres({ dataDir: config.dataDirectory, log: (message) => log.info(message) })
      : null;
  if (postgres) closers.push(postgres.stop);
  if (config.databaseUrl !== null) await checkGivenDatabase(config.databaseUrl);
  const url = config.databaseUrl ?? postgres?.url ?? '';
  const migrations = await migrate({ url });
  if (migrations.length > 0) log.info({ migrations }, 'database migrated');
  const database = openDatabase({ url, log });
  closers.push(async () => await database.destroy());
  const clock = await openClock({ database, log });
  closers.push(clock.close);

  const redis = config.redisUrl === null ? null : openRedis({ url: config.redisUrl, log });
  if (redis) closers.push(() => redis.disconnect());
  const bus = redis ? createRedisBus(redis, log) : createLocalBus();
  closers.push(async () => await bus.close());

  const pool = connectSfus({ ...config.sfu, log });
  closers.push(() => pool.close());

  const app = await createApp({
    database,
    blobs: await openBlobDirectory(config.attachmentsDirectory),
    bus,
    rateLimit: createRateLimit(redis),
    pool,
    origin: config.origin,
    operator: config.operator,
    timeZone: config.timeZone,
    officialsNeedDeviceBoundKeys: config.officialsNeedDeviceBoundKeys,
    maxChallengesPerAddress,
    deliverPush: createDelivery(),
    log,
    now: clock.now,
    clientDirectory: existsSync(clientDirectory) ? clientDirectory : null,
  });
  closers.push(async () => await app.close());
  await app.http.listen({ host: config.host, port: config.port });
  log.info({ origin: config.origin, host: config.host, port: config.port }, 'listening');
}

try {
  await start(loadConfig(process.env));
} catch (error) {
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.message}\n`);
    process.exit(exitConfig);
  }
  throw error;
}
