import type { FastifyInstance } from 'fastify';
import { AppError } from '../platform/app-error.ts';
import { BrowserSessions, type BrowserSessionsDependencies } from './browser-sessions.ts';
import { createCeremonies } from './ceremonies.ts';
import { deviceLinkRoutes } from './device-link-routes.ts';
import { type GuestRoutesDependencies, guestRoutes } from './guest-routes.ts';
import { type PasskeyRoutesDependencies, passkeyRoutes } from './passkey-routes.ts';
import { type RecoveryRoutesDependencies, recoveryRoutes } from './recovery-routes.ts';
import { type RegistrationRoutesDependencies, registrationRoutes } from './registration-routes.ts';
import { type ResetRoutesDependencies, resetRoutes } from './reset-routes.ts';
import { carriesPrfResults } from './schemas.ts';
import { type SessionRoutesDependencies, sessionRoutes } from './session-routes.ts';
import { signInRoutes } from './sign-in-routes.ts';

export type AccountRoutesDependencies = BrowserSessionsDependencies &
  Omit<
    RegistrationRoutesDependencies &
      SessionRoutesDependencies &
      PasskeyRoutesDependencies &
      GuestRoutesDependencies &
      RecoveryRoutesDependencies &
      ResetRoutesDependencies,
    'ceremonies' | 'browserSessions'
  > & {
    /** Open ceremonies of one address. */
    readonly maxChallengesPerAddress: number;
  };

/** Passkey ceremonies and sessions. Every way in which a ceremony can fail has the same answer, `passkey_refused` (K20). */
export function accountRoutes(http: FastifyInstance, dependencies: AccountRoutesDependencies): void {
  const { log } = dependencies;
  const parts = {
    ...dependencies,
    ceremonies: createCeremonies(dependencies),
    browserSessions: new BrowserSessions(dependencies),
  };

  http.addHook('preHandler', async (request) => {
    if (!carriesPrfResults(request.body)) return;
    log.error({ alarm: 'prf-results-received', route: request.routeOptions.url }, 'a client has sent key material');
    throw new AppError('bad_request', 'PRF results do not belong here');
  });

  registrationRoutes(http, parts);
  passkeyRoutes(http, parts);
  signInRoutes(http, parts);
  recoveryRoutes(http, parts);
  sessionRoutes(http, parts);
  deviceLinkRoutes(http, parts);
  resetRoutes(http, parts);
  guestRoutes(http, parts);
}
