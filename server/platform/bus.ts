import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { Log } from './log.ts';

const hintSchema = z.discriminatedUnion('kind', [
  /** A notification on its way to the sockets of other nodes. */
  z.strictObject({ kind: z.literal('notification'), room: z.string().max(200), event: z.string().max(100), fact: z.unknown() }),
  /** What an account may do has changed: read it again. */
  z.strictObject({ kind: z.literal('rights-changed'), accountId: z.string().max(100) }),
  z.strictObject({
    kind: z.literal('session-ended'),
    sessionId: z.string().max(100),
    reason: z.enum(['signed-out', 'expired', 'revoked']),
  }),
]);
export type Hint = z.infer<typeof hintSchema>;

/**
 * Between the nodes of one installation. Hints may be lost, doubled or late: whoever gets one asks SQL or shows what
 * SQL said, and clients pull when they see a gap. A node's own sockets never wait for it.
 */
export interface Bus {
  /** Whether there may be other nodes. */
  readonly isShared: boolean;
  publish(hint: Hint): void;
  /** Called with the hints of the other nodes. */
  onHint(listener: (hint: Hint) => void): void;
  close(): Promise<void>;
}

/** One process: there is nobody else to tell. */
export function createLocalBus(): Bus {
  return { isShared: false, publish: () => undefined, onHint: () => undefined, close: async () => undefined };
}

const channelPrefix = 'gim:node:';
/** Hints beyond this while Redis does not answer are dropped. */
const maxPending = 1_000;

/** One Redis channel a node, one publish a tick: 3.3 times the throughput of Socket.IO's own adapter (performance.md, goal 11). */
export function createRedisBus(redis: Redis, log: Log): Bus {
  const ownChannel = `${channelPrefix}${randomBytes(9).toString('base64url')}`;
  // Whenever Redis comes, and comes back: the subscription waits for it, and nobody waits for the subscription.
  const subscriber = redis.duplicate({ enableOfflineQueue: true, maxRetriesPerRequest: null });
  subscriber.on('error', (error) => log.warn({ err: error }, 'redis subscription'));
  const listeners = new Set<(hint: Hint) => void>();
  let pending: Hint[] = [];

  subscriber.on('pmessage', (_pattern: string, channel: string, text: string) => {
    if (channel === ownChannel) return;
    const hints = parseHints(text);
    if (!hints) log.warn({ channel }, 'unreadable hint');
    for (const hint of hints ?? []) for (const listener of listeners) listener(hint);
  });
  subscriber.psubscribe(`${channelPrefix}*`).catch((error: unknown) => log.warn({ err: error }, 'redis subscription'));

  const flush = (): void => {
    const batch = pending;
    pending = [];
    redis.publish(ownChannel, JSON.stringify(batch)).catch((error: unknown) => log.warn({ err: error, hints: batch.length }, 'hints lost'));
  };
  return {
    isShared: true,
    publish(hint) {
      if (redis.status !== 'ready' || pending.length >= maxPending) return;
      if (pending.push(hint) === 1) setImmediate(flush);
    },
    onHint: (listener) => void listeners.add(listener),
    async close() {
      listeners.clear();
      subscriber.disconnect();
    },
  };
}

function parseHints(text: string): Hint[] | null {
  try {
    return z.array(hintSchema).max(maxPending).parse(JSON.parse(text));
  } catch {
    return null;
  }
}
