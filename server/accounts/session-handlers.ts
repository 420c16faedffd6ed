import type { Handlers } from '../platform/commands.ts';
import type { Database } from '../platform/database.ts';
import type { AccountId, SessionId } from '../protocol/ids.ts';
import { memberRoles } from '../protocol/roles.ts';
import { endSessionSchema, nothingSchema } from './schemas.ts';
import { type Selection, SessionStore } from './session-store.ts';

export type SessionCommands = 'session:list' | 'session:end' | 'session:end-others';

export interface SessionHandlersDependencies {
  readonly database: Database;
  readonly endSockets: (sessionId: SessionId) => void;
}

/** The caller's own sessions, wherever they are open. */
export function sessionHandlers({ database, endSockets }: SessionHandlersDependencies): Handlers<SessionCommands> {
  const store = new SessionStore(database);
  const end = async (accountId: AccountId, which: Selection): Promise<number> => {
    const ended = await store.remove(accountId, which);
    for (const sessionId of ended) endSockets(sessionId);
    return ended.length;
  };
  return {
    'session:list': {
      allow: memberRoles,
      schema: nothingSchema,
      limit: { points: 60, perSeconds: 60 },
      async run(_, caller) {
        const sessions = await store.list(caller.accountId);
        return {
          sessions: sessions.map(({ sessionId, deviceId, createdAt, lastSeenAt }) => ({
            sessionId,
            deviceId,
            createdAt: createdAt.getTime(),
            lastSeenAt: lastSeenAt.getTime(),
            isCurrent: sessionId === caller.sessionId,
          })),
        };
      },
    },
    'session:end': {
      allow: memberRoles,
      schema: endSessionSchema,
      limit: { points: 60, perSeconds: 60 },
      async run({ sessionId }, { accountId }) {
        await end(accountId, { sessionId });
        return {};
      },
    },
    'session:end-others': {
      allow: memberRoles,
      schema: nothingSchema,
      limit: { points: 20, perSeconds: 60 },
      run: async (_, { accountId, sessionId }) => ({ ended: await end(accountId, { except: sessionId }) }),
    },
  };
}
