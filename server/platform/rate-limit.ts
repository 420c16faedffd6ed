import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible';
import { AppError } from './app-error.ts';

/** At most `points` in `perSeconds`. */
export interface Limit {
  readonly points: number;
  readonly perSeconds: number;
}

export interface RateLimit {
  /** Takes one point from `key` under the limit called `name`. Throws `slow_down` when none is left. */
  take(name: string, key: string, limit: Limit): Promise<void>;
}

/**
 * Counts in memory, or in Redis when several servers share the work. Redis down means counting in this process meanwhile:
 * a limit may then be taken once per server, but nobody is locked out.
 */
export function createRateLimit(redis: Redis | null): RateLimit {
  const limiters = new Map<string, RateLimiterAbstract>();
  const limiterOf = (name: string, { points, perSeconds }: Limit): RateLimiterAbstract => {
    const key = `${name}:${points}/${perSeconds}`;
    const existing = limiters.get(key);
    if (existing) return existing;
    const options = { keyPrefix: `gim:rate:${key}`, points, duration: perSeconds };
    const limiter = redis
      ? new RateLimiterRedis({ ...options, storeClient: redis, insuranceLimiter: new RateLimiterMemory(options) })
      : new RateLimiterMemory(options);
    limiters.set(key, limiter);
    return limiter;
  };
  return {
    async take(name, key, limit) {
      try {
        await limiterOf(name, limit).consume(key);
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal;
        throw new AppError('slow_down', `limit ${name} reached`, { retryAfterMs: refusal.msBeforeNext });
      }
    },
  };
}
