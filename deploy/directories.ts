import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where all that must be kept lies: the database, blobs, secrets, logs. */
export function dataDirectory(env: NodeJS.ProcessEnv): string {
  if (env['SCHALTER_DATA']) return env['SCHALTER_DATA'];
  if (process.getuid?.() === 0) return '/var/lib/schalter';
  return join(env['XDG_DATA_HOME'] || join(homedir(), '.local/share'), 'schalter');
}

/** Where lies what can be made again. Outside the checkout, so that a fresh clone finds it. */
export function cacheDirectory(env: NodeJS.ProcessEnv): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'schalter');
}
