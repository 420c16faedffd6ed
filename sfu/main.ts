import closeWithGrace from 'close-with-grace';
import { pino } from 'pino';
import { ConfigError, loadConfig, type SfuConfig } from './config.ts';
import { startSfu, type RunningSfu } from './start-sfu.ts';
import { obtainWorker } from './worker/obtain-worker.ts';

/** BSD sysexits: EX_CONFIG. A supervisor need not try again. */
const exitConfig = 78;

const config = configOrExit();
const log = pino({ name: 'sfu', level: config.logLevel });
const sfu = await startOrExit();
log.info({ url: sfu.url }, 'the sfu is ready');

// Ctrl-C and a second signal end it at once; a supervisor's SIGTERM lets those finish who are in a call.
closeWithGrace({ delay: config.drainMs + 5_000, logger: log, onSecondSignal: () => process.exit(0) }, async ({ err, signal }) => {
  if (err) log.fatal({ err }, 'the sfu failed');
  if (signal === 'SIGTERM') await sfu.drain();
  await sfu.close();
});

function configOrExit(): SfuConfig {
  try {
    return loadConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) console.error(problem);
    return process.exit(exitConfig);
  }
}

async function startOrExit(): Promise<RunningSfu> {
  try {
    const workerBin = await obtainWorker({
      ...config.worker,
      // Here the compiler and the libraries are there, or the build says what is missing; `npm start` installs them.
      prepareBuild: async () => {},
      log: (message) => log.info(message),
    });
    return await startSfu({ config, workerBin, log });
  } catch (error) {
    log.fatal({ err: error }, 'the sfu cannot start');
    return process.exit(1);
  }
}
