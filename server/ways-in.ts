import type { FastifyInstance } from 'fastify';
import type { Accounts } from './accounts/accounts.ts';
import { accountHandlers } from './accounts/handlers.ts';
import { Resets } from './accounts/resets.ts';
import { accountRoutes, type AccountRoutesDependencies } from './accounts/routes.ts';
import type { Sessions } from './accounts/sessions.ts';
import type { Inboxes } from './offices/inboxes.ts';
import type { InboxRights } from './platform/caller.ts';
import type { Connections } from './platform/connections.ts';
import type { Database } from './platform/database.ts';
import type { Log } from './platform/log.ts';
import type { Notify } from './platform/notify.ts';
import type { RateLimit } from './platform/rate-limit.ts';
import type { AccountId, OfficeId, SessionId } from './protocol/ids.ts';
import type { ResetContext } from './protocol/reset-statement.ts';

export interface WaysInDependencies extends Pick<
  AccountRoutesDependencies,
  'party' | 'officialsNeedDeviceBoundKeys' | 'maxChallengesPerAddress' | 'findByReference' | 'useInvite'
> {
  readonly http: FastifyInstance;
  readonly database: Database;
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly rightsOf: (account: { readonly accountId: AccountId; readonly officeId: OfficeId | null }) => Promise<InboxRights>;
  readonly resetContext: (within: Database) => Promise<ResetContext>;
  readonly inboxes: Inboxes;
  readonly connections: Connections;
  readonly notify: Notify;
  readonly rateLimit: RateLimit;
  readonly log: Log;
}

/** How people come in and keep coming in: passkeys, sessions, devices, resets, guests' links. Returns the commands about that. */
export function openWaysIn(dependencies: WaysInDependencies): ReturnType<typeof accountHandlers> {
  const { http, database, accounts, sessions, rightsOf, resetContext, inboxes, connections, notify } = dependencies;
  const { chains } = accounts;
  const endSockets = (sessionId: SessionId): void => connections.endSession(sessionId, 'revoked');
  const refreshRights = async (accountId: AccountId): Promise<void> => await connections.refreshRights(accountId);
  const resets = new Resets({ database, chains, notify, resetContext, endSockets });

  accountRoutes(http, {
    ...dependencies,
    sessions,
    chains,
    rightsOf,
    resets,
    onSignedOut: (sessionId) => connections.endSession(sessionId, 'signed-out'),
    onRenewed: refreshRights,
    onWaysInChanged: async (accountId) =>
      notify({ account: accountId }, 'account:changed', { accountId, head: await accounts.headOf(accountId) }),
    onEnrolled: async (accountId) => {
      const { inboxId } = await rightsOf({ accountId, officeId: (await accounts.find(accountId))?.officeId ?? null });
      if (inboxId) notify({ inbox: inboxId }, 'inbox:enrolled', { inboxId });
    },
  });
  return accountHandlers({
    database,
    chains,
    resets,
    notify,
    appendInboxLink: async (trx, inboxId, link, signer) => await inboxes.appendWithin(trx, inboxId, link, signer),
    endSockets,
    refreshRights,
  });
}
