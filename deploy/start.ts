import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../server/platform/embedded-postgres.ts';
import { checkGivenDatabase } from '../server/platform/given-database.ts';
import { buildClient } from './client-build.ts';
import { keysFileOf } from './demonstration/keys.ts';
import { issueLinks, seedWhenEmpty } from './demonstration/prepare.ts';
import { dataDirectory } from './directories.ts';
import { prepareMediaWorker } from './media-worker.ts';
import { type Program, startProgram } from './program.ts';
import { showProgress } from './progress.ts';
import { ensurePortIsFree, waitUntilLive } from './readiness.ts';
import { ensureSecret } from './secret.ts';

const readyTimeoutMs = 60_000;

/** What a person must be told, without the machine's way of putting it. */
try {
  await start();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function start(): Promise<void> {
  const host = process.env['HOST'] || '127.0.0.1';
  const port = Number(process.env['PORT'] || '3000');
  const origin = process.env['SCHALTER_ORIGIN'] || `http://localhost:${port}`;
  const givenDatabase = process.env['DATABASE_URL'];
  await ensurePortIsFree({ host, port });
  if (givenDatabase) await checkGivenDatabase(givenDatabase);
  const worker = await prepareMediaWorker();
  await buildClient();

  const data = dataDirectory(process.env);
  const logs = join(data, 'logs');
  await mkdir(data, { recursive: true, mode: 0o711 });
  await mkdir(logs, { recursive: true, mode: 0o700 });
  const secretFile = join(data, 'sfu-secret');
  await ensureSecret(secretFile);
  const controlPort = process.env['SFU_CONTROL_PORT'] || String(port + 10);
  const env = {
    ...process.env,
    HOST: host,
    PORT: String(port),
    SCHALTER_ORIGIN: origin,
    SCHALTER_DATA: data,
    // Whoever tries the demonstration may have no security key at hand; a real office asks for one.
    SCHALTER_OFFICIALS_NEED_DEVICE_BOUND_KEYS: process.env['SCHALTER_OFFICIALS_NEED_DEVICE_BOUND_KEYS'] || 'false',
    MEDIASOUP_WORKER_BIN: worker,
    SFU_SECRET_FILE: secretFile,
    SFU_CONTROL_PORT: controlPort,
    // Any free ports will do for people on this machine; those behind an address of its own need to be known to a firewall.
    ...(process.env['SFU_ANNOUNCED_ADDRESS'] ? {} : { SFU_RTC_PORT_BASE: '0' }),
    SFU_URL: `ws://127.0.0.1:${controlPort}`,
    // Whoever stops it stops all of it: there is no other node where calls could go on, and nobody waits a quarter of an hour.
    SFU_DRAIN_SECONDS: process.env['SFU_DRAIN_SECONDS'] || '0',
  };

  const stopRequest = nextStopRequest();
  const aborted = new AbortController();
  const programs: Program[] = [];
  const firstEnd = Promise.withResolvers<Program>();
  const run = async (name: string, file: string, args: readonly string[] = []): Promise<void> => {
    const program = await startProgram({ name, file, args, env, logFile: join(logs, `${name}.log`) });
    programs.unshift(program);
    void program.ended.then(() => firstEnd.resolve(program));
  };
  const failWhenOneEnds = async (): Promise<never> => {
    throw new Error(await (await firstEnd.promise).describeEnd());
  };
  const serve = async (): Promise<void> => {
    await showProgress('starting the server', waitUntilLive({ host, port, origin, signal: aborted.signal, timeoutMs: readyTimeoutMs }));
    const keysFile = keysFileOf(env);
    await seedWhenEmpty({ databaseUrl: givenDatabase || postgres?.url || '', keysFile });
    const links = await issueLinks({ origin, keysFile });
    await run('owner', 'deploy/demonstration/main.ts', ['serve']);
    if (aborted.signal.aborted) return;
    console.log(`\nOne-time links for the people who work there, good for one day:\n${links.join('\n')}`);
    console.log(`\nSchalter is open at ${origin} (stop with Ctrl-C; logs in ${logs})`);
    await stopRequest;
  };
  // The server would start it too; here its complaints reach a person, and it outlives a restart of the server.
  const postgres = givenDatabase
    ? undefined
    : await showProgress('starting PostgreSQL', startEmbeddedPostgres({ dataDir: data, log: (message) => console.log(message) }));
  try {
    await run('sfu', 'sfu/main.ts');
    await run('server', 'server/main.ts');
    await Promise.race([stopRequest, failWhenOneEnds(), serve()]);
  } finally {
    aborted.abort();
    for (const program of programs) await program.stop();
    await postgres?.stop();
  }
}

/** Once asked, further signals change nothing: all programs are being stopped already. */
async function nextStopRequest(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
}
