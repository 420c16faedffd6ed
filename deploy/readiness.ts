import { once } from 'node:events';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** @throws Error when somebody else listens on the port. */
export async function ensurePortIsFree({ host, port }: { host: string; port: number }): Promise<void> {
  const probe = createServer();
  try {
    probe.listen(port, host);
    await once(probe, 'listening');
  } catch {
    throw new Error(`Port ${port} is taken, perhaps by another Schalter. Choose another: PORT=${port + 1} npm start`);
  } finally {
    probe.close();
  }
}

interface Address {
  readonly host: string;
  readonly port: number;
  /** The name the server goes by, which may be a proxy's. */
  readonly origin: string;
}

/**
 * Asks until the server answers that it lives, or the caller has lost interest.
 * @throws Error when it does not within `timeoutMs`.
 */
export async function waitUntilLive({
  signal,
  timeoutMs,
  ...address
}: Address & { signal: AbortSignal; timeoutMs: number }): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!signal.aborted && !(await isLive(address))) {
    if (Date.now() > deadline) throw new Error(`The server does not answer after ${timeoutMs / 1000} s. Its log says why.`);
    await delay(100);
  }
}

async function isLive({ host, port, origin }: Address): Promise<boolean> {
  // Not fetch: behind a proxy the server knows only its public name, and fetch does not let us say it.
  const request = get({ host, port, path: '/livez', headers: { host: new URL(origin).host }, timeout: 2_000 });
  return await new Promise((resolve) => {
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
    request.on('response', (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
  });
}
