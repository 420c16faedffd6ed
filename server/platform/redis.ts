import { Redis } from 'ioredis';
import type { Log } from './log.ts';

/** Commands end after a second and nothing is queued beyond that: Redis only hints (reliability.md R05). */
export function openRedis({ url, log }: { readonly url: string; readonly log: Log }): Redis {
  const redis = new Redis(url, {
    commandTimeout: 1_000,
    connectTimeout: 2_000,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    retryStrategy: (attempt) => Math.min(attempt * 100, 1_000),
  });
  redis.on('error', (error) => log.warn({ err: error }, 'redis'));
  return redis;
}
