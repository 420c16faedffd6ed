import { fork } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';
import { createRateLimit } from '../../server/platform/rate-limit.ts';
import { startTestServer } from './server.ts';

const ready = z.object({ origin: z.string() });

/**
 * A server in a process of its own with the limits of a real one, or none: what floods it must not take its time by being in the same
 * process.
 */
export async function startLimitedServer(databaseUrl: string, { isLimited }: { isLimited: boolean }) {
  const child = fork(import.meta.filename, [databaseUrl, isLimited ? 'limited' : 'unlimited'], { execArgv: [] });
  const [message] = await once(child, 'message');
  return {
    ...ready.parse(message),
    async close() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

if (process.argv[1] === import.meta.filename) {
  const [, , databaseUrl = '', limits] = process.argv;
  const rateLimit = limits === 'limited' ? createRateLimit(null) : { take: async () => undefined };
  const { origin } = await startTestServer({ databaseUrl, rateLimit, maxChallengesPerAddress: 10 });
  process.send?.({ origin });
}
