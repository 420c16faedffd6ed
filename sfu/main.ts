import closeWithGrace from 'close-with-grace';
import { pino } from 'pino';
import { ConfigError, loadConfig, type SfuConfig } from './config.ts';
import { startSfu } from './start-sfu.ts';
import { obtainWorker } from './worker/obtain-worker.ts';

/** BSD sysexits: EX_CONFIG. A supervisor need not try again. */
const exitConfig = 78;

const config = configOrExit();
const log = pino({ name: 'sfu', level: config.logLevel });
const workerBin = await obtainWorker({
  ...config.worker,
  // Here the compiler and the libraries are there, or the build says what is missing; `npm start` installs them.
  prepareBuild: async () => {},
  log: (message) => log.info(message),
});
const sfu = await startSfu({ config, workerBin, log });
log.info({ url: sfu.url }, 'the sfu is ready');

closeWithGrace({ delay: 5_000, logger: log }, async ({ err }) => {
  if (err) log.fatal({ err }, 'the sfu failed');
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
