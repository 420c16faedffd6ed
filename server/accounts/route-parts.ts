import type { Database } from '../platform/database.ts';
import type { Log } from '../platform/log.ts';
import type { Limit, RateLimit } from '../platform/rate-limit.ts';
import type { HttpRoutes } from '../protocol/accounts.ts';
import type { BrowserSessions } from './browser-sessions.ts';
import type { Ceremonies } from './ceremonies.ts';
import type { RelyingParty } from './ceremony.ts';
import type { Sessions } from './sessions.ts';
import type { UserChains } from './user-chains.ts';

export type Answer<Route extends keyof HttpRoutes> = Promise<ReturnType<HttpRoutes[Route]>>;

/** What every route of accounts works with. */
export interface AccountRouteParts {
  readonly database: Database;
  readonly party: RelyingParty;
  readonly ceremonies: Ceremonies;
  readonly browserSessions: BrowserSessions;
  readonly sessions: Sessions;
  readonly chains: UserChains;
  readonly rateLimit: RateLimit;
  readonly log: Log;
}

/** Of one address. */
export const startLimit: Limit = { points: 60, perSeconds: 60 };
export const finishLimit: Limit = { points: 60, perSeconds: 60 };
